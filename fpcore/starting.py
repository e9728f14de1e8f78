"""The start of the process and of each day: the same for the app and for every command."""

from collections.abc import Hashable
from datetime import date

from fpcore.errors import FpError
from fpcore.facts import words as fact_words
from fpcore.importing import history, private_files
from fpcore.importing import words as book_words
from fpcore.kept import customer_rows
from fpcore.rules import rulebook
from fpcore.store.database import Database
from fpcore.store.opening import open_database


def start(today: date, path: str | None = None, create: bool = False) -> Database:
    """Open the database, end what a killed process left undone, and bring it up to today.

    Errors: those of `open_database`.
    """
    db = open_database(path, create=create)
    try:
        private_files.sweep(db)
        history.close_interrupted(db)
        bring_up_to_date(db, today)
    except BaseException:
        db.close()
        raise
    return db


def bring_up_to_date(db: Database, today: date) -> None:
    """Make true of today what is kept: to be done whenever `depends_on` gives something else."""
    customer_rows.roll_forward(db, today)
    book_words.keep_good_file(db)


def depends_on(today: date) -> Hashable:
    """Give what the kept things depend on besides the database: the day and the edited files."""
    return today, rulebook.file_state(), fact_words.file_state(), book_words.file_state()


def faults() -> list[FpError]:
    """List what is wrong with the files that people edit; the last good ones go on."""
    return [fault for fault in (rulebook.fault(), fact_words.fault(), book_words.fault()) if fault]
