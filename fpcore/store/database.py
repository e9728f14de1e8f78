"""Run SQL on the one DuckDB file.

One process owns the file. Every call takes a cursor of its own, since a DuckDB connection must
not be shared between threads. `transaction` is the only way to write.

DuckDB keeps the bytes of deleted rows in its file. To be rid of them, the transaction that deletes
calls `rewrite_due`, and `rewrite` follows it; after a crash in between, the next opening rewrites.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Hashable
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import pandas as pd

from fpcore.errors import FpError, certain
from fpcore.store import rewriting
from fpcore.store.connecting import (
    IN_MEMORY,
    OPENING,
    Broken,
    Conflict,
    Connection,
    SqlError,
    connected_anew,
)

T = TypeVar("T")

WRITE_ATTEMPTS = 11  # about 5 s of waiting in all
MOST_PARSED = 1000


_noted: ContextVar[list[tuple[str, dict[str, Any]]] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Generator[list[tuple[str, dict[str, Any]]]]:
    """Note the SQL that cursors of this thread run, and its parameters, for whoever reads it."""
    noted: list[tuple[str, dict[str, Any]]] = []
    before = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(before)


class Cursor:
    """A DuckDB cursor that parses every text of SQL only once a process: that takes DuckDB longer
    than to plan and run a query of one customer. Everything else is the cursor's own."""

    _parsed: ClassVar[dict[str, Any]] = {}

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, params: dict[str, Any] | None = None) -> Connection:
        """Run SQL; several statements at once take no parameters."""
        if (noted := _noted.get()) is not None:
            noted.append((sql, params or {}))
        return self._connection.execute(self._statement(sql), params or {})

    def close(self) -> None:
        """End the cursor."""
        self._connection.close()

    def _statement(self, sql: str) -> Any:
        known = self._parsed.get(sql)
        if known is None:
            statements = self._connection.extract_statements(sql)
            known = statements[0] if len(statements) == 1 else sql
            if len(self._parsed) >= MOST_PARSED:
                self._parsed.clear()
            self._parsed[sql] = known
        return known


