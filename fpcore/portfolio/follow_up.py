"""What is due in the whole scope: policies that end, covers that are gone, customers to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from fpcore.facts import groups
from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import TOTAL
from fpcore.models import Account, Gone, RowKind
from fpcore.portfolio.conditions import (
    DAYS_AHEAD,
    ENDING_READS,
    NOT_CONTACTED_DAYS,
    ONCE_HELD_READS,
    TYPE_OF_BIT,
    ending,
    of_scope,
    of_team,
    once_held,
    without,
)
from fpcore.portfolio.measures import COLUMNS
from fpcore.store import database
from fpcore.store.database import Database


@dataclass(frozen=True)
class Expiring:
    """Policies in force that end soon without a successor (conditions.ending).

    Columns of `cells`: type (the six and TOTAL), days (of DAYS_AHEAD, each window holding those
    before it), customers, policies. `no_end` counts the policies in force whose end nobody knows,
    `no_end_customers` who has them: none of these is in `cells`.
    """

    cells: pd.DataFrame
    no_end: int
    no_end_customers: int


def expiring(db: Database, account: Account, valued_on: date, team: str | None = None) -> Expiring:
    """Count the policies that end within 30, 60 and 90 days without a successor, by type."""
    of, said = of_team(team)
    sql = ending(f"(select * from customer_fact where {of})")
    fact, params = customer_fact(db, account, valued_on, ("owner_id", *ENDING_READS))
    without_end = f"({without('end_date')}) policy"
    scope, policies, scoped = of_scope(db, account, valued_on, team, without_end)
    with db.reading() as cursor:
        found = database.rows(
            cursor,
            f"""
            with {fact}, ending as ({sql})
            select coalesce({TYPE_OF_BIT}, '{TOTAL}') as type, {_WINDOWS}
            from ending group by grouping sets ((bit), ())
            """,
            {**params, **said},
        )
        no_end = database.rows(
            cursor,
            f"""
            with {scope}
            select count(*) as policies, count(distinct customer_id) as customers from {policies}
            """,
            scoped,
        )[0]
    return Expiring(_windows(found), no_end["policies"], no_end["customers"])


def formerly_held(
    db: Database, account: Account, valued_on: date, team: str | None = None
) -> pd.DataFrame:
    """Count who held a type once and does not now, by how long ago the last policy ended.

    Columns: type (the six, and TOTAL: held something once, and now nothing), gone (of Gone),
    customers. See conditions.once_held.
    """
    of, said = of_team(team)
    mine = f"(select * from customer_fact where {of})"
    sql = f"{once_held(mine)} union all {once_held(mine, together=True)}"
    fact, params = customer_fact(db, account, valued_on, ("owner_id", *ONCE_HELD_READS))
    found = db.read(
        f"""
        with {fact}
        select coalesce({TYPE_OF_BIT}, '{TOTAL}') as type, gone, count(*) as customers
        from ({sql}) group by all
        """,
        {**params, **said},
    )
    counted = {(row["type"], row["gone"]): row["customers"] for row in found}
    return pd.DataFrame(
        [
            {"type": kind, "gone": gone.value, "customers": counted.get((kind, gone), 0)}
            for kind in COLUMNS
            for gone in Gone
        ]
    )


def not_contacted(
    db: Database,
    account: Account,
    valued_on: date,
    days: int = NOT_CONTACTED_DAYS,
    team: str | None = None,
) -> pd.DataFrame:
    """Count by FP who had no contact for so many days, or never.

    Columns: row (user name of the FP; ALL_ROWS, everybody, is the last), customers, not_contacted
    (the last contact was more than so many days ago, or there was none), never (of them, without
    any).
    """
    of, said = of_team(team)
    counts = """
        count(*) as customers, count(*) - count(last_contact_on) as never,
        count(case when coalesce(last_contact_on < $contacted_before, true) then 1 end)
            as not_contacted
    """
    fact, params = customer_fact(db, account, valued_on, ("owner_id", "last_contact_on"))
    with db.reading() as cursor:
        found = database.rows(
            cursor,
            f"with {fact} select owner_id, {counts} from customer_fact where {of} group by 1",
            {**params, **said, "contacted_before": valued_on - timedelta(days=days)},
        )
        names = groups.labels(cursor, RowKind.FP, [row["owner_id"] for row in found])
    by_name = [{**row, "row": name} for name, row in zip(names, found, strict=True)]
    rows = sorted(by_name, key=lambda row: row["row"])
    return pd.DataFrame([*rows, _everybody(rows)])[["row", *_CONTACT]]


_CONTACT = ["customers", "not_contacted", "never"]


def _everybody(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"row": ALL_ROWS, **{name: sum(row[name] for row in rows) for name in _CONTACT}}


_WINDOWS = ", ".join(
    f"count(case when until <= $valued_on::date + {days} then 1 end) as policies_{days},"
    f" count(distinct case when until <= $valued_on::date + {days} then id end) as customers_{days}"
    for days in DAYS_AHEAD
)


def _windows(found: Sequence[dict[str, Any]]) -> pd.DataFrame:
    by_type = {row["type"]: row for row in found}
    return pd.DataFrame(
        [
            {
                "type": kind,
                "days": days,
                "customers": by_type.get(kind, {}).get(f"customers_{days}", 0),
                "policies": by_type.get(kind, {}).get(f"policies_{days}", 0),
            }
            for kind in COLUMNS
            for days in DAYS_AHEAD
        ]
    )
