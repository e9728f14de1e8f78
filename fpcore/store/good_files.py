"""The last content without a fault of each file in data/ that people edit, in the table good_file.

Where a file has a fault the program goes on with that, also after it was started again.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fpcore.config import config_files
from fpcore.errors import InvalidSettings
from fpcore.store import database
from fpcore.store.database import Cursor, Database

T = TypeVar("T")
Read = Callable[..., list[dict]]
"""Runs a query, with its parameters if it has any: one dict a row."""
Parse = Callable[[str, str], T]
"""Checks a file, given its name and content. Errors: InvalidSettings."""


def last_good(read: Read, path: Path, parse: Parse[T]) -> T:
    """Give what a file says or, where it has a fault, what it said when it was last kept.

    Errors: InvalidSettings where it has a fault and none was kept.
    """
    try:
        return parse(path.name, config_files.content(path))
    except InvalidSettings:
        kept = content(read, path.name)
        if kept is None:
            raise
        return parse(path.name, kept)


def content(read: Read, name: str) -> str | None:
    """Give the content of a file that was kept last."""
    found = read("select content from good_file where name = $name", {"name": name})
    return found[0]["content"] if found else None


def keep(db: Database, path: Path, parse: Parse) -> None:
    """Keep a file for the day when it has a fault; one that has a fault is not kept."""
    try:
        text = config_files.content(path)
        parse(path.name, text)
    except InvalidSettings:
        return
    if content(db.read, path.name) != text:
        db.transaction(lambda cursor: put(cursor, path.name, text), quiet=True)


def put(cursor: Cursor, name: str, text: str) -> None:
    """Keep this content of a file in the place of the one before."""
    cursor.execute("delete from good_file where name = $name", {"name": name})
    cursor.execute(
        "insert into good_file values ($name, $sha256, $content, $now)",
        {
            "name": name,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "content": text,
            "now": database.utc_now(),
        },
    )
