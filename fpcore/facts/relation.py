"""`customer_fact`: one row a customer in scope, and the only relation that rules, lists and
heatmaps read.

Amounts are in one currency. A policy whose amount is not known, or is in another currency, is
counted in the `…_unknown` columns and in no sum: unknown is never zero. Customers who withdrew
their consent are not in it.

The same columns come from two places. The table `customer_row` holds them as of one span of days,
in won (fpcore.kept.customer_rows keeps it so); for any other day or currency they are computed from
the policies.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from fpcore.access import scope
from fpcore.facts.ages import AGE
from fpcore.facts.rows import ROW_COLUMNS, computed_rows
from fpcore.models import WON, Account
from fpcore.privacy import MASKED_NAME
from fpcore.store.database import Database

_MASKED = {
    "name": MASKED_NAME.format("c.name"),
    "age": "(year($valued_on) - c.birth_year)::int",
    **dict.fromkeys(("name_key", "initials", "birth_date", "phone", "email", "words"), "null"),
}
"""What an account without the right to names sees in the place of these columns."""


def _column(name: str, by_name: bool) -> str:
    sql = f"{AGE} as age" if name == "age" else f"c.{name}"
    if by_name or name not in _MASKED:
        return sql
    exact = AGE if name == "age" else f"c.{name}"
    return f"if(c.owner_id = $names_of, {exact}, {_MASKED[name]}) as {name}"


def customer_fact(
    db: Database,
    account: Account,
    valued_on: date,
    currency: str = WON,
    used_in: str = "",
    kept: Sequence[str] = (),
) -> tuple[str, dict[str, Any]]:
    """Give the common table expressions that end in `customer_fact`, and their parameters.

    Only the columns that the SQL `used_in` names, all without it: fewer are planned faster. `kept`
    are columns that only the table customer_row has: for where `are_kept` says so.

    Columns: ROW_COLUMNS, and age (full years on $valued_on; from the birth year alone where no
    date is known). For each of the six types and `total`: _policies, _coverage,
    _unknown, _premium (a year's), _premium_unknown, all of what is in force. As sets of types
    (BIT): `held`, and of which something is known or not known. `customer_scope`
    before it holds those who withdrew their consent, too.

    For an account without the right to names, the name of somebody else's customer is masked, the
    age that of the birth year, and what else tells who it is NULL: nobody can be searched for or
    sorted by it. `born_on` stays, for rules to reckon with: it is not to be shown.
    """
    words = words_of(used_in) or {*ROW_COLUMNS, "age"}
    seen = scope.of_account(db, account)
    used = "" if seen.by_name else " and $names_of is not null"
    wanted = [name for name in (*ROW_COLUMNS, "age") if name in words | {"withdrawn_on"}]
    columns = ", ".join(
        [*(_column(name, seen.by_name) for name in wanted), *(f"c.{name}" for name in kept)]
    )
    in_scope, params = _scope(seen.owners)
    if are_kept(db, valued_on, currency):
        before, rows = "", f"customer_row c where {in_scope} and $currency = '{WON}'"
    else:
        before, rows = f"{computed_rows(in_scope)},", "computed_row c where true"
    sql = f"""
{before}
customer_scope as not materialized (
    select {columns} from {rows} and $valued_on is not null{used}
),
customer_fact as (from customer_scope where withdrawn_on is null)
"""
    if not seen.by_name:
        params["names_of"] = account.id
    return sql, {**params, "valued_on": valued_on, "currency": currency}


def are_kept(db: Database, valued_on: date, currency: str = WON) -> bool:
    """Say whether the table customer_row holds the facts as of this day, in this currency."""
    begin, end = db.remembered("kept days", lambda: _kept_days(db))
    return currency == WON and begin <= valued_on < end


@lru_cache(maxsize=256)
def words_of(sql: str) -> frozenset[str]:
    """Give the words that stand in SQL: names of columns among them."""
    return frozenset(re.findall(r"\w+", sql))


def _scope(owners: list[UUID] | None) -> tuple[str, dict[str, Any]]:
    """The condition on `c` that keeps to these owners, None being everybody."""
    if owners is None:
        return "true", {}
    if len(owners) == 1:
        return "c.owner_id = $owner", {"owner": owners[0]}
    return "c.owner_id in (select unnest($owners::uuid[]))", {"owners": owners}


def _kept_days(db: Database) -> tuple[date, date]:
    """The days, from the first to before the second, of which all of customer_row is true."""
    kept = db.read(
        """
        select count(*) as rows, (select count(*) from customer) as customers,
            coalesce(max(held_from), date '0001-01-01') as begin,
            coalesce(min(held_until), date '9999-12-31') as end_before
        from customer_row
        """
    )[0]
    complete = kept["rows"] == kept["customers"]
    return (kept["begin"], kept["end_before"]) if complete else (date.max, date.min)
