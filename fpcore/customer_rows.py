"""Keep `customer_row` true: one wide row a customer, ready for lists, heatmaps and rules.

Whatever changes a customer, a policy, a contact or a consent calls `refresh` in the same
transaction. Two people who change one customer at once thereby take out the same row, and DuckDB
lets only the first of them commit: the other's transaction runs again, on what is there then.
Changes of different columns, or an edit and a removal, would not conflict by themselves.
"""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from fpcore import database
from fpcore.database import Cursor, Database
from fpcore.facts import ROW_COLUMNS, computed_rows
from fpcore.models import WON

CUSTOMERS_AT_ONCE = 250_000

_COLUMNS = ", ".join(ROW_COLUMNS)
_COMPARED = _COLUMNS.replace(" words,", " list_sort(string_split(words, chr(10))) as words,")


def refresh(cursor: Cursor, customer_ids: Sequence[UUID], today: date) -> None:
    """Make the rows of these customers anew; of one who is gone, no row is left."""
    said = {"ids": list(customer_ids)}
    cursor.execute("delete from customer_row where id in (select unnest($ids))", said)
    if cursor.fetchone()[0] < len(customer_ids):  # no row to take out: the customer's own instead
        cursor.execute(
            "update customer set updated_at = $now where id in (select unnest($ids))",
            {**said, "now": database.utc_now()},
        )
    _insert(cursor, "c.id in (select unnest($ids))", today, said)


def refresh_all_of(
    cursor: Cursor,
    relation: str,
    today: date,
    done: Callable[[float], None] = lambda share: None,
) -> None:
    """Make anew the rows of all customers whose ids stand in a temporary table's column `id`.

    `done` is told from time to time which share of them is made.

    A part at a time, those of one owner together: the sums of a million customers at once would
    need more than a gigabyte.
    """
    cursor.execute(f"delete from customer_row where id in (select id from {relation})")
    cursor.execute(f"""
create or replace temp table refreshed_customer as
select c.id, (row_number() over (order by c.owner_id, c.id) - 1) // {CUSTOMERS_AT_ONCE} as part
from customer c join {relation} r on r.id = c.id
""")
    parts = cursor.execute(
        "select part, min(id), max(id) from refreshed_customer group by part order by part"
    ).fetchall()
    for part, first, last in parts:
        _insert(
            cursor,
            "c.id in (select id from refreshed_customer where part = $part)",
            today,
            {"part": part, "first": first, "last": last},
            only_ids="{} between $first and $last",
        )
        done((part + 1) / len(parts))


def roll_forward(db: Database, today: date) -> None:
    """Make anew the rows that are not true of today: a policy has begun or ended since."""
    stale = """
        select c.id from customer c left join customer_row r on r.id = c.id
        where r.id is null or not (r.held_from <= $today and $today < r.held_until)
    """

    def work(cursor: Cursor) -> None:
        cursor.execute(f"create or replace temp table stale_customer as {stale}", {"today": today})
        refresh_all_of(cursor, "stale_customer", today)

    if db.read(f"{stale} limit 1", {"today": today}):
        db.transaction(work)


def differences(db: Database, today: date) -> list[UUID]:
    """Compute all rows again from customers, policies, contacts and consents; the ids of those
    that are not as they were kept."""
    found = db.read(
        f"""
        with {computed_rows("true")},
        computed as (select {_COMPARED} from computed_row),
        kept as (select {_COMPARED} from customer_row)
        select distinct id from (
            (from computed except all from kept) union all (from kept except all from computed))
        """,
        {"valued_on": today, "currency": WON},
    )
    return [row["id"] for row in found]


def _insert(cursor: Cursor, which: str, today: date, said: dict, only_ids: str = "true") -> None:
    cursor.execute(
        f"""
        insert into customer_row ({_COLUMNS})
        with {computed_rows(which, only_ids)}
        select {_COLUMNS} from computed_row order by owner_id
        """,
        {**said, "valued_on": today, "currency": WON},
    )
