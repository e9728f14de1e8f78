"""Open the one DuckDB file and run SQL on it; the only module that imports duckdb.

One process owns the file. Every call takes a cursor of its own, since a DuckDB connection must
not be shared between threads. `transaction` is the only way to write.
"""

import os
import random
import re
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pandas as pd

from fpcore import migrations
from fpcore.errors import DatabaseBusy, DatabaseMissing, DatabaseUnusable

Cursor = duckdb.DuckDBPyConnection
SqlError = duckdb.Error
T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
IN_MEMORY = ":memory:"
WRITE_ATTEMPTS = 8
SETTINGS = {"storage_compatibility_version": "v1.5.0", "autoinstall_known_extensions": "false"}


class Database:
    """An open database: `read` for queries, `transaction` for changes.

    `version` counts this process's commits: a cached result is good for one version.
    `secret` is 32 bytes that never stand in the database file. `one_import` is held by an import:
    two that did not see each other's rows would store the same people twice.
    """

    def __init__(self, path: str, connection: Cursor, secret: bytes) -> None:
        self.path = path
        self.secret = secret
        self.version = 0
        self._connection = connection
        self.one_import = threading.Lock()
        self._opening = threading.Lock()

    def cursor(self) -> Cursor:
        """Give a cursor for one thread; the caller closes it."""
        with self._opening:
            return self._connection.cursor()

    def read(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a query; one dict a row."""
        with closing(self.cursor()) as cursor:
            return rows(cursor, sql, params)

    def frame(self, sql: str, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Run a query; a pandas frame, for results that are drawn as a table or chart."""
        with closing(self.cursor()) as cursor:
            return cursor.execute(sql, params or {}).df()

    def transaction(self, work: Callable[[Cursor], T]) -> T:
        """Run `work(cursor)` in one transaction and give back what it returns.

        Any error rolls everything back and is raised again; a write conflict with somebody
        else's transaction runs the whole of `work` again, on the data as it is then.
        """
        for attempt in range(WRITE_ATTEMPTS):
            try:
                return self._attempt(work)
            except duckdb.TransactionException:
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
        raise AssertionError("unreachable")

    def dry_run(self, work: Callable[[Cursor], T]) -> T:
        """Run `work(cursor)` as `transaction` would, and undo all of it."""
        with closing(self.cursor()) as cursor:
            cursor.begin()
            try:
                return work(cursor)
            finally:
                cursor.rollback()

    def _attempt(self, work: Callable[[Cursor], T]) -> T:
        with closing(self.cursor()) as cursor:
            cursor.begin()
            try:
                result = work(cursor)
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()
        self.version += 1
        return result

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        self._connection.close()


def rows(cursor: Cursor, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run a query on a cursor; one dict a row."""
    cursor.execute(sql, params or {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def value(cursor: Cursor, sql: str, params: dict[str, Any] | None = None) -> Any:
    """Run a query that gives one row of one column; that value."""
    return cursor.execute(sql, params or {}).fetchone()[0]


def new_id(cursor: Cursor) -> Any:
    """Make a UUIDv7: ids sort by the time they were made."""
    return value(cursor, "select uuidv7()")


def utc_now() -> datetime:
    """Give the time for created_at and updated_at: UTC, without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def configured_path() -> str:
    """Name the database file: `FP_DATABASE`, or data/fp.duckdb."""
    return os.environ.get("FP_DATABASE") or str(ROOT / "data" / "fp.duckdb")


def open_database(path: str | None = None, create: bool = False) -> Database:
    """Open the database file, bring its tables up to date and give it back.

    Errors: DatabaseMissing where there is no file and `create` is off, DatabaseBusy where another
    process holds it, DatabaseUnusable where it is no database of this program.
    """
    path = path or configured_path()
    if path != IN_MEMORY and not create and not Path(path).exists():
        raise DatabaseMissing(path=path)
    if path != IN_MEMORY:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        migrations.migrate(connection)
    except duckdb.Error as error:
        connection.close()
        raise DatabaseUnusable(path=path) from error
    if path != IN_MEMORY:
        os.chmod(path, 0o600)
    return Database(path, connection, _secret(path))


def _connect(path: str) -> Cursor:
    try:
        return duckdb.connect(path, config=SETTINGS)
    except duckdb.IOException as error:
        holder = re.search(r"PID (\d+)", str(error))
        if "lock" in str(error).lower():
            raise DatabaseBusy(path=path, pid=holder.group(1) if holder else "?") from error
        raise DatabaseUnusable(path=path) from error
    except duckdb.Error as error:
        raise DatabaseUnusable(path=path) from error


def _secret(path: str) -> bytes:
    """Read the key for phone hashes and sign-in cookies, made once beside the database file.

    `FP_SECRET` (64 hexadecimal digits) is used instead where it is set.
    """
    if os.environ.get("FP_SECRET"):
        return bytes.fromhex(os.environ["FP_SECRET"])
    if path == IN_MEMORY:
        return secrets.token_bytes(32)
    file = Path(path + ".secret")
    try:
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return bytes.fromhex(file.read_text())
