"""Turn the texts of a book into typed values, all at once in SQL.

`book_cells` becomes `book_customer`: typed, with the problems of each. The texts of each policy
column become a table of terms, and `book_row` with them `book_contract`: one typed row for each
row of the file. A text that cannot be understood is a problem of its rows, never a guess and
never zero. Problems are (field, code); what the cell says is looked up when they are told.

What only Python can tell (forbidden numbers, phones, e-mail addresses) it is asked about once a
text, and only about the texts that a pattern in SQL leaves open.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from fpcore import book_rows, checks, database, privacy
from fpcore.book_columns import AMOUNTS, POLICY_FIELDS, RESIDENT_NUMBER, Columns
from fpcore.book_rows import ABOUT_CUSTOMER, NUMBERED
from fpcore.book_words import book_words, fold
from fpcore.checks import Check
from fpcore.database import Cursor, Database
from fpcore.errors import InvalidInput
from fpcore.models import LONGEST_NAME, WHOLE_LIFE, WON, PolicyStatus, PolicyType, PremiumCycle

_WIDE = "".join(chr(0xFF01 + i) for i in range(94)) + "\u3000\u00a0"
_NARROW = "".join(chr(0x21 + i) for i in range(94)) + "  "
_NUMBER = r"[\d,]*\.?\d+"
_MACROS = Path(__file__).with_name("book_macros.sql")

SMALL_AMOUNT = {"coverage_amount": 100_000, "premium_amount": 1_000}
"""A column of won whose usual plain number is smaller may count in thousands or ten thousands."""

SIX_DIGITS = ("ym", "ymd")
"""How six digits are read in a column of dates: 200306 as June 2003 or as 6 March 2020."""


class Said(NamedTuple):
    """What holds for a whole file: said by the uploader, or by its headers.

    `units` is what a plain number stands for, by field; `six_digits` one of SIX_DIGITS, by field;
    `words` a value for a folded text, by field.
    """

    currency: str
    premium_cycle: str | None
    header_cycle: str | None
    consent_basis: str | None
    consent_header: str | None
    units: Mapping[str, int]
    six_digits: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    secret: bytes


def type_customers(cursor: Cursor, columns: Columns, today: date, said: Said) -> None:
    """Make `book_customer` from `book_cells`: typed, with the problems of each; also
    `book_forbidden` (row_no): the rows in which something could not be kept.

    A two-digit birth year is the last one not after `today`.
    """
    cursor.execute(_macros())
    cursor.execute(_text_macros())
    _load_words(cursor, said.words)
    _type_customers(cursor, book_rows.places_of(columns), today, said)


def type_policies(cursor: Cursor, columns: Columns, today: date, said: Said) -> None:
    """Make `book_contract` from `book_row` and `book_text`: a typed row for each row of the file,
    with the problems of its policy. `type_customers` comes first."""
    places = book_rows.places_of(columns)
    _type_terms(cursor, places, said)
    _value_amounts(cursor, places, said)
    cursor.execute(_contracts(places), {
        "today": today,
        "currency": said.currency,
        "header_cycle": said.header_cycle,
        "premium_cycle": said.premium_cycle,
    })  # fmt: skip


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _macros() -> str:
    """Read book_macros.sql and fill in what stands between its @ signs."""
    filled_in = {
        "WIDE_SIGNS": "！-～\u3000\u00a0",
        "WIDE": _quoted(_WIDE),
        "NARROW": _quoted(_NARROW),
        "BLANKS": _quoted(" \t\r\n\u00a0\u3000\u200b\ufeff"),
        "KOREAN_AMOUNT": rf"^(?:({_NUMBER})억)?"
        rf"(?:(?:(\d)천)?(?:(\d)백)?(?:(\d)십)?({_NUMBER})?만)?({_NUMBER})?$",
        "NUMBER": _NUMBER,
        "WHOLE_LIFE": WHOLE_LIFE.isoformat(),
    }
    macros = _MACROS.read_text(encoding="utf-8")
    for name, value in filled_in.items():
        macros = macros.replace(f"@{name}@", value)
    return macros


def _text_macros() -> str:
    unknown = book_words()["unknown"]["words"]
    return f"""
