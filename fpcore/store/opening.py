"""Open the database file: its tables up to date, its secret beside it."""

import os
import secrets
import shutil
from pathlib import Path

from fpcore.errors import DatabaseMissing, DatabaseUnusable, ErasureUnfinished
from fpcore.paths import DATA
from fpcore.store import migrations
from fpcore.store.connecting import IN_MEMORY, OPENING, SqlError, connect
from fpcore.store.database import Database


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
    with OPENING:
        connection = connect(path)
        shutil.rmtree(path + ".tmp", ignore_errors=True)  # of a process that was killed
        try:
            migrations.migrate(connection)
        except SqlError as error:
            connection.close()
            raise DatabaseUnusable(path=path) from error
        if path != IN_MEMORY:
            os.chmod(path, 0o600)
        db = Database(path, connection, _secret(path))
        try:
            db.finish_rewrite()
        except BaseException as error:
            db.close()
            if isinstance(error, OSError | SqlError):
                raise ErasureUnfinished("rewrite_due_failed", path=path) from error
            raise
        return db


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
