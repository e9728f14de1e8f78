"""Turn the cells of a book into typed values, all rows at once in SQL.

`book_row` (line, cells) becomes `book_text` (one text a field, NULL where the book says nothing)
and that `book_value` (typed, with the list of problems that each row has). A text that cannot be
understood is a problem of its row, never a guess and never zero.
"""

from datetime import date
from pathlib import Path

from fpcore import privacy
from fpcore.book_columns import FIELDS, POLICY_FIELDS, RESIDENT_NUMBER, Columns, book_words
from fpcore.book_file import fold
from fpcore.database import Cursor
from fpcore.models import (
    EARLIEST_BIRTH_YEAR,
    LARGEST_AMOUNT,
    LONGEST_NAME,
    LONGEST_TEXT,
    WHOLE_LIFE,
)

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


_TEXT_LIMITS = {
    "name": LONGEST_NAME,
    "occupation": LONGEST_NAME,
    "source_key": LONGEST_NAME,
    "insurer": LONGEST_NAME,
    "policy_number": LONGEST_NAME,
    "policy_name": LONGEST_NAME * 2,
    "email": 254,
    "notes": LONGEST_TEXT,
}
"""The longest text of a field, in characters."""


def type_rows(cursor: Cursor, columns: Columns, today: date, said_of_all: dict) -> None:
    """Make `book_text` and `book_value` from `book_row`.

    `said_of_all` holds what is true of every row that does not say otherwise (currency,
    premium_cycle, consent_basis) and the pads of the phone hash. A two-digit birth year is the
    last one not after `today`.
    """
    cursor.execute(_macros())
    cursor.execute(_text_macros())
    _load_words(cursor)
    cursor.execute(_book_text(columns))
    cursor.execute(_BOOK_TYPE, {"insurers": "|".join(book_words()["insurers"]["names"])})
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
create or replace temp macro narrow_digits(t) as
    translate(t, '{privacy.WIDE_DIGITS}', '{privacy.NARROW_DIGITS}');
create or replace temp macro without(t, forbidden) as case
    when length(t) < {privacy.SHORTEST_FORBIDDEN} then t  -- most cells need no search
    when regexp_matches(narrow_digits(t), forbidden)
        then regexp_replace(narrow_digits(t), forbidden, {_quoted(privacy.REMOVED)}, 'g')
    else t
end;
create or replace temp macro scrubbed(t) as without(t, {_quoted(privacy.FORBIDDEN)});
-- a contract's or customer's number may be long: only the form with the dash is surely another
create or replace temp macro scrubbed_number(t) as
    without(t, {_quoted(privacy.RESIDENT_NUMBER_WITH_DASH)});
create or replace temp macro number_only(t) as regexp_replace(narrow(t), '[^\\d*]', '', 'g');
create or replace temp macro no_dashes(t) as if(trim(t, '-–—?.') = '', null, t);
create or replace temp macro known(t) as case
    when length(t) > {max(map(len, unknown))} then t
    when lower(narrow(t)) in ({", ".join(map(_quoted, unknown))}) then null
    else no_dashes(t)
end;
"""


_CLEANED_BY = {
    "birth_date": "",  # may be the first digits of a resident registration number; never stored
    "policy_number": "scrubbed_number",
    "source_key": "scrubbed_number",
    RESIDENT_NUMBER: "number_only",
}
"""What takes forbidden numbers out of a field's text, where that is not `scrubbed`."""

_KNOWN_BY = {"name": "no_dashes", "consent": "no_dashes"}
"""What makes NULL of a field that says nothing, where that is not `known`: 나 is a name too."""


