"""Read the texts of a book's policy columns: each once, however many rows have it.

`book_text` -> `book_term`: what each text says, and what that means in its column.
"""

import re
from collections.abc import Sequence
from typing import Literal, get_args

from fpcore.importing import making, scrubbing
from fpcore.importing.cells import Assumptions
from fpcore.importing.loading import Book
from fpcore.models import POLICY_AMOUNTS
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

DATES = ("start_date", "end_date")
SixDigits = Literal["ym", "ymd"]
SIX_DIGITS: tuple[SixDigits, ...] = get_args(SixDigits)
"""How six digits are read in a column of dates: 200306 as June 2003 or as 6 March 2020."""

_SCRUBBED = ("insurer", "policy_name")


def read_terms(cursor: Cursor, book: Book, assumptions: Assumptions) -> None:
    """Make `book_term` from `book_text`: one row for each text of each column.

    Columns: field, text; `said`, what is left of the text, NULL where it says nothing. What it
    means, NULL where that is not understood: type, value (of a word), is_paid_up, day, is_unclear
    (a day that can be read in two ways), end_age, currency; korean, plain and sign of an amount
    (cells.in_unit); `key` to compare names by. Reads `book_word`; makes `book_clean`.
    """
    texts = f"select field, text from book_text where field in {_SCRUBBED}"
    scrubbing.find_forbidden(cursor, texts)
    ways = {f"way_of_{field}": ("varchar", assumptions.six_digits.get(field)) for field in DATES}
    making.make(cursor, book, "book_term", _terms(book), _READS, ways)


_TEXT = {"field": "varchar", "text": "varchar"}
_READS = {
    "book_text": _TEXT,
    "book_clean": {**_TEXT, "clean": "varchar"},
    "book_word": making.WORD_COLUMNS,
}


def _terms(book: Book) -> str:
    """The SQL for `book_term`."""
    return f"""
said as (
    select field, text, known(tidy(coalesce(clean, text))) as said
    from book_text left join book_clean using (field, text)
),
plain as (  -- what other values are made of: steps of their own, lest it be computed again
    select *, narrow(said) as narrow_said, folded(said) as word,
        case when field in {DATES} then date_text(said) end as day_text,
        case when field in {POLICY_AMOUNTS} then amount_text(said) end as amount_text
    from said
),
read as materialized (
    select * exclude (amount_text),
        regexp_full_match(day_text, '\\d{{6}}') and day_text[:4] <> '9999' as is_six_digits,
        year_month(day_text) as month, year_day(day_text) as day_of_six,
        korean_number(amount_text) as korean, plain_number(amount_text) as plain,
        case when amount_text is not null then currency_sign(said) end as sign
    from plain
),
{_WAYS},
{_meanings(book.words.insurers.names)}
select field, text, said, same_text_or_none(said) as key, meaning.type,
    value, paid_word is not null as is_paid_up, sign, korean, plain,
    policy_day(said, day_text, six_digit_day(month, day_of_six, way)) as day,
    coalesce(is_six_digits and way is null and month is not null and day_of_six is not null, false)
        as is_unclear,
    case when field = 'currency' then upper(narrow_said) end as currency,
    case when field = 'end_date' then
        try_cast(regexp_extract(narrow_said, '^(\\d{{1,4}})\\s*세(만기)?$', 1) as int)
    end as end_age
from read
left join way using (field)
left join meaning on field in ('type', 'policy_name') and phrase = said
left join book_word using (field, word)
left join (select word as paid_word from book_word where field = 'paid_up') paid_up
    on field = 'status' and paid_word = word
"""


_WAYS = """
way as (
    select field, coalesce(
        any_value(case field
            when 'start_date' then way_of_start_date when 'end_date' then way_of_end_date end),
        case
            when bool_and(month is not null) = bool_and(day_of_six is not null) then null
            when bool_and(month is not null) then 'ym' else 'ymd' end) as way
    from read cross join given where is_six_digits group by field
)
"""
"""How six digits are read in a column: as told, or else in the only way that fits all of it."""


def _meanings(insurers: Sequence[str]) -> str:
    """The SQL of what type each type word or product name means (phrase, type); NULL where no
    known word stands in it."""
    named = quoted("|".join(map(re.escape, insurers)))
    return f"""
wanted as (
    select distinct said as phrase, word, regexp_replace(
        narrow_said, {named}, ' ', 'g') as searched
    from read where field in ('type', 'policy_name') and said is not null
),
searched as (
    select phrase, folded(searched) as folded,
        ' ' || regexp_replace(lower(searched), '[^a-z]+', ' ', 'g') || ' ' as latin
    from wanted
),
exact as (
    select phrase, max(value) as type
    from wanted join book_word using (word) where field = 'type' group by phrase
),
within as (
    select phrase, arg_max(value, (length(trim(word)), word)) as type
    from searched join book_word
        on (field = 'type' and not regexp_matches(word, '^[a-z]+$')
            and (length(word) >= 2 or word = '암') and contains(folded, word))
        or (field = 'latin_type' and contains(latin, word))
    group by phrase
),
meaning as (
    select phrase, coalesce(exact.type, within.type) as type
    from wanted left join exact using (phrase) left join within using (phrase)
)
"""
