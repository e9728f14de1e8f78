"""The files of a running import: in a folder beside the database that only this user reads."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Database


def sweep(db: Database) -> None:
    """Remove what a killed process left of the files it was reading; only while none is open."""
    if db.path != IN_MEMORY and _imports(db).exists():
        shutil.rmtree(_imports(db))


def private_place(db: Database) -> Path | None:
    """Give the folder beside the database for files of imports; only this user reads it.

    None, the system's own place, for a database in memory. `sweep` empties it.
    """
    if db.path == IN_MEMORY:
        return None
    place = _imports(db)
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@contextmanager
def private_folder(db: Database) -> Generator[Path]:
    folder = tempfile.mkdtemp(dir=private_place(db))
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def new_file(path: Path) -> BinaryIO:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _imports(db: Database) -> Path:
    return Path(db.path + ".imports").resolve()