def _book_text(columns: Columns) -> str:
    """The SQL for `book_text`, step by step: a macro within a macro would be computed again."""
    fields = (*FIELDS, RESIDENT_NUMBER)
    used = {field: column.position + 1 for field in fields if (column := columns.of(field))}

    def each(macros: dict[str, str], usual: str) -> str:
        return ", ".join(f"{macros.get(field, usual)}({field}) as {field}" for field in used)

    cells = ", ".join(f"cells[{place}] as {field}" for field, place in used.items())
    unused = "".join(f", null::varchar as {field}" for field in fields if field not in used)
    return f"""
create or replace temp table book_text as
with cell as (select line, cells, {cells} from book_row),
cleaned as (select line, cells, {each(_CLEANED_BY, "scrubbed")} from cell),
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


def _problem_if(condition: str, field: str, code: str, shown: str | None = None) -> str:
    """The SQL of one check: NULL, or the problem of a row for which `condition` is true."""
    text = f"left({shown or field}, 60)"
    return (
        f"case when {condition} then "
        f"struct_pack(field := '{field}', code := '{code}', text := {text}) end"
    )


def _checks(columns: Columns) -> list[str]:
    unread = [
        ("birth_date", "book_text.birth_date is not null and birth_date_value is null "
                       "and birth_year_value is null"),
        ("birth_year", "book_text.birth_year is not null and birth_year_value is null"),
        ("phone", "book_text.phone is not null and phone_value is null"),
        ("last_contact_on", "book_text.last_contact_on is not null and last_contact_value is null"),
        ("coverage_amount", "book_text.coverage_amount is not null and coverage_value is null"),
        ("premium_amount", "book_text.premium_amount is not null and premium_value is null"),
        ("start_date", "book_text.start_date is not null and start_value is null"),
        ("end_date", "book_text.end_date is not null and end_value is null and end_age is null"),
    ]  # fmt: skip
    not_among = [
        ("gender", "book_text.gender is not null and gender_value is null"),
        ("premium_cycle", "book_text.premium_cycle is not null and cycle_value is null"),
        ("status", "book_text.status is not null and status_value is null"),
        ("type", "has_policy and book_text.type is not null and type_value is null"),
        ("consent", "book_text.consent is not null and consent_value is null"),
    ]
    return [
        _problem_if(f"exists_text(cells[{len(columns.all) + 1}:])", "row", "too_many_cells",
                "cells[-1]"),
        _problem_if("book_text.name is null", "name", "missing"),
        _problem_if("contains(book_text.name, '*') and source_key is null", "name", "masked_name"),
        *[_problem_if(condition, field, "not_understood") for field, condition in unread],
        *[_problem_if(condition, field, "not_among") for field, condition in not_among],
        *[_problem_if(f"length({field}) > {longest}", field, "too_long")
          for field, longest in _TEXT_LIMITS.items()],
        _problem_if(f"birth_year_value not between {EARLIEST_BIRTH_YEAR} and year($today) "
                "or birth_date_value > $today", "birth_date", "birth_out_of_range",
                "coalesce(book_text.birth_date, book_text.birth_year)"),
        _problem_if("birth_year_value <> year(birth_date_value)", "birth_year", "birth_disagrees"),
        _problem_if("last_contact_value > $today", "last_contact_on", "in_future"),
        _problem_if("not regexp_full_match(book_text.email, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+')",
                "email", "not_understood"),
        _problem_if("has_policy and type_value is null and book_text.type is null",
                "type", "type_missing", "policy_name"),
        _problem_if("coverage_value < 0", "coverage_amount", "negative"),
        _problem_if("premium_value < 0", "premium_amount", "negative"),
        _problem_if(f"coverage_value > {LARGEST_AMOUNT}", "coverage_amount", "too_large"),
        _problem_if(f"premium_value > {LARGEST_AMOUNT}", "premium_amount", "too_large"),
        _problem_if("currency_value = 'KRW' and coverage_value <> trunc(coverage_value)",
                "coverage_amount", "not_whole_won"),
        _problem_if("currency_value = 'KRW' and premium_value <> trunc(premium_value)",
                "premium_amount", "not_whole_won"),
        _problem_if("not regexp_full_match(currency_value, '[A-Z]{3}') or "
                "currency_sign(book_text.coverage_amount) <> currency_value or "
                "currency_sign(book_text.premium_amount) <> currency_value",
                "currency", "currency_unclear",
                "concat_ws(' ', book_text.currency, coverage_amount, premium_amount)"),
        _problem_if("start_value > end_value", "end_date", "end_before_start"),
        _problem_if("consent_value = 'no'", "consent", "consent_refused"),
        _problem_if("book_text.consent is null and $consent_basis is null", "consent",
                "consent_missing"),
    ]  # fmt: skip


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
    checks = ",\n        ".join(_checks(columns))
    joins = "\n    ".join(
        f"left join book_word {word}_word on {word}_word.field = '{word}' "
        f"and {word}_word.word = folded(book_text.{field})"
        for word, field in _WORDS.items()
    )
    return f"""
