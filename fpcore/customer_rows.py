"""Keep `customer_row` true: one wide row a customer, ready for lists, heatmaps and rules.

Whatever changes a customer, a policy, a contact or a consent calls `refresh` in the same
transaction. Two people who change one customer at once thereby take out the same row, and DuckDB
lets only the first of them commit: the other's transaction runs again, on what is there then.
Changes of different columns, or an edit and a removal, would not conflict by themselves.
"""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from fpcore import database, gap_history, gap_rules, gap_states
from fpcore.database import Cursor, Database
from fpcore.facts import ROW_COLUMNS, computed_rows
from fpcore.gap_history import Because, Cause
from fpcore.models import WON, Account

CUSTOMERS_AT_ONCE = 250_000

_COLUMNS = ", ".join(ROW_COLUMNS)
_COMPARED = _COLUMNS.replace(" words,", " list_sort(string_split(words, chr(10))) as words,")


def refresh(
    db: Database, cursor: Cursor, account: Account, customer_ids: Sequence[UUID], today: date
) -> None:
    """Make the rows of these customers anew, as this account changed something of theirs; of one
    who is gone, no row is left."""
    said = {"ids": list(customer_ids)}
    gap_history.remember(cursor, "id in (select unnest($ids))", said)
    cursor.execute("delete from customer_row where id in (select unnest($ids))", said)
    if cursor.fetchone()[0] < len(customer_ids):  # no row to take out: the customer's own instead
        cursor.execute(
            "update customer set updated_at = $now where id in (select unnest($ids))",
            {**said, "now": database.utc_now()},
        )
    _insert(db, cursor, "c.id in (select unnest($ids))", today, said)
    gap_history.note(cursor, today, gap_history.edited_by(account))


def refresh_all_of(
    db: Database,
    cursor: Cursor,
    relation: str,
    today: date,
    because: Because,
    done: Callable[[float], None] = lambda share: None,
) -> None:
    """Make anew the rows of all customers whose ids stand in a temporary table's column `id`.

    `done` is told from time to time which share of them is made.

    A part at a time, those of one owner together: the sums of a million customers at once would
    need more than a gigabyte.
    """
    gap_history.remember(cursor, f"id in (select id from {relation})", {})
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
            db,
            cursor,
            "c.id in (select id from refreshed_customer where part = $part)",
            today,
            {"part": part, "first": first, "last": last},
            only_ids="{} between $first and $last",
        )
        done((part + 1) / len(parts))
    gap_history.note(cursor, today, because)


def roll_forward(db: Database, today: date) -> None:
    """Make anew the rows that are not true of today: a policy has begun or ended since; then
    judge everybody by the rules of today."""
    stale = """
        select c.id from customer c left join customer_row r on r.id = c.id
        where r.id is null or not (r.held_from <= $today and $today < r.held_until)
    """

    def work(cursor: Cursor) -> None:
        cursor.execute(f"create or replace temp table stale_customer as {stale}", {"today": today})
        refresh_all_of(db, cursor, "stale_customer", today, Because(Cause.TIME))

    gap_rules.keep_good_file(db)
    if db.read(f"{stale} limit 1", {"today": today}):
        db.transaction(work)
    gap_history.settle(db, today)


def differences(db: Database, today: date) -> list[UUID]:
    """Compute all rows again from customers, policies, contacts and consents, and all states by the
    rules of today; the ids of those that are not as they were kept."""
    rules = gap_rules.rules_on(db, today)
    with db.reading() as cursor:
        targets = gap_states.targeted(cursor)
        rows = gap_states.with_targets("computed_row", targets)
        judged = gap_states.judged(rules, today, rows, targets)
        found = database.rows(
            cursor,
            f"""
            with {computed_rows("true")},
            computed as (
                select {_COMPARED}, $set::int as rule_set, {gap_states.packed(len(rules))} as states
                from {judged}
            ),
            kept as (select {_COMPARED}, rule_set, states from customer_row)
            select distinct id from (
                (from computed except all from kept) union all (from kept except all from computed))
            """,
            {
                "valued_on": today, "currency": WON,
                "set": gap_history.known_rule_set(cursor, rules),
            },
        )  # fmt: skip
    return [row["id"] for row in found]


def _insert(
    db: Database, cursor: Cursor, which: str, today: date, said: dict, only_ids: str = "true"
) -> None:
    rules, targets = gap_rules.rules_on(db, today), gap_states.targeted(cursor)
    rows = gap_states.with_targets("computed_row", targets)
    cursor.execute(
        f"""
        insert into customer_row ({_COLUMNS}, rule_set, states)
        with {computed_rows(which, only_ids)}
        select {_COLUMNS}, {gap_history.rule_set(cursor, rules)}, {gap_states.packed(len(rules))}
        from {gap_states.judged(rules, today, rows, targets)} order by owner_id
        """,
        {**said, "valued_on": today, "currency": WON},
    )