create or replace temp macro suspicious(t) as
    length(t) >= 10 and regexp_matches(t, {_quoted(privacy.SUSPICIOUS)});
create or replace temp macro suspicious_number(t) as
    regexp_matches(t, {_quoted(privacy.SUSPICIOUS_NUMBER)});
create or replace temp macro suspicious_phone(t) as
    suspicious(t) and not is_surely_phone(t);
create or replace temp macro suspicious_birth(t) as
    suspicious(t) and not is_resident_number(t);
create or replace temp macro is_surely_phone(t) as
    regexp_full_match(t, {_quoted(privacy.SURELY_A_PHONE)});
create or replace temp macro number_only(t) as regexp_replace(narrow(t), '[^\\d*]', '', 'g');
create or replace temp macro no_dashes(t) as if(regexp_full_match(t, '[-–—?.]*'), null, t);
create or replace temp macro known(t) as case
    when length(t) > {max(map(len, unknown))} then t
    when lower(narrow(t)) in ({", ".join(map(_quoted, unknown))}) then null
    else no_dashes(t)
end;
"""


def _load_words(cursor: Cursor, answered: Mapping[str, Mapping[str, str]]) -> None:
    """Make `book_word`: what the words of each field mean, those the uploader explained first."""
    words = book_words()
    known = {
        (field, fold(word)): value
        for field, values in words["values"].items()
        for value, texts in values.items()
        for word in texts
    }
    known |= {("paid_up", fold(word)): "" for word in words["paid_up"]["words"]}
    known |= {
        ("latin_type", f" {word} "): value
        for value, texts in words["values"]["type"].items()
        for word in texts
        if word.isascii()
    }
    known |= {
        (field, fold(text)): value
        for field, texts in answered.items()
        for text, value in texts.items()
    }
    table = {
        "field": pa.array([field for field, _ in known], pa.string()),
        "word": pa.array([word for _, word in known], pa.string()),
        "value": pa.array(list(known.values()), pa.string()),
    }
    cursor.register("book_known", pa.table(table))
    cursor.execute("create or replace temp table book_word as from book_known")
    cursor.unregister("book_known")


# --- what may not be kept ------------------------------------------------------------------------

_SUSPECTED_BY = {
    **dict.fromkeys(privacy.NUMBER_FIELDS, "suspicious_number"),
    "phone": "suspicious_phone",
    "birth_date": "suspicious_birth",  # a resident number here gives the date, and is not stored
}
"""What tells which texts of a field have to be scrubbed, where that is not `suspicious`."""


def _scrub(cursor: Cursor, table: str, fields: list[str]) -> None:
    """Make `book_scrubbed` (row_no, forbidden, the fields): what privacy leaves of the texts of a
    table in which it finds something."""
    suspected = {field: f"{_SUSPECTED_BY.get(field, 'suspicious')}({field})" for field in fields}
    cursor.execute(f"""
create or replace temp table book_suspect as
select row_no, {", ".join(fields)} from {table} where {" or ".join(suspected.values())}
""")
    texts = " union all ".join(
        f"select row_no, '{field}' as field, {field} as text from book_suspect where {condition}"
        for field, condition in suspected.items()
    )
    found = cursor.execute(f"select distinct field, text from ({texts})").fetchall()
    cursor.register("book_clean", _cleaned(found))
    clean = ", ".join(f"any_value(clean) filter (field = '{name}') as {name}" for name in fields)
    cursor.execute(f"""
