"""A PostgreSQL of the benchmark's own, with the book in it: in a temporary folder, on a socket."""

import os
import pwd
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fpcore.store.database import Cursor

PROGRAMS = ("initdb", "pg_ctl", "psql")
DEBIAN = "/usr/lib/postgresql/*/bin"
USERS = ("postgres", "nobody")
"""Whom the server runs as where the benchmark runs as root, which PostgreSQL refuses."""

TABLES = {"account": (), "customer": ("owner_id",), "policy": ("customer_id",)}
"""The tables of the book, each with what is indexed beside its primary key."""

TYPES = {"VARCHAR": "text", "TINYINT": "smallint"}
"""The types of DuckDB that PostgreSQL has under another name."""

LONGEST_START = 60  # seconds


def binaries() -> dict[str, str] | None:
    """Find the programs that are needed, by name; None where one is not installed."""
    newest_first = sorted(map(str, Path("/").glob(DEBIAN[1:])), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *newest_first])
    found = {name: shutil.which(name, path=path) for name in PROGRAMS}
    return found if all(found.values()) else None


class Server:
    """A running server, asked through psql."""

    def __init__(self, psql: str, folder: Path) -> None:
        self._command = [
            psql, "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-h", str(folder),
            "-U", "bench", "-d", "postgres", "--no-align", "--tuples-only", "--field-separator=|",
        ]  # fmt: skip

    def run(self, script: str) -> str:
        """Run statements and psql's own commands; what they print."""
        asked = subprocess.run(
            self._command, input=script, text=True, capture_output=True, check=False
        )
        if asked.returncode:
            raise RuntimeError(f"psql: {asked.stderr.strip()}")
        return asked.stdout

    def rows(self, sql: str) -> list[list[str]]:
        """Run a query; its rows, each value as text and '' for null."""
        return [line.split("|") for line in self.run(f"{sql};").splitlines()]

    def seconds(self, sql: str, times: int) -> float:
        """Run a query once unmeasured, then some times; the median seconds as psql tells them."""
        script = f"\\o /dev/null\n{sql};\n\\timing on\n" + f"{sql};\n" * times
        told = re.findall(r"^Time: ([\d.]+) ms", self.run(script), re.MULTILINE)
        return statistics.median(map(float, told)) / 1000

    def load(self, bare: Cursor, folder: Path) -> None:
        """Take the book over from a cursor of DuckDB: tables, rows, keys, indexes, statistics."""
        for table, indexed in TABLES.items():
            self.run(f"create table {table} ({_columns(bare, table)})")
            _copy(self, bare, table, folder / f"{table}.csv")
            self.run(f"alter table {table} add primary key (id)")
            for column in indexed:
                self.run(f"create index on {table} ({column})")
        self.run("vacuum analyze")


@contextmanager
def running() -> Iterator[Server | None]:
    """Start a server with an empty database, and stop and remove it afterwards; None where
    PostgreSQL is not installed."""
    programs = binaries()
    owner = _owner()
    if programs is None or (os.geteuid() == 0 and owner is None):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="fp-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = ("-D", str(folder / "data"))
        _do(owner, folder, programs["initdb"], *data, "-U", "bench", "-A", "trust", "-N",
            "-E", "UTF8", "--no-locale")  # fmt: skip
        _do(owner, folder, programs["pg_ctl"], *data, "-w", "-t", str(LONGEST_START),
            "-l", str(folder / "log"), "-o", _settings(folder), "start")  # fmt: skip
        try:
            yield Server(programs["psql"], folder)
        finally:
            _do(owner, folder, programs["pg_ctl"], *data, "-m", "immediate", "stop")


def _owner() -> pwd.struct_passwd | None:
    """Whom the server is to run as; None for the user that runs the benchmark."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next((known[name] for name in USERS if name in known), None)


def _do(owner: pwd.struct_passwd | None, folder: Path, *command: str) -> None:
    as_whom = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=False, **as_whom,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stderr.strip()}")


def settings() -> dict[str, str]:
    """Give the settings of the server: a quarter of the memory for its pages, as its manual says,
    all cores for a query, and no waiting for the disk while it loads."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = str(os.cpu_count() or 1)
    return {
        "shared_buffers": f"{min(memory // 4, 4 << 30) >> 20}MB",
        "work_mem": "256MB",
        "maintenance_work_mem": "512MB",
        "max_parallel_workers": cores,
        "max_parallel_workers_per_gather": cores,
        "max_wal_size": "8GB",
        "fsync": "off",
    }


def _settings(folder: Path) -> str:
    said = {"listen_addresses": "''", "unix_socket_directories": str(folder), **settings()}
    return " ".join(f"-c {name}={value}" for name, value in said.items())


def _columns(bare: Cursor, table: str) -> str:
    found = bare.execute(
        """
        select column_name, data_type from information_schema.columns
        where table_name = $table order by ordinal_position
        """,
        {"table": table},
    ).fetchall()
    return ", ".join(f"{name} {TYPES.get(type_, type_)}" for name, type_ in found)


def _copy(server: Server, bare: Cursor, table: str, file: Path) -> None:
    bare.execute(f"copy {table} to '{file}' (header false)")
    server.run(f"\\copy {table} from '{file}' (format csv)")
    file.unlink()
