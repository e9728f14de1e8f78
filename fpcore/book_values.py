"""Turn the cells of a book into typed values, all rows at once in SQL.

`book_row` (line, cells) becomes `book_text` (one text a field, NULL where the book says nothing)
and that `book_value` (typed, with the list of problems that each row has). A text that cannot be
understood is a problem of its row, never a guess and never zero.

What only Python can tell (forbidden numbers, phones, e-mail addresses) it is asked about once a
text, and only about the texts that a pattern in SQL leaves open.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from fpcore import checks, database, privacy
from fpcore.book_columns import FIELDS, POLICY_FIELDS, RESIDENT_NUMBER, Columns, book_words
from fpcore.book_file import fold
from fpcore.database import Cursor, Database
from fpcore.errors import InvalidInput
from fpcore.models import LONGEST_NAME, WHOLE_LIFE

_WIDE = "".join(chr(0xFF01 + i) for i in range(94)) + "\u3000\u00a0"
_NARROW = "".join(chr(0x21 + i) for i in range(94)) + "  "
_NUMBER = r"[\d,]*\.?\d+"
_MACROS = Path(__file__).with_name("book_macros.sql")


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


def type_rows(cursor: Cursor, columns: Columns, today: date, said_of_all: dict) -> None:
    """Make `book_text` and `book_value` from `book_row`, and `book_scrubbed`: the lines in which
    something could not be kept.

    `said_of_all` holds what is true of every row that does not say otherwise (currency,
    premium_cycle, consent_basis) and the pads of the phone hash. A two-digit birth year is the
    last one not after `today`.
    """
    cursor.execute(_macros())
    cursor.execute(_text_macros())
    _load_words(cursor)
    _scrub(cursor, _places(columns))
    cursor.execute(_book_text(_places(columns)))
    cursor.execute(_BOOK_TYPE, {"insurers": "|".join(book_words()["insurers"]["names"])})
    _ask(cursor, "phone", privacy.SURELY_A_PHONE, privacy.phone_digits)
    _ask(cursor, "email", checks.SURELY_AN_EMAIL, _well_formed)
    consent = columns.of("consent")
    from_header = {
        "header_cycle": columns.premium_cycle,
        "consent_header": consent.header if consent else None,
    }
    cursor.execute(_book_value(columns), {"today": today, **from_header, **said_of_all})


def _load_words(cursor: Cursor) -> None:
    words = book_words()
    known = [
        (field, fold(word), value)
        for field, values in words["values"].items()
        for value, texts in values.items()
        for word in texts
    ]
    known += [("paid_up", fold(word), "") for word in words["paid_up"]["words"]]
    in_latin = [
        ("latin_type", f" {word} ", value)
        for value, texts in words["values"]["type"].items()
        for word in texts
        if word.isascii()
    ]
    cursor.execute(
        "create or replace temp table book_word (field varchar, word varchar, value varchar)"
    )
    cursor.executemany(
        "insert into book_word values ($1, $2, $3)", list(dict.fromkeys(known + in_latin))
    )


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


_SUSPECTED_BY = {
    **dict.fromkeys(privacy.NUMBER_FIELDS, "suspicious_number"),
    "phone": "suspicious_phone",
    "birth_date": "suspicious_birth",  # a resident number here gives the date, and is not stored
}
"""What tells which texts of a field have to be scrubbed, where that is not `suspicious`."""

_KNOWN_BY = {"name": "no_dashes", "consent": "no_dashes"}
"""What makes NULL of a field that says nothing, where that is not `known`: 나 is a name too."""


def _places(columns: Columns) -> dict[str, int]:
    """Say where in a row's cells, counted from 1, the fields of this book stand."""
    fields = (*FIELDS, RESIDENT_NUMBER)
    return {field: column.position + 1 for field in fields if (column := columns.of(field))}


