"""The contact log of a customer: when, how, what came of it, and when next."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from fpcore import privacy
from fpcore.access import audit, scope
from fpcore.access.audit import Action, RecordKind
from fpcore.checks import Problem
from fpcore.errors import InvalidInput, NotFound, certain
from fpcore.kept import customer_rows
from fpcore.models import (
    LONGEST_TEXT,
    NOBODY_REACHED,
    Account,
    Contact,
    Customer,
    NewContact,
)
from fpcore.store import database
from fpcore.store.database import Cursor, Database

CONTACT = RecordKind.CONTACT


def of_customer(db: Database, account: Account, customer_id: UUID | str) -> list[Contact]:
    """List a customer's contacts, the latest first. Errors: NotFound, ConsentWithdrawn."""
    with db.reading() as cursor:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        found = database.rows(
            cursor,
            """
            select x.id, x.customer_id, x.contacted_on, x.channel, x.outcome,
                if($is_masked, null, x.notes) as notes, account.name as recorded_by
            from contact x join account on account.id = x.recorded_by
            where x.customer_id = $id order by x.contacted_on desc, x.created_at desc, x.id desc
            """,
            {"id": row["id"], "is_masked": row["is_masked"]},
        )
    return [Contact(**contact) for contact in found]


def last_contact_on(customer: Customer, log: Iterable[Contact]) -> date | None:
    """Give the day of the last contact, typed or logged, as lists have it: a try that reached
    nobody is none."""
    days = [contact.contacted_on for contact in log if contact.outcome not in NOBODY_REACHED]
    return max([*days, *filter(None, [customer.last_contact_on])], default=None)


def add(
    db: Database, account: Account, customer_id: UUID | str, new: NewContact, today: date
) -> UUID:
    """Log a contact; `next_contact_on`, if given, becomes the customer's next date.

    Errors: NotFound, NotAllowed, ConsentWithdrawn; InvalidInput with every field that cannot be.
    """
    problems = _problems(new, today)
    if problems:
        raise InvalidInput(problems)

    def work(cursor: Cursor) -> UUID:
        customer = scope.customer_in_scope(cursor, account, customer_id)
        contact_id, now = database.new_id(cursor), database.utc_now()
        cursor.execute(
            """
            insert into contact (id, customer_id, contacted_on, channel, outcome, notes,
                recorded_by, created_at)
            values ($id, $customer, $on, $channel, $outcome, $notes, $asker, $now)
            """,
            {
                "id": contact_id,
                "customer": customer["id"],
                "on": new.contacted_on,
                "channel": certain(new.channel).value,
                "outcome": certain(new.outcome).value,
                "notes": new.notes and privacy.scrubbed(new.notes),
                "asker": account.id,
                "now": now,
            },
        )
        audit.write(cursor, account, Action.CREATED, customer["id"], contact_id, record=CONTACT)
        _set_next(cursor, account, customer, new.next_contact_on, today)
        customer_rows.refresh(db, cursor, account, [customer["id"]], today)
        return contact_id

    return db.transaction(work)


def remove(db: Database, account: Account, contact_id: UUID | str, today: date) -> None:
    """Take an entry out of the log that should not be there. Errors: NotFound, NotAllowed."""

    def work(cursor: Cursor) -> None:
        contact = scope.as_uuid(contact_id, "contact_not_found")
        found = database.rows(cursor, "select * from contact where id = $id", {"id": contact})
        if not found:
            raise NotFound("contact_not_found")
        try:
            customer = scope.customer_in_scope(cursor, account, found[0]["customer_id"])
        except NotFound:
            raise NotFound("contact_not_found") from None
        cursor.execute("delete from contact where id = $id", {"id": contact})
        audit.write(cursor, account, Action.REMOVED, customer["id"], contact, record=CONTACT)
        customer_rows.refresh(db, cursor, account, [customer["id"]], today)

    db.transaction(work)


def _set_next(
    cursor: Cursor, account: Account, customer: dict, next_on: date | None, today: date
) -> None:
    """Keep the next date; one that has come, and is not moved, is done with this contact."""
    due = customer["next_contact_on"]
    wanted = next_on or (due if due and due > today else None)
    if wanted == due:
        return
    cursor.execute(
        """
        update customer set next_contact_on = $next, updated_at = $now, ver = ver + 1
        where id = $id and ver = $ver
        """,
        {
            "next": wanted,
            "now": database.utc_now(),
            "id": customer["id"],
            "ver": customer["ver"],
        },
    )
    made = audit.changed({"next_contact_on": due}, {"next_contact_on": wanted})
    audit.write(
        cursor, account, Action.UPDATED, customer["id"], customer["id"], customer["ver"] + 1, made
    )


def _problems(new: NewContact, today: date) -> list[Problem]:
    problems: list[Problem] = [
        (field, "missing", {})
        for field in ("contacted_on", "channel", "outcome")
        if getattr(new, field) is None
    ]
    if new.contacted_on and new.contacted_on > today:
        problems.append(("contacted_on", "in_future", {"text": new.contacted_on}))
    if new.next_contact_on and new.next_contact_on < today:
        problems.append(("next_contact_on", "in_past", {"text": new.next_contact_on}))
    if new.notes and len(new.notes) > LONGEST_TEXT:
        problems.append(("notes", "too_long", {"text": new.notes[:60]}))
    return problems
