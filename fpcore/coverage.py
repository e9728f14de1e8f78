"""Coverage by type: of one customer, and aggregated over everybody whom an account may see."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import pandas as pd

from fpcore import accounts
from fpcore.accounts import VISIBLE_OWNERS
from fpcore.database import Database
from fpcore.errors import NotFound
from fpcore.facts import IN_FORCE, customer_fact
from fpcore.models import WON, Account, Measure, PolicyType, RowKind

UNKNOWN_ROW = "unknown"
"""The row of customers whose age, gender, occupation or team is not known."""

ROW_SQL = {
    RowKind.AGE_BAND: "age_band",
    RowKind.FP: "(select username from account where account.id = owner_id)",
    RowKind.TEAM: """(select team.name from account join team on team.id = account.team_id
        where account.id = owner_id)""",
    RowKind.GENDER: "gender",
    RowKind.OCCUPATION: "occupation",
}
"""The SQL over customer_fact that gives a customer's row."""


@dataclass(frozen=True)
class TypeCoverage:
    """What is in force of one type, or of all: number, amounts, how many amounts are not known.

    `coverage` is the known sum and None where nothing of it is known; `premium` is the same for
    the monthly equivalent of what is still being paid.
    """

    policies: int
    coverage: Decimal | None
    unknown: int
    premium: Decimal | None
    premium_unknown: int


@dataclass(frozen=True)
class CoverageSummary:
    """One customer's coverage on one day in one currency, and the other currencies' sums."""

    customer_id: UUID
    valued_on: date
    currency: str
    total: TypeCoverage
    by_type: dict[PolicyType, TypeCoverage]
    other_currencies: dict[str, Decimal]


def summary(
    db: Database, account: Account, customer_id: UUID, valued_on: date, currency: str = WON
) -> CoverageSummary:
    """Add up what one customer has in force. Errors: NotFound."""
    customer_id = accounts.as_uuid(customer_id, "customer_not_found")
    fact, params = customer_fact(db, account, valued_on, currency)
    found = db.read(
        f"with {fact} select * from customer_fact where id = $customer",
        {**params, "customer": customer_id},
    )
    if not found:
        raise NotFound("customer_not_found")
    fact = found[0]
    return CoverageSummary(
        customer_id=customer_id,
        valued_on=valued_on,
        currency=currency,
        total=_type_coverage(fact, "total"),
        by_type={kind: _type_coverage(fact, kind.value) for kind in PolicyType},
        other_currencies=_other_currencies(db, customer_id, valued_on, currency),
    )


def heatmap(
    db: Database,
    account: Account,
    rows: RowKind,
    valued_on: date,
    currency: str = WON,
) -> pd.DataFrame:
    """Aggregate everybody in scope into cells of one row kind by the six types.

    Columns: row (its value, UNKNOWN_ROW where not known), type, customers (of the row), holders,
    lacking, coverage and premium (known sums, the premium a month; NaN where holders have
    nothing known), unknown and premium_unknown (holders of whom some amount is not known). Rows
    come in their natural order, `unknown` last; types in the order of PolicyType.
    """
    fact, params = customer_fact(db, account, valued_on, currency)
    wide = db.frame(
        f"""
        with {fact}
        select coalesce({ROW_SQL[rows]}, '{UNKNOWN_ROW}') as row, count(*) as customers,
            {_CELL_SUMS}
        from customer_fact group by row
        """,
        params,
    )
    return _tidy(wide)


def currencies(db: Database, account: Account) -> list[str]:
    """List the currencies that stand in the policies in scope, won first."""
    found = db.read(
        f"""
        with owner as ({VISIBLE_OWNERS})
        select distinct p.currency
        from policy p
        join customer c on c.id = p.customer_id
        join owner on owner.id = c.owner_id
        where c.withdrawn_on is null
        """,
        {"asker": account.id},
    )
    return sorted({WON} | {row["currency"] for row in found}, key=lambda c: (c != WON, c))


_CELL_SUMS = ",".join(
    f"""
    count_if({kind}_policies > 0)::bigint as {kind}_holders,
    sum({kind}_coverage) as {kind}_coverage,
    count_if({kind}_unknown > 0)::bigint as {kind}_unknown,
    sum({kind}_premium) / 12 as {kind}_premium,
    count_if({kind}_premium_unknown > 0)::bigint as {kind}_premium_unknown,
    count_if({kind}_policies > 0 and {kind}_coverage is not null)::bigint as {kind}_coverage_known,
    count_if({kind}_policies > 0 and {kind}_premium is not null)::bigint as {kind}_premium_known
    """
    for kind in PolicyType
)


def _tidy(wide: pd.DataFrame) -> pd.DataFrame:
    """Turn one line a row into one line a cell."""
    cells = pd.concat([_cells(wide, kind) for kind in PolicyType], ignore_index=True)
    rows = sorted(wide["row"], key=row_order)
    cells["row"] = pd.Categorical(cells["row"], rows, ordered=True)
    cells["type"] = pd.Categorical(cells["type"], [k.value for k in PolicyType], ordered=True)
    cells = cells.sort_values(["row", "type"], ignore_index=True)
    return cells.astype({"row": object, "type": object})


def _cells(wide: pd.DataFrame, kind: PolicyType) -> pd.DataFrame:
    of = {name: wide[f"{kind}_{name}"] for name in ("holders", "unknown", "premium_unknown")}
    known = {
        name: wide[f"{kind}_{name}"]
        .astype(float)
        .where((of["holders"] == 0) | (wide[f"{kind}_{name}_known"] > 0))
        for name in ("coverage", "premium")
    }
    return pd.DataFrame(
        {
            "row": wide["row"],
            "type": kind.value,
            "customers": wide["customers"],
            "holders": of["holders"],
            "lacking": wide["customers"] - of["holders"],
            **known,
            "unknown": of["unknown"],
            "premium_unknown": of["premium_unknown"],
        }
    )


def row_order(row: str) -> tuple:
    """Sort rows as people read them: ages by number, names by letter, unknown last."""
    lowest = row.split("-")[0].rstrip("+")
    return (row == UNKNOWN_ROW, int(lowest) if lowest.isdigit() else 0, row)


def measure_value(cells: pd.DataFrame, measure: Measure) -> pd.Series:
    """Pick the number that a heatmap of this measure shows; NaN is unknown."""
    if measure is Measure.HOLDING:
        return cells["holders"] / cells["customers"]
    return cells[measure.value].astype(float)


def _type_coverage(fact: dict, prefix: str) -> TypeCoverage:
    premium = fact[f"{prefix}_premium"]
    return TypeCoverage(
        policies=fact[f"{prefix}_policies"],
        coverage=fact[f"{prefix}_coverage"],
        unknown=fact[f"{prefix}_unknown"],
        premium=None if premium is None else premium / 12,
        premium_unknown=fact[f"{prefix}_premium_unknown"],
    )


def _other_currencies(
    db: Database, customer_id: UUID, valued_on: date, currency: str
) -> dict[str, Decimal]:
    """Add up the cover in other currencies, one sum each: they are never added to each other."""
    found = db.read(
        f"""
        select p.currency, sum(p.coverage_amount) as coverage from policy p
        where p.customer_id = $customer and p.currency <> $currency
            and p.coverage_amount is not null and {IN_FORCE}
        group by p.currency order by p.currency
        """,
        {"customer": customer_id, "currency": currency, "valued_on": valued_on},
    )
    return {row["currency"]: row["coverage"] for row in found}
