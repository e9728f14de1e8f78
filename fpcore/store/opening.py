"""Open the database file: its tables up to date, its secret beside it."""

import os
import secrets
import shutil
from pathlib import Path

from fpcore.config.paths import DATA
from fpcore.errors import (
    DatabaseMissing,
    DatabaseNewer,
    DatabaseNotCopied,
    DatabaseUnusable,
    ErasureUnfinished,
    FpError,
)
from fpcore.store import migrations, rewriting
from fpcore.store.connecting import IN_MEMORY, OPENING, Connection, SqlError, connect
from fpcore.store.database import Database


def configured_path() -> str:
    """Name the database file: `FP_DATABASE`, or data/fp.duckdb."""
    return os.environ.get("FP_DATABASE") or str(DATA / "fp.duckdb")


def open_database(path: str | None = None, create: bool = False) -> Database:
    """Open the database file, bring its tables up to date and give it back.

    A rewrite that is due is done first. Before the tables of a file are changed, a copy is made
    beside it, which `Database.copy` names.

    Errors: DatabaseMissing where there is no file and `create` is off, DatabaseBusy where another
    process holds it, DatabaseUnusable where it is no database of this program, DatabaseNewer where
    a newer version made it; ErasureUnfinished where a rewrite is due, and DatabaseNotCopied where a
    copy is, and cannot be done (a full disk, say).
    """
    path = path or configured_path()
    if path != IN_MEMORY and not create and not Path(path).exists():
        raise DatabaseMissing(path=path)
    if path != IN_MEMORY:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    with OPENING:
        connection = connect(path)
        _refuse_foreign(connection, path)
        shutil.rmtree(path + ".tmp", ignore_errors=True)  # of a process that was killed
        if path != IN_MEMORY:
            os.chmod(path, 0o600)
        db = Database(path, connection, _secret(path))
        try:
            _finish_rewrite(db)
            db.copy = db.alone(lambda connection: _migrate(connection, path))
        except BaseException:
            db.close()
            raise
        return db


def _refuse_foreign(connection: Connection, path: str) -> None:
    """Close and leave alone what this program has not made. Errors: DatabaseNewer,
    DatabaseUnusable."""
    try:
        if not migrations.are_newer(migrations.done(connection)):
            return
        error: FpError = DatabaseNewer(path=path)
    except SqlError:
        error = DatabaseUnusable(path=path)
    connection.execute("pragma disable_checkpoint_on_shutdown")  # a .wal stays as it is
    connection.close()
    raise error


def _finish_rewrite(db: Database) -> None:
    try:
        db.finish_rewrite()
    except (OSError, SqlError) as error:
        raise ErasureUnfinished("rewrite_due_failed", path=db.path) from error


def _migrate(connection: Connection, path: str) -> str | None:
    """Bring the tables up to date, after a copy where there are some; the path of the copy."""
    done = migrations.done(connection)
    todo = migrations.todo(done)
    copy = _copy(connection, path, todo[0]) if done and todo else None
    try:
        migrations.migrate(connection)
    except SqlError as error:
        if copy and migrations.done(connection) == done:
            os.unlink(copy)
        raise DatabaseUnusable(path=path) from error
    return copy


def _copy(connection: Connection, path: str, step: int) -> str:
    try:
        return rewriting.keep_copy(connection, os.path.realpath(path), step)
    except (OSError, SqlError) as error:
        raise DatabaseNotCopied(path=path) from error


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
