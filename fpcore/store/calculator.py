"""Run SQL over values alone, without a database.

The one place where what people type becomes text of SQL: a planned statement takes no bound values.
"""

import atexit
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from fpcore.errors import certain
from fpcore.store.connecting import IN_MEMORY, Connection, quoted

MOST_PLANNED = 100
NUL, NUL_BETWEEN_TEXTS = "\0", "' || chr(0) || '"


class Calculator:
    """Runs SQL over values alone, on connections of its own that hold no tables.

    DuckDB plans a query each time it runs, unless it reads no table and names each parameter once:
    then the plan is kept with the connection. For one customer, planning takes ten times as long
    as the rest.
    """

    def __init__(self, prelude: str = "") -> None:
        """`prelude` is SQL that each connection runs first: macros and types."""
        self._prelude = prelude
        self._idle: list[tuple[Connection, dict[str, str]]] = []  # and what each has planned
        atexit.register(self.close)

    def row(self, sql: str, values: dict[str, tuple[str, Any]]) -> dict[str, Any]:
        """Run SQL that gives one row; `values` are the parameters' types and values.

        Errors: UnicodeEncodeError for a text that is none (half a surrogate pair), SqlError for a
        value that is none of its type.
        """
        with self._planned(sql, values) as (connection, call):
            connection.execute(call)
            names = [column[0] for column in connection.description]
            return dict(zip(names, certain(connection.fetchone()), strict=True))

    def table(self, sql: str, values: dict[str, tuple[str, Any]]) -> pa.Table:
        """Run SQL that gives any number of rows. Errors: as `row`."""
        with self._planned(sql, values) as (connection, call):
            return connection.sql(call).to_arrow_table()

    @contextmanager
    def _planned(
        self, sql: str, values: dict[str, tuple[str, Any]]
    ) -> Generator[tuple[Connection, str]]:
        """Lend a connection and the SQL that runs the planned statement with these values."""
        params = ", ".join(f"{name} := {_literal(v)}::{kind}" for name, (kind, v) in values.items())
        params.encode()  # lest DuckDB end in an error of C++
        connection, planned = self._taken()
        if sql not in planned:
            planned[sql] = f"planned_{len(planned)}"
            connection.execute(f"prepare {planned[sql]} as {sql}")
        yield connection, f"execute {planned[sql]}({params})"
        self._idle.append((connection, planned))  # not after an error

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
            if self._prelude:
                connection.execute(self._prelude)
        if len(planned) >= MOST_PLANNED:
            connection.execute("".join(f"deallocate {name};" for name in planned.values()))
            planned.clear()
        return connection, planned


calculator = Calculator()


def given_rows(name: str, columns: Mapping[str, str]) -> str:
    """The SQL of a common table expression: its rows are the parameter of its name (`as_json`).

    `columns` have SQL types. Many rows as JSON are planned much faster than as SQL.
    """
    shape = quoted(json.dumps([dict(columns)]))
    return (
        f"{name} as materialized "
        f"(select unnest(from_json(${name}::varchar, {shape}), max_depth := 2))"
    )


def as_json(rows: list[dict[str, Any]]) -> tuple[str, str]:
    """Give rows as the type and value of the parameter of `given_rows`."""
    return "varchar", json.dumps(rows, default=str, ensure_ascii=False)


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
