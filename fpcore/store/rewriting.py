"""Put a new file in the database file's place: DuckDB keeps the bytes of deleted rows in the old.

A marker beside the file says that it holds bytes that must go.
"""

import glob
import os
import shutil
from itertools import chain, count
from pathlib import Path
from typing import Any

from fpcore.errors import certain
from fpcore.store.connecting import REPLACED, Connection, quoted


def mark(file: str) -> None:
    """Leave the marker beside the file, on the disk."""
    marker = _marker(file)
    os.close(os.open(marker, os.O_CREAT | os.O_WRONLY, 0o600))
    _sync(marker)
    _sync(os.path.dirname(marker))


def is_due(file: str) -> bool:
    """Tell whether the marker lies beside the file."""
    return os.path.exists(_marker(file))


def replace(connection: Connection, file: str) -> None:
    """Copy the database and put the copy in the file's place; `connection` still has the old one.

    Errors: OSError or SqlError (disk full, say), RuntimeError where the file is open twice in this
    process; the old file then stays where it is.
    """
    copy = copied(connection, file)
    connection.execute(f"attach ':memory:' as {REPLACED}")
    # The old file stays open until the new one is in its place: a process that got hold of it in
    # between would lose what it writes. Windows replaces no open file.
    if os.name == "nt":
        connection.close()
    os.replace(copy, file)
    _sync(os.path.dirname(file))


def finish(file: str) -> None:
    """Take away what else may hold deleted bytes, and the marker at last."""
    shutil.rmtree(file + ".tmp", ignore_errors=True)  # what a killed process spilled
    for copy in copies(file):
        os.unlink(copy)
    Path(_marker(file)).unlink(missing_ok=True)


def copies(file: str) -> list[str]:
    """List the copies that `keep_copy` made of this file and that lie there still."""
    return sorted(glob.glob(glob.escape(file) + ".before-*"))


def keep_copy(connection: Connection, file: str, step: int) -> str:
    """Copy the database beside its file, before this step of the migrations; the copy's path.

    Errors: OSError or SqlError (disk full, say); no part of a copy is then left.
    """
    numbered = (f"-{number}" for number in count(2))
    names = (f"{file}.before-{step:04}{suffix}" for suffix in chain([""], numbered))
    try:
        copy = copied(connection, file)
        place = next(name for name in names if not os.path.exists(name))
        os.rename(copy, place)
    finally:
        tidy(file)
    _sync(os.path.dirname(file))
    return place


def copied(connection: Connection, file: str) -> str:
    """Copy the database into a new file and see it on the disk; its path.

    A new folder of its own keeps others from reading the file before it has its mode; `tidy` takes
    it away.
    """
    if _value(connection, "from duckdb_connection_count()") > 1:
        raise RuntimeError("the database file is open a second time in this process")
    name = _value(connection, "select current_database()")
    copy = os.path.join(_folder(file), "copy")
    old, new = quoted(name, '"'), quoted(name + " copy", '"')
    os.mkdir(_folder(file), 0o700)
    connection.execute("checkpoint")  # no .wal may outlive the file it belongs to
    connection.execute(f"attach {quoted(copy)} as {new}")
    connection.execute(f"copy from database {old} to {new}")
    connection.execute(f"checkpoint {new}")
    connection.execute(f"detach {new}")
    os.chmod(copy, 0o600)
    _sync(copy)
    return copy


def tidy(file: str) -> None:
    """Take away a copy that did not come to its place, whole or half."""
    shutil.rmtree(_folder(file), ignore_errors=True)


def _marker(file: str) -> str:
    return file + ".rewrite-due"


def _folder(file: str) -> str:
    return file + ".rewriting"


def _value(connection: Connection, sql: str) -> Any:
    return certain(connection.execute(sql).fetchone())[0]


def _sync(path: str) -> None:
    """Wait until a file, or a folder's list of files, is on the disk; Windows cannot."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
