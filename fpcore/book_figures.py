"""The whole scope in a few figures, and which types are held together.

One pass over customer_fact each; unknown amounts are in no sum and are counted.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from fpcore import accounts
from fpcore.database import Database
from fpcore.facts import BIT, agreed_to, customer_fact
from fpcore.models import Account, ConsentKind, PolicyType

NOT_CONTACTED = timedelta(days=90)
FIELDS = (
    "born_on", "birth_date", "gender", "phone", "email", "occupation", "occupation_class",
    "monthly_income", "dependants", "debts", "housing", "driving",
)  # fmt: skip
"""What may be known of a customer."""
HIDDEN = ("birth_date", "phone", "email")
"""What an account without the right to names is not told."""


@dataclass(frozen=True)
class KeyFigures:
    """Everybody in scope on a day, in won.

    `policies` are those in force, `premium` the known sum a month (None where nothing is known),
    `premium_unknown` and `coverage_unknown` the customers of whom some amount is not known.
    `holders` counts customers by type, `known` customers by which of FIELDS is known
    (without HIDDEN for an account without the right to names), `consents`
    those who agreed to a kind and did not withdraw. `not_contacted` had no contact for
    NOT_CONTACTED, those never contacted (`never_contacted`) included.
    """

    customers: int
    policies: int
    premium: float | None
    premium_unknown: int
    coverage_unknown: int
    holders: dict[PolicyType, int]
    known: dict[str, int]
    consents: dict[ConsentKind, int]
    not_contacted: int
    never_contacted: int


def key_figures(db: Database, account: Account, valued_on: date) -> KeyFigures:
    """Count everybody in scope."""
    by_name = accounts.scope(db, account).by_name
    fields = [name for name in FIELDS if by_name or name not in HIDDEN]
    known = [f"count({name}) as known_{name}" for name in fields]
    holders = [f"count_if(held & {bit} <> 0) as held_{kind}" for kind, bit in BIT.items()]
    consents = [f"count_if({agreed_to(kind)}) as agreed_{kind}" for kind in ConsentKind]
    figures = f"""
        count(*) as customers, coalesce(sum(total_policies), 0) as policies,
        sum(total_premium) / 12 as premium,
        count_if(total_premium_unknown > 0) as premium_unknown,
        count_if(total_unknown > 0) as coverage_unknown,
        count_if(coalesce(last_contact_on < $contacted_before, true)) as not_contacted,
        count_if(last_contact_on is null) as never_contacted,
        {", ".join([*known, *holders, *consents])}
    """
    fact, params = customer_fact(db, account, valued_on, used_in=figures)
    found = db.read(
        f"with {fact} select {figures} from customer_fact",
        {**params, "contacted_before": valued_on - NOT_CONTACTED},
    )[0]
    premium = found["premium"]
    is_known = bool(found["policies"] == 0 or premium is not None)
    return KeyFigures(
        customers=found["customers"],
        policies=int(found["policies"]),
        premium=float(premium or 0) if is_known else None,
        premium_unknown=found["premium_unknown"],
        coverage_unknown=found["coverage_unknown"],
        holders={kind: found[f"held_{kind}"] for kind in PolicyType},
        known={name: found[f"known_{name}"] for name in fields},
        consents={kind: found[f"agreed_{kind}"] for kind in ConsentKind},
        not_contacted=found["not_contacted"],
        never_contacted=found["never_contacted"],
    )


def held_together(db: Database, account: Account, valued_on: date) -> pd.DataFrame:
    """Count, of those who hold a type, who holds another.

    Columns: type, other (both of the six), holders (of the type), both (of them, who hold the
    other too).
    """
    fact, params = customer_fact(db, account, valued_on, used_in="held")
    counted = db.read(
        f"with {fact} select held, count(*) as customers from customer_fact group by held", params
    )
    return pd.DataFrame(
        [
            {
                "type": kind.value,
                "other": other.value,
                "holders": _holding(counted, BIT[kind]),
                "both": _holding(counted, BIT[kind] | BIT[other]),
            }
            for kind in PolicyType
            for other in PolicyType
        ]
    )


def _holding(counted: list[dict[str, Any]], bits: int) -> int:
    return sum(row["customers"] for row in counted if row["held"] & bits == bits)
