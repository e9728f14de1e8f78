"""Open the one DuckDB file and run SQL on it; the only module that imports duckdb.

One process owns the file. Every call takes a cursor of its own, since a DuckDB connection must
not be shared between threads. `transaction` is the only way to write.

DuckDB keeps the bytes of deleted rows in its file. To be rid of them, the transaction that deletes
calls `rewrite_due`, and `rewrite` follows it; after a crash in between, the next opening rewrites.
"""

import atexit
import os
import random
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import duckdb
import pandas as pd

from fpcore.errors import (
    DatabaseBusy,
    DatabaseMissing,
    DatabaseUnusable,
    ErasureUnfinished,
    FpError,
)
from fpcore.paths import DATA
from fpcore.store import migrations
from fpcore.store.connecting import quoted

Connection = duckdb.DuckDBPyConnection
SqlError = duckdb.Error
Interrupted = duckdb.InterruptException
T = TypeVar("T")

IN_MEMORY = ":memory:"
WRITE_ATTEMPTS = 11  # about 5 s of waiting in all
SETTINGS = {
    "storage_compatibility_version": "v1.5.0",
    "autoinstall_known_extensions": "false",
    "memory_limit": "1400MB",  # of the database; what needs more goes to a file beside it
}
# Texts are read and searched in half the time or less, in a file twice as large. (Given when
# connecting, DuckDB 2.0 ignores it.)
AFTER_CONNECTING = "set disabled_compression_methods = 'dict_fsst'"
REPLACED = '"replaced by a rewrite"'  # attached to a file that is about to be
RECONNECTS = 200
MOST_PARSED = 1000
MOST_PLANNED = 100

# Held while a file is opened or rewritten: all connections of a process to one path share one open
# file, so that one made during a rewrite would hold on to the old file and write into it.
_opening = threading.RLock()


_noted: ContextVar[list[tuple[str, dict[str, Any]]] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Note the SQL that cursors of this thread run, and its parameters, for whoever reads it."""
    before = _noted.set([])
    try:
        yield _noted.get()
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

    def _statement(self, sql: str) -> Any:
        known = self._parsed.get(sql)
        if known is None:
            statements = self._connection.extract_statements(sql)
            known = statements[0] if len(statements) == 1 else sql
            if len(self._parsed) >= MOST_PARSED:
                self._parsed.clear()
            self._parsed[sql] = known
        return known


class Calculator:
    """Runs SQL over values alone, on connections of its own that hold no tables.

    DuckDB plans a query each time it runs, unless it reads no table and names each parameter once:
    then the plan is kept with the connection. For one customer, planning takes ten times as long
    as the rest.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[Connection, dict[str, str]]] = []  # and what each has planned

    def row(self, sql: str, values: dict[str, tuple[str, Any]]) -> dict[str, Any]:
        """Run SQL that gives one row; `values` are the parameters' types and values."""
        connection, planned = self._taken()
        if sql not in planned:
            planned[sql] = f"planned_{len(planned)}"
            connection.execute(f"prepare {planned[sql]} as {sql}")
        said = ", ".join(f"{name} := {_literal(v)}::{kind}" for name, (kind, v) in values.items())
        connection.execute(f"execute {planned[sql]}({said})")
        names = [column[0] for column in connection.description]
        found = dict(zip(names, connection.fetchone(), strict=True))
        self._idle.append((connection, planned))  # not after an error
        return found

    def close(self) -> None:
        """Let go of all connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def _taken(self) -> tuple[Connection, dict[str, str]]:
        try:
            connection, planned = self._idle.pop()
        except IndexError:
            connection, planned = duckdb.connect(IN_MEMORY, config={"threads": 1}), {}
            connection.execute("set disabled_optimizers = 'in_clause'")  # makes joins of lists
        if len(planned) >= MOST_PLANNED:
            connection.execute("".join(f"deallocate {name};" for name in planned.values()))
            planned.clear()
        return connection, planned


calculator = Calculator()
atexit.register(calculator.close)


def _literal(value: Any) -> str:
    """Write a value as SQL, to be cast to its type: a planned statement takes no bound values."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{name}': {_literal(one)}" for name, one in value.items()) + "}"
    return quoted(str(value)).replace("\0", "' || chr(0) || '")


