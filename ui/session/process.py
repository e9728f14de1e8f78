"""What the process holds: its database, up to date for the day."""

import logging
import threading
from collections.abc import Hashable
from datetime import date

from fpcore import starting, wording
from fpcore.config import clock
from fpcore.store.database import Database
from fpcore.store.opening import configured_path

log = logging.getLogger(__name__)

# By path: st.cache_resource takes longer to look up than most pages to draw.
_opening = threading.Lock()
_opened: dict[str, Database] = {}
_up_to_date: dict[str, Hashable] = {}  # what each was brought up to


def database() -> Database:
    """Give the process's database, opened at the first call, up to date for the day.

    Errors: those of open_database.
    """
    path = configured_path()
    opened = _opened.get(path)
    if opened is None or _up_to_date.get(path) != starting.depends_on(clock.today()):
        return _brought_up_to_date(path)
    return opened


def _brought_up_to_date(path: str) -> Database:
    with _opening:
        today = clock.today()
        state = starting.depends_on(today)
        if path not in _opened:
            _opened[path] = _started(today, path)
        elif _up_to_date[path] != state:
            starting.bring_up_to_date(_opened[path], today)
        _up_to_date[path] = state
        return _opened[path]


def _started(today: date, path: str) -> Database:
    db = starting.start(today, path)
    if db.copy:
        log.warning(wording.say("en", "database.copied", path=db.copy))
    return db
