"""The rules in use: those of data/gap_rules.toml, and those that managers published.

Where the file has a fault, the last one without a fault is used, and `fault` says what is wrong.
"""

import json
from datetime import date
from functools import partial
from pathlib import Path

from fpcore.config import config_files
from fpcore.config.paths import DATA
from fpcore.errors import InvalidRules, InvalidSettings
from fpcore.rules.records import PublishedRule, Rule, in_use, parsed
from fpcore.store import database, good_files
from fpcore.store.database import Cursor, Database

RULES = DATA / "gap_rules.toml"


def load(path: Path | None = None) -> tuple[Rule, ...]:
    """Read and check a rule file. Errors: InvalidRules with file, rule, field and what is wrong."""
    path = path or RULES
    try:
        content = config_files.content(path)
    except InvalidSettings as error:
        raise InvalidRules(path.name, "-", "-", error.problem) from error
    return parsed(path.name, content)


def rules_on(db: Database, day: date) -> tuple[Rule, ...]:
    """List the rules in use on a day, by code.

    Errors: InvalidSettings where the file has a fault and no earlier one is known.
    """
    return db.remembered(("rules", day, file_state()), lambda: _rules_on(db, day))


def fault() -> InvalidRules | None:
    """Give what is wrong with the rule file, None where nothing is: an earlier one is used."""
    try:
        load()
    except InvalidRules as error:
        return error
    return None


def versions(db: Database) -> list[PublishedRule]:
    """List every version of every rule, from the file and published, by code and version."""
    return db.remembered(("rule versions", file_state()), lambda: _versions(db.read))


def versions_now(cursor: Cursor) -> list[PublishedRule]:
    """As `versions`, as they are in this transaction."""
    return _versions(partial(database.rows, cursor))


def keep_good_file(db: Database) -> None:
    """Keep the rule file for the day when it has a fault; one that has a fault is not kept."""
    good_files.keep(db, RULES, parsed)


def _rules_on(db: Database, day: date) -> tuple[Rule, ...]:
    return in_use((one.rule for one in versions(db)), day)


def file_state() -> tuple:
    """Tell the rule file from what it was: it is read anew where this differs."""
    return config_files.state(RULES)


def _versions(read: good_files.Read) -> list[PublishedRule]:
    filed = [
        PublishedRule(rule, None, None, None) for rule in good_files.last_good(read, RULES, parsed)
    ]
    published = [
        PublishedRule(
            Rule(**json.loads(row["record"])), row["note"], row["published_by"], row["created_at"]
        )
        for row in read(_PUBLISHED)
    ]
    return sorted(filed + published, key=lambda one: (one.rule.code, one.rule.version))


_PUBLISHED = """
select r.record, r.note, a.name as published_by, r.created_at
from gap_rule r join account a on a.id = r.published_by
"""
