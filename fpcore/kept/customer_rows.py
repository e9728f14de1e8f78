"""Keep `customer_row` true: one wide row a customer, ready for lists, heatmaps and rules.

Whatever changes a customer, a policy, a contact or a consent calls `refresh` in the same
transaction. Two people who change one customer at once thereby take out the same row, and DuckDB
lets only the first of them commit: the other's transaction runs again, on what is there then.
Changes of different columns, or an edit and a removal, would not conflict by themselves.

All rows are true of one day, the one on which everybody was judged last (gap_history.settled_on).
In another time zone it may be another day: a row made for that one would differ from the others.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from fpcore.facts import words
from fpcore.facts.policies import SPAN
from fpcore.facts.replacement import MAY_BE_REPLACED
from fpcore.facts.rows import (
    CUSTOMER_READ,
    POLICY_READ,
    ROW_COLUMNS,
    computed_rows,
    replaced_of_one,
    row_of_one,
    struct_of,
)
from fpcore.facts.types import CONSENTS
from fpcore.facts.words import FactWords
from fpcore.kept import gap_history, insurers, rule_sets
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import NOBODY_REACHED, WON, Account
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import KEPT
from fpcore.rules.records import Rule
from fpcore.store import database
from fpcore.store.calculator import as_json, calculator, given_rows
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor, Database

CUSTOMERS_AT_ONCE = 250_000
FEW_CUSTOMERS = 50
"""Up to so many rows, giving what they are made of as values is quicker than planning anew."""

_COLUMNS = ", ".join(ROW_COLUMNS)
ALL_COLUMNS = (*ROW_COLUMNS, "rule_set", *KEPT)


def refresh(
    db: Database, cursor: Cursor, account: Account, customer_ids: Sequence[UUID], today: date
) -> None:
    """Make the rows of these customers anew, since this account changed something of theirs today.

    No row is left of a customer who is gone."""
    for customer_id in customer_ids:
        _refresh_one(db, cursor, account, customer_id, today)


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
    """
    _make_anew(db, cursor, relation, gap_history.settled_on(cursor) or today, done)
    gap_history.note(cursor, today, because)
    gap_history.hold_day(cursor)


def roll_forward(db: Database, today: date) -> None:
    """Make anew the rows that are not true of today: a policy has begun or ended since; then
    judge everybody by the rules of today.

    Where data/fact_words.toml tells something else than it did, make all rows anew by it.
    """
    rulebook.keep_good_file(db)
    is_stale = db.read(f"{_STALE} limit 1", {"today": today})
    if is_stale or words.newer(db.read) or not gap_history.is_settled(db, today):
        db.transaction(lambda cursor: _bring_forward(db, cursor, today))


_STALE = """
    select c.id from customer c left join customer_row r on r.id = c.id
    where r.id is null or not (r.held_from <= $today and $today < r.held_until)
"""


def _bring_forward(db: Database, cursor: Cursor, today: date) -> None:
    stale, params, because = _STALE, {"today": today}, gap_history.TIME_PASSED
    new_words = words.newer(partial(database.rows, cursor))
    if new_words:
        words.take(cursor, new_words)
        stale, params, because = "select id from customer", {}, Because(Cause.RULE)
    cursor.execute(f"create or replace temp table stale_customer as {stale}", params)
    _make_anew(db, cursor, "stale_customer", today)
    gap_history.note(cursor, today, because)
    gap_history.settle(db, cursor, today)


def _make_anew(
    db: Database,
    cursor: Cursor,
    relation: str,
    day: date,
    done: Callable[[float], None] = lambda share: None,
) -> None:
    """Make the rows of the customers in a relation as of a day: a part at a time, those of one
    owner together, since the sums of a million customers at once would need over a gigabyte."""
    insurers.number_new(cursor)
    gap_history.remember(cursor, f"id in (select id from {relation})", {})
    cursor.execute(f"delete from customer_row where id in (select id from {relation})")
    few = cursor.execute(f"select id from {relation} limit {FEW_CUSTOMERS + 1}").fetchall()
    if len(few) <= FEW_CUSTOMERS:
        if few:
            _insert_few(db, cursor, [id_ for (id_,) in few], day)
        done(1)
        return
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
            day,
            {"part": part, "first": first, "last": last},
            only_ids="{} between $first and $last",
        )
        done((part + 1) / len(parts))


