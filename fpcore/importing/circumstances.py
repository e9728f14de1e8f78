"""Type what a book tells of its customers' circumstances: income, debts, family, home and car.

Few books do: of one that does not, nothing here reads a row.
"""

from fpcore import checks
from fpcore.checks import Check
from fpcore.circumstances import CIRCUMSTANCES, WORDS
from fpcore.importing import cells
from fpcore.importing.cells import Said, problems, unread
from fpcore.importing.fields import AMOUNTS_OF_CUSTOMER
from fpcore.importing.fields import CIRCUMSTANCES as FIELDS
from fpcore.importing.headers import Columns
from fpcore.models import LARGEST_AMOUNT, WON
from fpcore.store import database
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor


def type_circumstances(cursor: Cursor, columns: Columns, said: Said) -> None:
    """Add to `book_customer` the columns `columns.circumstances`, and what is wrong with them.

    From `book_customer_text`; customers.type_customers comes first.
    """
    present = [field for field in FIELDS if columns.of(field)]
    if not present:
        return
    for field in AMOUNTS_OF_CUSTOMER:
        if field in present:
            _read_amounts(cursor, field, said)
    cursor.execute(_circumstances(present, columns.circumstances))
    cursor.execute("""
create or replace temp table book_customer as
select c.* replace (list_concat(c.problems, more.problems) as problems),
    more.* exclude (row_no, problems)
from book_customer c join book_circumstance more on more.row_no = c.row_no
""")


def _read_amounts(cursor: Cursor, field: str, said: Said) -> None:
    """Make `book_<field>`: the won (`value`) that each text of a column of amounts means, NULL
    where it is not understood, its unit is unclear or it is foreign money."""
    cursor.execute(
        f"""
create or replace temp table book_{field} as
select *, coalesce(sign, if(korean is null, $currency, '{WON}')) <> '{WON}' as is_foreign
from (
    select text, {cells.AMOUNT_PARTS.format(text="text")}
    from (select distinct {field} as text from book_customer_text where {field} is not null)
)
""",
        {"currency": said.currency},
    )
    usual = database.value(
        cursor,
        f"""
        select quantile_disc(a.plain, 0.5)
        from book_customer_text t join book_{field} a on a.text = t.{field}
        where a.plain > 0 and a.sign is null and not a.is_foreign
        """,
    )
    cursor.execute(f"""
create or replace temp table book_{field} as
select text, if(is_foreign, null, number) as value,
    is_foreign and number is not null as is_foreign,
    not is_foreign and plain is not null and number is null as is_unclear
from (
    select *, try_cast({cells.in_unit(field, said, usual)} as decimal(24, 6)) as number
    from book_{field})
""")


_SQL_TYPES = {each.name: each.sql_type for each in CIRCUMSTANCES}
_COUNTS = [each.name for each in CIRCUMSTANCES if not (each.words or each.small_amount)]

CHECKS = (
    *unread(dict.fromkeys(WORDS, "true"), "not_among"),
    *(
        check
        for field in AMOUNTS_OF_CUSTOMER
        for check in (
            Check(field, "unit_unclear", f"{field}_is_unclear"),
            Check(field, "not_in_won", f"{field}_is_foreign"),
            *unread({field: f"not {field}_is_unclear and not {field}_is_foreign"}),
        )
    ),
    *unread(dict.fromkeys(_COUNTS, "true")),
    Check("annual_income", "negative", "annual_income < 0"),
    Check("annual_income", "too_large", f"annual_income > {LARGEST_AMOUNT}"),
    *(check for check in checks.CUSTOMER if check.field in FIELDS),
)
"""What may be wrong with the circumstances."""


def _circumstances(present: list[str], stored: tuple[str, ...]) -> str:
    """The SQL for `book_circumstance`: row_no, what is stored, problems."""
    typed = [
        f"{_value(field)} as {field}, t.{field} as said_{field}"
        + (f", {_VERDICTS.format(field=field)}" if field in AMOUNTS_OF_CUSTOMER else "")
        for field in present
    ]
    found = [check for check in CHECKS if check.field in present]
    return f"""
create or replace temp table book_circumstance as
with typed as (
    select t.row_no, {", ".join(typed)}
    from book_customer_text t {" ".join(map(_join, present))}
)
select row_no, {", ".join(f"{_as_stored(field, present)} as {field}" for field in stored)},
    {problems(found)} as problems
from typed
"""


_VERDICTS = """
    coalesce(book_{field}.is_unclear, false) as {field}_is_unclear,
    coalesce(book_{field}.is_foreign, false) as {field}_is_foreign
"""


def _join(field: str) -> str:
    """The SQL that joins what the texts of a field mean to `book_customer_text`, called t."""
    if field in AMOUNTS_OF_CUSTOMER:
        return f"left join book_{field} on book_{field}.text = t.{field}"
    if field in WORDS:
        return (
            f"left join book_word {field}_word on {field}_word.field = '{field}'"
            f" and {field}_word.word = folded(t.{field})"
        )
    return ""


def _value(field: str) -> str:
    """The SQL of what a text of a field means; NULL where it is not understood."""
    if field in AMOUNTS_OF_CUSTOMER:
        return f"book_{field}.value"
    if field in WORDS:
        among = ", ".join(quoted(str(value)) for value in WORDS[field])
        return f"if({field}_word.value in ({among}), {field}_word.value, null)"
    return rf"try_cast(regexp_extract(narrow(t.{field}), '^(-?\d{{1,6}})\s*(명|인)?$', 1) as int)"


def _as_stored(field: str, present: list[str]) -> str:
    """The SQL of a value as the table of customers holds it: an income a month is that of a year
    divided by 12 where the book gives no other."""
    if field == "monthly_income":
        said = {"monthly_income": "monthly_income", "annual_income": "annual_income / 12"}
        incomes = ", ".join(sql for name, sql in said.items() if name in present)
        return f"try_cast(round(coalesce({incomes})) as decimal(18, 2))"
    return f"try_cast({field} as {_SQL_TYPES[field]})"
