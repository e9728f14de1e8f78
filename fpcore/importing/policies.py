"""Read the policies of a book: `book_row` with `book_term` -> `book_contract`.

A text that cannot be understood is a problem of its rows, never a guess and never zero. Problems
are (field, code); what the cell says is looked up when they are told.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from fpcore import checks
from fpcore.checks import Check
from fpcore.importing import cells, making, scrubbing, terms
from fpcore.importing.cells import Assumptions, problems, unread
from fpcore.importing.fields import POLICY_FIELDS
from fpcore.importing.loading import NUMBERED, Book
from fpcore.models import (
    POLICY_AMOUNTS,
    WHOLE_LIFE,
    WON,
)
from fpcore.store import database
from fpcore.store.database import Cursor


def read_policies(cursor: Cursor, book: Book, today: date, assumptions: Assumptions) -> None:
    """Make `book_contract`: a typed row for each row of the file, with what is wrong with it.

    Reads `book_row`, `book_text`, `book_word` and `book_customer`; makes `book_term`; adds to
    `book_forbidden`.
    """
    terms.read_terms(cursor, book, assumptions)
    _note_forbidden(cursor, book.places)
    if not book.is_small:
        _make_types(cursor)
    given = {
        "today": ("date", today),
        "usual_currency": ("varchar", assumptions.currency),
        "header_cycle": ("varchar", assumptions.header_cycle),
        "usual_cycle": ("varchar", assumptions.premium_cycle),
        **{
            f"unit_of_{field}": ("integer", _unit(cursor, field, book.places, assumptions))
            for field in POLICY_AMOUNTS
        },
    }
    reads = {"book_row": _OF_ROW, "book_customer": _OF_CUSTOMER, "book_term": _OF_TERM}
    contracts = _contracts(book.read(NUMBERED))
    making.make(cursor, book, "book_contract", contracts, reads, given)


_OF_ROW = {
    "row_no": "bigint", "id_1": "ubigint", "id_2": "ubigint", "has_surplus": "boolean",
    "is_total": "boolean", **dict.fromkeys(POLICY_FIELDS, "varchar"),
}  # fmt: skip
_OF_CUSTOMER = {
    "customer_no": "bigint", "id_1": "ubigint", "id_2": "ubigint", "birth_date": "date",
    "birth_year": "integer",
}  # fmt: skip
_OF_TERM = {
    **dict.fromkeys(("field", "text", "said", "key", "type", "value", "currency"), "varchar"),
    "is_paid_up": "boolean", "day": "date", "is_unclear": "boolean", "end_age": "integer",
    "sign": "varchar", "korean": "decimal(35, 6)", "plain": "decimal(24, 6)",
}  # fmt: skip


def _note_forbidden(cursor: Cursor, places: Mapping[str, int]) -> None:
    """Scrub the policy numbers of `book_record`; add to `book_forbidden` the rows in which a
    number, an insurer or a product's name could not be kept."""
    for field in ("insurer", "policy_name"):
        held = "select 1 from book_clean where field = $field and forbidden limit 1"
        if field in places and cursor.execute(held, {"field": field}).fetchall():
            cursor.execute(f"""
insert into book_forbidden
select row_no from book_row where {field}::varchar in (
    select text from book_clean where field = '{field}' and forbidden)
""")
    numbers = "select 'policy_number' as field, policy_number as text from book_record"
    if "policy_number" in places and scrubbing.find_forbidden(cursor, numbers):
        cursor.execute("""
insert into book_forbidden
select row_no from book_row join book_clean on text = policy_number where forbidden
""")
        cursor.execute("""
update book_record set policy_number = clean from book_clean where text = policy_number
""")


def _make_types(cursor: Cursor) -> None:
    """Make the types `book_type`, `book_premium_cycle`, `book_status`; and `book_insurer` and
    `book_policy_name`, which number what `book_term` holds of them."""
    cursor.execute(making.ENUMS)
    for field in ("insurer", "policy_name"):
        cursor.execute(f"""
create or replace temp type book_{field} as enum (
    select said from book_term where field = '{field}' and said is not null union select ''
    order by 1)
""")


