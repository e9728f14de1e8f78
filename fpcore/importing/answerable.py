"""List what can be answered once for all rows of a file: units, dates and unknown words."""

from fpcore import privacy
from fpcore.importing import loading
from fpcore.importing.headers import Columns
from fpcore.importing.report import MOST_LISTED, Doubt, UnknownWord
from fpcore.models import LONGEST_NAME, circumstances
from fpcore.store.database import Cursor

SAMPLES = 5
LONGEST_WORD = 2 * LONGEST_NAME  # of what an answer is about, and has to say again


def doubts(cursor: Cursor, columns: Columns) -> list[Doubt]:
    """List the columns that can be read in two ways."""
    doubts = cursor.execute(
        "select field, code, count(*) from book_problem "
        "where code in ('unit_unclear', 'date_unclear') group by field, code order by field"
    ).fetchall()
    return [
        Doubt(name, code, rows, [text for text, _ in _texts(cursor, name, code, name)][:SAMPLES])
        for name, code, rows in doubts
    ]


_WORDS = {
    ("status", "not_among"): "status",
    ("premium_cycle", "not_among"): "premium_cycle",
    ("type", "not_among"): "type",
    ("type", "type_missing"): "policy_name",
    ("gender", "not_among"): "gender",
    ("consent", "not_among"): "consent",
    **{(name, "not_among"): name for name in circumstances.WORDS},
    ("owner", "owner_unknown"): "owner",
}
"""The problems that are a word unknown, and the column in which it stands."""


def unknown_words(cursor: Cursor, columns: Columns) -> list[UnknownWord]:
    """List the texts that no table knows, each with the number of its rows."""
    problems = set(cursor.execute("select distinct field, code from book_problem").fetchall())
    return [
        UnknownWord(name, privacy.scrubbed(text)[:LONGEST_WORD], rows)
        for (name, code), column in _WORDS.items()
        if (name, code) in problems and columns.of(column)
        for text, rows in _texts(cursor, name, code, column)
    ]


def _texts(cursor: Cursor, name: str, code: str, column: str) -> list[tuple[str, int]]:
    """The texts of a column in the rows with this problem, each with its count."""
    source = "join book_row x on x.row_no = p.row_no"
    if column in loading.ABOUT_CUSTOMER:
        source = """
            join book_contract t using (row_no) join book_customer c using (customer_no)
            join book_cells x on x.id_1 = c.id_1 and x.id_2 = c.id_2"""
    return cursor.execute(
        f"""
        select trim(x.{column}::varchar) as text, count(*) as rows
        from book_problem p {source}
        where p.field = $field and p.code = $code and trim(x.{column}::varchar) <> ''
        group by all order by rows desc, text limit $most
        """,
        {"field": name, "code": code, "most": MOST_LISTED},
    ).fetchall()
