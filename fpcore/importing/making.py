"""Make the temporary tables of an import: in place, or, of few rows, by plans that are kept.

DuckDB plans a statement each time it runs, which for few rows takes far longer than to run it. SQL
over values alone is planned once a process (store Calculator). So the rows that a step reads are
given to it as values where they are few: the SQL of the step is the same.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa

from fpcore.importing import cells
from fpcore.importing.fields import POLICY_FIELDS
from fpcore.importing.loading import Book
from fpcore.importing.words import BookWords
from fpcore.models import PolicyStatus, PolicyType, PremiumCycle
from fpcore.store import database
from fpcore.store.calculator import Calculator, as_json, given_rows
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

FEW_ROWS = 100
"""Up to so many rows, giving a book as values is quicker than planning each step anew."""

WORD_COLUMNS = {"field": "varchar", "word": "varchar", "value": "varchar"}


def make(
    cursor: Cursor,
    book: Book,
    table: str,
    steps: str,
    reads: Mapping[str, Mapping[str, str]],
    given: Mapping[str, tuple[str, Any]],
) -> None:
    """Make a temporary table by `steps`: common table expressions and the query behind them.

    `reads` names the tables that they read, with the columns and their types. `given` is the one
    row of the relation `given`: a type and a value by name. The macros of cells are there.
    """
    if book.is_small:
        keep(cursor, table, _calculated(cursor, book.words, steps, reads, given))
        return
    values = {name: value for name, (_, value) in given.items()}
    cursor.execute(f"create or replace temp table {table} as with {_given(given)}, {steps}", values)


def prepare(cursor: Cursor, book: Book, answered: Mapping[str, Mapping[str, str]]) -> None:
    """Define the macros for `make`, and make `book_word` (field, word, value): what words mean.

    Those that the uploader explained (`answered`) are first; of a small book, they are all.
    """
    found = {(word["field"], word["word"]): word for word in cells.explained(answered)}
    if not book.is_small:
        cursor.execute(cells.macros(book.words.unknown.words))
        known = {(word["field"], word["word"]): word for word in cells.word_values(book.words)}
        found = known | found
    schema = pa.schema([(name, pa.string()) for name in WORD_COLUMNS])
    keep(cursor, "book_word", pa.Table.from_pylist(list(found.values()), schema))


def keep(cursor: Cursor, name: str, table: pa.Table) -> None:
    """Make a temporary table of what Python found."""
    cursor.register("book_found", table)
    cursor.execute(f"create or replace temp table {name} as from book_found")
    cursor.unregister("book_found")


def _given(given: Mapping[str, tuple[str, Any]]) -> str:
    columns = ", ".join(f"${name}::{kind} as {name}" for name, (kind, _) in given.items())
    return f"given as materialized (select {columns or 'null'})"


def _calculated(
    cursor: Cursor,
    words: BookWords,
    steps: str,
    reads: Mapping[str, Mapping[str, str]],
    given: Mapping[str, tuple[str, Any]],
) -> pa.Table:
    """Run the steps over the rows that they read, given as values.

    Each value stands once in the SQL, as the Calculator needs it: hence `materialized`.
    """
    relations, values = [_given(given)], dict(given)
    for table, columns in reads.items():
        found = database.rows(cursor, f"select {', '.join(columns)} from {table}")
        name = "explained_word" if table == "book_word" else table
        values[name] = as_json(found)
        relations.append(given_rows(name, columns))
    if "book_word" in reads:
        relations.append(_all_words(words))
    reader = _reader(tuple(words.unknown.words))
    return reader.table(f"with {', '.join(relations)}, {steps}", values)


def _all_words(words: BookWords) -> str:
    """The SQL of `book_word`: the words that are always known, after those that were explained."""
    known = ", ".join(
        f"({', '.join(quoted(word[name]) for name in WORD_COLUMNS)})"
        for word in cells.word_values(words)
    )
    return f"""
known_word (field, word, value) as (values {known}),
book_word as materialized (
    select field, word, coalesce(explained_word.value, known_word.value) as value
    from known_word full join explained_word using (field, word)
)"""


_TEXTS = ("book_insurer", "book_policy_name", *(f"book_{field}_text" for field in POLICY_FIELDS))
"""The types by which a large book numbers its texts: a small one holds the texts themselves."""


@lru_cache(maxsize=4)
def _reader(unknown: tuple[str, ...]) -> Calculator:
    """Give what reads small books, with the macros; `unknown` are the words that say nothing."""
    types = "".join(f"create type {name} as varchar;" for name in _TEXTS)
    return Calculator(cells.macros(unknown) + types + ENUMS)


ENUMS = "".join(
    f"create or replace temp type {name} as enum ({', '.join(map(quoted, values))});"
    for name, values in {
        "book_type": PolicyType,
        "book_premium_cycle": PremiumCycle,
        "book_status": PolicyStatus,
    }.items()
)
"""The types of what a list of values can say: a byte in each of a million rows."""
