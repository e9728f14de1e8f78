"""Read the customers of a book: `book_cells` -> `book_customer`, with the problems of each.

A cell that cannot be understood is a problem of its rows, never a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pyarrow as pa

from fpcore import checks, privacy
from fpcore.checks import Check
from fpcore.importing import making, scrubbing
from fpcore.importing.cells import Assumptions, problems, unread
from fpcore.importing.fields import CIRCUMSTANCES, RESIDENT_NUMBER
from fpcore.importing.loading import ABOUT_CUSTOMER, Book
from fpcore.models import LONGEST_NAME
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor


def read_customers(cursor: Cursor, book: Book, today: date, assumptions: Assumptions) -> None:
    """Make `book_customer` from `book_cells`, without circumstances (circumstances).

    Also `book_customer_text` and `book_forbidden` (row_no): the rows in which something could not
    be kept. Reads `book_word`. A two-digit birth year is the last one not after `today`.
    """
    fields = book.read(ABOUT_CUSTOMER)
    scrubbed = [field for field in fields if field != RESIDENT_NUMBER]
    if scrubbing.scrub(cursor, "book_cells", scrubbed, book.is_small):
        cursor.execute(_FORBIDDEN)
    else:
        cursor.execute("create or replace temp table book_forbidden (row_no bigint)")
    texts = dict.fromkeys(fields, "varchar")
    reads = {
        "book_cells": {**_KEYS, **texts},
        "book_scrubbed": {"row_no": "bigint", **dict.fromkeys(scrubbed, "varchar")},
    }
    making.make(cursor, book, "book_customer_text", _texts(fields), reads, {})
    _ask_python(cursor)
    reads = {
        "book_customer_text": {**_KEYS, **dict.fromkeys(_TEXT_COLUMNS, "varchar")},
        "book_answer": {"field": "varchar", "text": "varchar", "answer": "varchar"},
        "book_word": making.WORD_COLUMNS,
    }
    given = {
        "today": ("date", today),
        "basis_of_all": ("varchar", assumptions.consent_basis),
        "consent_header": ("varchar", assumptions.consent_header),
        **{
            name: ("varchar", pad.hex())
            for name, pad in privacy.phone_hash_pads(assumptions.secret).items()
        },
    }
    making.make(cursor, book, "book_customer", _CUSTOMERS, reads, given)


_KEYS = {"id_1": "ubigint", "id_2": "ubigint", "row_no": "bigint", "rows": "bigint"}
_TEXT_COLUMNS = [field for field in ABOUT_CUSTOMER if field not in CIRCUMSTANCES]

_FORBIDDEN = """
create or replace temp table book_forbidden as
select r.row_no
from book_row r join book_cells c on c.id_1 = r.id_1 and c.id_2 = r.id_2
where c.row_no in (select row_no from book_scrubbed where forbidden)
"""

_KNOWN_BY = {"name": "no_dashes", "consent": "no_dashes"}
"""What makes NULL of a field that says nothing, where that is not `known`: 나 is a name too."""


def _texts(fields: Sequence[str]) -> str:
    """The SQL for `book_customer_text`: one text a field, NULL where the book says nothing."""

    def each(macros: Mapping[str, str], usual: str) -> str:
        return ", ".join(f"{macros.get(field, usual)}({field}) as {field}" for field in fields)

    cleaned = ", ".join(
        f"number_only(cell.{field}) as {field}"
        if field == RESIDENT_NUMBER
        else f"coalesce(clean.{field}, cell.{field}) as {field}"
        for field in fields
    )
    unused = "".join(
        f", null::varchar as {field}" for field in _TEXT_COLUMNS if field not in fields
    )
    keys = ", ".join(_KEYS)
    return f"""
