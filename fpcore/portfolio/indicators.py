"""The whole scope in a few figures, and which types are held together.

One pass over customer_fact each; unknown amounts are in no sum and are counted.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from fpcore.access import scope
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import BIT, agreed_to
from fpcore.models import Account, ConsentKind, PolicyType
from fpcore.portfolio.conditions import (
    FIELDS,
    HIDDEN,
    NOT_CONTACTED_DAYS,
    of_scope,
    of_team,
    without,
)
from fpcore.store import database
from fpcore.store.database import Cursor, Database

NOT_CONTACTED = timedelta(days=NOT_CONTACTED_DAYS)


@dataclass(frozen=True)
class KeyFigures:
    """Everybody in scope on a day, in won.

    `withdrawn` are those who withdrew their consent: in no other figure. `policies` are those in
    force, `premium` the known sum a month (None where nothing is known), `premium_unknown` and
    `coverage_unknown` the customers of whom some amount is not known; `policies_unknown` counts the
    policies of which an amount in won or the end is not known (whole life is known). `holders`
    counts customers by type, `known` customers by which of FIELDS is known (without HIDDEN for an
    account without the right to names), `consents` those who agreed to a kind and did not
    withdraw. `not_contacted` had no contact for NOT_CONTACTED, those never contacted
    (`never_contacted`) included.
    """

    customers: int
    withdrawn: int
    policies: int
    premium: float | None
    premium_unknown: int
    coverage_unknown: int
    policies_unknown: dict[str, int]
    holders: dict[PolicyType, int]
    known: dict[str, int]
    consents: dict[ConsentKind, int]
    not_contacted: int
    never_contacted: int


def key_figures(
    db: Database, account: Account, valued_on: date, team: str | None = None
) -> KeyFigures:
    """Count everybody in scope, or those of one team in it."""
    by_name = scope.of_account(db, account).by_name
    fields = [name for name in FIELDS if by_name or name not in HIDDEN]
    with db.reading() as cursor:
        asked = (db, cursor, account, valued_on, team)
        found = _counted(*asked, fields)
        no_end = _without_end(*asked)
    is_known = found["policies"] == 0 or found["premium"] is not None
    return KeyFigures(
        customers=found["customers"],
        withdrawn=found["withdrawn"],
        policies=found["policies"],
        premium=float(found["premium"] or 0) if is_known else None,
        premium_unknown=found["premium_unknown"],
        coverage_unknown=found["coverage_unknown"],
        policies_unknown={
            "coverage_amount": found["no_coverage"],
            "premium_amount": found["no_premium"],
            "end_date": no_end,
        },
        holders={kind: found[f"held_{kind}"] for kind in PolicyType},
        known={name: found[f"known_{name}"] for name in fields},
        consents={kind: found[f"agreed_{kind}"] for kind in ConsentKind},
        not_contacted=found["not_contacted"],
        never_contacted=found["never_contacted"],
    )


def held_together(
    db: Database, account: Account, valued_on: date, team: str | None = None
) -> pd.DataFrame:
    """Count, of those who hold a type, who holds another.

    Columns: type, other (both of the six), holders (of the type), both (of them, who hold the
    other too).
    """
    of, said = of_team(team)
    fact, params = customer_fact(db, account, valued_on, ("owner_id", "held"))
    counted = db.read(
        f"with {fact} select held, count(*) as customers from customer_fact where {of} group by 1",
        {**params, **said},
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


_SUMMED = (
    "total_policies", "total_premium", "total_unknown", "total_premium_unknown", "last_contact_on",
    "held", "consents",
)  # fmt: skip


def _counted(
    db: Database, cursor: Cursor, account: Account, valued_on: date, team: str | None,
    fields: list[str],
) -> dict[str, Any]:  # fmt: skip
    """Count what customer_fact tells of everybody, in one pass."""
    known = [f"count({name}) as known_{name}" for name in fields]
    counts = {
        "premium_unknown": "total_premium_unknown > 0",
        "coverage_unknown": "total_unknown > 0",
        "not_contacted": "coalesce(last_contact_on < $contacted_before, true)",
        "never_contacted": "last_contact_on is null",
        **{f"held_{kind}": f"held & {bit} <> 0" for kind, bit in BIT.items()},
        **{f"agreed_{kind}": agreed_to(kind) for kind in ConsentKind},
    }
    counted = [f"coalesce(count_if({sql}), 0) as {name}" for name, sql in counts.items()]
    figures = f"""
        count(*) as customers, coalesce(sum(total_policies), 0)::bigint as policies,
        sum(total_premium) / 12 as premium,
        coalesce(sum(total_unknown), 0)::bigint as no_coverage,
        coalesce(sum(total_premium_unknown), 0)::bigint as no_premium,
        {", ".join([*known, *counted])}
    """
    of, said = of_team(team)
    fact, params = customer_fact(db, account, valued_on, ("owner_id", *_SUMMED, *fields))
    withdrawn = f"select count(*) from customer_scope where withdrawn_on is not null and {of}"
    return database.rows(
        cursor,
        f"with {fact} select {figures}, ({withdrawn}) as withdrawn from customer_fact where {of}",
        {**params, **said, "contacted_before": valued_on - NOT_CONTACTED},
    )[0]


def _holding(counted: list[dict[str, Any]], bits: int) -> int:
    return sum(row["customers"] for row in counted if row["held"] & bits == bits)


def _without_end(
    db: Database, cursor: Cursor, account: Account, valued_on: date, team: str | None
) -> int:
    without_end = f"({without('end_date')}) policy"
    fact, policies, params = of_scope(db, account, valued_on, team, without_end)
    return database.value(cursor, f"with {fact} select count(*) from {policies}", params)
