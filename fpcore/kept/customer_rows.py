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
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from fpcore.facts.policies import SPAN
from fpcore.facts.replacement import MAY_REPLACE
from fpcore.facts.rows import (
    CUSTOMER_READ,
    POLICY_READ,
    REPLACED_OF_ONE,
    ROW_COLUMNS,
    ROW_OF_ONE,
    computed_rows,
    struct_of,
)
from fpcore.facts.types import CONSENTS
from fpcore.kept import gap_history
from fpcore.kept.gap_history import Because
from fpcore.models import NOBODY_REACHED, WON, Account
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import KEPT
from fpcore.rules.rulebook import Rule
from fpcore.store import database
from fpcore.store.database import Cursor, Database, calculator

CUSTOMERS_AT_ONCE = 250_000

_COLUMNS = ", ".join(ROW_COLUMNS)
_ALL_COLUMNS = (*ROW_COLUMNS, "rule_set", *KEPT)
_IN_ORDER = {
    "words": "list_sort(string_split(words, chr(10))) as words",
    "spans": "list_sort(spans) as spans",
}  # what a row holds in no order
_COMPARED = ", ".join(_IN_ORDER.get(name, name) for name in ROW_COLUMNS)


def refresh(
    db: Database, cursor: Cursor, account: Account, customer_ids: Sequence[UUID], today: date
) -> None:
    """Make the rows of these customers anew, as this account changed something of theirs today; of
    one who is gone, no row is left."""
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
    judge everybody by the rules of today."""
    stale = """
        select c.id from customer c left join customer_row r on r.id = c.id
        where r.id is null or not (r.held_from <= $today and $today < r.held_until)
    """

    def work(cursor: Cursor) -> None:
        cursor.execute(f"create or replace temp table stale_customer as {stale}", {"today": today})
        _make_anew(db, cursor, "stale_customer", today)
        gap_history.note(cursor, today, gap_history.TIME_PASSED)
        gap_history.settle(db, cursor, today)

    rulebook.keep_good_file(db)
    if db.read(f"{stale} limit 1", {"today": today}) or not gap_history.is_settled(db, today):
        db.transaction(work)


def _make_anew(
    db: Database,
    cursor: Cursor,
    relation: str,
    day: date,
    done: Callable[[float], None] = lambda share: None,
) -> None:
    """Make the rows of the customers in a relation as of a day: a part at a time, those of one
    owner together, since the sums of a million customers at once would need over a gigabyte."""
    number_insurers(cursor)
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
            day,
            {"part": part, "first": first, "last": last},
            only_ids="{} between $first and $last",
        )
        done((part + 1) / len(parts))


class Difference(NamedTuple):
    """A column of a kept row that is not as computed; both as text. `column` is None where there
    is no such row, or no such customer."""

    customer_id: UUID
    column: str | None
    kept: str | None
    computed: str | None


def differences(db: Database, today: date) -> list[UUID]:
    """Compute all rows again, and all states by the rules of today; the ids of those that are not
    as they were kept, are missing or too many."""
    with db.reading() as cursor:
        apart = cursor.execute(_APART).fetchall()
    return list(
        dict.fromkeys([*(one for (one,) in apart), *(d.customer_id for d in compared(db, today))])
    )


def compared(db: Database, today: date) -> list[Difference]:
    """Compute all rows again from customers, policies, contacts and consents, and all states by the
    rules of today; each column of a kept row that differs.

    A part of the customers at a time, as `refresh_all_of`.
    """
    rules = rulebook.rules_on(db, today)
    found: list[Difference] = []
    with db.reading() as cursor:
        targets = judging.targeted(cursor)
        rows = judging.with_targets("computed_row", targets)
        judged = judging.judged(rules, today, rows, targets)
        kept = ", ".join(judging.kept(rules, today))
        number = gap_history.known_rule_set(cursor, rules)
        for first, last in cursor.execute(_PARTS).fetchall():
            sql = _COMPARE.format(
                rows=computed_rows("c.id between $first and $last", "{} between $first and $last"),
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
    for name in _ALL_COLUMNS
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


def number_insurers(cursor: Cursor) -> None:
    """Give every insurer that stands in a policy a number."""
    cursor.execute("""
insert into insurer
select (select coalesce(max(number), 0) from insurer) + row_number() over (order by name), name
from (select distinct insurer as name from policy where insurer is not null)
where name not in (select name from insurer)
""")


def insurers_of(cursor: Cursor, customer_id: UUID) -> list[str]:
    """Name the insurers that stand in a customer's policies."""
    sql = "select distinct insurer from policy where customer_id = $id and insurer is not null"
    return [name for (name,) in cursor.execute(sql, {"id": customer_id}).fetchall()]