cleaned as (
    select {", ".join(f"cell.{key}" for key in _KEYS)}, {cleaned}
    from book_cells cell left join book_scrubbed clean using (row_no)
),
tidied as (select {keys}, {each({}, "tidy")} from cleaned)
select {keys}, {each(_KNOWN_BY, "known")}{unused} from tidied
"""


def _ask_python(cursor: Cursor) -> None:
    """Make `book_answer` (field, text, answer): what Python understands of each phone and e-mail
    address that a pattern is not sure of, or NULL."""
    found = cursor.execute(_UNSURE).fetchall()
    answers = [
        {"field": field, "text": text, "answer": _UNDERSTOOD[field](text)} for field, text in found
    ]
    schema = pa.schema([(name, pa.string()) for name in ("field", "text", "answer")])
    making.keep(cursor, "book_answer", pa.Table.from_pylist(answers, schema))


_UNSURE = f"""
select distinct 'phone', phone from book_customer_text
where not regexp_full_match(phone, {quoted(privacy.SURELY_A_PHONE)})
union all
select distinct 'email', email from book_customer_text
where not regexp_full_match(email, {quoted(checks.SURELY_AN_EMAIL)})
"""


def _well_formed(email: str) -> str | None:
    return email if checks.email_is_well_formed(email) else None


_UNDERSTOOD: Mapping[str, Callable[[str], str | None]] = {
    "phone": privacy.phone_digits,
    "email": _well_formed,
}

_UNREAD_CUSTOMER = {
    "birth_date": "birth_year is null",
    "birth_year": "true",
    "phone": "true",
    "last_contact_on": "true",
}
"""Fields that are not understood where the cell says something, there is no value, and this."""


CUSTOMER_CHECKS = (
    Check("name", "masked_name", "contains(name, '*') and source_key is null"),
    *unread(_UNREAD_CUSTOMER),
    *unread({"gender": "true", "consent": "true"}, "not_among"),
    Check("source_key", "too_long", f"length(source_key) > {LONGEST_NAME}"),
    *(
        check._replace(wrong_if=f"({check.wrong_if}) and source_key is null")
        if (check.field, check.code) == ("name", "missing")
        else check
        for check in checks.CUSTOMER
        if check.field not in CIRCUMSTANCES
    ),
    Check("consent", "consent_refused", "consent = 'no'"),
    Check("consent", "consent_missing", "said_consent is null and basis_of_all is null"),
)
"""What may be wrong with a customer's cells. A number without a name may be a customer who is
known already: that is for matching to find out."""


_SAID_OF_CUSTOMER = (*_UNREAD_CUSTOMER, "gender", "consent")

_PARTS = f"""
plain as (
    select
        *,
        date_text(birth_date) as plain_birth_date,
        date_text(birth_year) as plain_birth_year,
        date_text(last_contact_on) as plain_last_contact_on,
        resident_birthday(resident_number) as resident_day,
        is_resident_number(birth_date) as is_resident_number
    from book_customer_text cross join given
),
read as (
    select
        t.*,
        year_month(plain_last_contact_on) as last_contact_month,
        year_day(plain_last_contact_on) as last_contact_day,
        case
            when resident_day is not null then resident_day
            when is_resident_number then resident_birthday(number_only(birth_date))
            else birthday(birth_date, plain_birth_date, today)
        end as birth_date_value,
        if(is_surely_phone(phone), phone_digits(phone), phone_answer.answer) as digits,
        regexp_full_match(email, {quoted(checks.SURELY_AN_EMAIL)})
            or email_answer.answer is not null as email_is_well_formed
    from plain t
    left join (from book_answer where field = 'phone') phone_answer on phone_answer.text = phone
    left join (from book_answer where field = 'email') email_answer on email_answer.text = email
)
"""
"""What other values are made of: steps of their own, lest it be computed again."""

_VALUES = f"""
valued as (
    select
        t.*,
        coalesce(
            try_cast(regexp_extract(narrow(t.birth_year), '^(\\d{{4}})\\D?$', 1) as int),
            year(birthday(t.birth_year, plain_birth_year, today)),
            try_cast(regexp_extract(narrow(t.birth_date), '^(\\d{{4}})\\D?$', 1) as int),
            year(birth_date_value)) as birth_year_value,
        coalesce(
            gender_word.value,
            case
                when resident_number[7:7] in ('1', '3', '5', '7', '9') then 'M'
                when resident_number[7:7] in ('2', '4', '6', '8', '0') then 'F'
            end) as gender_value,
        resident_day is not null
            or (gender_word.value is null and gender_value is not null)
            or (is_resident_number and birth_date_value is not null
                and length(number_only(t.birth_date)) = 13) as from_resident_number,
        case
            when contains(t.phone, '{privacy.REMOVED}') then null
            when contains(t.phone, '*')
                then if(length(phone_digits(t.phone)) < 9 and length(t.phone) <= 20,
                    t.phone, null)
            else mask(digits)
        end as phone_value,
        case when phone_value is not null and not contains(t.phone, '*')
            then sha256(unhex(outer_pad) || unhex(sha256(unhex(inner_pad) || encode(digits))))
        end as phone_hash,
        policy_day(t.last_contact_on, plain_last_contact_on,
            six_digit_day(last_contact_month, last_contact_day, null)) as last_contact_value,
        consent_word.value as consent_value
    from read t
    left join book_word gender_word
        on gender_word.field = 'gender' and gender_word.word = folded(t.gender)
    left join book_word consent_word
        on consent_word.field = 'consent' and consent_word.word = folded(t.consent)
)
"""

_CUSTOMERS = f"""
{_PARTS},
{_VALUES},
typed as (
    select
        id_1, id_2, row_no, rows, t.name, source_key, owner,
        birth_year_value as birth_year, birth_date_value as birth_date, gender_value as gender,
        from_resident_number, phone_value as phone, phone_hash, email, email_is_well_formed,
        today, basis_of_all, consent_header, occupation, last_contact_value as last_contact_on,
        notes, consent_value as consent,
        {", ".join(f"t.{field} as said_{field}" for field in _SAID_OF_CUSTOMER)}
    from valued t
)
select
    * exclude ({", ".join(f"said_{field}" for field in _SAID_OF_CUSTOMER)},
        email_is_well_formed, today, basis_of_all, consent_header),
    row_no as customer_no,
    coalesce(if(consent = 'yes', consent_header || ': ' || said_consent, null),
        basis_of_all) as consent_basis,
    {problems(CUSTOMER_CHECKS)} as problems
from typed
"""