def _scrub(cursor: Cursor, places: dict[str, int]) -> None:
    """Make `book_scrubbed`: what privacy leaves of the cells in which it finds something."""
    fields = [field for field in places if field != RESIDENT_NUMBER]
    suspected = {field: f"{_SUSPECTED_BY.get(field, 'suspicious')}({field})" for field in fields}
    cells = ", ".join(f"cells[{places[field]}] as {field}" for field in fields)
    cursor.execute(f"""
create or replace temp table book_suspect as
with cell as (select line, {cells} from book_row)
select * from cell where {" or ".join(suspected.values())}
""")
    texts = " union all ".join(
        f"select line, '{field}' as field, {field} as text from book_suspect where {condition}"
        for field, condition in suspected.items()
    )
    found = cursor.execute(f"select distinct field, text from ({texts})").fetchall()
    cursor.register("book_clean", _cleaned(found))
    clean = ", ".join(f"any_value(clean) filter (field = '{name}') as {name}" for name in fields)
    cursor.execute(f"""
create or replace temp table book_scrubbed as
select line, bool_or(forbidden) as forbidden, {clean}
from ({texts}) join book_clean using (field, text)
group by line
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


def _ask(cursor: Cursor, field: str, sure: str, understood: Callable[[str], str | None]) -> None:
    """Make `book_<field>`: what Python understands of each text that is not `sure`, or NULL."""
    found = cursor.execute(
        f"select distinct {field} from book_text where not regexp_full_match({field}, $sure)",
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


def _book_text(places: dict[str, int]) -> str:
    """The SQL for `book_text`, step by step: a macro within a macro would be computed again."""

    def each(macros: dict[str, str], usual: str) -> str:
        return ", ".join(f"{macros.get(field, usual)}({field}) as {field}" for field in places)

    cells = ", ".join(f"cells[{place}] as {field}" for field, place in places.items())
    cleaned = ", ".join(
        f"number_only(cell.{field}) as {field}"
        if field == RESIDENT_NUMBER
        else f"coalesce(clean.{field}, cell.{field}) as {field}"
        for field in places
    )
    unused = "".join(
        f", null::varchar as {field}" for field in (*FIELDS, RESIDENT_NUMBER) if field not in places
    )
    return f"""
create or replace temp table book_text as
with cell as (select line, cells, {cells} from book_row),
cleaned as (
    select cell.line, cells, {cleaned} from cell left join book_scrubbed clean using (line)
),
tidied as (select line, cells, {each({}, "tidy")} from cleaned)
select line, cells, {each(_KNOWN_BY, "known")}{unused} from tidied
"""


_BOOK_TYPE = """
create or replace temp table book_type as
with said as (
    select distinct type as text from book_text where type is not null
    union
    select distinct policy_name from book_text where policy_name is not null
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


class _Fault(NamedTuple):
    """A problem that a row may have: when, and the SQL of the text to quote."""

    field: str
    code: str
    wrong_if: str
    shown: str


_UNREAD = {
    "birth_date": "birth_year is null",
    "birth_year": "true",
    "phone": "true",
    "last_contact_on": "true",
    "coverage_amount": "true",
    "premium_amount": "true",
    "start_date": "true",
    "end_date": "end_age is null",
}
"""Fields that are not understood where the cell says something, there is no value, and this."""

_NOT_AMONG = {
    "gender": "true",
    "premium_cycle": "true",
    "status": "true",
    "type": "has_policy",
    "consent": "true",
}
"""The same for fields with a list of values."""

_SAID = (*_UNREAD, *_NOT_AMONG, "currency")
"""Fields whose value is another than the text of the cell, which is `said_…`."""

_AMOUNTS_SAID = "concat_ws(' ', said_currency, said_coverage_amount, said_premium_amount)"
_MEANT_OTHERWISE = {("type", "missing")}  # a product's name may say it: see type_missing


def _faults(columns: Columns) -> list[_Fault]:
    """List all that may be wrong with a row: how its cells are written, then what they say."""
    unread = [
        _Fault(field, code, f"said_{field} is not null and {field} is null and {also}",
               f"said_{field}")
        for code, fields in (("not_understood", _UNREAD), ("not_among", _NOT_AMONG))
        for field, also in fields.items()
    ]  # fmt: skip
    surplus = f"exists_text(cells[{len(columns.all) + 1}:])"
    signs_disagree = (
        "regexp_full_match(currency, '[A-Z]{3}')"
        " and (coverage_sign <> currency or premium_sign <> currency)"
    )
    return [
        _Fault("row", "too_many_cells", surplus, "cells[-1]"),
        _Fault("name", "masked_name", "contains(name, '*') and source_key is null", "name"),
        *unread,
        _Fault("source_key", "too_long", f"length(source_key) > {LONGEST_NAME}", "source_key"),
        *(_fault(check) for check in checks.CUSTOMER),
        _Fault("type", "type_missing", "has_policy and type is null and said_type is null",
               "policy_name"),
        _Fault("currency", "currency_unclear", signs_disagree, _AMOUNTS_SAID),
        *(
            _fault(check, "has_policy")
            for check in checks.POLICY
            if (check.field, check.code) not in _MEANT_OTHERWISE
        ),
        _Fault("consent", "consent_refused", "consent = 'no'", "said_consent"),
        _Fault("consent", "consent_missing", "said_consent is null and $consent_basis is null",
               "said_consent"),
    ]  # fmt: skip


def _fault(check: checks.Check, only_if: str = "true") -> _Fault:
    said = [
        f"said_{field}" if field in _SAID else field for field in check.quoted or (check.field,)
    ]
    shown = _AMOUNTS_SAID if check.field == "currency" else f"coalesce({', '.join(said)})"
    return _Fault(check.field, check.code, f"{only_if} and ({check.wrong_if})", shown)


def _checks(columns: Columns) -> list[str]:
    """The SQL of every problem: NULL for a row that does not have it."""
    return [
        f"case when {fault.wrong_if} then struct_pack("
        f"field := '{fault.field}', code := '{fault.code}', text := {fault.shown}) end"
        for fault in _faults(columns)
    ]


_WORDS = {
    "gender": "gender",
    "status": "status",
    "premium_cycle": "premium_cycle",
    "consent": "consent",
    "paid_up": "status",
}
"""Which field's text is looked up in which words: gender_word is the row for gender, and so on."""

_POLICY_MARKS = [
    field
    for field in POLICY_FIELDS
    if field not in ("insurer", "premium_cycle", "currency", "status")
]
"""A row holds a policy where any of these says something."""


def _book_value(columns: Columns) -> str:
    coverage_unit = columns.of("coverage_amount").unit if columns.of("coverage_amount") else 1
    premium_unit = columns.of("premium_amount").unit if columns.of("premium_amount") else 1
    has_policy = " or ".join(f"book_text.{field} is not null" for field in _POLICY_MARKS)
    problems = ",\n        ".join(_checks(columns))
    any_problem = "\n        or ".join(f"({fault.wrong_if})" for fault in _faults(columns))
    said = ", ".join(f"book_text.{field} as said_{field}" for field in _SAID)
    joins = "\n    ".join(
        f"left join book_word {word}_word on {word}_word.field = '{word}' "
        f"and {word}_word.word = folded(book_text.{field})"
        for word, field in _WORDS.items()
    )
    return f"""
create or replace temp macro exists_text(list) as
    len(list_filter(list, lambda x: trim(x) <> '')) > 0;
create or replace temp table book_value as
with read as (  -- what other values are made of: a step of its own, lest it be computed again
    select
        book_text.*,
        {has_policy} as has_policy,
        case
            when resident_number is not null and resident_birthday(resident_number) is not null
                then resident_birthday(resident_number)
            when is_resident_number(birth_date) then resident_birthday(number_only(birth_date))
            else birthday(birth_date, $today)
        end as birth_date_value,
        if(is_surely_phone(phone), phone_digits(phone), book_phone.answer) as digits,
        regexp_full_match(email, {_quoted(checks.SURELY_AN_EMAIL)})
            or book_email.answer is not null as email_is_well_formed,
        currency_sign(coverage_amount) as coverage_sign,
        currency_sign(premium_amount) as premium_sign,
        try_cast(regexp_extract(
            narrow(end_date), '^(\\d{{1,4}})\\s*세(만기)?$', 1) as int) as end_age
    from book_text
    left join book_phone on book_phone.text = phone
    left join book_email on book_email.text = email
),
valued as (
    select
        *,
        coalesce(
            try_cast(regexp_extract(narrow(book_text.birth_year), '^(\\d{{4}})\\D?$', 1) as int),
            year(birthday(book_text.birth_year, $today)),
            try_cast(regexp_extract(narrow(book_text.birth_date), '^(\\d{{4}})\\D?$', 1) as int),
            year(birth_date_value)) as birth_year_value,
        coalesce(
            gender_word.value,
            case
                when resident_number[7:7] in ('1', '3', '5', '7', '9') then 'M'
                when resident_number[7:7] in ('2', '4', '6', '8', '0') then 'F'
            end) as gender_value,
        resident_birthday(resident_number) is not null
            or (gender_word.value is null and gender_value is not null)
            or (is_resident_number(book_text.birth_date) and birth_date_value is not null
                and length(number_only(book_text.birth_date)) = 13) as from_resident_number,
        case
            when contains(book_text.phone, '{privacy.REMOVED}') then null
            when contains(book_text.phone, '*')
                then if(length(phone_digits(book_text.phone)) < 9 and length(book_text.phone) <= 20,
                    book_text.phone, null)
            else mask(digits)
        end as phone_value,
        case when phone_value is not null and not contains(book_text.phone, '*')
            then sha256($outer_pad::blob || unhex(sha256($inner_pad::blob || encode(digits))))
        end as phone_hash,
        policy_day(book_text.last_contact_on) as last_contact_value,
        amount(book_text.coverage_amount, {coverage_unit}) as coverage_value,
        amount(book_text.premium_amount, {premium_unit}) as premium_value,
        coalesce(
            upper(narrow(book_text.currency)), coverage_sign, premium_sign, $currency
        ) as currency_value,
        case
            when paid_up_word.word is not null then 'paid_up'
            when book_text.premium_cycle is not null then premium_cycle_word.value
            when book_text.premium_amount is not null then coalesce($header_cycle, $premium_cycle)
        end as cycle_value,
        policy_day(book_text.start_date) as start_value,
        case
            when end_age > 120 then date '{WHOLE_LIFE}'
            when end_age is not null
                then (coalesce(birth_date_value, make_date(birth_year_value, 12, 31))
                    + to_years(end_age))::date
            else policy_day(book_text.end_date)
        end as end_value,
        status_word.value as status_value,
        consent_word.value as consent_value,
        coalesce(by_type.type, by_name.type) as type_value
    from read as book_text
    left join book_type by_type on by_type.text = book_text.type
    left join book_type by_name on by_name.text = book_text.policy_name
    {joins}
),
typed as (
    select
        line, cells, has_policy, book_text.name, source_key, owner,
        birth_year_value as birth_year, birth_date_value as birth_date, gender_value as gender,
        from_resident_number, phone_value as phone, phone_hash, email, email_is_well_formed,
        occupation, last_contact_value as last_contact_on, notes, consent_value as consent,
        policy_name, insurer, policy_number, type_value as type,
        coverage_value as coverage_amount, premium_value as premium_amount,
        currency_value as currency, coverage_sign, premium_sign, cycle_value as premium_cycle,
        start_value as start_date, end_value as end_date, end_age,
        if(book_text.status is null, if(end_value < $today, 'expired', 'active'), status_value)
            as status,
        {said}
    from valued as book_text
)
select
    * exclude ({", ".join(f"said_{field}" for field in _SAID)}),
    coalesce(if(consent = 'yes', $consent_header || ': ' || said_consent, null),
        $consent_basis) as consent_basis,
    has_policy and said_type is null and type is not null as type_from_name,
    said_status is null as status_assumed,
    premium_amount is not null and said_premium_cycle is null and $header_cycle is null
        and premium_cycle = 'monthly' as cycle_assumed,
    currency = 'KRW' and coalesce(said_currency, coverage_sign, premium_sign) is null
        as currency_assumed,
    case when {any_problem}
        then list_filter([
        {problems}
        ], lambda p: p is not null)
        else []
    end as problems
from typed
"""


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
