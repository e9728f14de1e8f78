"""How the states of gaps changed: kept in the transaction that changes them, with the cause.

Each row of customer_row holds the states of its customer under the rules of the set `rule_set`, as
one number (judging.packed). Whoever makes rows anew calls `remember` before and `note` after:
where a state differs, a row of gap_change says from what to what, since when, why and by whom. The
first states of a customer, or under a new rule, are no change.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from fpcore.kept import rule_sets
from fpcore.models import Account
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import KEPT
from fpcore.rules.records import Rule
from fpcore.store import database
from fpcore.store.database import Cursor, Database


class Cause(StrEnum):
    """Why a state changed: what happened to the customer's records, to the rules, or that time
    passed (`birthday`: they got older; `time`: a policy began or ended)."""

    IMPORT = "import"
    UNDO = "undo"
    EDIT = "edit"
    RULE = "rule"
    BIRTHDAY = "birthday"
    TIME = "time"


class Because(NamedTuple):
    """A cause, and the account and the import that it came from, if any."""

    cause: Cause
    account_id: UUID | None = None
    batch_id: UUID | None = None


TIME_PASSED = Because(Cause.TIME)


def edited_by(account: Account) -> Because:
    """Give the cause of what a person changed by hand."""
    return Because(Cause.EDIT, account.id)


def remember(cursor: Cursor, which: str, params: dict[str, Any]) -> None:
    """Make `gap_before`: the states of the customers `which` (a condition on `id`) as kept."""
    cursor.execute(
        f"""
        create or replace temp table gap_before as
        select id, rule_set, states from customer_row where states is not null and {which}
        """,
        params,
    )


def note(cursor: Cursor, today: date, because: Because) -> None:
    """Write down where the rows of `gap_before` have other states now."""
    changed = cursor.execute(_CHANGED_SETS).fetchall()
    pairs = [pair for old, new in changed for pair in _pairs(cursor, old, new)]
    if not pairs:
        return
    names = ("old_set", "new_set", "code", "version", "old_unit", "new_unit", "is_same", "ages")
    columns = {
        name: list(column) for name, column in zip(names, zip(*pairs, strict=True), strict=True)
    }
    cursor.execute(
        _NOTE,
        {
            **columns,
            "states": [state.value for state in judging.STATES],
            "today": today,
            "last": settled_on(cursor) or today,
            "now": database.utc_now(),
            **because._asdict(),
        },
    )


def settle(db: Database, cursor: Cursor, day: date, because: Because = TIME_PASSED) -> None:
    """Bring the kept states up to the rules of a day, and write down what changed.

    The rows themselves must be true of the day (customer_rows.roll_forward).
    """
    rules = rulebook.rules_on(db, day)  # read anew where the transaction runs again
    number = rule_sets.number_of(cursor, rules)
    cursor.execute(f"create or replace temp table gap_now as {_other(cursor, rules, day, number)}")
    remember(cursor, "id in (select id from gap_now)", {})
    cursor.execute(
        f"update customer_row set rule_set = $set, {_SET_KEPT} from gap_now "
        "where gap_now.id = customer_row.id",
        {"set": number},
    )
    note(cursor, day, because)
    said = {"day": day}
    cursor.execute("insert into gap_settled select $day where not exists (from gap_settled)", said)
    cursor.execute("update gap_settled set on_day = $day", said)  # what `hold_day` conflicts with


def is_settled(db: Database, day: date) -> bool:
    """Say whether `settle` would change nothing."""
    with db.reading() as cursor:
        rules = rulebook.rules_on(db, day)
        number = rule_sets.known_number_of(cursor, rules)
        if settled_on(cursor) != day or not number:
            return False
        other = _other(cursor, rules, day, number)
        return not cursor.execute(f"select 1 from ({other}) limit 1").fetchall()


def judge_again(db: Database, today: date, because: Because) -> None:
    """Bring the kept states up to the rules as they are now.

    They are judged on the day that was settled last, since whoever changes a rule may sit where it
    is another day; on `today` where no day was."""
    with db.reading() as cursor:
        day = settled_on(cursor) or today
    if not is_settled(db, day):
        db.transaction(lambda cursor: settle(db, cursor, settled_on(cursor) or today, because))


def settled_on(cursor: Cursor) -> date | None:
    """Give the day on which everybody was judged last, None where nobody was yet."""
    return database.value(cursor, "select max(on_day) from gap_settled")


def hold_day(cursor: Cursor) -> None:
    """Make this transaction run again if `settle` reaches another day before it commits.

    Rows that take long to make would be of the day before."""
    cursor.execute("update gap_settled set on_day = on_day")


def _other(cursor: Cursor, rules: Sequence[Rule], today: date, number: int) -> str:
    """The SQL of who does not stand as is kept: `id` and judging.KEPT as they are now."""
    targets = judging.targeted(cursor)
    rows = judging.with_targets("customer_row", targets)
    before = ", ".join(f"{name} as {name}_before" for name in KEPT)
    same = " or ".join(f"{name} is distinct from {name}_before" for name in KEPT)
    return f"""
