"""Bring a database's tables up to date: numbered SQL files, each run once and recorded.

The files beside this one are append-only: a change to the tables is a new file.
"""

from pathlib import Path

from fpcore.store.connecting import Connection

STEPS = sorted(Path(__file__).parent.glob("[0-9]*.sql"))

LEDGER = """
create table if not exists migration (
    number integer primary key,
    name varchar not null,
    applied_at timestamp not null
)
"""


def done(connection: Connection) -> set[int]:
    """Give the numbers of the steps that this database has had; none where it has no tables.

    Errors: SqlError where another program made its tables.
    """
    if not connection.execute("from duckdb_tables() limit 1").fetchone():
        return set()
    return {number for (number,) in connection.execute("select number from migration").fetchall()}


def todo(done: set[int]) -> list[int]:
    """Give the numbers of the steps that are to be run after these."""
    return [number for number in map(_number, STEPS) if number not in done]


def are_newer(done: set[int]) -> bool:
    """Tell whether a newer version of this program has run steps."""
    return not done <= set(map(_number, STEPS))


def migrate(connection: Connection) -> list[str]:
    """Run the steps that this database has not had, each in a transaction; name them."""
    connection.execute(LEDGER)
    numbers = todo(done(connection))
    steps = [step for step in STEPS if _number(step) in numbers]
    for step in steps:
        _apply(connection, step)
    return [step.stem for step in steps]


def _apply(connection: Connection, step: Path) -> None:
    connection.begin()
    try:
        connection.execute(step.read_text(encoding="utf-8"))
        connection.execute(
            "insert into migration values ($number, $name, now() at time zone 'UTC')",
            {"number": _number(step), "name": step.stem},
        )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _number(step: Path) -> int:
    return int(step.stem.split("_")[0])
