"""The rules as managers see and change them: try (fpcore.gaps.scopes), publish, switch off.

A published rule holds for everybody from its day on. Nothing is ever changed or taken away: each
publication is a new version, with who, when and why.
"""

from collections.abc import Sequence
from datetime import date

from fpcore import privacy
from fpcore.access import accounts, scope
from fpcore.checks import Problem
from fpcore.errors import InvalidInput, InvalidRules, NotAllowed
from fpcore.kept import gap_history
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import Account
from fpcore.rules import records, rulebook
from fpcore.rules.records import PublishedRule, Rule
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_NOTE = 300


def in_use(db: Database, account: Account, day: date) -> tuple[Rule, ...]:
    """List the rules in use on a day, by code.

    Errors: NotAllowed for a disabled account; InvalidRules where the file has a fault and no
    earlier one is known.
    """
    scope.require_active(db, account)
    return rulebook.rules_on(db, day)


def versions(db: Database, account: Account, code: str | None = None) -> list[PublishedRule]:
    """List every version of every rule, or of one, by code and version. Errors: as `in_use`."""
    scope.require_active(db, account)
    return [one for one in rulebook.versions(db) if code in (None, one.rule.code)]


def fault(db: Database, account: Account) -> InvalidRules | None:
    """Give what is wrong with the rule file, None where nothing is. Errors: NotAllowed."""
    scope.require_active(db, account)
    return rulebook.fault()


def draft(
    rules: Sequence[Rule], changed: Rule | None = None, without: str | None = None
) -> tuple[Rule, ...]:
    """Give a set of rules with one changed or added, or without one: to try it.

    Errors: InvalidInput where two rules would be about the same coverage, or too many in all.
    """
    gone = {without, changed.code if changed else None}
    made = [rule for rule in rules if rule.code not in gone]
    if changed and not changed.is_off:
        made.append(changed)
    _refuse(made, changed)
    return tuple(sorted(made, key=lambda rule: rule.code))


def publish(db: Database, account: Account, rule: Rule, note: str, today: date) -> Rule:
    """Publish a rule, changed or new, from its `valid_from` on; as it is then, with its version.

    With `is_off` there is no such rule from that day on. Where it holds today already, the states
    of everybody are judged anew. Errors: NotAllowed for whoever is no manager; InvalidInput for a
    day that has passed, a missing note, or a second rule about the same coverage.
    """
    note = privacy.scrubbed(note or "").strip()
    problems = _problems(rule, note, today)
    if problems:
        raise InvalidInput(problems)

    def work(cursor: Cursor) -> Rule:
        if not scope.is_manager(db, account):
            raise NotAllowed("manager_only")
        accounts.take_turns(cursor)
        every = [one.rule for one in rulebook.versions_now(cursor)]
        version = 1 + max((one.version for one in every if one.code == rule.code), default=0)
        made = rule.model_copy(update={"version": version, "valid_to": None})
        for day in {one.valid_from for one in (*every, made) if one.valid_from >= made.valid_from}:
            _refuse(records.in_use([*every, made], day), made)
        cursor.execute(
            _PUBLISH,
            {
                "code": made.code, "version": version, "record": records.to_json(made),
                "valid_from": made.valid_from, "is_off": made.is_off, "note": note,
                "asker": account.id, "now": database.utc_now(),
            },
        )  # fmt: skip
        return made

    made = db.transaction(work)
    gap_history.judge_again(db, today, Because(Cause.RULE, account.id))
    return made


_PUBLISH = """
insert into gap_rule (
    id, code, version, record, valid_from, is_off, note, published_by, created_at)
values (uuidv7(), $code, $version, $record, $valid_from, $is_off, $note, $asker, $now)
"""


def _problems(rule: Rule, note: str, today: date) -> list[Problem]:
    problems: list[Problem] = []
    if rule.valid_from < today:
        problems.append(("valid_from", "in_past", {"text": rule.valid_from}))
    if not note:
        problems.append(("rule_note", "missing", {}))
    elif len(note) > LONGEST_NOTE:
        problems.append(("rule_note", "too_long", {"text": note[:60]}))
    return problems


def _refuse(rules: Sequence[Rule], changed: Rule | None) -> None:
    """Refuse a set with two rules about one coverage, and name the one that was there before."""
    code = changed.code if changed else None
    problems: list[Problem] = [
        ("coverage", "coverage_taken", {"text": (other if rule.code == code else rule).code})
        for rule, other in records.clashes(rules)
    ]
    if len(rules) > records.MOST_RULES:
        problems.append(("rule", "too_many_rules", {"most": records.MOST_RULES}))
    if problems:
        raise InvalidInput(problems)