select id, {", ".join(KEPT)} from (
    select id, rule_set, {before}, {", ".join(judging.kept(rules, today))}
    from {judging.judged(rules, today, rows, targets)}
)
where rule_set is distinct from {number} or {same}"""


_SET_KEPT = ", ".join(f"{name} = gap_now.{name}" for name in KEPT)


def are_kept(db: Database, day: date) -> bool:
    """Say whether the states kept with everybody are those of this day."""
    return db.remembered(("states kept", day, rulebook.file_state()), lambda: _are_kept(db, day))


def _are_kept(db: Database, day: date) -> bool:
    with db.reading() as cursor:
        if settled_on(cursor) != day:
            return False
        number = rule_sets.known_number_of(cursor, rulebook.rules_on(db, day))
        others = "select count(*) from customer_row where rule_set is distinct from $set"
        return database.value(cursor, others, {"set": number}) == 0


def _pairs(cursor: Cursor, old: int, new: int) -> list[tuple]:
    """Where each rule that is in both sets stands in the one and in the other."""
    sets = {number: rule_sets.members(cursor, number) for number in {old, new}}
    place = {member[0]: (k, member) for k, member in enumerate(sets[old])}
    base = len(judging.STATES)
    return [
        (old, new, code, version, base ** place[code][0], base**k, member == place[code][1], ages)
        for k, member in enumerate(sets[new])
        for code, version, ages, _ in [member]
        if code in place
    ]


_CHANGED_SETS = """
select distinct b.rule_set, r.rule_set
from gap_before b join customer_row r on r.id = b.id
where r.states is not null and (b.rule_set, b.states) is distinct from (r.rule_set, r.states)
"""

_NOTE = f"""
insert into gap_change (
    id, customer_id, code, version, state_before, state, on_day, cause, account_id, batch_id,
    created_at)
with pair as (
    select unnest($old_set) as old_set, unnest($new_set) as new_set, unnest($code) as code,
        unnest($version) as version, unnest($old_unit) as old_unit,
        unnest($new_unit) as new_unit, unnest($is_same) as is_same, unnest($ages) as ages
),
judged as (
    select r.id, pair.code, pair.version, pair.is_same,
        b.states // pair.old_unit % {len(judging.STATES)} as old_digit,
        r.states // pair.new_unit % {len(judging.STATES)} as digit,
        if($cause = 'time', list_max(list_filter(pair.ages, lambda age:
            date_sub('year', r.born_on, $last) < age
            and age <= date_sub('year', r.born_on, $today))), null) as reached,
        r.born_on + to_years(reached::int) as birthday
    from gap_before b
    join customer_row r on r.id = b.id
        and (b.rule_set, b.states) is distinct from (r.rule_set, r.states)
    join pair on pair.old_set = b.rule_set and pair.new_set = r.rule_set
)
select uuidv7(), id, code, version, $states[old_digit + 1], $states[digit + 1],
    coalesce(birthday, $today)::date,
    case when not is_same then 'rule' when birthday is not null then 'birthday' else $cause end,
    $account_id, $batch_id, $now
from judged where old_digit <> digit
"""
