"""Consents: what a customer agreed to, apart from each other, and what a withdrawal sets off.

Sources: Personal Information Protection Act §15, §17, §22, §23 (separate consents), §37 and its
decree §44 (after a withdrawal the data go without delay, within ten days).
"""

import tomllib
from datetime import date, timedelta
from functools import cache
from uuid import UUID

from fpcore import privacy
from fpcore.access import audit, scope
from fpcore.access.audit import Action, RecordKind
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.checks import Problem
from fpcore.config.paths import DATA
from fpcore.errors import InvalidInput, NotFound, certain
from fpcore.kept import customer_rows
from fpcore.models import (
    LONGEST_TEXT,
    Account,
    Consent,
    ConsentChannel,
    ConsentKind,
    NewCustomer,
    Record,
    is_shown,
)
from fpcore.store import database
from fpcore.store.database import Cursor, Database

DAYS_TO_DESTROY = 10
"""Decree §44②: the result is told within ten days of the withdrawal."""

CONSENT = RecordKind.CONSENT
TEXTS = DATA / "consent_texts"


class Withdrawn(Record):
    """A customer whose data wait for their destruction; the name is masked for everybody."""

    id: UUID
    masked_name: str
    owner: str
    withdrawn_on: date
    destroy_by: date


@cache
def texts(version: str | None = None) -> dict | None:
    """Read the texts that customers agree to: `version`, and for each language a table a kind.

    Those of today without a `version`; None for one whose wording this program does not keep.
    """
    kept = {path.stem: path for path in TEXTS.glob("*.toml")}
    version = version or max(kept)
    if version not in kept:
        return None
    return {"version": version, **tomllib.loads(kept[version].read_text(encoding="utf-8"))}


def of_customer(db: Database, account: Account, customer_id: UUID | str) -> list[Consent]:
    """List a customer's consents, the newest first. Errors: NotFound."""
    with db.reading() as cursor:
        row = scope.customer_in_scope(
            cursor, account, customer_id, withdrawn_too=True, masked_too=True
        )
        found = database.rows(
            cursor,
            f"""
            select {", ".join(Consent.model_fields)}
            from (select * replace (if($is_masked, null, basis) as basis) from consent)
            where customer_id = $id order by given_on desc, created_at desc, id desc
            """,
            {"id": row["id"], "is_masked": row["is_masked"]},
        )
    return [Consent(**consent) for consent in found]


def give(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    kind: ConsentKind,
    basis: str,
    channel: ConsentChannel,
    given_on: date,
    today: date,
) -> None:
    """Keep that a customer agreed. The consent to collection, given again, ends a withdrawal.

    Errors: NotFound, NotAllowed; InvalidInput, also for one older than the withdrawal that it
    would end; ConsentWithdrawn for any other kind while that to collection is withdrawn.
    """
    problems = _problems(basis, given_on, today)
    if problems:
        raise InvalidInput(problems)

    def work(cursor: Cursor) -> None:
        again = kind is ConsentKind.COLLECTION
        row = scope.customer_in_scope(cursor, account, customer_id, withdrawn_too=again)
        if row["withdrawn_on"] and given_on < row["withdrawn_on"]:
            raise InvalidInput([("given_on", "before_withdrawal", {"text": given_on})])
        insert(cursor, account, row["id"], kind, basis, channel, given_on)
        if kind is ConsentKind.COLLECTION and row["withdrawn_on"]:
            _set_clock(cursor, row, None, None)
        said = [{"field": kind.value, "old": None, "new": given_on.isoformat()}]
        audit.write(cursor, account, Action.CONSENT_GIVEN, row["id"], changes=said, record=CONSENT)
        customer_rows.refresh(db, cursor, account, [row["id"]], today)

    db.transaction(work)


