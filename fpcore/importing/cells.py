"""How the texts of a book are read: macros, words, amounts, and what is wrong with them."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from fpcore import privacy
from fpcore.checks import Check
from fpcore.facts import amounts, policy_key
from fpcore.importing.words import BookWords, fold
from fpcore.models import WHOLE_LIFE, circumstances
from fpcore.store.connecting import quoted

_MACROS = Path(__file__).with_name("cells.sql")


class Assumptions(NamedTuple):
    """What holds for a whole file: said by the uploader, or by its headers.

    By field: `units` what a plain number stands for, `six_digits` how a column of dates writes
    them, `answered` a value for a folded text.
    """

    currency: str
    premium_cycle: str | None
    header_cycle: str | None
    consent_basis: str | None
    consent_header: str | None
    units: Mapping[str, int]
    six_digits: Mapping[str, str]
    answered: Mapping[str, Mapping[str, str]]
    secret: bytes


def macros(unknown: Sequence[str]) -> str:
    """The SQL of the macros that read texts; `unknown` are the words that say nothing."""
    return _read_macros() + _text_macros([word.lower() for word in unknown])


def is_resident_number(text: str) -> str:
    """The SQL that is true of a resident registration number: 850302-1234567, 850302-1."""
    narrow = policy_key.narrow(text)
    pattern = r"\s*\d{6}(\s*-\s*\d[\d*]{0,6}|\s*\d[\d*]{6})\s*"
    return f"(length({text}) >= 8 and regexp_full_match({narrow}, '{pattern}'))"


_COMPARED = f"""
create or replace temp macro narrow(t) as {policy_key.narrow("t")};
create or replace temp macro same_text(t) as {policy_key.same_text("t")};
create or replace temp macro same_text_or_none(t) as {policy_key.same_text_or_none("t")};
create or replace temp macro same_number(t) as {policy_key.same_number("t")};
create or replace temp macro is_resident_number(t) as {is_resident_number("t")};
"""


def _read_macros() -> str:
    """Read cells.sql and fill in what stands between its @ signs."""
    filled_in = {
        "BLANKS": quoted(" \t\r\n\u00a0\u3000\u200b\ufeff"),
        "WHOLE_LIFE": WHOLE_LIFE.isoformat(),
    }
    macros = _MACROS.read_text(encoding="utf-8")
    for name, value in filled_in.items():
        macros = macros.replace(f"@{name}@", value)
    return _COMPARED + amounts.macros() + macros


def _text_macros(unknown: Sequence[str]) -> str:
    return f"""
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


def word_values(words: BookWords) -> list[dict]:
    """List what the words of each field mean: field, word, value."""
    known = dict(words.value_of)
    known |= {("paid_up", fold(word)): "" for word in words.paid_up.words}
    known |= {
        ("latin_type", f" {_latin(word)} "): value
        for value, texts in words.values.type.items()
        for word in texts
        if word.isascii()
    }
    return [
        {"field": field, "word": word, "value": value} for (field, word), value in known.items()
    ]


def explained(answered: Mapping[str, Mapping[str, str]]) -> list[dict]:
    """List what the uploader explained: field, word, value."""
    return [
        {"field": field, "word": fold(text), "value": value}
        for field, texts in answered.items()
        for text, value in texts.items()
    ]


def _latin(word: str) -> str:
    """Write a word as the text is written in which it is looked for: see terms._meanings."""
    return re.sub("[^a-z]+", " ", word.lower()).strip()


def unread(conditions: Mapping[str, str], code: str = "not_understood") -> list[Check]:
    return [
        Check(field, code, f"said_{field} is not null and {field} is null and {also}")
        for field, also in conditions.items()
    ]


def problems(found: Sequence[Check]) -> str:
    """The SQL of a list of (field, code); NULL for a row without any. Needs a column `today`."""
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


def unit_of(field: str, usual: Decimal | None) -> int | None:
    """Give what a plain number in a column of amounts stands for where nobody told.

    1, or None where the `usual` number of won (None: there is none) is so small that it may count
    thousands or ten thousands.
    """
    return None if usual is not None and usual < SMALL_AMOUNT[field] else 1


def in_unit(unit: str) -> str:
    """The SQL of an amount whose text was read as `korean`, `plain` and `sign`.

    A plain number counts in the unit of its column (the SQL `unit`); where that is NULL, it is
    unclear, and so is the amount.
    """
    bare = f"if({unit} is null and plain > 0, null, plain * coalesce({unit}, 1))"
    return f"coalesce(korean, if(sign is null, {bare}, plain))"


AMOUNT_PARTS = """
    korean_number(amount_text({text})) as korean, plain_number(amount_text({text})) as plain,
    currency_sign({text}) as sign
"""
