"""Sets of rules by number: under which one a kept row was judged."""

import hashlib
import json
from collections.abc import Sequence

from fpcore.access import accounts
from fpcore.rules import records
from fpcore.rules.records import Rule
from fpcore.store import database
from fpcore.store.database import Cursor


def number_of(cursor: Cursor, rules: Sequence[Rule]) -> int:
    """Give the number of this set of rules, a new one where no row was judged by it yet."""
    known = known_number_of(cursor, rules)
    if known is not None:
        return known
    accounts.take_turns(cursor)
    number = database.value(cursor, "select coalesce(max(id), 0) + 1 from gap_rule_set")
    said = {"id": number, "members": _members(rules)}
    cursor.execute("insert into gap_rule_set values ($id, $members)", said)
    return number


def known_number_of(cursor: Cursor, rules: Sequence[Rule]) -> int | None:
    """Give the number of this set of rules, None where no row was judged by it yet."""
    found = cursor.execute(
        "select id from gap_rule_set where members = $members", {"members": _members(rules)}
    ).fetchone()
    return found[0] if found else None


def members(cursor: Cursor, number: int) -> list[tuple[str, int, list[int], str]]:
    """Give the rules of a set: of each its code, version, the ages that count, and a hash."""
    sql = "select members from gap_rule_set where id = $id"
    return [tuple(member) for member in json.loads(database.value(cursor, sql, {"id": number}))]


def _members(rules: Sequence[Rule]) -> str:
    """Write down which rules: code, version, the ages that count, and a hash of the record, which
    somebody may have changed in the file without a new version."""
    members = [(rule.code, rule.version, _ages(rule), records.to_json(rule)) for rule in rules]
    return json.dumps(
        [[*known, hashlib.sha256(record.encode()).hexdigest()[:16]] for *known, record in members]
    )


def _ages(rule: Rule) -> list[int]:
    return sorted({age for word in (*rule.when, rule.need) for age in word.ages()})
