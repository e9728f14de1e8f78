"""Type the customers of a book: `book_cells` -> `book_customer`, with the problems of each.

A cell that cannot be understood is a problem of its rows, never a guess.
"""

from collections.abc import Callable
from datetime import date

import pyarrow as pa

from fpcore import checks, privacy
from fpcore.checks import Check
from fpcore.importing import cells, loading
from fpcore.importing.cells import Said, problems, unread
from fpcore.importing.fields import CIRCUMSTANCES, RESIDENT_NUMBER
from fpcore.importing.headers import Columns
from fpcore.importing.loading import ABOUT_CUSTOMER
from fpcore.models import LONGEST_NAME
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor


def type_customers(cursor: Cursor, columns: Columns, today: date, said: Said) -> None:
    """Make `book_customer` from `book_cells`, without circumstances (circumstances); also
    `book_forbidden` (row_no): the rows in which something could not be kept. cells.prepare
    comes first.

    A two-digit birth year is the last one not after `today`.
    """
    places = loading.places_of(columns)
    fields = [field for field in ABOUT_CUSTOMER if field in places]
    cells.scrub(cursor, "book_cells", [field for field in fields if field != RESIDENT_NUMBER])
    cursor.execute("""
create or replace temp table book_forbidden as
select r.row_no
from book_row r join book_cells c on c.id_1 = r.id_1 and c.id_2 = r.id_2
where c.row_no in (select row_no from book_scrubbed where forbidden)
""")
    cursor.execute(_customer_text(fields))
    _ask(cursor, "phone", privacy.SURELY_A_PHONE, privacy.phone_digits)
    _ask(cursor, "email", checks.SURELY_AN_EMAIL, _well_formed)
    cursor.execute(_CUSTOMERS, {
        "today": today,
        "consent_basis": said.consent_basis,
        "consent_header": said.consent_header,
        **privacy.phone_hash_pads(said.secret),
    })  # fmt: skip


_KNOWN_BY = {"name": "no_dashes", "consent": "no_dashes"}
"""What makes NULL of a field that says nothing, where that is not `known`: 나 is a name too."""


def _customer_text(fields: list[str]) -> str:
    """The SQL for `book_customer_text`: one text a field, NULL where the book says nothing."""

    def each(macros: dict[str, str], usual: str) -> str:
        return ", ".join(f"{macros.get(field, usual)}({field}) as {field}" for field in fields)

    cleaned = ", ".join(
        f"number_only(cell.{field}) as {field}"
        if field == RESIDENT_NUMBER
        else f"coalesce(clean.{field}, cell.{field}) as {field}"
        for field in fields
    )
    unused = "".join(
        f", null::varchar as {field}"
        for field in ABOUT_CUSTOMER
        if field not in fields and field not in CIRCUMSTANCES
    )
    keys = "id_1, id_2, row_no, rows"
    return f"""
create or replace temp table book_customer_text as
with cleaned as (
    select cell.id_1, cell.id_2, row_no, cell.rows, {cleaned}
    from book_cells cell left join book_scrubbed clean using (row_no)
),
tidied as (select {keys}, {each({}, "tidy")} from cleaned)
select {keys}, {each(_KNOWN_BY, "known")}{unused} from tidied
"""


def _ask(cursor: Cursor, field: str, sure: str, understood: Callable[[str], str | None]) -> None:
    """Make `book_<field>`: what Python understands of each text that is not `sure`, or NULL."""
    found = cursor.execute(
        f"select distinct {field} from book_customer_text "
        f"where not regexp_full_match({field}, $sure)",
        {"sure": sure},
    ).fetchall()
    texts = [text for (text,) in found]
    answers = [understood(text) for text in texts]
    table = {"text": pa.array(texts, pa.string()), "answer": pa.array(answers, pa.string())}
    cursor.register("book_answer", pa.table(table))
    cursor.execute(f"create or replace temp table book_{field} as from book_answer")
    cursor.unregister("book_answer")


def _well_formed(email: str) -> str | None:
    return email if checks.email_is_well_formed(email) else None


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
    Check("consent", "consent_missing", "said_consent is null and $consent_basis is null"),
)
"""What may be wrong with a customer's cells. A number without a name may be a customer who is
known already: that is for matching to find out."""


_SAID_OF_CUSTOMER = (*_UNREAD_CUSTOMER, "gender", "consent")

_CUSTOMERS = f"""
create or replace temp table book_customer as
with plain as (  -- what other values are made of: steps of their own, lest it be computed again
    select
        *,
        date_text(birth_date) as plain_birth_date,
        date_text(birth_year) as plain_birth_year,
        date_text(last_contact_on) as plain_last_contact_on,
        resident_birthday(resident_number) as resident_day,
        is_resident_number(birth_date) as is_resident_number
    from book_customer_text
),
read as (
    select
        t.*,
        case
            when resident_day is not null then resident_day
            when is_resident_number then resident_birthday(number_only(birth_date))
            else birthday(birth_date, plain_birth_date, $today)
        end as birth_date_value,
        if(is_surely_phone(phone), phone_digits(phone), book_phone.answer) as digits,
        regexp_full_match(email, {quoted(checks.SURELY_AN_EMAIL)})
            or book_email.answer is not null as email_is_well_formed
    from plain t
    left join book_phone on book_phone.text = phone
    left join book_email on book_email.text = email
),
valued as (
    select
        t.*,
        coalesce(
            try_cast(regexp_extract(narrow(t.birth_year), '^(\\d{{4}})\\D?$', 1) as int),
            year(birthday(t.birth_year, plain_birth_year, $today)),
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
            then sha256($outer_pad::blob || unhex(sha256($inner_pad::blob || encode(digits))))
        end as phone_hash,
        policy_day(t.last_contact_on, plain_last_contact_on, null) as last_contact_value,
        consent_word.value as consent_value
    from read t
    left join book_word gender_word
        on gender_word.field = 'gender' and gender_word.word = folded(t.gender)
    left join book_word consent_word
        on consent_word.field = 'consent' and consent_word.word = folded(t.consent)
),
typed as (
    select
        id_1, id_2, row_no, rows, t.name, source_key, owner,
        birth_year_value as birth_year, birth_date_value as birth_date, gender_value as gender,
        from_resident_number, phone_value as phone, phone_hash, email, email_is_well_formed,
        occupation, last_contact_value as last_contact_on, notes, consent_value as consent,
        $today::date as today,
        {", ".join(f"t.{field} as said_{field}" for field in _SAID_OF_CUSTOMER)}
    from valued t
)
select
    * exclude ({", ".join(f"said_{field}" for field in _SAID_OF_CUSTOMER)},
        email_is_well_formed, today),
    row_no as customer_no,
    coalesce(if(consent = 'yes', $consent_header || ': ' || said_consent, null),
        $consent_basis) as consent_basis,
    {problems(CUSTOMER_CHECKS)} as problems
from typed
"""