class Database:
    """An open database: `read` for queries, `transaction` for changes.

    `version` counts this process's commits: a cached result is good for one version.
    `secret` is 32 bytes that never stand in the database file. `one_import` is held by an import:
    two that did not see each other's rows would store the same people twice.
    """

    def __init__(self, path: str, connection: Connection, secret: bytes) -> None:
        self.path = path
        self.secret = secret
        self.version = 0
        self.one_import = threading.Lock()
        self._file = os.path.realpath(path)
        self._marker = self._file + ".rewrite-due"
        self._folder = self._file + ".rewriting"
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
            except duckdb.TransactionException:
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
            except duckdb.FatalException:
                self._reopen()
                raise
        raise AssertionError("unreachable")

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
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
            os.close(os.open(self._marker, os.O_CREAT | os.O_WRONLY, 0o600))
            _sync(self._marker)
            _sync(os.path.dirname(self._marker))

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
        with self._alone(), _opening:
            connection = self._connected()
            try:
                copy = _copied(connection, self._folder)
                connection.execute(f"attach ':memory:' as {REPLACED}")
                # The old file stays open until the new one is in its place: a process that got
                # hold of it in between would lose what it writes. Windows replaces no open file.
                if os.name == "nt":
                    connection.close()
                os.replace(copy, self._file)
                _sync(os.path.dirname(self._file))
            finally:
                self._reconnect(connection)
            shutil.rmtree(self._file + ".tmp", ignore_errors=True)  # what a killed process spilled
            Path(self._marker).unlink(missing_ok=True)

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
    def _cursor(self) -> Iterator[Cursor]:
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
    def _alone(self) -> Iterator[None]:
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
            with _opening:
                self._connection = _connected_anew(self._file)
            self._changed()  # by the process that had the file meanwhile
        return self._connection

    def _reopen(self) -> None:
        """Open the file again: after a commit for which there was no room, DuckDB takes nothing
        more. Where that cannot be, whoever wants a cursor next tries it."""
        if self.path != IN_MEMORY and not self._is_used_here():
            with self._alone(), _opening, suppress(duckdb.Error, FpError):
                self._reconnect(self._connected())

    def _reconnect(self, connection: Connection) -> None:
        self._connection = None
        connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._connection = _connected_anew(self._file)

    def _finish_rewrite(self) -> None:
        """Do the rewrite that an earlier process left undone."""
        if self.path == IN_MEMORY:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        if os.path.exists(self._marker):
            self.rewrite()


def rows(cursor: Cursor, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run a query on a cursor; one dict a row."""
    cursor.execute(sql, params or {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def value(cursor: Cursor, sql: str, params: dict[str, Any] | None = None) -> Any:
    """Run a query that gives one row of one column; that value."""
    return cursor.execute(sql, params or {}).fetchone()[0]


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


def configured_path() -> str:
    """Name the database file: `FP_DATABASE`, or data/fp.duckdb."""
    return os.environ.get("FP_DATABASE") or str(DATA / "fp.duckdb")


def open_database(path: str | None = None, create: bool = False) -> Database:
    """Open the database file, bring its tables up to date and give it back.

    A rewrite that is due is done first. Errors: DatabaseMissing where there is no file and
    `create` is off, DatabaseBusy where another process holds it, DatabaseUnusable where it is no
    database of this program; ErasureUnfinished where a rewrite is due and cannot be done (a full
    disk, say).
    """
    path = path or configured_path()
    if path != IN_MEMORY and not create and not Path(path).exists():
        raise DatabaseMissing(path=path)
    if path != IN_MEMORY:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    with _opening:
        connection = _connect(path)
        shutil.rmtree(path + ".tmp", ignore_errors=True)  # of a process that was killed
        try:
            migrations.migrate(connection)
        except duckdb.Error as error:
            connection.close()
            raise DatabaseUnusable(path=path) from error
        if path != IN_MEMORY:
            os.chmod(path, 0o600)
        db = Database(path, connection, _secret(path))
        try:
            db._finish_rewrite()
        except BaseException as error:
            db.close()
            if isinstance(error, OSError | duckdb.Error):
                raise ErasureUnfinished("rewrite_due_failed", path=path) from error
            raise
        return db


def _connect(path: str) -> Connection:
    try:
        connection = duckdb.connect(path, config=SETTINGS)
        connection.execute(AFTER_CONNECTING)
        return connection
    except duckdb.IOException as error:
        holder = re.search(r"PID (\d+)", str(error))
        if "lock" in str(error).lower():
            raise DatabaseBusy(path=path, pid=holder.group(1) if holder else "?") from error
        raise DatabaseUnusable(path=path) from error
    except duckdb.Error as error:
        raise DatabaseUnusable(path=path) from error


def _connected_anew(path: str) -> Connection:
    """Open the file that is there now.

    DuckDB gives the one it has open already, of the same path, for as long as anything holds it.
    """
    for _ in range(RECONNECTS):
        connection = _connect(path)
        attached = connection.execute("select database_name from duckdb_databases()").fetchall()
        if (REPLACED.strip('"'),) not in attached:
            return connection
        connection.close()
        time.sleep(0.01)
    raise RuntimeError("something in this process holds on to the replaced database file")


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


def _copied(connection: Connection, folder: str) -> str:
    """Copy the database into a new file and see it on the disk; its path.

    A new folder of its own keeps others from reading the file before it has its mode.
    """
    if value(connection, "from duckdb_connection_count()") > 1:
        raise RuntimeError("the database file is open a second time in this process")
    old = value(connection, "select current_database()")
    copy = os.path.join(folder, "copy")
    file, old, new = quoted(copy), quoted(old, '"'), quoted(old + " copy", '"')
    os.mkdir(folder, 0o700)
    connection.execute("checkpoint")  # no .wal may outlive the file it belongs to
    connection.execute(f"attach {file} as {new}")
    connection.execute(f"copy from database {old} to {new}")
    connection.execute(f"checkpoint {new}")
    connection.execute(f"detach {new}")
    os.chmod(copy, 0o600)
    _sync(copy)
    return copy


def _sync(path: str) -> None:
    """Wait until a file, or a folder's list of files, is on the disk; Windows cannot."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
