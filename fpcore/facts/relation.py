"""`customer_fact`: one row a customer in scope, and the only relation that rules, lists and
heatmaps read.

Amounts are in one currency. A policy whose amount is not known, or is in another currency, is
counted in the `…_unknown` columns and in no sum: unknown is never zero. Customers who withdrew
their consent are not in it.

The same columns come from two places. The table `customer_row` holds them as of one span of days,
in won (fpcore.kept.customer_rows keeps it so); for any other day or currency they are computed from
the policies.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from fpcore.access import scope
from fpcore.access.scope import Scope
from fpcore.facts import words
from fpcore.facts.ages import AGE
from fpcore.facts.rows import ROW_COLUMNS, computed_rows
from fpcore.models import WON, Account
from fpcore.privacy import MASKED_NAME
from fpcore.store.database import Database

COLUMNS = (*ROW_COLUMNS, "age")
"""What is told of a customer. `age` is in full years; from the birth year alone where no date is
known. For each of the six types and `total`: _policies, _coverage, _unknown, _premium (a year's),
_premium_unknown, all of what is in force. As sets of types (types.BIT): `held`, and of which
something is known or not known."""


def customer_fact(
    db: Database,
    account: Account,
    valued_on: date,
    columns: Iterable[str],
    currency: str = WON,
) -> tuple[str, dict[str, Any]]:
    """Give the common table expressions that end in `customer_fact`, and their parameters.

    `columns` are those of COLUMNS that are needed: fewer are planned faster. Where `are_kept` says
    so they may be others of the table customer_row, too. `withdrawn_on` is always there.
    `customer_scope` before it also holds those who withdrew their consent. `asked` names each
    parameter, so that SQL that reads customer_fact may name $valued_on and $currency or not.

    For an account without the right to names, the name of somebody else's customer is masked, the
    age that of the birth year, and what else tells who it is NULL: nobody can be searched for or
    sorted by it. `born_on` stays, for rules to reckon with: it is not to be shown.
    """
    seen = scope.of_account(db, account)
    in_scope, params = _in_scope(seen)
    params |= {"valued_on": valued_on, "currency": currency}
    if not seen.by_name:
        params["names_of"] = account.id
    if are_kept(db, valued_on, currency):
        before, rows = "", f"customer_row c where {in_scope}"
    else:
        before, rows = f"{computed_rows(words.of_rows(db), in_scope)},", "computed_row c"
    needed = sorted({*columns, "withdrawn_on"})
    sql = f"""
asked as (select {", ".join(f"${name} as {name}" for name in params)}),
{before}
customer_scope as not materialized (
    select {", ".join(_column(name, seen) for name in needed)} from {rows}
),
customer_fact as (from customer_scope where withdrawn_on is null)
"""
    return sql, params


_MASKED = {
    "name": MASKED_NAME.format("c.name"),
    "age": "(year($valued_on) - c.birth_year)::int",
    **dict.fromkeys(("name_key", "initials", "birth_date", "phone", "email", "words"), "null"),
}
"""What an account without the right to names sees in the place of these columns."""


def _column(name: str, seen: Scope) -> str:
    exact = AGE if name == "age" else f"c.{name}"
    if seen.by_name or name not in _MASKED:
        return f"{exact} as {name}"
    return f"if(c.owner_id = $names_of, {exact}, {_MASKED[name]}) as {name}"


def are_kept(db: Database, valued_on: date, currency: str = WON) -> bool:
    """Say whether the table customer_row holds the facts as of this day, in this currency."""
    begin, end = db.remembered("kept days", lambda: _kept_days(db))
    return currency == WON and begin <= valued_on < end


def _in_scope(seen: Scope) -> tuple[str, dict[str, Any]]:
    """The condition on `c` that keeps to whom an account may see, and its parameters."""
    if seen.owners is None:
        return "true", {}
    if len(seen.owners) == 1:
        return "c.owner_id = $owner", {"owner": seen.owners[0]}
    return "c.owner_id in (select unnest($owners::uuid[]))", {"owners": seen.owners}


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
