"""Take out all that is held about one person, down to the bytes of the file.

Sources: Personal Information Protection Act §21 and §36.
"""

from datetime import date
from uuid import UUID

from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.customers import profiles
from fpcore.customers.profiles import Removal
from fpcore.errors import ErasureUnfinished, FpError
from fpcore.models import Account
from fpcore.store import database
from fpcore.store.connecting import SqlError
from fpcore.store.database import Cursor, Database


def erase(db: Database, account: Account, customer_id: UUID | str, confirmed: Removal) -> None:
    """Delete a customer with all that `confirmed` names, and rewrite the database file so that
    their bytes are gone. The log keeps that somebody was erased, by whom and when, but not who.

    What cannot be told to be theirs stays: a file's name and statement of consent in the list of
    uploads, and what people wrote about them into another customer's notes or the name of a
    saved filter. Copies elsewhere (a backup, an exported page) are for their keepers to destroy.

    Errors: NotFound, NotAllowed; EditedMeanwhile where more or less would go than was confirmed;
    ErasureUnfinished where the person is deleted but the file could not be rewritten.
    """

    def work(cursor: Cursor) -> None:
        profiles.remove_all_of(cursor, account, customer_id, confirmed, erased=True)
        db.rewrite_due()

    db.transaction(work)
    _rewrite(db)


def erase_due(db: Database, account: Account, today: date) -> int:
    """Erase everybody in scope whose day of destruction has come; how many that were.

    Errors: NotAllowed where this account may not see the name of one of them, EditedMeanwhile where
    somebody changes one at that moment: nobody is erased; ErasureUnfinished as `erase`.
    """

    def work(cursor: Cursor) -> int:
        due = database.rows(cursor, _DUE, {"asker": account.id, "today": today})
        for row in due:
            # Reads later than this transaction: who consents anew in between is not as confirmed.
            confirmed = profiles.removal(db, account, row["id"])
            profiles.remove_all_of(cursor, account, row["id"], confirmed, erased=True)
        if due:
            db.rewrite_due()
        return len(due)

    erased = db.transaction(work)
    if erased:
        _rewrite(db)
    return erased


def _rewrite(db: Database) -> None:
    try:
        db.rewrite()
    except (OSError, RuntimeError, SqlError, FpError) as error:
        raise ErasureUnfinished() from error


_DUE = f"""
select id from customer
where owner_id in (select id from ({VISIBLE_OWNERS})) and destroy_by <= $today
order by destroy_by, id
"""
