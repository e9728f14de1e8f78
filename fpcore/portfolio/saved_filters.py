"""Filters of the customer list that a person keeps under a name, for themselves."""

from uuid import UUID

from pydantic import ValidationError

from fpcore import privacy
from fpcore.errors import InvalidInput, NotFound
from fpcore.models import Account, Record, is_shown
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_NAME = 60
MOST = 50

_OWN = "account_id in (select id from account where id = $asker and not disabled)"


class SavedFilter(Record):
    """A filter under its name; `wanted` is without a search text."""

    id: UUID
    name: str
    wanted: CustomerFilter


def of_account(db: Database, account: Account) -> list[SavedFilter]:
    """List what this account saved, by name."""
    found = db.read(
        f"select id, name, wanted from saved_filter where {_OWN} order by name collate ko, id",
        {"asker": account.id},
    )
    return [saved for row in found if (saved := _read(row))]


def save(db: Database, account: Account, name: str, wanted: CustomerFilter) -> None:
    """Keep a filter under a name; one of that name is replaced.

    What is searched for is not kept: it may be a person's name, and would outlive them here.
    Errors: InvalidInput for a name that cannot be, or where nothing is filtered.
    """
    name = privacy.scrubbed(name.strip())
    kept = wanted.model_copy(update={"search": None})
    problems = []
    if not name:
        problems.append(("filter_name", "missing", {}))
    if not is_shown(name):
        problems.append(("filter_name", "control_character", {}))
    if len(name) > LONGEST_NAME:
        problems.append(("filter_name", "too_long", {"text": name[:60]}))
    if kept == CustomerFilter():
        problems.append(("filter_name", "nothing_filtered", {}))

    def work(cursor: Cursor) -> None:
        said = {"asker": account.id, "name": name}
        cursor.execute(f"delete from saved_filter where {_OWN} and name = $name", said)
        saved = "select count(*) from saved_filter where account_id = $asker"
        if database.value(cursor, saved, {"asker": account.id}) >= MOST:
            raise InvalidInput([("filter_name", "too_many", {"most": MOST})])
        cursor.execute(
            """
            insert into saved_filter (id, account_id, name, wanted, created_at)
            select uuidv7(), id, $name, $wanted, $now from account
            where id = $asker and not disabled
            """,
            {
                **said,
                "wanted": kept.model_dump_json(exclude_none=True),
                "now": database.utc_now(),
            },
        )

    if problems:
        raise InvalidInput(problems)
    db.transaction(work)


def remove(db: Database, account: Account, filter_id: UUID) -> None:
    """Forget a filter of one's own. Errors: NotFound."""

    def work(cursor: Cursor) -> None:
        said = {"asker": account.id, "id": filter_id}
        own = f"from saved_filter where {_OWN} and id = $id"
        if not database.value(cursor, f"select count(*) {own}", said):
            raise NotFound("filter_not_found")
        cursor.execute(f"delete {own}", said)

    db.transaction(work)


def _read(row: dict) -> SavedFilter | None:
    """Read a filter; None for one whose words are no longer known."""
    try:
        wanted = CustomerFilter.model_validate_json(row["wanted"])
    except ValidationError:
        return None
    return SavedFilter(id=row["id"], name=row["name"], wanted=wanted)