create or replace temp macro exists_text(list) as
    len(list_filter(list, lambda x: trim(x) <> '')) > 0;
create or replace temp table book_value as
with understood as (
    select
        *,
        {has_policy} as has_policy,
        case
            when resident_number is not null and resident_birthday(resident_number) is not null
                then resident_birthday(resident_number)
            when regexp_full_match(
                book_text.birth_date, '\\d{{6}}(-\\d[\\d*]{{0,6}}|\\d[\\d*]{{6}})')
                then resident_birthday(replace(book_text.birth_date, '-', ''))
            else birthday(book_text.birth_date, $today)
        end as birth_date_value,
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
        phone_digits(book_text.phone) as digits,
        case
            when contains(book_text.phone, '*')
                then if(length(digits) < 9 and length(book_text.phone) <= 20, book_text.phone, null)
            when regexp_full_match(digits, '0\\d{{8,10}}|1\\d{{7}}|\\+\\d{{8,15}}')
                then mask(digits)
        end as phone_value,
        case when phone_value is not null and not contains(book_text.phone, '*')
            then sha256($outer_pad::blob || unhex(sha256($inner_pad::blob || encode(digits))))
        end as phone_hash,
        policy_day(book_text.last_contact_on) as last_contact_value,
        amount(book_text.coverage_amount, {coverage_unit}) as coverage_value,
        amount(book_text.premium_amount, {premium_unit}) as premium_value,
        coalesce(
            upper(narrow(book_text.currency)),
            currency_sign(book_text.coverage_amount),
            currency_sign(book_text.premium_amount),
            $currency) as currency_value,
        case
            when paid_up_word.word is not null then 'paid_up'
            when book_text.premium_cycle is not null then premium_cycle_word.value
            when book_text.premium_amount is not null then coalesce($header_cycle, $premium_cycle)
        end as cycle_value,
        policy_day(book_text.start_date) as start_value,
        try_cast(regexp_extract(
            narrow(book_text.end_date), '^(\\d{{1,4}})\\s*세(만기)?$', 1) as int) as end_age,
        case
            when end_age > 120 then date '{WHOLE_LIFE}'
            when end_age is not null
                then (coalesce(birth_date_value, make_date(birth_year_value, 12, 31))
                    + to_years(end_age))::date
            else policy_day(book_text.end_date)
        end as end_value,
        coalesce(status_word.value, if(book_text.status is null,
            if(end_value < $today, 'expired', 'active'), null)) as status_value,
        consent_word.value as consent_value,
        coalesce(by_type.type, by_name.type) as type_value
    from book_text
    left join book_type by_type on by_type.text = book_text.type
    left join book_type by_name on by_name.text = book_text.policy_name
    {joins}
)
select
    line, cells, has_policy, book_text.name, source_key, owner,
    birth_year_value as birth_year, birth_date_value as birth_date, gender_value as gender,
    phone_value as phone, phone_hash, email, occupation, last_contact_value as last_contact_on,
    notes,
    coalesce(if(consent_value = 'yes', $consent_header || ': ' || book_text.consent, null),
        $consent_basis) as consent_basis,
    policy_name, insurer, policy_number, type_value as type,
    coverage_value as coverage_amount, premium_value as premium_amount,
    currency_value as currency, cycle_value as premium_cycle,
    start_value as start_date, end_value as end_date, status_value as status,
    has_policy and book_text.type is null and type_value is not null as type_from_name,
    book_text.status is null as status_assumed,
    premium_value is not null and book_text.premium_cycle is null and $header_cycle is null
        and cycle_value = 'monthly' as cycle_assumed,
    currency_value = 'KRW' and coalesce(book_text.currency,
        currency_sign(book_text.coverage_amount), currency_sign(book_text.premium_amount)) is null
        as currency_assumed,
    list_filter([
        {checks}
    ], lambda p: p is not null) as problems
from understood as book_text
"""
