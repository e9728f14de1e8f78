"""What the process holds: its database, up to date for the day."""

import threading
from datetime import datetime

from fpcore.facts import words as fact_words
from fpcore.importing import history, private_files
from fpcore.importing import words as book_words
from fpcore.kept import customer_rows
from fpcore.rules import rulebook
from fpcore.store.database import Database
from fpcore.store.opening import configured_path, open_database
from ui.session.visitor import SEOUL

# Of the process, by path: st.cache_resource takes longer to look up than most pages to draw.
_opening = threading.Lock()
_opened: dict[str, Database] = {}
_up_to_date: dict[str, tuple] = {}


def database() -> Database:
    """Give the process's database, opened at the first call, up to date for the day.

    Errors: those of open_database.
    """
    path = configured_path()
    opened = _opened.get(path) or _open(path)
    files = (rulebook.file_state(), fact_words.file_state(), book_words.file_state())
    state = (datetime.now(SEOUL).date(), *files)
    if _up_to_date.get(path) != state:
        _bring_up_to_date(opened, state)
    return opened


def _open(path: str) -> Database:
    with _opening:
        if path not in _opened:
            opened = open_database(path)
            private_files.sweep(opened)
            history.close_interrupted(opened)
            _opened[path] = opened
        return _opened[path]


def _bring_up_to_date(opened: Database, state: tuple) -> None:
    with _opening:
        if _up_to_date.get(opened.path) != state:
            customer_rows.roll_forward(opened, state[0])
            book_words.keep_good_file(opened)
            _up_to_date[opened.path] = state
