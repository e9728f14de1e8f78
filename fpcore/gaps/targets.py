"""Targets: what somebody recommends to one customer by hand, in the place of a rule's amount."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fpcore import privacy
from fpcore.access import audit, scope
from fpcore.access.audit import Action
from fpcore.errors import InvalidInput, NotFound
from fpcore.kept import customer_rows
from fpcore.models import LARGEST_AMOUNT, Account
from fpcore.rules import rulebook
from fpcore.rules.coverages import COVERAGES
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_NOTE = 300


@dataclass(frozen=True)
class Target:
    """An amount in won that somebody set for one customer in the place of a rule's; `note` is None
    for an account without the right to the customer's name."""

    amount: Decimal
    note: str | None
    by: str
    on: datetime
    ver: int


def of_customer(cursor: Cursor, customer_id: UUID, is_masked: bool) -> dict[str, Target]:
    """Give the targets of a customer by the code of the rule; without notes where `is_masked`."""
    params = {"customer": customer_id, "is_masked": is_masked}
    return {row.pop("code"): Target(**row) for row in database.rows(cursor, _OF_CUSTOMER, params)}


def set_target(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    code: str,
    amount: Decimal | None,
    note: str,
    today: date,
) -> None:
    """Set what is recommended to one customer under a rule, in won, in the place of its amount.

    Errors: NotFound, also for a rule without an amount; NotAllowed, ConsentWithdrawn; InvalidInput.
    """
    note = privacy.scrubbed(note or "").strip()
    wanted = {rule.code: rule for rule in rulebook.rules_on(db, today)}.get(code)
    if wanted is None or not COVERAGES[wanted.coverage].has_amount or not wanted.terms(today):
        raise NotFound("rule_not_found")
    problems = _problems_of_target(amount, note)
    if problems:
        raise InvalidInput(problems)

    def work(cursor: Cursor) -> None:
        row = scope.customer_in_scope(cursor, account, customer_id)
        old = _target_row(cursor, row["id"], code)
        cursor.execute("delete from customer_target where id = $id", {"id": old.get("id")})
        cursor.execute(
            _SET_TARGET,
            {
                "customer": row["id"], "code": code, "amount": amount, "note": note,
                "asker": account.id, "ver": old.get("ver", 0) + 1, "now": database.utc_now(),
            },
        )  # fmt: skip
        _target_changed(db, cursor, account, row["id"], old.get("amount"), amount, today)

    db.transaction(work)


def remove_target(
    db: Database, account: Account, customer_id: UUID | str, code: str, today: date
) -> None:
    """Take a target away: the rule's own amount counts again. Errors: NotFound, NotAllowed,
    ConsentWithdrawn."""

    def work(cursor: Cursor) -> None:
        row = scope.customer_in_scope(cursor, account, customer_id)
        old = _target_row(cursor, row["id"], code)
        if not old:
            raise NotFound("target_not_found")
        cursor.execute("delete from customer_target where id = $id", {"id": old["id"]})
        _target_changed(db, cursor, account, row["id"], old["amount"], None, today)

    db.transaction(work)


_OF_CUSTOMER = """
select t.code, t.amount, if($is_masked, null, t.note) as note, a.name as "by",
    t.updated_at as "on", t.ver
from customer_target t join account a on a.id = t.set_by where t.customer_id = $customer
"""

_SET_TARGET = """
insert into customer_target (
    id, customer_id, code, amount, note, set_by, ver, created_at, updated_at)
values (uuidv7(), $customer, $code, $amount, $note, $asker, $ver, $now, $now)
"""


def _target_row(cursor: Cursor, customer_id: UUID, code: str) -> dict[str, Any]:
    found = database.rows(
        cursor,
        "select id, amount, ver from customer_target where customer_id = $id and code = $code",
        {"id": customer_id, "code": code},
    )
    return found[0] if found else {}


def _target_changed(
    db: Database,
    cursor: Cursor,
    account: Account,
    customer_id: UUID,
    old: Decimal | None,
    new: Decimal | None,
    today: date,
) -> None:
    made = audit.changed({"target_amount": old}, {"target_amount": new})
    audit.write(cursor, account, Action.UPDATED, customer_id, customer_id, None, made)
    customer_rows.refresh(db, cursor, account, [customer_id], today)


def _problems_of_target(amount: Decimal | None, note: str) -> list[tuple[str, str, dict]]:
    problems = []
    if amount is None:
        problems.append(("target_amount", "missing", {}))
    elif amount < 0:
        problems.append(("target_amount", "negative", {"text": amount}))
    elif amount > LARGEST_AMOUNT:
        problems.append(("target_amount", "too_large", {"text": amount}))
    elif amount != amount.to_integral_value():
        problems.append(("target_amount", "not_whole_won", {"text": amount}))
    if not note:
        problems.append(("target_note", "missing", {}))
    elif len(note) > LONGEST_NOTE:
        problems.append(("target_note", "too_long", {"text": note[:60]}))
    return problems