def _unit(
    cursor: Cursor, field: str, places: Mapping[str, int], assumptions: Assumptions
) -> int | None:
    """Give what a plain number in a column of amounts stands for; None where that is unclear.

    As told, or else by the usual plain number of the column in won.
    """
    if field in assumptions.units or field not in places:
        return assumptions.units.get(field)
    has_currency = "currency" in places
    of_row = "left join book_term k on k.field = 'currency' and k.text = r.currency::varchar"
    usual: Decimal | None = database.value(
        cursor,
        f"""
        select quantile_disc(a.plain, 0.5)
        from book_row r join book_term a on a.field = $field and a.text = r.{field}::varchar
        {of_row if has_currency else ""}
        where a.plain > 0 and a.sign is null and not r.is_total
            and coalesce({"k.currency, " if has_currency else ""}$currency) = '{WON}'
        """,
        {"field": field, "currency": assumptions.currency},
    )
    return cells.unit_of(field, usual)


class TermColumn(NamedTuple):
    """A column that the rows take from the terms of a field: its name, its type, and its SQL over
    `book_term`."""

    name: str
    type: str
    sql: str


def _amount_columns(field: str) -> tuple[TermColumn, ...]:
    number = cells.in_unit(f"unit_of_{field}")
    return (
        TermColumn(field, "double", number),
        TermColumn(f"{field}_exact", "decimal(18, 2)", f"try_cast({number} as decimal(18, 2))"),
        TermColumn(_sign_of(field), "varchar", "sign"),
        TermColumn(f"{field}_unclear", "boolean", f"plain is not null and {number} is null"),
    )


def _sign_of(amount: str) -> str:
    return amount.removesuffix("_amount") + "_sign"


_TERM_COLUMNS = {
    **{field: _amount_columns(field) for field in POLICY_AMOUNTS},
    "insurer": (
        TermColumn("insurer", "book_insurer", "said"),
        TermColumn("insurer_key", "varchar", "key"),
    ),
    "policy_name": (
        TermColumn("policy_name", "book_policy_name", "said"),
        TermColumn("policy_name_key", "varchar", "key"),
        TermColumn("type_by_name", "book_type", "type"),
    ),
    "type": (TermColumn("type_of_word", "book_type", "type"),),
    "status": (
        TermColumn("status_of_word", "book_status", "value"),
        TermColumn("is_paid_up", "boolean", "is_paid_up"),
    ),
    "premium_cycle": (TermColumn("cycle_of_word", "book_premium_cycle", "value"),),
    "currency": (TermColumn("currency_of_word", "varchar", "currency"),),
    "start_date": (
        TermColumn("start_date", "date", "day"),
        TermColumn("start_date_unclear", "boolean", "is_unclear"),
    ),
    "end_date": (
        TermColumn("end_day", "date", "day"),
        TermColumn("end_date_unclear", "boolean", "is_unclear"),
        TermColumn("end_age", "int", "end_age"),
    ),
}


_COLUMNS = {
    field: (TermColumn(f"said_{field}", "varchar", "said"), *columns)
    for field, columns in _TERM_COLUMNS.items()
}
"""What rows take from each field: what the text says, and what it means."""

_UNCLEAR = {
    "coverage_amount": "unit_unclear",
    "premium_amount": "unit_unclear",
    "start_date": "date_unclear",
    "end_date": "date_unclear",
}
"""What of a column can be read in two ways."""

POLICY_CHECKS = (
    Check("row", "too_many_cells", "has_surplus"),
    *(Check(field, code, f"{field}_unclear") for field, code in _UNCLEAR.items()),
    *unread({f: f"not {f}_unclear" + " and end_age is null" * (f == "end_date") for f in _UNCLEAR}),
    *unread({"premium_cycle": "true", "status": "true", "type": "has_policy"}, "not_among"),
    Check("type", "type_missing", "has_policy and type is null and said_type is null"),
    Check(
        "currency",
        "currency_unclear",
        "has_policy and regexp_full_match(currency, '[A-Z]{3}')"
        " and (coverage_sign <> currency or premium_sign <> currency)",
    ),
    *(
        check._replace(wrong_if=f"has_policy and ({check.wrong_if})")
        for check in checks.POLICY
        if (check.field, check.code) != ("type", "missing")  # see type_missing
    ),
)
"""What may be wrong with the policy of a row."""

