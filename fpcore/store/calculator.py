"""Run SQL over values alone, without a database.

The one place where what people type becomes text of SQL: a planned statement takes no bound values.
"""

import atexit
from typing import Any

import duckdb

from fpcore.certain import certain
from fpcore.store.connecting import IN_MEMORY, Connection, quoted

MOST_PLANNED = 100
NUL, NUL_BETWEEN_TEXTS = "\0", "' || chr(0) || '"


class Calculator:
    """Runs SQL over values alone, on connections of its own that hold no tables.

    DuckDB plans a query each time it runs, unless it reads no table and names each parameter once:
    then the plan is kept with the connection. For one customer, planning takes ten times as long
    as the rest.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[Connection, dict[str, str]]] = []  # and what each has planned

    def row(self, sql: str, values: dict[str, tuple[str, Any]]) -> dict[str, Any]:
        """Run SQL that gives one row; `values` are the parameters' types and values.

        Errors: UnicodeEncodeError for a text that is none (half a surrogate pair), SqlError for a
        value that is none of its type.
        """
        params = ", ".join(f"{name} := {_literal(v)}::{kind}" for name, (kind, v) in values.items())
        params.encode()  # lest DuckDB end in an error of C++
        connection, planned = self._taken()
        if sql not in planned:
            planned[sql] = f"planned_{len(planned)}"
            connection.execute(f"prepare {planned[sql]} as {sql}")
        connection.execute(f"execute {planned[sql]}({params})")
        names = [column[0] for column in connection.description]
        row = dict(zip(names, certain(connection.fetchone()), strict=True))
        self._idle.append((connection, planned))  # not after an error
        return row

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
    """Write a value as SQL, to be cast to its type."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        fields = (f"{quoted(name)}: {_literal(field)}" for name, field in value.items())
        return f"{{{', '.join(fields)}}}"
    # DuckDB reads a statement up to the first NUL.
    return f"({quoted(str(value)).replace(NUL, NUL_BETWEEN_TEXTS)})"
