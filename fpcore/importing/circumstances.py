"""Read what a book tells of its customers' circumstances: income, debts, family, home and car.

Few books do: of one that does not, nothing here reads a row.
"""

from collections.abc import Sequence

from fpcore import checks
from fpcore.checks import Check
from fpcore.importing import cells, making
from fpcore.importing.cells import Assumptions, problems, unread
from fpcore.importing.fields import AMOUNTS_OF_CUSTOMER
from fpcore.importing.fields import CIRCUMSTANCES as FIELDS
from fpcore.importing.loading import Book
from fpcore.models import LARGEST_AMOUNT, WON
from fpcore.models.circumstances import CIRCUMSTANCES, WORDS
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor


def read_circumstances(cursor: Cursor, book: Book, assumptions: Assumptions) -> None:
    """Add to `book_customer` the columns `columns.circumstances`, and what is wrong with them.

    Reads `book_customer_text` and `book_word`; makes `book_circumstance` where the book has any.
    """
    if not any(book.columns.of(field) for field in FIELDS):
        return
    fields = book.read(FIELDS)
    stored = _STORED if book.is_small else book.columns.circumstances
    reads = {
        "book_customer_text": {"row_no": "bigint", **dict.fromkeys(fields, "varchar")},
        "book_word": making.WORD_COLUMNS,
    }
    given = {
        "currency": ("varchar", assumptions.currency),
        **{
            f"unit_of_{field}": ("integer", assumptions.units.get(field))
            for field in AMOUNTS_OF_CUSTOMER
        },
    }
    steps = _circumstances(fields, stored)
    making.make(cursor, book, "book_circumstance", steps, reads, given)
    cursor.execute(f"""
create or replace temp table book_customer as
select c.* replace (list_concat(c.problems, more.problems) as problems),
    {", ".join(f"more.{field}" for field in book.columns.circumstances)}
from book_customer c join book_circumstance more on more.row_no = c.row_no
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


def _circumstances(present: Sequence[str], stored: Sequence[str]) -> str:
    """The SQL for `book_circumstance`: row_no, what is stored, problems."""
    amounts = [field for field in AMOUNTS_OF_CUSTOMER if field in present]
    typed = [
        f"{_value(field)} as {field}, t.{field} as said_{field}"
        + (f", {_VERDICTS.format(field=field)}" if field in AMOUNTS_OF_CUSTOMER else "")
        for field in present
    ]
    found = [check for check in CHECKS if check.field in present]
    return f"""
{_amounts(amounts)}
typed as (
    select t.row_no, {", ".join(typed)}
    from book_customer_text t {" ".join(map(_join, present))}
)
select row_no, {", ".join(f"{_as_stored(field, present)} as {field}" for field in stored)},
    {problems(found)} as problems
from typed
"""


def _amounts(fields: Sequence[str]) -> str:
    """The SQL of `amount` (field, text, value, is_foreign, is_unclear): the won that each text of
    the columns of amounts means.

    `value` is NULL where the text is not understood, its unit is unclear or it is foreign money.
    """
    if not fields:
        return ""
    texts = " union all ".join(
        f"select '{field}' as field, {field} as text from book_customer_text" for field in fields
    )
    smallest = " ".join(f"when '{f}' then {cells.SMALL_AMOUNT[f]}" for f in fields)
    told = " ".join(f"when '{f}' then unit_of_{f}" for f in fields)
    return f"""
amount_text as ({texts}),
amount_read as materialized (
    select *, case field {told} end as told, case field {smallest} end as smallest,
        coalesce(sign, if(korean is null, currency, '{WON}')) <> '{WON}' as is_foreign
    from (
        select field, text, {cells.AMOUNT_PARTS.format(text="text")}
        from (select distinct field, text from amount_text where text is not null)
    ) cross join given
),
amount_usual as (
    select field, quantile_disc(plain, 0.5) as usual
    from amount_text join amount_read using (field, text)
    where plain > 0 and sign is null and not is_foreign
    group by field
),
amount as (
    select field, text, if(is_foreign, null, number) as value,
        is_foreign and number is not null as is_foreign,
        not is_foreign and plain is not null and number is null as is_unclear
    from (
        select *, coalesce(told, if(coalesce(usual < smallest, false), null, 1)) as unit,
            try_cast({cells.in_unit("unit")} as decimal(24, 6)) as number
        from amount_read left join amount_usual using (field)
    )
),"""


_STORED = tuple(each.name for each in CIRCUMSTANCES)

_VERDICTS = """
    coalesce({field}_amount.is_unclear, false) as {field}_is_unclear,
    coalesce({field}_amount.is_foreign, false) as {field}_is_foreign
"""


def _join(field: str) -> str:
    """The SQL that joins what the texts of a field mean to `book_customer_text`, called t."""
    if field in AMOUNTS_OF_CUSTOMER:
        return (
            f"left join amount {field}_amount on {field}_amount.field = '{field}'"
            f" and {field}_amount.text = t.{field}"
        )
    if field in WORDS:
        return (
            f"left join book_word {field}_word on {field}_word.field = '{field}'"
            f" and {field}_word.word = folded(t.{field})"
        )
    return ""


def _value(field: str) -> str:
    """The SQL of what a text of a field means; NULL where it is not understood."""
    if field in AMOUNTS_OF_CUSTOMER:
        return f"{field}_amount.value"
    if field in WORDS:
        among = ", ".join(quoted(str(value)) for value in WORDS[field])
        return f"if({field}_word.value in ({among}), {field}_word.value, null)"
    return rf"try_cast(regexp_extract(narrow(t.{field}), '^(-?\d{{1,6}})\s*(명|인)?$', 1) as int)"


def _as_stored(field: str, present: Sequence[str]) -> str:
    """The SQL of a value as the table of customers holds it: an income a month is that of a year
    divided by 12 where the book gives no other."""
    if field == "monthly_income":
        said = {"monthly_income": "monthly_income", "annual_income": "annual_income / 12"}
        incomes = ", ".join(sql for name, sql in said.items() if name in present)
        return f"try_cast(round(coalesce({incomes})) as decimal(18, 2))"
    return f"try_cast({field} as {_SQL_TYPES[field]})"
