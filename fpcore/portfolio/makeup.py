"""What the whole scope is made of: ages by gender and coverage, and insurers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from fpcore.facts import groups
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.facts.policies import IN_FORCE, yearly_premium
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import BIT, TOTAL
from fpcore.models import WON, Account, Concentration, RowKind
from fpcore.portfolio.conditions import is_unknown, of_scope, of_team
from fpcore.store import database
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor, Database

MODERATE_FROM, MODERATE_TO = 1_000, 1_800
"""The Herfindahl indexes from and up to which concentration is called moderate."""

LARGEST = 3
"""So many insurers are added up to say how much the largest have."""

_HOLDERS = {**{kind.value: bit for kind, bit in BIT.items()}, TOTAL: sum(BIT.values())}


def age_pyramid(
    db: Database, account: Account, valued_on: date, team: str | None = None
) -> pd.DataFrame:
    """Count customers by age and gender, and who of them holds which type.

    Columns: row (age band, as in heatmaps), gender (M, F, O), both UNKNOWN_ROW where not known;
    customers; for each of the six types and TOTAL (any of them), under its name, the holders. The
    youngest first, not known last.
    """
    of, said = of_team(team)
    band = groups.key(RowKind.AGE_BAND, valued_on)
    holders = ", ".join(
        f"sum(case when held & {bits} <> 0 then customers else 0 end)::bigint as {name}"
        for name, bits in _HOLDERS.items()
    )
    reads = ("owner_id", "gender", "held", groups.READS[RowKind.AGE_BAND])
    fact, params = customer_fact(db, account, valued_on, reads)
    with db.reading() as cursor:
        found = database.rows(
            cursor,
            f"""
            with {fact},
            counted as (
                select {band} as band, gender, held, count(*) as customers
                from customer_fact where {of} group by all
            )
            select band, coalesce(gender, '{UNKNOWN_ROW}') as gender,
                sum(customers)::bigint as customers, {holders}
            from counted group by all
            """,
            {**params, **said},
        )
        names = groups.labels(cursor, RowKind.AGE_BAND, [row.pop("band") for row in found])
    rows = [{"row": name, **row} for name, row in zip(names, found, strict=True)]
    rows.sort(key=lambda row: (groups.order(row["row"]), row["gender"]))
    return pd.DataFrame(rows, columns=["row", "gender", "customers", *_HOLDERS])


@dataclass(frozen=True)
class Insurers:
    """Policies in force by insurer, in won.

    Columns of `cells`: insurer (UNKNOWN_ROW for policies of which it is not known, the last),
    policies, customers (who have one there: somebody with several insurers counts with each),
    premium (the known sum a month; NaN where none is known), premium_unknown (policies without a
    known premium), share (of all known premiums; NaN where there is none), policy_share (of all
    policies). The largest premium first, then most policies.

    `largest` and `largest_policies` are the shares that the LARGEST insurers have together, of the
    known premiums and of the policies, each time those with most of it; None as for `index`, and
    where no insurer of a policy is known. Policies of unknown insurers are in the whole.
    `index` is the Herfindahl index of the premiums of known insurers: the sum of the squares of
    their shares in percent, from near 0 to 10,000; `level` says what that is called. Both are None
    where no premium of a known insurer is known.
    """

    cells: pd.DataFrame
    largest: float | None
    largest_policies: float | None
    index: float | None
    level: Concentration | None


def insurers(db: Database, account: Account, valued_on: date, team: str | None = None) -> Insurers:
    """Add up the policies in force by insurer."""
    with db.reading() as cursor:
        asked = (db, cursor, account, valued_on, team)
        policies, customers = _policies(*asked), _customers(*asked)
    cells = pd.DataFrame(
        [{**row, "customers": customers.get(row["insurer"], 0)} for row in policies],
        columns=["insurer", "policies", "customers", "premium", "premium_unknown"],
    ).astype({"premium": "float64"})
    whole = cells["premium"].sum()
    cells["share"] = cells["premium"] / whole if whole > 0 else np.nan
    cells["policy_share"] = cells["policies"] / cells["policies"].sum()
    cells["last"] = cells["insurer"] == UNKNOWN_ROW
    cells = cells.sort_values(
        ["last", "premium", "policies", "insurer"], ascending=[True, False, False, True]
    )
    known = cells[~cells["last"]]
    index = _index(known["premium"])
    return Insurers(
        cells.drop(columns="last").reset_index(drop=True),
        largest=_largest(known["share"]) if index is not None else None,
        largest_policies=_largest(known["policy_share"]),
        index=index,
        level=_level(index),
    )


def _policies(
    db: Database, cursor: Cursor, account: Account, valued_on: date, team: str | None
) -> Sequence[dict[str, Any]]:
    """Add up policies; of everybody that is quicker than to look up whose each one is."""
    fact, policies, params = of_scope(db, account, valued_on, team, "policy p")
    yearly = yearly_premium(quoted(WON))
    return database.rows(
        cursor,
        f"""
        with {fact}
        select coalesce(insurer, '{UNKNOWN_ROW}') as insurer, count(*) as policies,
            sum(yearly) / 12 as premium, count(*) - count(yearly) as premium_unknown
        from (select p.insurer, {yearly} as yearly from {policies} where {IN_FORCE}) sold
        group by sold.insurer
        """,
        params,
    )


def _customers(
    db: Database, cursor: Cursor, account: Account, valued_on: date, team: str | None
) -> dict[str, int]:
    """Count customers by insurer."""
    of, said = of_team(team)
    fact, params = customer_fact(db, account, valued_on, ("id", "owner_id", "insurers"))
    found = database.rows(
        cursor,
        f"""
        with {fact}, mine as (select id, insurers from customer_fact where {of}),
        by_number as (select unnest(insurers) as number, count(*) as n from mine group by 1)
        select name, n from by_number join insurer using (number)
        union all select '{UNKNOWN_ROW}', count(*) from mine where {is_unknown("insurer")}
        """,
        {**params, **said},
    )
    return {row["name"]: row["n"] for row in found}


def _largest(shares: pd.Series) -> float | None:
    return float(shares.nlargest(LARGEST).sum()) if len(shares) else None


def _index(premiums: pd.Series) -> float | None:
    whole = premiums.sum()
    return float(((100 * premiums / whole) ** 2).sum()) if whole > 0 else None


def _level(index: float | None) -> Concentration | None:
    if index is None:
        return None
    if index < MODERATE_FROM:
        return Concentration.LOW
    return Concentration.MODERATE if index <= MODERATE_TO else Concentration.HIGH
