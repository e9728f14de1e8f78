"""Keep what a person decided about the columns of a file, for the next file with these headers."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from fpcore import privacy
from fpcore.errors import InvalidInput, NotFound
from fpcore.importing.words import fold
from fpcore.models import Account, Record, is_shown
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_NAME = 60
MOST = 50

_OWN = "account_id in (select id from account where id = $asker and not disabled)"


class SavedMapping(Record):
    """What was decided, under its name; `said` is as it was given to `save`."""

    id: UUID
    name: str
    said: dict[str, Any]


def of_account(db: Database, account: Account) -> list[SavedMapping]:
    """List what this account saved, the newest first."""
    return _saved(db, "", {"asker": account.id})


def of_header(db: Database, account: Account, header: Sequence[str]) -> list[SavedMapping]:
    """List what this account saved for files with these headers, the newest first."""
    params = {"asker": account.id, "headers": _digest(header)}
    return _saved(db, "and headers = $headers", params)


def save(
    db: Database, account: Account, name: str, header: Sequence[str], said: dict[str, Any]
) -> None:
    """Keep what was decided about a file's columns; what is kept under that name is replaced.

    `said` holds values of JSON. Errors: InvalidInput for a name that cannot be, or one too many.
    """
    name = privacy.scrubbed(name.strip())
    problems = []
    if not name:
        problems.append(("mapping_name", "missing", {}))
    if not is_shown(name):
        problems.append(("mapping_name", "control_character", {}))
    if len(name) > LONGEST_NAME:
        problems.append(("mapping_name", "too_long", {"text": name[:60]}))

    def work(cursor: Cursor) -> None:
        values = {
            "asker": account.id,
            "name": name,
            "headers": _digest(header),
            "said": json.dumps(said),
            "now": database.utc_now(),
        }
        cursor.execute(_REPLACE, values)
        if cursor.fetchone()[0]:
            return
        saved = "select count(*) from import_mapping where account_id = $asker"
        if database.value(cursor, saved, {"asker": account.id}) >= MOST:
            raise InvalidInput([("mapping_name", "too_many_mappings", {"most": MOST})])
        cursor.execute(_INSERT, values)

    if problems:
        raise InvalidInput(problems)
    db.transaction(work, quiet=True)


def remove(db: Database, account: Account, mapping_id: UUID) -> None:
    """Forget a mapping of one's own. Errors: NotFound."""

    def work(cursor: Cursor) -> None:
        params = {"asker": account.id, "id": mapping_id}
        cursor.execute(f"delete from import_mapping where {_OWN} and id = $id", params)
        if not cursor.fetchone()[0]:
            raise NotFound("mapping_not_found")

    db.transaction(work, quiet=True)


_REPLACE = f"""
update import_mapping set headers = $headers, said = $said, updated_at = $now
where {_OWN} and name = $name
"""

_INSERT = """
insert into import_mapping (id, account_id, name, headers, said, created_at, updated_at)
select uuidv7(), id, $name, $headers, $said, $now, $now
from account where id = $asker and not disabled
"""


def _saved(db: Database, which: str, params: dict[str, Any]) -> list[SavedMapping]:
    rows = db.read(
        f"select id, name, said from import_mapping where {_OWN} {which}"
        " order by updated_at desc, id desc",
        params,
    )
    return [SavedMapping(**{**row, "said": json.loads(row["said"])}) for row in rows]


def _digest(header: Sequence[str]) -> str:
    """Tell headers apart as columns are recognized: without case, blanks and signs."""
    return sha256("\x1f".join(map(fold, header)).encode()).hexdigest()
