"""Compare what is kept with each customer to what it is made of."""

from datetime import date
from functools import partial
from typing import NamedTuple
from uuid import UUID

from fpcore.facts import words
from fpcore.facts.rows import ROW_COLUMNS, computed_rows
from fpcore.kept import rule_sets
from fpcore.kept.customer_rows import ALL_COLUMNS, CUSTOMERS_AT_ONCE
from fpcore.models import WON
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import KEPT
from fpcore.store import database
from fpcore.store.database import Database

_IN_ORDER = {
    "words": "list_sort(string_split(words, chr(10))) as words",
    "spans": "list_sort(spans) as spans",
}  # what a row holds in no order

_COMPARED = ", ".join(_IN_ORDER.get(name, name) for name in ROW_COLUMNS)


class Difference(NamedTuple):
    """A column of a kept row that is not as computed; both as text. `column` is None where there
    is no such row, or no such customer."""

    customer_id: UUID
    column: str | None
    kept: str | None
    computed: str | None


def differences(db: Database, today: date) -> list[UUID]:
    """List the customers whose row is missing, too many, or not as it is computed again."""
    with db.reading() as cursor:
        apart = cursor.execute(_APART).fetchall()
    return list(
        dict.fromkeys([*(one for (one,) in apart), *(d.customer_id for d in compared(db, today))])
    )


def compared(db: Database, today: date) -> list[Difference]:
    """List each column of a kept row that differs from what is computed again.

    Rows are made of customers, policies, contacts and consents, states by the rules of today; a
    part of the customers at a time, as in `refresh_all_of`.
    """
    rules = rulebook.rules_on(db, today)
    found: list[Difference] = []
    with db.reading() as cursor:
        told = words.in_use(partial(database.rows, cursor))
        targets = judging.targeted(cursor)
        rows = judging.with_targets("computed_row", targets)
        judged = judging.judged(rules, today, rows, targets)
        kept = ", ".join(judging.kept(rules, today))
        number = rule_sets.known_number_of(cursor, rules)
        for first, last in cursor.execute(_PARTS).fetchall():
            sql = _COMPARE.format(
                rows=computed_rows(
                    told, "c.id between $first and $last", "{} between $first and $last"
                ),
                computed=f"select {_COMPARED}, $set::int as rule_set, {kept} from {judged}",
            )
            said = {"first": first, "last": last, "set": number}
            found += [
                Difference(customer_id, **difference)
                for customer_id, different in cursor.execute(
                    sql, {**said, "valued_on": today, "currency": WON}
                ).fetchall()
                for difference in different
            ]
    return found


_APART = """
(select id from customer except select id from customer_row)
union all (select id from customer_row except select id from customer)
union all (select id from customer_row group by id having count(*) > 1)
"""

_PARTS = f"""
select min(id), max(id)
from (select id, (row_number() over (order by id) - 1) // {CUSTOMERS_AT_ONCE} as part
    from customer)
group by part order by part
"""

_EACH = ", ".join(
    f"case when k.{name} is distinct from c.{name} then {{{{'column': '{name}',"
    f" 'kept': k.{name}::varchar, 'computed': c.{name}::varchar}}}} end"
    for name in ALL_COLUMNS
)

_COMPARE = f"""
with {{rows}},
computed as ({{computed}}),
kept as (
    select {_COMPARED}, rule_set, {", ".join(KEPT)} from customer_row
    where id between $first and $last
)
select c.id, list_filter([{_EACH}], lambda one: one is not null) as different
from computed c join kept k on k.id = c.id
where len(different) > 0
"""