def withdraw(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    kind: ConsentKind,
    channel: ConsentChannel,
    today: date,
) -> None:
    """Keep that a customer withdrew a consent. Without that to collection nothing of them is
    shown any more, all other consents end too, and the days to their destruction begin.

    Errors: NotFound, also where no such consent holds; NotAllowed.
    """

    def work(cursor: Cursor) -> None:
        row = scope.customer_in_scope(cursor, account, customer_id, withdrawn_too=True)
        ends_all = kind is ConsentKind.COLLECTION
        held = {
            consent["kind"]
            for consent in database.rows(
                cursor,
                "select kind from consent where customer_id = $id and withdrawn_on is null",
                {"id": row["id"]},
            )
        }
        if kind.value not in held:
            raise NotFound("consent_not_found")
        cursor.execute(
            """
            update consent set withdrawn_on = $today, withdrawn_channel = $channel,
                withdrawn_by = $asker
            where customer_id = $id and withdrawn_on is null and (kind = $kind or $ends_all)
            """,
            {
                "today": today,
                "channel": channel.value,
                "asker": account.id,
                "id": row["id"],
                "kind": kind.value,
                "ends_all": ends_all,
            },
        )
        if ends_all:
            _set_clock(cursor, row, today, today + timedelta(days=DAYS_TO_DESTROY))
        said = [{"field": kind.value, "old": None, "new": today.isoformat()}]
        audit.write(
            cursor, account, Action.CONSENT_WITHDRAWN, row["id"], changes=said, record=CONSENT
        )
        customer_rows.refresh(db, cursor, account, [row["id"]], today)

    db.transaction(work)


def withdrawn(db: Database, account: Account) -> list[Withdrawn]:
    """List the customers in scope who withdrew their consent, the most urgent first."""
    found = db.read(
        f"""
        with owner as ({VISIBLE_OWNERS})
        select c.id, c.name, owner.username as owner, c.withdrawn_on, c.destroy_by
        from customer c join owner on owner.id = c.owner_id
        where c.withdrawn_on is not null order by c.destroy_by, c.id
        """,
        {"asker": account.id},
    )
    return [Withdrawn(masked_name=privacy.masked_name(row.pop("name")), **row) for row in found]


def problems_of_new(new: NewCustomer, today: date) -> list[Problem]:
    """Tell what is wrong with the consent of a customer who is to be added."""
    problems = _problems(new.consent_basis, new.consent_given_on, today, prefix="consent_")
    if ConsentKind.COLLECTION not in new.consent_kinds:
        problems.append(("consent_kinds", "collection_missing", {}))
    return problems


def insert(
    cursor: Cursor,
    account: Account,
    customer_id: UUID,
    kind: ConsentKind,
    basis: str,
    channel: ConsentChannel,
    given_on: date,
) -> None:
    """Write a consent, to the version of the text that is in use."""
    cursor.execute(
        """
        insert into consent (id, customer_id, kind, basis, text_version, channel, given_on,
            recorded_by, created_at)
        values (uuidv7(), $customer, $kind, $basis, $version, $channel, $given_on, $asker, $now)
        """,
        {
            "customer": customer_id,
            "kind": kind.value,
            "basis": privacy.scrubbed(basis),
            "version": certain(texts())["version"],
            "channel": channel.value,
            "given_on": given_on,
            "asker": account.id,
            "now": database.utc_now(),
        },
    )


def _problems(
    basis: str | None, given_on: date | None, today: date, prefix: str = ""
) -> list[Problem]:
    problems: list[Problem] = []
    if basis is None or not basis.strip():
        problems.append((f"{prefix}basis", "missing", {}))
    elif not is_shown(basis):
        problems.append((f"{prefix}basis", "control_character", {}))
    elif len(basis) > LONGEST_TEXT:
        problems.append((f"{prefix}basis", "too_long", {"text": basis[:60]}))
    if given_on and given_on > today:
        problems.append((f"{prefix}given_on", "in_future", {"text": given_on}))
    return problems


def _set_clock(
    cursor: Cursor, row: dict, withdrawn_on: date | None, destroy_by: date | None
) -> None:
    """Set or stop the clock. `ver` stays: what people edit of the customer is the same."""
    cursor.execute(
        """
        update customer set withdrawn_on = $withdrawn_on, destroy_by = $destroy_by,
            updated_at = $now
        where id = $id
        """,
        {
            "withdrawn_on": withdrawn_on,
            "destroy_by": destroy_by,
            "now": database.utc_now(),
            "id": row["id"],
        },
    )
