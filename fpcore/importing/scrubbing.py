"""Blot out of the texts of a book what may not be kept.

Python tells what that is (privacy.scrubbed), once a text, and only of the texts that a pattern in
SQL leaves open.
"""

from collections.abc import Sequence

import pyarrow as pa

from fpcore import privacy
from fpcore.importing import cells, making
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

_PHONE = f"not regexp_full_match(text, {quoted(privacy.SURELY_A_PHONE)})"
_NUMBERS = ", ".join(map(quoted, sorted(privacy.NUMBER_FIELDS)))
_SUSPECTED = f"""
    case
        when field in ({_NUMBERS})
            then regexp_matches(text, {quoted(privacy.SUSPICIOUS_NUMBER)})
        when length(text) < 10 then false
        -- a resident number here gives the date, and is not stored
        when field = 'birth_date' and {cells.is_resident_number("text")} then false
        else regexp_matches(text, {quoted(privacy.SUSPICIOUS)}) and (field <> 'phone' or {_PHONE})
    end
"""
"""The SQL that is true of a `text` of a `field` that may have to be scrubbed."""


def find_forbidden(cursor: Cursor, texts: str) -> bool:
    """Make `book_clean` (field, text, clean, forbidden): what is left of texts, only those that
    privacy changes; say whether there are any.

    `texts` is the SQL of a relation with columns `field` and `text`.
    """
    found = cursor.execute(f"select distinct field, text from ({texts}) where {_SUSPECTED}")
    cleaned = _cleaned(found.fetchall())
    making.keep(cursor, "book_clean", cleaned)
    return cleaned.num_rows > 0


def scrub(cursor: Cursor, table: str, fields: Sequence[str], is_small: bool) -> bool:
    """Make `book_scrubbed` (row_no, forbidden, the fields): what is left of the texts of each row
    of a table in which privacy changes something; say whether there are any. Makes `book_clean`.
    """
    texts = _texts_of_few(table, fields) if is_small else _texts_of_many(table, fields)
    if not find_forbidden(cursor, texts):
        columns = ", ".join(f"{field} varchar" for field in fields)
        cursor.execute(f"""
create or replace temp table book_scrubbed (row_no bigint, forbidden boolean, {columns})
""")
        return False
    clean = ", ".join(f"any_value(clean) filter (field = '{name}') as {name}" for name in fields)
    cursor.execute(f"""
create or replace temp table book_scrubbed as
select row_no, bool_or(forbidden) as forbidden, {clean}
from ({texts}) join book_clean using (field, text)
group by row_no
""")
    return True


def _texts_of_many(table: str, fields: Sequence[str]) -> str:
    """The SQL of the texts of a table (row_no, field, text): quickest to run."""
    return " union all ".join(
        f"select row_no, '{field}' as field, {field} as text from {table}" for field in fields
    )


def _texts_of_few(table: str, fields: Sequence[str]) -> str:
    """The SQL of the texts of a table (row_no, field, text): quickest to plan."""
    names = ", ".join(map(quoted, fields))
    return f"""
    select row_no, unnest([{names}]) as field, unnest([{", ".join(fields)}]) as text from {table}
"""


def _cleaned(found: list[tuple[str, str]]) -> pa.Table:
    """Scrub texts; those that were changed, with what is left of them."""
    changed = [
        (field, text, clean, privacy.holds_forbidden(text, clean))
        for field, text in found
        if (clean := privacy.scrubbed(text, field)) != text
    ]
    columns = zip(*changed, strict=True) if changed else ([], [], [], [])
    fields, texts, clean, forbidden = columns
    return pa.table(
        {
            "field": pa.array(fields, pa.string()),
            "text": pa.array(texts, pa.string()),
            "clean": pa.array(clean, pa.string()),
            "forbidden": pa.array(forbidden, pa.bool_()),
        }
    )
