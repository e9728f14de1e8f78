"""Coverage by type of one customer, and the currencies of everybody whom an account may see."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from fpcore.access import scope
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.errors import NotFound
from fpcore.facts.policies import IN_FORCE
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import TOTAL
from fpcore.models import WON, Account, PolicyType
from fpcore.store.database import Database


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
    customer_id = scope.as_uuid(customer_id, "customer_not_found")
    fact, params = customer_fact(db, account, valued_on, ("id", *_HELD), currency)
    found = db.read(
        f"with {fact} select {', '.join(_HELD)} from customer_fact where id = $customer",
        {**params, "customer": customer_id},
    )
    if not found:
        raise NotFound("customer_not_found")
    fact = found[0]
    return CoverageSummary(
        customer_id=customer_id,
        valued_on=valued_on,
        currency=currency,
        total=_type_coverage(fact, TOTAL),
        by_type={kind: _type_coverage(fact, kind.value) for kind in PolicyType},
        other_currencies=_other_currencies(db, customer_id, valued_on, currency),
    )


def currencies(db: Database, account: Account) -> list[str]:
    """List the currencies that stand in the policies in scope, won first; to whoever sees everybody
    those of withdrawn customers, too: to leave them out would take three times as long."""
    if scope.of_account(db, account).owners is None:
        found = db.read(_OTHER_CURRENCIES)
    else:
        sql = f"with owner as ({VISIBLE_OWNERS}) {_OTHER_CURRENCIES} {_IN_SCOPE}"
        found = db.read(sql, {"asker": account.id})
    return sorted({WON} | {row["currency"] for row in found}, key=lambda c: (c != WON, c))


_OTHER_CURRENCIES = f"select distinct currency from policy where currency <> '{WON}'"
_IN_SCOPE = """
and customer_id in (
    select c.id from customer c join owner on owner.id = c.owner_id where c.withdrawn_on is null)
"""


_HELD = tuple(
    f"{prefix}_{held}"
    for prefix in (*PolicyType, TOTAL)
    for held in ("policies", "coverage", "unknown", "premium", "premium_unknown")
)


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