create or replace temp table book_scrubbed as
select row_no, bool_or(forbidden) as forbidden, {clean}
from ({texts}) join book_clean using (field, text)
group by row_no
""")
    cursor.unregister("book_clean")


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


# --- customers -----------------------------------------------------------------------------------


def _type_customers(cursor: Cursor, places: dict[str, int], today: date, said: Said) -> None:
    """Make `book_customer` from `book_cells`."""
    fields = [field for field in ABOUT_CUSTOMER if field in places]
    _scrub(cursor, "book_cells", [field for field in fields if field != RESIDENT_NUMBER])
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
        f", null::varchar as {field}" for field in ABOUT_CUSTOMER if field not in fields
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


def _unread(conditions: Mapping[str, str], code: str = "not_understood") -> list[Check]:
    return [
        Check(field, code, f"said_{field} is not null and {field} is null and {also}")
        for field, also in conditions.items()
    ]


CUSTOMER_CHECKS = (
    Check("name", "masked_name", "contains(name, '*') and source_key is null"),
    *_unread(_UNREAD_CUSTOMER),
    *_unread({"gender": "true", "consent": "true"}, "not_among"),
    Check("source_key", "too_long", f"length(source_key) > {LONGEST_NAME}"),
    *(
        check._replace(wrong_if=f"({check.wrong_if}) and source_key is null")
        if (check.field, check.code) == ("name", "missing")
        else check
        for check in checks.CUSTOMER
    ),
    Check("consent", "consent_refused", "consent = 'no'"),
    Check("consent", "consent_missing", "said_consent is null and $consent_basis is null"),
)
"""What may be wrong with a customer's cells. A number without a name may be a customer who is
known already: that is for book_matching to find out."""


def _problems(found: Sequence[Check]) -> str:
    """The SQL of a list of (field, code); NULL for a row without any."""
    any_problem = "\n        or ".join(f"({check.wrong_if})" for check in found)
    each = ",\n        ".join(
        f"case when {check.wrong_if} then struct_pack("
        f"field := '{check.field}', code := '{check.code}') end"
        for check in found
    )
    return f"""case when {any_problem}
        then list_filter([
        {each}
        ], lambda p: p is not null)
    end"""


_SAID_OF_CUSTOMER = (*_UNREAD_CUSTOMER, "gender", "consent")

_CUSTOMERS = f"""
create or replace temp table book_customer as
with read as (  -- what other values are made of: a step of its own, lest it be computed again
    select
        t.*,
        case
            when resident_number is not null and resident_birthday(resident_number) is not null
                then resident_birthday(resident_number)
            when is_resident_number(birth_date) then resident_birthday(number_only(birth_date))
            else birthday(birth_date, $today)
        end as birth_date_value,
        if(is_surely_phone(phone), phone_digits(phone), book_phone.answer) as digits,
        regexp_full_match(email, {_quoted(checks.SURELY_AN_EMAIL)})
            or book_email.answer is not null as email_is_well_formed
    from book_customer_text t
    left join book_phone on book_phone.text = phone
    left join book_email on book_email.text = email
),
valued as (
    select
        t.*,
        coalesce(
            try_cast(regexp_extract(narrow(t.birth_year), '^(\\d{{4}})\\D?$', 1) as int),
            year(birthday(t.birth_year, $today)),
            try_cast(regexp_extract(narrow(t.birth_date), '^(\\d{{4}})\\D?$', 1) as int),
            year(birth_date_value)) as birth_year_value,
        coalesce(
            gender_word.value,
            case
                when resident_number[7:7] in ('1', '3', '5', '7', '9') then 'M'
                when resident_number[7:7] in ('2', '4', '6', '8', '0') then 'F'
            end) as gender_value,
        resident_birthday(resident_number) is not null
            or (gender_word.value is null and gender_value is not null)
            or (is_resident_number(t.birth_date) and birth_date_value is not null
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
        policy_day(t.last_contact_on, null) as last_contact_value,
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
        {", ".join(f"t.{field} as said_{field}" for field in _SAID_OF_CUSTOMER)}
    from valued t
)
select
    * exclude ({", ".join(f"said_{field}" for field in _SAID_OF_CUSTOMER)},
        email_is_well_formed),
    row_no as customer_no,
    coalesce(if(consent = 'yes', $consent_header || ': ' || said_consent, null),
        $consent_basis) as consent_basis,
    {_problems(CUSTOMER_CHECKS)} as problems
from typed
"""


# --- policies ------------------------------------------------------------------------------------


def _type_terms(cursor: Cursor, places: dict[str, int], said: Said) -> None:
    """Make `term_<field>` for every numbered column: the text's number, and what it means."""
    fields = [field for field in NUMBERED if field in places]
    cursor.execute("""
create or replace temp table book_text_cell as
select *, row_number() over () as row_no, if(field = 'insurer', text, null) as insurer,
    if(field = 'policy_name', text, null) as policy_name
from book_text
""")
    _scrub_numbers(cursor, places)
    cursor.execute("""
create or replace temp table book_said as
select text.field, text.text, text.rows, coalesce(clean.forbidden, false) as forbidden,
    known(tidy(coalesce(clean.insurer, clean.policy_name, text.text))) as said
from book_text_cell text left join book_terms_clean clean using (row_no)
""")
    for field in ("insurer", "policy_name"):
        cursor.execute(f"""
create or replace temp type book_{field} as enum (
    select said from book_said where field = '{field}' and said is not null union select ''
    order by 1)
""")
    cursor.execute(_ENUMS)
    cursor.execute(_MEANINGS, {"insurers": "|".join(book_words()["insurers"]["names"])})
    for field in fields:
        cursor.execute(f"""
create or replace temp table term_{field} as
select t.text::book_{field}_text as code, rows, forbidden, said,
    {_TERM[field].format(six_digits=_six_digits(cursor, field, said))}
from book_said t {_TERM_JOIN.get(field, "")} where t.field = '{field}'
""")
        if field in ("insurer", "policy_name"):
            cursor.execute(f"""
insert into book_forbidden
select r.row_no from book_row r join term_{field} t on t.code = r.{field} where t.forbidden
""")


def _scrub_numbers(cursor: Cursor, places: dict[str, int]) -> None:
    """Scrub insurers and names of policies (`book_terms_clean`), and the policy numbers in
    `book_row`."""
    _scrub(cursor, "book_text_cell", ["insurer", "policy_name"])
    cursor.execute("create or replace temp table book_terms_clean as from book_scrubbed")
    if "policy_number" in places:
        cursor.execute(
            "create or replace temp view book_number as select row_no, policy_number from book_row"
        )
        _scrub(cursor, "book_number", ["policy_number"])
        cursor.execute("""
update book_record set policy_number = clean.policy_number
from book_scrubbed clean
where book_record.rowid - getvariable('first_record') = clean.row_no
""")
        cursor.execute(
            "insert into book_forbidden select row_no from book_scrubbed where forbidden"
        )


_ENUMS = "".join(
    f"create or replace temp type {name} as enum ({', '.join(_quoted(each) for each in values)});"
    for name, values in {
        "book_type": PolicyType,
        "book_premium_cycle": PremiumCycle,
        "book_status": PolicyStatus,
    }.items()
)
"""A million rows take a byte each for what a list of values can say."""

_WORD_JOIN = "left join book_word word on word.field = '{}' and word.word = folded(said)"
_TERM_JOIN = {
    "type": "left join book_meaning meant on meant.text = said",
    "policy_name": "left join book_meaning meant on meant.text = said",
    "status": f"{_WORD_JOIN.format('status')} "
    "left join book_word paid on paid.field = 'paid_up' and paid.word = folded(said)",
    "premium_cycle": _WORD_JOIN.format("premium_cycle"),
}
_AMOUNT_TERM = """
    korean_number(amount_text(said)) as korean, plain_number(amount_text(said)) as plain,
    currency_sign(said) as sign
"""
_TERM = {
    "insurer": "said::book_insurer as value, coalesce(same_text(said), '') as key",
    "policy_name": "said::book_policy_name as value, coalesce(same_text(said), '') as key, "
    "meant.type::book_type as type",
    "type": "meant.type::book_type as value",
    "status": "word.value::book_status as value, paid.word is not null as paid_up",
    "premium_cycle": "word.value::book_premium_cycle as value",
    "currency": "upper(narrow(said)) as value",
    "coverage_amount": _AMOUNT_TERM,
    "premium_amount": _AMOUNT_TERM,
    "start_date": "policy_day(said, {six_digits}) as value, "
    "is_six_digits_unclear(said) and {six_digits} is null as unclear",
    "end_date": "policy_day(said, {six_digits}) as value, "
    "is_six_digits_unclear(said) and {six_digits} is null as unclear, "
    "try_cast(regexp_extract(narrow(said), '^(\\d{{1,4}})\\s*세(만기)?$', 1) as int) as end_age",
}
"""What a text of each field means, from its text `said` in book_said."""


def _six_digits(cursor: Cursor, field: str, said: Said) -> str:
    """The SQL of how six digits are read in this column: as told, or as the only way that all of
    them can be read; NULL where both ways are open."""
    if field in said.six_digits:
        return f"'{said.six_digits[field]}'"
    found = cursor.execute(
        """
        select bool_or(year_month(said) is null) as some_are_no_month,
            bool_or(year_day(said) is null) as some_are_no_day
        from book_said
        where field = $field and regexp_full_match(said, '\\d{6}') and said[1:4] <> '9999'
        """,
        {"field": field},
    ).fetchone()
    no_month, no_day = map(bool, found)
    if no_month == no_day:
        return "null"
    return "'ymd'" if no_month else "'ym'"


def _sign_of(amount: str) -> str:
    return amount.removesuffix("_amount") + "_sign"


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
    *_unread(
        {f: f"not {f}_unclear" + " and end_age is null" * (f == "end_date") for f in _UNCLEAR}
    ),
    *_unread({"premium_cycle": "true", "status": "true", "type": "has_policy"}, "not_among"),
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


_MARKS = [f for f in POLICY_FIELDS if f not in ("insurer", "premium_cycle", "currency", "status")]
"""A row holds a policy where any of these says something."""

_OF_TERM = {
    "insurer": ["value::book_insurer as insurer", "key::varchar as insurer_key"],
    "policy_name": ["value::book_policy_name as policy_name", "key::varchar as policy_name_key",
                    "type::book_type as type_by_name"],
    "type": ["value::book_type as type_said"],
    "status": ["value::book_status as status_said", "paid_up::boolean as paid_up"],
    "premium_cycle": ["value::book_premium_cycle as cycle_said"],
    "currency": ["value::varchar as currency_said"],
    **{
        field: [f"value::double as {field}", f"exact::decimal(18, 2) as {field}_exact",
                f"sign::varchar as {_sign_of(field)}", f"unclear::boolean as {field}_unclear"]
        for field in AMOUNTS
    },
    "start_date": ["value::date as start_date", "unclear::boolean as start_date_unclear"],
    "end_date": ["value::date as end_said", "unclear::boolean as end_date_unclear",
                 "end_age::int as end_age"],
}  # fmt: skip
"""What the rows take from each table of terms: `column::type as name`."""


def _value_amounts(cursor: Cursor, places: dict[str, int], said: Said) -> None:
    """Give the terms of amounts their values: plain numbers count in the unit of their column."""
    for field in AMOUNTS:
        if field in places:
            unit = said.units.get(field) or _usual_unit(cursor, field, places, said)
            bare = f"plain * {unit}" if unit else "if(plain <= 0, plain, null)"
            cursor.execute(f"""
create or replace temp table term_{field} as
select code, rows, forbidden, said, sign, number::double as value,
    try_cast(number as decimal(18, 2)) as exact, plain is not null and number is null as unclear
from (select *, coalesce(korean, if(sign is null, {bare}, plain)) as number from term_{field})
""")


def _usual_unit(cursor: Cursor, field: str, places: dict[str, int], said: Said) -> int | None:
    """Say what a plain number stands for where nobody said it: 1, or None where the usual number
    of won is so small that it may count thousands or ten thousands."""
    has_currency = "currency" in places
    usual = database.value(
        cursor,
        f"""
        select quantile_disc(a.plain, 0.5)
        from book_row r join term_{field} a on a.code = r.{field}
        {"left join term_currency k on k.code = r.currency" if has_currency else ""}
        where a.plain > 0 and a.sign is null and not r.is_total
            and coalesce({"k.value, " if has_currency else ""}$currency) = '{WON}'
        """,
        {"currency": said.currency},
    )
    return None if usual is not None and usual < SMALL_AMOUNT[field] else 1


def _contracts(places: dict[str, int]) -> str:
    """The SQL for `book_contract`."""
    terms = [field for field in NUMBERED if field in places]
    taken = []
    for field in NUMBERED:
        if field in terms:
            taken += [f"{field}.{column}" for column in _OF_TERM[field]]
            taken.append(f"{field}.said as said_{field}")
        else:
            taken += ["null::" + column.split("::")[1] for column in _OF_TERM[field]]
            taken.append(f"null::varchar as said_{field}")
    joins = "\n    ".join(f"left join term_{f} {f} on {f}.code = r.{f}" for f in terms)
    has_policy = " or ".join(
        "policy_number is not null" if mark == "policy_number" else f"said_{mark} is not null"
        for mark in _MARKS
    )

    return f"""
create or replace temp table book_contract as
with read as (
    select
        r.row_no, r.has_surplus, c.customer_no, c.birth_date, c.birth_year,
        case
            when regexp_full_match(r.policy_number, '[!-&(-~][!-~]{{7,}}') then r.policy_number
            else known(tidy(r.policy_number))
        end as policy_number,
        {", ".join(taken)}
    from book_row r
    join book_customer c on c.id_1 = r.id_1 and c.id_2 = r.id_2
    {joins}
    where not r.is_total
),
valued as (
    select
        *,
        {has_policy} as has_policy,
        coalesce(type_said, type_by_name) as type,
        coalesce(currency_said, coverage_sign, premium_sign, $currency) as currency,
        case
            when paid_up then 'paid_up'::book_premium_cycle
            when said_premium_cycle is not null then cycle_said
            when said_premium_amount is not null
                then coalesce($header_cycle, $premium_cycle)::book_premium_cycle
        end as premium_cycle,
        case
            when end_age > 120 then date '{WHOLE_LIFE}'
            when end_age is not null
                then (coalesce(birth_date, make_date(birth_year, 12, 31)) + to_years(end_age))::date
            else end_said
        end as end_date,
        case
            when said_status is not null then status_said
            when end_date < $today then 'expired'::book_status
            else 'active'::book_status
        end as status,
        number_key(policy_number) as number
    from read
)
select
    row_no, customer_no, has_policy, policy_number, insurer, policy_name, type,
    coverage_amount_exact as coverage_amount, premium_amount_exact as premium_amount,
    currency, premium_cycle, start_date, end_date, status,
    has_policy and type_said is null and type is not null as type_from_name,
    said_status is null as status_assumed,
    premium_amount is not null and said_premium_cycle is null and $header_cycle is null
        and premium_cycle = 'monthly' as cycle_assumed,
    currency = '{WON}' and coalesce(said_currency, coverage_sign, premium_sign) is null
        as currency_assumed,
    if(has_policy and number is not null, hash(coalesce(insurer_key, ''), number), null)
        as number_hash,
    if(has_policy and number is null, hash(type, coalesce(policy_name_key, ''),
        coalesce(insurer_key, ''), start_date, coverage_amount, premium_amount, end_date), null)
        as detail_hash,
    {_problems(POLICY_CHECKS)} as problems
from valued
"""


_MEANINGS = """
create or replace temp table book_meaning as
with said as (
    select distinct said as text from book_said
    where field in ('type', 'policy_name') and said is not null
),
wanted as (
    select text, regexp_replace(narrow(text), $insurers, ' ', 'g') as searched from said
),
exact as (
    select text, max(value) as type
    from wanted join book_word on field = 'type' and word = folded(text)
    group by text
),
within as (
    select text, arg_max(value, (length(trim(word)), word)) as type
    from wanted join book_word
        on (field = 'type' and not regexp_matches(word, '^[a-z]+$')
            and (length(word) >= 2 or word = '암') and contains(folded(searched), word))
        or (field = 'latin_type'
            and contains(' ' || regexp_replace(lower(searched), '[^a-z]+', ' ', 'g') || ' ', word))
    group by text
)
select text, coalesce(exact.type, within.type) as type
from wanted left join exact using (text) left join within using (text)
"""
"""What type each type word or product name means; NULL where no known word stands in it."""


def read_amounts(db: Database, texts: Mapping[str, str]) -> dict[str, Decimal]:
    """Read amounts as people write them (1억 5,000만, ₩187,150), by field.

    Errors: InvalidInput with every field that cannot be understood.
    """
    with db.reading() as cursor:
        cursor.execute(_macros())
        amounts = {
            field: database.value(cursor, "select amount($text, 1)", {"text": text})
            for field, text in texts.items()
        }
    if unread := [field for field, amount in amounts.items() if amount is None]:
        raise InvalidInput(
            [(field, "not_understood", {"text": texts[field][:60]}) for field in unread]
        )
    return amounts