def _insert(
    db: Database, cursor: Cursor, which: str, day: date, said: dict, only_ids: str = "true"
) -> None:
    rules, targets = rulebook.rules_on(db, day), judging.targeted(cursor)
    told = words.in_use(partial(database.rows, cursor))
    rows = judging.with_targets("computed_row", targets)
    cursor.execute(
        f"""
        insert into customer_row ({", ".join(ALL_COLUMNS)})
        with {computed_rows(told, which, only_ids)}
        select {_COLUMNS}, {rule_sets.number_of(cursor, rules)},
            {", ".join(judging.kept(rules, day))}
        from {judging.judged(rules, day, rows, targets)} order by owner_id
        """,
        {**said, "valued_on": day, "currency": WON},
    )


def _insert_few(db: Database, cursor: Cursor, ids: Sequence[UUID], day: date) -> None:
    """Make the rows of few customers: the SQL of `_insert` over values, whose plan DuckDB keeps."""
    rules, targets = rulebook.rules_on(db, day), judging.targeted(cursor)
    values = {}
    for table, (columns, which) in _READ.items():
        found = database.rows(
            cursor, f"select {', '.join(columns)} from {table} where {which}", {"ids": ids}
        )
        values[table] = as_json(found)
    told = words.in_use(partial(database.rows, cursor))
    cursor.register("few_rows", calculator.table(_rows_of_few(told, rules, day, targets), values))
    cursor.execute(
        f"""
        insert into customer_row ({", ".join(ALL_COLUMNS)})
        select {_COLUMNS}, $set, {", ".join(KEPT)} from few_rows order by owner_id
        """,
        {"set": rule_sets.number_of(cursor, rules)},
    )
    cursor.unregister("few_rows")


_OF_THEM = "customer_id in (select unnest($ids))"
_READ = {
    "customer": (CUSTOMER_READ, "id in (select unnest($ids))"),
    "policy": (
        {"customer_id": "uuid"}
        | {name: kind for name, kind in POLICY_READ.items() if name != "insurer_number"},
        _OF_THEM,
    ),
    "insurer": (
        {"name": "varchar", "number": "integer"},
        f"name in (select insurer from policy where {_OF_THEM})",
    ),
    "contact": ({"customer_id": "uuid", "contacted_on": "date", "outcome": "varchar"}, _OF_THEM),
    "consent": ({"customer_id": "uuid", "kind": "varchar", "withdrawn_on": "date"}, _OF_THEM),
    "customer_target": ({"customer_id": "uuid", "code": "varchar", "amount": "bigint"}, _OF_THEM),
}
"""What a row is made of: of each table its columns with their types, and whose records."""


@lru_cache(maxsize=64)
def _rows_of_few(
    told: FactWords, rules: tuple[Rule, ...], day: date, targets: frozenset[str]
) -> str:
    """The SQL of rows from values alone: common table expressions stand for the tables."""
    tables = ", ".join(given_rows(table, columns) for table, (columns, _) in _READ.items())
    rows = judging.with_targets("computed_row", targets)
    return f"""
with {tables},
{computed_rows(told, "true", day=f"date '{day}'", currency=quoted(WON))}
select {_COLUMNS}, {", ".join(judging.kept(rules, day))}
from {judging.judged(rules, day, rows, targets)}
"""