class Database:
    """An open database: `read` for queries, `transaction` for changes.

    `version` counts this process's commits: a cached result is good for one version.
    `secret` is 32 bytes that never stand in the database file. `one_import` is held by an import:
    two that did not see each other's rows would store the same people twice. `copy` is the path of
    the copy that was made when it was opened, before its tables were changed.
    """

    def __init__(self, path: str, connection: Connection, secret: bytes) -> None:
        self.path = path
        self.secret = secret
        self.version = 0
        self.copy: str | None = None
        self.one_import = threading.Lock()
        self._file = os.path.realpath(path)
        self._gate = threading.Condition()  # to be held by who looks at or changes what follows
        self._connection: Connection | None = connection
        self._remembered: dict[Hashable, Any] = {}  # what was computed at `version`
        self._learned: dict[Hashable, Any] = {}
        self._in_use: Counter[int] = Counter()  # cursors, by thread
        self._rewrites = 0  # running or waiting

    def read(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a query; one dict a row."""
        with self._cursor() as cursor:
            return rows(cursor, sql, params)

    def frame(self, sql: str, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Run a query; a pandas frame, for results that are drawn as a table or chart."""
        with self._cursor() as cursor:
            return cursor.execute(sql, params or {}).df()

    def transaction(self, work: Callable[[Cursor], T], quiet: bool = False) -> T:
        """Run `work(cursor)` in one transaction and give back what it returns.

        Any error rolls everything back and is raised again; a write conflict with somebody
        else's transaction runs the whole of `work` again, on the data as it is then.
        `quiet` leaves `version` as it is: for writing what no cached result depends on.
        """
        for attempt in range(WRITE_ATTEMPTS):
            try:
                return self._attempt(work, quiet)
            except Conflict:
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
            except Broken:
                self._reopen()
                raise
        raise AssertionError("unreachable")

    @contextmanager
    def reading(self) -> Generator[Cursor]:
        """Lend a cursor for several queries on the data as they are at this moment."""
        with self._cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            finally:
                cursor.rollback()

    def dry_run(self, work: Callable[[Cursor], T]) -> T:
        """Run `work(cursor)` as `transaction` would, and undo all of it."""
        with self._cursor() as cursor:
            cursor.begin()
            try:
                return work(cursor)
            finally:
                cursor.rollback()

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Give what `compute()` returns, kept for as long as `version` stays the same.

        For a handful of keys. All callers get the same object: none may change it.
        """
        with self._gate:
            version = self.version
            if key in self._remembered:
                return self._remembered[key]
        result = compute()
        with self._gate:
            if self.version == version:
                self._remembered[key] = result
        return result

    def learned(self, key: Hashable, read: Callable[[], T | None]) -> T | None:
        """Give what `read()` found once, for good: of what never changes once it is committed.

        `read` must not look from within a transaction, which may be rolled back.
        """
        if key not in self._learned:
            found = read()
            if found is None:
                return None
            self._learned[key] = found
        return self._learned[key]

    def rewrite_due(self) -> None:
        """Leave a marker beside the file: it holds bytes that must go. `rewrite` takes it away.

        Call it in the `work` that deletes. Errors: RuntimeError outside of one, since a rewrite
        by somebody else could then take the marker away before the rows are deleted.
        """
        if not self._is_used_here():
            raise RuntimeError("rewrite_due() belongs into the transaction that deletes")
        if self.path != IN_MEMORY:
            rewriting.mark(self._file)

    def rewrite(self) -> None:
        """Copy everything into a new file and put it in the old one's place: deleted bytes go.

        Waits until no cursor is in use; whoever wants one meanwhile waits for the new file. Where
        it fails, the old file stays in use and the marker stays. Errors: OSError or SqlError
        (disk full, say), RuntimeError inside a transaction or where the file is open twice in
        this process, DatabaseBusy where another process took the new file at that very moment.
        """
        if self._is_used_here():
            raise RuntimeError("rewrite() inside a transaction would wait for itself")
        self._learned = {}
        if self.path == IN_MEMORY:
            return
        with self._alone(), OPENING:
            connection = self._connected()
            try:
                rewriting.replace(connection, self._file)
            finally:
                self._reconnect(connection)
            rewriting.finish(self._file)

    def finish_rewrite(self) -> None:
        """Do the rewrite that an earlier process left undone. Errors: those of `rewrite`."""
        if self.path == IN_MEMORY:
            return
        rewriting.tidy(self._file)
        if rewriting.is_due(self._file):
            self.rewrite()

    def copies(self) -> list[str]:
        """List the copies from before its tables were changed: an erasure deletes them, too."""
        return [] if self.path == IN_MEMORY else rewriting.copies(self._file)

    def alone(self, work: Callable[[Connection], T]) -> T:
        """Run `work(connection)` while nobody has a cursor; it begins and commits by itself."""
        with self._alone(), OPENING:
            return work(self._connected())

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        with self._gate:
            if self._connection is not None:
                self._connection.close()

    def _attempt(self, work: Callable[[Cursor], T], quiet: bool) -> T:
        with self._cursor() as cursor:
            cursor.begin()
            try:
                result = work(cursor)
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()
            if not quiet:
                self._changed()
        return result

    def _changed(self) -> None:
        with self._gate:
            self.version += 1
            self._remembered = {}

    @contextmanager
    def _cursor(self) -> Generator[Cursor]:
        """Lend a cursor to this thread as soon as no rewrite runs or waits.

        A thread that has one already gets another at once: the rewrite waits for the first.
        """
        thread = threading.get_ident()
        with self._gate:
            self._gate.wait_for(lambda: not self._rewrites or self._in_use[thread])
            cursor = Cursor(self._connected().cursor())
            self._in_use += Counter([thread])
        try:
            with closing(cursor):
                yield cursor
        finally:
            with self._gate:
                self._in_use -= Counter([thread])
                self._gate.notify_all()

    def _is_used_here(self) -> bool:
        return self._in_use[threading.get_ident()] > 0

    @contextmanager
    def _alone(self) -> Generator[None]:
        with self._gate:
            self._rewrites += 1
            try:
                self._gate.wait_for(lambda: not self._in_use)
                yield
            finally:
                self._rewrites -= 1
                self._gate.notify_all()

    def _connected(self) -> Connection:
        """Give the connection, made again where `_reconnect` could not."""
        if self._connection is None:
            with OPENING:
                self._connection = connected_anew(self._file)
            self._changed()  # by the process that had the file meanwhile
        return self._connection

    def _reopen(self) -> None:
        """Open the file again: after a commit for which there was no room, DuckDB takes nothing
        more. Where that cannot be, whoever wants a cursor next tries it."""
        if self.path != IN_MEMORY and not self._is_used_here():
            with self._alone(), OPENING, suppress(SqlError, FpError):
                self._reconnect(self._connected())

    def _reconnect(self, connection: Connection) -> None:
        self._connection = None
        connection.close()
        rewriting.tidy(self._file)
        self._connection = connected_anew(self._file)


def rows(cursor: Cursor, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run a query on a cursor; one dict a row."""
    cursor.execute(sql, params or {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def value(cursor: Cursor, sql: str, params: dict[str, Any] | None = None) -> Any:
    """Run a query that gives one row of one column; that value."""
    return certain(cursor.execute(sql, params or {}).fetchone())[0]


def follow(cursor: Cursor) -> None:
    """Let `query_progress` of this cursor tell how far its statement is, to other threads."""
    cursor.execute(
        "set enable_progress_bar = true; set enable_progress_bar_print = false; "
        "set progress_bar_time = 0"
    )


def new_id(cursor: Cursor) -> Any:
    """Make a UUIDv7: ids sort by the time they were made."""
    return value(cursor, "select uuidv7()")


def utc_now() -> datetime:
    """Give the time for created_at and updated_at: UTC, without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)
