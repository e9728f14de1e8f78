"""Load a book into temporary tables: its rows, its customers' cells, and every distinct text.

A large book says few things often: each text of a policy column is numbered (a temporary enum
type) and understood once, however many rows have it. `book_row` holds one row of the file as those
numbers, `book_cells` once what the file says of a customer, `book_text` every text with its count.
"""

from collections.abc import Callable

from fpcore.importing.book_file import BookFile
from fpcore.importing.fields import CUSTOMER_FIELDS, POLICY_FIELDS, RESIDENT_NUMBER
from fpcore.importing.headers import Columns
from fpcore.store import database
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

NUMBERED = tuple(field for field in POLICY_FIELDS if field != "policy_number")
"""The fields whose texts are numbered; nearly every policy number is another one."""

ABOUT_CUSTOMER = (*CUSTOMER_FIELDS, "consent", "owner", RESIDENT_NUMBER)
_MAY_HOLD_TOTAL = 3  # columns from the left in which the word for a total stands


def load(cursor: Cursor, file: BookFile, columns: Columns, step: Callable[[str], None]) -> None:
    """Make `book_text` (field, text, rows), `book_row` (row_no: the number of the record, from 0)
    and `book_cells` (one row for each set of customer cells). `step` is told what comes next.

    DuckDB keeps the order of a file in a table that is made of it, in parallel; row_number() would
    take three times as long.
    """
    places = places_of(columns)
    numbered = [field for field in NUMBERED if field in places]
    about = [field for field in ABOUT_CUSTOMER if field in places]
    step("reading:texts")
    _load_texts(cursor, file, places, numbered)
    identity = _identity([places[field] for field in about])
    codes = "".join(f"\n    , c{places[field]}::book_{field}_text as {field}" for field in numbered)
    number = f"c{places['policy_number']}" if "policy_number" in places else "null::varchar"
    step("reading:rows")
    cursor.execute(f"""
create or replace temp table book_record as
select {identity}, line, surplus is not null as has_surplus, {_is_total(places, file)} as is_total,
    {number} as policy_number{codes}
from {file.relation}
""")
    cursor.execute("set variable first_record = (select min(rowid) from book_record)")
    cursor.execute("""
create or replace temp view book_row as
select rowid - getvariable('first_record') as row_no, * from book_record
""")
    step("reading:customers")
    cells = "".join(f", any_value(c{places[field]}) as {field}" for field in about)
    cursor.execute(f"""
create or replace temp table book_cells as
with seen as (
    select id_1, id_2, min(row_no) as row_no, max(row_no) as last_row, count(*) as rows
    from book_row where not is_total group by id_1, id_2
),
said as (
    select {identity}{cells} from {file.relation} group by id_1, id_2
)
select said.*, row_no, last_row, rows from said join seen using (id_1, id_2)
""")


def is_grouped(cursor: Cursor) -> bool:
    """Say whether all rows of a customer stand together in the file."""
    return database.value(
        cursor, "select coalesce(bool_and(last_row - row_no + 1 = rows), true) from book_cells"
    )


def places_of(columns: Columns) -> dict[str, int]:
    """Say where, counted from 1, the fields of this book stand."""
    fields = (*ABOUT_CUSTOMER, *POLICY_FIELDS)
    return {field: column.position + 1 for field in fields if (column := columns.of(field))}


def line_of(file: BookFile, row_no: str = "row_no") -> str:
    """The SQL of the line in the file on which a row of `book_row` begins."""
    return "line" if file.line_of_first is None else f"{file.line_of_first} + {row_no}"


def _load_texts(cursor: Cursor, file: BookFile, places: dict[str, int], fields: list[str]) -> None:
    """Count the texts of these columns in one reading, and number them in a type for each."""
    cursor.execute(
        "create or replace temp table book_text (field varchar, text varchar, rows bigint)"
    )
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
select case grouping({columns}) {which} end, coalesce({columns}), count(*)
from {file.relation} group by grouping sets ({sets})
having coalesce({columns}) <> ''
""")
    for field in fields:
        cursor.execute(f"""
create or replace temp type book_{field}_text as enum (
    select text from book_text where field = '{field}' union select '' order by 1)
""")


def _identity(places: list[int]) -> str:
    """The SQL of two hashes that tell sets of cells apart: 128 bits, so that no two are alike."""
    cells = ", ".join(f"c{place}" for place in places)
    reverse = ", ".join(f"c{place}" for place in reversed(places))
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
