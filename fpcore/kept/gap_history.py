"""How the states of gaps changed: kept in the transaction that changes them, with the cause.

Each row of customer_row holds the states of its customer under the rules of the set `rule_set`, as
one number (judging.packed). Whoever makes rows anew calls `remember` before and `note` after:
where a state differs, a row of gap_change says from what to what, since when, why and by whom. The
first states of a customer, or under a new rule, are no change.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import pandas as pd

from fpcore.access import accounts, scope
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.models import Account, GapState
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import KEPT
from fpcore.rules.rulebook import Rule
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


@dataclass(frozen=True)
class GapChange:
    """A state that changed. `by` is the name of who did it, `file` that of the upload; None where
    it was neither. `code` and `version` are those of the rule that judged afterwards.

    For an account without the right to the customer's name, `file` is None, and a change that came
    with a birthday has the first day of the year."""

    code: str
    version: int
    before: GapState
    after: GapState
    on: date
    cause: Cause
    by: str | None
    file: str | None
    at: datetime


def of_customer(db: Database, account: Account, customer_id: UUID | str) -> list[GapChange]:
    """List how a customer's states changed, the latest first. Errors: NotFound,
    ConsentWithdrawn."""
    with db.reading() as cursor:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        said = {"customer": row["id"], "is_masked": row["is_masked"]}
        found = database.rows(cursor, _OF_CUSTOMER, said)
    return [
        GapChange(
            **{**one, "before": GapState(one["before"]), "after": GapState(one["after"]),
               "cause": Cause(one["cause"])}
        )
        for one in found
    ]  # fmt: skip


def per_month(
    db: Database, account: Account, valued_on: date, months: int = 12, team: str | None = None
) -> pd.DataFrame:
    """Count the gaps that opened and closed in scope, month by month, `months` up to `valued_on`.

    `team` is the name of one team, None for all in scope. A gap is open while its state is partial
    or gap. Columns: month (its first day), code, opened, closed; no row where both are 0.
    """
    return db.frame(
        _PER_MONTH,
        {"asker": account.id, "valued_on": valued_on, "months": months - 1, "team": team},
    )


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
            "states": [state.value for state in GapState],
            "today": today,
            "last": settled_on(cursor) or today,
            "now": database.utc_now(),
            **because._asdict(),
        },
    )


def rule_set(cursor: Cursor, rules: Sequence[Rule]) -> int:
    """Give the number of this set of rules, a new one where no row was judged by it yet."""
    known = known_rule_set(cursor, rules)
    if known is not None:
        return known
    accounts.take_turns(cursor)
    number = database.value(cursor, "select coalesce(max(id), 0) + 1 from gap_rule_set")
    said = {"id": number, "members": _members(rules)}
    cursor.execute("insert into gap_rule_set values ($id, $members)", said)
    return number


def known_rule_set(cursor: Cursor, rules: Sequence[Rule]) -> int | None:
    """Give the number of this set of rules, None where no row was judged by it yet."""
    found = cursor.execute(
        "select id from gap_rule_set where members = $members", {"members": _members(rules)}
    ).fetchone()
    return found[0] if found else None


def settle(db: Database, cursor: Cursor, day: date, because: Because = TIME_PASSED) -> None:
    """Bring the kept states up to the rules of a day, and write down what changed.

    The rows themselves must be true of the day (customer_rows.roll_forward).
    """
    rules = rulebook.rules_on(db, day)  # read anew where the transaction runs again
    number = rule_set(cursor, rules)
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
        number = known_rule_set(cursor, rules)
        if settled_on(cursor) != day or not number:
            return False
        other = _other(cursor, rules, day, number)
        return not cursor.execute(f"select 1 from ({other}) limit 1").fetchall()


def judge_again(db: Database, today: date, because: Because) -> None:
    """Bring the kept states up to the rules as they are now, on the day that was settled last;
    today where none was: whoever changes a rule may sit where it is another day."""
    with db.reading() as cursor:
        day = settled_on(cursor) or today
    if not is_settled(db, day):
        db.transaction(lambda cursor: settle(db, cursor, settled_on(cursor) or today, because))


def settled_on(cursor: Cursor) -> date | None:
    """Give the day on which everybody was judged last, None where nobody was yet."""
    return database.value(cursor, "select max(on_day) from gap_settled")


def hold_day(cursor: Cursor) -> None:
    """Let this transaction run again if `settle` reaches another day before it commits: rows that
    took long to make are not of the day before, then."""
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
        number = known_rule_set(cursor, rulebook.rules_on(db, day))
        others = "select count(*) from customer_row where rule_set is distinct from $set"
        return database.value(cursor, others, {"set": number}) == 0


def forget(cursor: Cursor, customer_id: UUID) -> None:
    """Take out how a customer's states changed, and the targets set for them."""
    for table in ("gap_change", "customer_target"):
        cursor.execute(f"delete from {table} where customer_id = $id", {"id": customer_id})