def forget_insurers(cursor: Cursor, names: Sequence[str]) -> None:
    """Blot out the names that stand in no policy any more: what somebody typed for one person may
    tell who they are. Their numbers are not given again."""
    if names:
        cursor.execute(_FORGET_INSURERS, {"names": list(names)})


_FORGET_INSURERS = """
update insurer set name = 'erased ' || number::varchar
where name in (select unnest($names)) and name not in (
    select insurer from policy where insurer in (select unnest($names)))
"""


def _insert(
    db: Database, cursor: Cursor, which: str, day: date, said: dict, only_ids: str = "true"
) -> None:
    rules, targets = rulebook.rules_on(db, day), judging.targeted(cursor)
    rows = judging.with_targets("computed_row", targets)
    cursor.execute(
        f"""
        insert into customer_row ({", ".join(_ALL_COLUMNS)})
        with {computed_rows(which, only_ids)}
        select {_COLUMNS}, {gap_history.rule_set(cursor, rules)},
            {", ".join(judging.kept(rules, day))}
        from {judging.judged(rules, day, rows, targets)} order by owner_id
        """,
        {**said, "valued_on": day, "currency": WON},
    )


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
    if any(one["status"] == MAY_REPLACE for one in policies) and len(policies) > 1:
        replaced = calculator.row(REPLACED_OF_ONE, held)
    values = {
        **held,
        "customer": (struct_of(CUSTOMER_READ), {name: read[name] for name in CUSTOMER_READ}),
        "contacted_on": ("date", read["contacted_on"]),
        "consents": ("utinyint", read["consents"]),
        **{name: ("date", day) for name, day in replaced.items()},
        **{f"target_{code}": ("bigint", amount) for code, amount in targets.items()},
    }
    row = calculator.row(_judged_row(rules, day, tuple(sorted(targets))), values)
    return {**row, "rule_set": gap_history.rule_set(cursor, rules)}


@lru_cache(maxsize=64)
def _judged_row(rules: tuple[Rule, ...], day: date, targets: tuple[str, ...]) -> str:
    by_hand = "".join(f", $target_{code}::bigint as target_{code}" for code in targets)
    row = f"(select *{by_hand} from ({ROW_OF_ONE}))"
    judged = judging.judged(rules, day, row, frozenset(targets))
    return f"select {_COLUMNS}, {', '.join(judging.kept(rules, day))} from {judged}"


def _policies(db: Database, cursor: Cursor, customer_id: UUID) -> list[dict[str, Any]]:
    found = database.rows(cursor, _POLICIES, {"id": customer_id})
    for policy in found:
        policy["insurer_number"] = _number_of(db, cursor, policy["insurer"])
    return found


def _number_of(db: Database, cursor: Cursor, insurer: str | None) -> int | None:
    if insurer is None:
        return None
    by_name = "select number from insurer where name = $name"

    def committed() -> int | None:
        found = db.read(by_name, {"name": insurer})
        return found[0]["number"] if found else None

    number = db.learned(("insurer", insurer), committed)
    if number is None:
        number_insurers(cursor)
        number = database.value(cursor, by_name, {"name": insurer})
    return number


_CUSTOMER = f"""
select {", ".join(f"c.{name}" for name in CUSTOMER_READ)},
    (select max(x.contacted_on) from contact x where x.customer_id = $id
        and x.outcome not in ({", ".join(f"'{outcome}'" for outcome in NOBODY_REACHED)}))
        as contacted_on,
    (select {CONSENTS} from consent s where s.customer_id = $id and s.withdrawn_on is null)
        as consents,
    (select max(on_day) from gap_settled) as settled_on
from customer c where c.id = $id
"""
_POLICIES = f"""
select {", ".join(name for name in POLICY_READ if name != "insurer_number")}
from policy where customer_id = $id
"""
_TARGETS = "select code, amount::bigint from customer_target where customer_id = $id"
_TYPES = {"spans": f"{SPAN}[]", "insurers": "integer[]"}
_PUT_IN = f"""
insert into customer_row ({", ".join(_ALL_COLUMNS)}) values ({
    ", ".join(f"${name}::{_TYPES[name]}" if name in _TYPES else f"${name}" for name in _ALL_COLUMNS)
})
"""
