"""The start of the process: the same for the app and for every command."""

from datetime import date

from fpcore.importing import history, private_files
from fpcore.kept import customer_rows
from fpcore.store.database import Database
from fpcore.store.opening import open_database


def start(today: date, path: str | None = None, create: bool = False) -> Database:
    """Open the database, end what a killed process left undone, and bring what is kept up to today.

    Errors: those of `open_database`.
    """
    db = open_database(path, create=create)
    try:
        private_files.sweep(db)
        history.close_interrupted(db)
        customer_rows.roll_forward(db, today)
    except BaseException:
        db.close()
        raise
    return db
