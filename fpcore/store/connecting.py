"""Connect to the one DuckDB file, with the settings that all connections of a process share."""

import re
import threading
import time

import duckdb

from fpcore.errors import DatabaseBusy, DatabaseNewer, DatabaseUnusable

Connection = duckdb.DuckDBPyConnection
SqlError = duckdb.Error
Interrupted = duckdb.InterruptException
Conflict = duckdb.TransactionException
Broken = duckdb.FatalException

IN_MEMORY = ":memory:"
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",
    "autoinstall_known_extensions": "false",
    "memory_limit": "1400MB",  # of the database; what needs more goes to a file beside it
}
# Texts are read and searched in half the time or less, in a file twice as large. (Given when
# connecting, DuckDB 2.0 ignores it.)
AFTER_CONNECTING = "set disabled_compression_methods = 'dict_fsst'"
REPLACED = '"replaced by a rewrite"'  # attached to a file that is about to be
RECONNECTS = 200

# Held while a file is opened or rewritten: all connections of a process to one path share one open
# file, so that one made during a rewrite would hold on to the old file and write into it.
OPENING = threading.RLock()


def connect(path: str) -> Connection:
    """Open the file. Errors: DatabaseBusy, DatabaseNewer, DatabaseUnusable."""
    try:
        connection = duckdb.connect(path, config=SETTINGS)
        connection.execute(AFTER_CONNECTING)
        return connection
    except duckdb.IOException as error:
        holder = re.search(r"PID (\d+)", str(error))
        if "lock" in str(error).lower():
            raise DatabaseBusy(path=path, pid=holder.group(1) if holder else "?") from error
        if "version number" in str(error):
            raise DatabaseNewer(path=path) from error
        raise DatabaseUnusable(path=path) from error
    except duckdb.Error as error:
        raise DatabaseUnusable(path=path) from error


def connected_anew(path: str) -> Connection:
    """Open the file that is there now.

    DuckDB gives the one it has open already, of the same path, for as long as anything holds it.
    """
    for _ in range(RECONNECTS):
        connection = connect(path)
        attached = connection.execute("select database_name from duckdb_databases()").fetchall()
        if (REPLACED.strip('"'),) not in attached:
            return connection
        connection.close()
        time.sleep(0.01)
    raise RuntimeError("something in this process holds on to the replaced database file")


def quoted(text: str, mark: str = "'") -> str:
    """Quote text as SQL does: a value with ', the name of a table or column with "."""
    return mark + text.replace(mark, mark * 2) + mark
