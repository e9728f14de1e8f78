"""Load a book into temporary tables: its rows, its customers' cells, and every distinct text.

A large book says few things often: each text of a policy column is numbered (a temporary enum
type) and understood once, however many rows have it. `book_row` holds one row of the file as those
numbers, `book_cells` once what the file says of a customer, `book_text` every text.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from fpcore.importing.book_file import BookFile
from fpcore.importing.fields import CUSTOMER_FIELDS, POLICY_FIELDS, RESIDENT_NUMBER
from fpcore.importing.headers import Columns
from fpcore.importing.words import BookWords
from fpcore.store import database
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

NUMBERED = tuple(field for field in POLICY_FIELDS if field != "policy_number")
"""The fields whose texts are numbered; nearly every policy number is another one."""

ABOUT_CUSTOMER = (*CUSTOMER_FIELDS, "consent", "owner", RESIDENT_NUMBER)
_MAY_HOLD_TOTAL = 3  # columns from the left in which the word for a total stands


class Book(NamedTuple):
    """What the columns and the words of a book mean, and whether its rows are few.

    A small book is read by SQL that names every field there is, so that the plan of any other one
    fits (making): its tables have all fields, NULL where the book has no such column.
    """

    columns: Columns
    words: BookWords
    is_small: bool

    @property
    def places(self) -> dict[str, int]:
        """Where, counted from 1, the fields of this book stand."""
        fields = (*ABOUT_CUSTOMER, *POLICY_FIELDS)
        return {f: column.position + 1 for f in fields if (column := self.columns.of(f))}

    def read(self, fields: Iterable[str]) -> list[str]:
        """Of these fields, those that SQL has to read."""
        places = self.places
        return [field for field in fields if self.is_small or field in places]


def load(cursor: Cursor, file: BookFile, book: Book, step: Callable[[str], None]) -> None:
    """Make `book_text` (field, text), `book_row` (row_no: the number of the record, from 0)
    and `book_cells` (one row for each set of customer cells). `step` is told what comes next.

    DuckDB keeps the order of a file in a table that is made of it, in parallel; row_number() would
    take three times as long.
    """
    step("reading:texts")
    if not book.is_small:
        _load_texts(cursor, file, book)
    step("reading:rows")
    _load_rows(cursor, file, book)
    step("reading:customers")
    if book.is_small:
        cursor.execute(_TEXTS_OF_ROWS)
        cursor.execute(_CELLS_OF_ROWS)
    else:
        cursor.execute(_cells(file, book.places))


def _load_rows(cursor: Cursor, file: BookFile, book: Book) -> None:
    """Make `book_record` and its view `book_row`; of a small book with the cells of customers."""
    places = book.places
    read = book.read((*NUMBERED, "policy_number", *(ABOUT_CUSTOMER if book.is_small else ())))
    columns = {field: f"c{places[field]}" if field in places else "null::varchar" for field in read}
    if not book.is_small:
        columns |= {f: f"{columns[f]}::book_{f}_text" for f in columns if f in NUMBERED}
    columns.setdefault("policy_number", "null::varchar")
    cursor.execute(f"""
create or replace temp table book_record as
select {_identity(places)}, line, surplus is not null as has_surplus,
    {_is_total(places, file)} as is_total,
    {", ".join(f"{sql} as {field}" for field, sql in columns.items())}
from {file.relation}
""")
    cursor.execute("set variable first_record = (select min(rowid) from book_record)")
    cursor.execute("""
create or replace temp view book_row as
select rowid - getvariable('first_record') as row_no, * from book_record
""")


def _cells(file: BookFile, places: dict[str, int]) -> str:
    """The SQL for `book_cells` of a large book."""
    about = [field for field in ABOUT_CUSTOMER if field in places]
    cells = "".join(f", any_value(c{places[field]}) as {field}" for field in about)
    return f"""
create or replace temp table book_cells as
with seen as (
    select id_1, id_2, min(row_no) as row_no, max(row_no) as last_row, count(*) as rows
    from book_row where not is_total group by id_1, id_2
),
said as (
    select {_identity(places)}{cells} from {file.relation} group by id_1, id_2
)
select said.*, row_no, last_row, rows from said join seen using (id_1, id_2)
"""


_CELLS_OF_ROWS = f"""
create or replace temp table book_cells as
select id_1, id_2, {", ".join(f"any_value({field}) as {field}" for field in ABOUT_CUSTOMER)},
    min(row_no) as row_no, max(row_no) as last_row, count(*) as rows
from book_row where not is_total group by id_1, id_2
"""

_TEXTS_OF_ROWS = f"""
create or replace temp table book_text as
select distinct field, text from (
    select unnest([{", ".join(f"'{field}'" for field in NUMBERED)}]) as field,
        unnest([{", ".join(NUMBERED)}]) as text
    from book_record
)
where text <> ''
"""


def is_grouped(cursor: Cursor) -> bool:
    """Say whether all rows of a customer stand together in the file."""
    return database.value(
        cursor, "select coalesce(bool_and(last_row - row_no + 1 = rows), true) from book_cells"
    )


def line_of(file: BookFile, row_no: str = "row_no") -> str:
    """The SQL of the line in the file on which a row of `book_row` begins."""
    return "line" if file.line_of_first is None else f"{file.line_of_first} + {row_no}"


def _load_texts(cursor: Cursor, file: BookFile, book: Book) -> None:
    """Find the texts of the numbered columns in one reading, and number them in a type for each."""
    places = book.places
    fields = [field for field in NUMBERED if field in places]
    cursor.execute("create or replace temp table book_text (field varchar, text varchar)")
    if fields:
        columns = ", ".join(f"c{places[field]}" for field in fields)
        sets = ", ".join(f"(c{places[field]})" for field in fields)
        among_others = 2 ** len(fields) - 1  # grouping() has a bit for each column left out
        which = " ".join(
            f"when {among_others - 2 ** (len(fields) - 1 - i)} then '{field}'"
            for i, field in enumerate(fields)
        )
        cursor.execute(f"""
insert into book_text
select case grouping({columns}) {which} end, coalesce({columns})
from {file.relation} group by grouping sets ({sets})
having coalesce({columns}) <> ''
""")
    for field in fields:
        cursor.execute(f"""
create or replace temp type book_{field}_text as enum (
    select text from book_text where field = '{field}' union select '' order by 1)
""")


def _identity(places: dict[str, int]) -> str:
    """The SQL of two hashes that tell sets of customer cells apart.

    They have 128 bits together, so that no two are alike.
    """
    about = [f"c{places[field]}" for field in ABOUT_CUSTOMER if field in places]
    cells, reverse = ", ".join(about), ", ".join(reversed(about))
    return f"hash({cells}) as id_1, hash('again', {reverse}) as id_2"


def _is_total(places: dict[str, int], file: BookFile) -> str:
    """The SQL that tells a row of totals: it begins with a word for that, and names nobody.

    Nearly every row is let go at the first look, at whether it has a policy number, say.
    """
    first = ", ".join(
        f"nullif(trim(c{place}), '')"
        for place in range(1, min(_MAY_HOLD_TOTAL, len(file.header)) + 1)
    )
    words = ", ".join(quoted(word) for word in file.words.totals.words)
    names_somebody = " ".join(
        f"when length(c{places[field]}) > 1 then false"
        for field in ("policy_number", "birth_date", "phone", "start_date", "birth_year")
        if field in places and places[field] > _MAY_HOLD_TOTAL
    )
    return f"case {names_somebody} when coalesce({first}) in ({words}) then true else false end"
