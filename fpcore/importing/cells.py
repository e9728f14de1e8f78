"""How the texts of a book are read: macros, words, what may not be kept, what is wrong.

What only Python can tell (forbidden numbers, phones, e-mail addresses) it is asked about once a
text, and only about the texts that a pattern in SQL leaves open.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from fpcore import circumstances, privacy
from fpcore.checks import Check
from fpcore.facts import amounts, policy_key
from fpcore.importing.words import BookWords, fold
from fpcore.models import WHOLE_LIFE
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

_MACROS = Path(__file__).with_name("cells.sql")


class Said(NamedTuple):
    """What holds for a whole file: said by the uploader, or by its headers.

    By field: `units` what a plain number stands for, `six_digits` how a column of dates writes
    them, `words` a value for a folded text. `insurers` are the names that say nothing of a type.
    """

    currency: str
    premium_cycle: str | None
    header_cycle: str | None
    consent_basis: str | None
    consent_header: str | None
    units: Mapping[str, int]
    six_digits: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    insurers: Sequence[str]
    secret: bytes


def prepare(cursor: Cursor, words: BookWords, answered: Mapping[str, Mapping[str, str]]) -> None:
    """Define the macros that read texts, and make `book_word`: what the words of each field mean,
    those that the uploader explained (`answered`) first."""
    cursor.execute(_macros())
    cursor.execute(_text_macros(words))
    _load_words(cursor, words, answered)


_COMPARED = f"""
create or replace temp macro narrow(t) as {policy_key.narrow("t")};
create or replace temp macro same_text(t) as {policy_key.same_text("t")};
create or replace temp macro same_text_or_none(t) as {policy_key.same_text_or_none("t")};
create or replace temp macro same_number(t) as {policy_key.same_number("t")};
"""


def _macros() -> str:
    """Read cells.sql and fill in what stands between its @ signs."""
    filled_in = {
        "BLANKS": quoted(" \t\r\n\u00a0\u3000\u200b\ufeff"),
        "WHOLE_LIFE": WHOLE_LIFE.isoformat(),
    }
    macros = _MACROS.read_text(encoding="utf-8")
    for name, value in filled_in.items():
        macros = macros.replace(f"@{name}@", value)
    return _COMPARED + amounts.macros() + macros


def _text_macros(words: BookWords) -> str:
    unknown = [word.lower() for word in words.unknown.words]
    return f"""
create or replace temp macro suspicious(t) as
    length(t) >= 10 and regexp_matches(t, {quoted(privacy.SUSPICIOUS)});
create or replace temp macro suspicious_number(t) as
    regexp_matches(t, {quoted(privacy.SUSPICIOUS_NUMBER)});
create or replace temp macro suspicious_phone(t) as
    suspicious(t) and not is_surely_phone(t);
create or replace temp macro suspicious_birth(t) as
    suspicious(t) and not is_resident_number(t);
create or replace temp macro is_surely_phone(t) as
    regexp_full_match(t, {quoted(privacy.SURELY_A_PHONE)});
create or replace temp macro number_only(t) as regexp_replace(narrow(t), '[^\\d*]', '', 'g');
create or replace temp macro no_dashes(t) as if(regexp_full_match(t, '[-–—?.]*'), null, t);
create or replace temp macro known(t) as case
    when length(t) > {max(map(len, unknown))} then t
    when lower(narrow(t)) in ({", ".join(map(quoted, unknown))}) then null
    else no_dashes(t)
end;
"""


def _load_words(
    cursor: Cursor, words: BookWords, answered: Mapping[str, Mapping[str, str]]
) -> None:
    """Make `book_word`: what the words of each field mean, those the uploader explained first."""
    known = dict(words.value_of)
    known |= {("paid_up", fold(word)): "" for word in words.paid_up.words}
    known |= {
        ("latin_type", f" {_latin(word)} "): value
        for value, texts in words.values.type.items()
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


def _latin(word: str) -> str:
    """Write a word as the text is written in which it is looked for: see policies._MEANINGS."""
    return re.sub("[^a-z]+", " ", word.lower()).strip()


_SUSPECTED_BY = {
    **dict.fromkeys(privacy.NUMBER_FIELDS, "suspicious_number"),
    "phone": "suspicious_phone",
    "birth_date": "suspicious_birth",  # a resident number here gives the date, and is not stored
}
"""What tells which texts of a field have to be scrubbed, where that is not `suspicious`."""


def scrub(cursor: Cursor, table: str, fields: list[str]) -> None:
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


def unread(conditions: Mapping[str, str], code: str = "not_understood") -> list[Check]:
    return [
        Check(field, code, f"said_{field} is not null and {field} is null and {also}")
        for field, also in conditions.items()
    ]


def problems(found: Sequence[Check]) -> str:
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


SMALL_AMOUNT = {
    "coverage_amount": 100_000,
    "premium_amount": 1_000,
    "annual_income": 1_000_000,
    **circumstances.SMALL_AMOUNTS,
}
"""A column of won whose usual plain number is smaller may count in thousands or ten thousands."""


def in_unit(field: str, said: Said, usual: Decimal | None) -> str:
    """The SQL of an amount whose text was read as `korean`, `plain` and `sign`: a plain number
    counts in the unit of its column.

    That is the unit that was told, or else 1; NULL where the `usual` number of won (None: there
    is none) is so small that it may count thousands or ten thousands.
    """
    is_small = usual is not None and usual < SMALL_AMOUNT[field]
    unit = said.units.get(field) or (None if is_small else 1)
    bare = f"plain * {unit}" if unit else "if(plain <= 0, plain, null)"
    return f"coalesce(korean, if(sign is null, {bare}, plain))"


AMOUNT_PARTS = """
    korean_number(amount_text({text})) as korean, plain_number(amount_text({text})) as plain,
    currency_sign({text}) as sign
"""