_ALWAYS_CHECKED = ("row", "type", "currency", "policy_number")
"""What is checked although a book has no such column: it may be assumed, or missing."""

_MARKS = [f for f in POLICY_FIELDS if f not in ("insurer", "premium_cycle", "currency", "status")]
"""A row holds a policy where any of these says something."""


def _contracts(fields: Sequence[str]) -> str:
    """The SQL for `book_contract` of a book with these fields."""
    joined = "\n".join(_joined(field) for field in fields)
    taken = [
        f"{field}.{column.name}" if field in fields else f"null::{column.type} as {column.name}"
        for field in NUMBERED
        for column in _COLUMNS[field]
    ]
    checked = [
        check for check in POLICY_CHECKS if check.field in fields or check.field in _ALWAYS_CHECKED
    ]
    return f"""
read as (
    select r.row_no, r.has_surplus, c.customer_no, c.birth_date, c.birth_year,
        case
            when regexp_full_match(r.policy_number, '[!-&(-~][!-~]{{7,}}') then r.policy_number
            else known(tidy(r.policy_number))
        end as policy_number,
        {", ".join(taken)}
    from book_row r join book_customer c on c.id_1 = r.id_1 and c.id_2 = r.id_2
    {joined}
    where not r.is_total
),
{_VALUED}
select {_CONTRACT_COLUMNS}, {problems(checked)} as problems
from valued
"""


def _joined(field: str) -> str:
    """The SQL that joins the terms of a field to `book_row`, called r."""
    meant = ", ".join(
        f"({column.sql})::{column.type} as {column.name}" for column in _COLUMNS[field]
    )
    return f"""
    left join (
        select text::book_{field}_text as code, {meant}
        from book_term cross join given where field = '{field}'
    ) {field} on {field}.code = r.{field}"""


_HAS_POLICY = " or ".join(
    "policy_number is not null" if mark == "policy_number" else f"said_{mark} is not null"
    for mark in _MARKS
)

_VALUED = f"""
valued as (
    select *,
        {_HAS_POLICY} as has_policy,
        coalesce(type_of_word, type_by_name) as type,
        coalesce(currency_of_word, coverage_sign, premium_sign, usual_currency) as currency,
        case
            when is_paid_up then 'paid_up'::book_premium_cycle
            when said_premium_cycle is not null then cycle_of_word
            when said_premium_amount is not null
                then coalesce(header_cycle, usual_cycle)::book_premium_cycle
        end as premium_cycle,
        case
            when end_age > 120 then date '{WHOLE_LIFE}'
            when end_age is not null
                then (coalesce(birth_date, make_date(birth_year, 12, 31)) + to_years(end_age))::date
            else end_day
        end as end_date,
        case
            when said_status is not null then status_of_word
            when end_date < today then 'expired'::book_status
            else 'active'::book_status
        end as status,
        same_number(policy_number) as number
    from read cross join given
)
"""

_CONTRACT_COLUMNS = f"""
    row_no, customer_no, has_policy, policy_number, insurer, policy_name, type,
    coverage_amount_exact as coverage_amount, premium_amount_exact as premium_amount,
    currency, premium_cycle, start_date, end_date, status,
    has_policy and type_of_word is null and type is not null as type_from_name,
    said_status is null as status_assumed,
    premium_amount is not null and said_premium_cycle is null and header_cycle is null
        and premium_cycle = 'monthly' as cycle_assumed,
    currency = '{WON}' and coalesce(said_currency, coverage_sign, premium_sign) is null
        as currency_assumed,
    if(has_policy and number is not null, hash(coalesce(insurer_key, ''), number), null)
        as number_hash,
    if(has_policy and number is null, hash(type, coalesce(policy_name_key, ''),
        coalesce(insurer_key, ''), start_date, coverage_amount, premium_amount, end_date), null)
        as detail_hash
"""
"""What a row says, and the hashes by which matching finds policies that may come twice."""
