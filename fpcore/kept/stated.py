"""customer_fact with how each customer stands against the gap rules, type by type."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from fpcore.facts import relation as facts
from fpcore.facts.relation import customer_fact
from fpcore.kept import gap_history
from fpcore.models import Account
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import KEPT
from fpcore.store.database import Cursor, Database


def stated_fact(
    db: Database,
    cursor: Cursor,
    account: Account,
    valued_on: date,
    columns: Iterable[str],
    relation: str = "customer_fact",
) -> tuple[str, dict[str, Any]]:
    """Give the common table expressions that end in `stated_fact`, and their parameters: another
    `relation` of those of customer_fact, in won, with these columns of it and of judging.KEPT.

    As they are kept with everybody, or judged now by the rules of the day.
    """
    if are_kept(db, valued_on):
        fact, params = customer_fact(db, account, valued_on, columns)
        return f"{fact}, stated_fact as not materialized (from {relation})", params
    rules, targets = rulebook.rules_on(db, valued_on), judging.targeted(cursor)
    rows = judging.with_targets(relation, targets)
    judged = judging.judged(rules, valued_on, rows, targets)
    kept = ", ".join(judging.kept(rules, valued_on))
    read = ({*columns} - {*KEPT}) | judging.reads(rules)
    fact, params = customer_fact(db, account, valued_on, read)
    return f"{fact}, stated_fact as not materialized (select *, {kept} from {judged})", params


def are_kept(db: Database, valued_on: date) -> bool:
    """Say whether customer_row holds the facts, and the states by the rules, of this day."""
    return facts.are_kept(db, valued_on) and gap_history.are_kept(db, valued_on)