def _pairs(cursor: Cursor, old: int, new: int) -> list[tuple]:
    """Where each rule that is in both sets stands in the one and in the other."""
    sets = {
        number: json.loads(
            database.value(
                cursor, "select members from gap_rule_set where id = $id", {"id": number}
            )
        )
        for number in {old, new}
    }
    place = {member[0]: (k, member) for k, member in enumerate(sets[old])}
    base = len(GapState)
    return [
        (old, new, code, version, base ** place[code][0], base**k, member == place[code][1], ages)
        for k, member in enumerate(sets[new])
        for code, version, ages, _ in [member]
        if code in place
    ]


def _members(rules: Sequence[Rule]) -> str:
    """Write down which rules: code, version, the ages that count, and a hash of the record, which
    somebody may have changed in the file without a new version."""
    members = [(rule.code, rule.version, _ages(rule), rulebook.to_json(rule)) for rule in rules]
    return json.dumps(
        [[*known, hashlib.sha256(record.encode()).hexdigest()[:16]] for *known, record in members]
    )


def _ages(rule: Rule) -> list[int]:
    return sorted({age for word in (*rule.when, rule.need) for age in word.ages()})


_CHANGED_SETS = """
select distinct b.rule_set, r.rule_set
from gap_before b join customer_row r on r.id = b.id
where r.states is not null and (b.rule_set, b.states) is distinct from (r.rule_set, r.states)
"""

_NOTE = """
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
        b.states // pair.old_unit % 5 as old_digit, r.states // pair.new_unit % 5 as digit,
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

_OF_CUSTOMER = """
select g.code, g.version, g.state_before as before, g.state as after, g.on_day as "on", g.cause,
    coalesce(a.name, publisher.name) as "by", if($is_masked, null, b.file_name) as file,
    g.created_at as at
from (select * replace (
        if(is_hidden, date_trunc('year', on_day)::date, on_day) as on_day,
        if(is_hidden, date_trunc('year', created_at), created_at) as created_at)
    from (select *, $is_masked and cause = 'birthday' as is_hidden from gap_change)) g
left join account a on a.id = g.account_id
left join import_batch b on b.id = g.batch_id
left join gap_rule r on g.cause = 'rule' and r.code = g.code and r.version = g.version
left join account publisher on publisher.id = r.published_by
where g.customer_id = $customer
order by g.on_day desc, g.created_at desc, g.code
"""

_PER_MONTH = f"""
with visible as ({VISIBLE_OWNERS}),
change as (
    select date_trunc('month', g.on_day)::date as month, g.code,
        g.state_before in ('partial', 'gap') as was_open, g.state in ('partial', 'gap') as is_open
    from gap_change g
    join customer c on c.id = g.customer_id
    join visible on visible.id = c.owner_id
    left join team on team.id = visible.team_id
    where c.withdrawn_on is null and coalesce(team.name = $team, $team is null)
        and g.on_day <= $valued_on
        and g.on_day >= date_trunc('month', $valued_on::date) - to_months($months)
)
select month, code,
    count(*) filter (is_open and not was_open) as opened,
    count(*) filter (was_open and not is_open) as closed
from change where was_open <> is_open
group by all order by month, code
"""