def _refresh_one(
    db: Database, cursor: Cursor, account: Account, customer_id: UUID, today: date
) -> None:
    said = {"id": customer_id}
    row = _computed(db, cursor, customer_id, today)
    before = cursor.execute(
        "select rule_set, states from customer_row where id = $id", said
    ).fetchone()
    is_other = bool(row and before and before != (row["rule_set"], row["states"]))
    if is_other:
        gap_history.remember(cursor, "id = $id", said)
    if before:
        cursor.execute("delete from customer_row where id = $id", said)
    else:  # no row to take out: the customer's own instead
        cursor.execute(
            "update customer set updated_at = $now where id = $id",
            {**said, "now": database.utc_now()},
        )
    if row:
        cursor.execute(_PUT_IN, row)
    if is_other:
        gap_history.note(cursor, today, gap_history.edited_by(account))


def _computed(
    db: Database, cursor: Cursor, customer_id: UUID, today: date
) -> dict[str, Any] | None:
    """Compute the row of one customer: the SQL of computed_rows over values that were read, so
    that DuckDB keeps its plan. None for a customer who is gone."""
    customer = database.rows(cursor, _CUSTOMER, {"id": customer_id})
    if not customer:
        return None
    read = customer[0]
    day = read["settled_on"] or today
    policies = _policies(db, cursor, customer_id)
    targets = dict(cursor.execute(_TARGETS, {"id": customer_id}).fetchall())
    rules = rulebook.rules_on(db, day)
    held = {"policies": (f"{struct_of(POLICY_READ)}[]", policies), "valued_on": ("date", day)}
    replaced = {"replaced_on": None, "unclear_on": None}
    told = words.parsed(read["fact_words"])
    if any(one["status"] == MAY_BE_REPLACED for one in policies) and len(policies) > 1:
        replaced = calculator.row(replaced_of_one(told), held)
    values = {
        **held,
        "customer": (struct_of(CUSTOMER_READ), {name: read[name] for name in CUSTOMER_READ}),
        "contacted_on": ("date", read["contacted_on"]),
        "consents": ("utinyint", read["consents"]),
        **{name: ("date", day) for name, day in replaced.items()},
        **{f"target_{code}": ("bigint", amount) for code, amount in targets.items()},
    }
    row = calculator.row(_judged_row(told, rules, day, tuple(sorted(targets))), values)
    return {**row, "rule_set": rule_sets.number_of(cursor, rules)}


@lru_cache(maxsize=64)
def _judged_row(
    told: FactWords, rules: tuple[Rule, ...], day: date, targets: tuple[str, ...]
) -> str:
    by_hand = "".join(f", $target_{code}::bigint as target_{code}" for code in targets)
    row = f"(select *{by_hand} from ({row_of_one(told)}))"
    judged = judging.judged(rules, day, row, frozenset(targets))
    return f"select {_COLUMNS}, {', '.join(judging.kept(rules, day))} from {judged}"


def _policies(db: Database, cursor: Cursor, customer_id: UUID) -> list[dict[str, Any]]:
    found = database.rows(cursor, _POLICIES, {"id": customer_id})
    for policy in found:
        policy["insurer_number"] = insurers.number_of(db, cursor, policy["insurer"])
    return found


_CUSTOMER = f"""
select {", ".join(f"c.{name}" for name in CUSTOMER_READ)},
    (select max(x.contacted_on) from contact x where x.customer_id = $id
        and x.outcome not in ({", ".join(f"'{outcome}'" for outcome in NOBODY_REACHED)}))
        as contacted_on,
    (select {CONSENTS} from consent s where s.customer_id = $id and s.withdrawn_on is null)
        as consents,
    (select max(on_day) from gap_settled) as settled_on,
    (select content from good_file where name = {quoted(words.FILE.name)}) as fact_words
from customer c where c.id = $id
"""
_POLICIES = f"""
select {", ".join(name for name in POLICY_READ if name != "insurer_number")}
from policy where customer_id = $id
"""
_TARGETS = "select code, amount::bigint from customer_target where customer_id = $id"
_TYPES = {"spans": f"{SPAN}[]", "insurers": "integer[]"}
_PUT_IN = f"""
insert into customer_row ({", ".join(ALL_COLUMNS)}) values ({
    ", ".join(f"${name}::{_TYPES[name]}" if name in _TYPES else f"${name}" for name in ALL_COLUMNS)
})
"""
