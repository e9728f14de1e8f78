"""Type the policies of a book: every text once, then every row.

The texts of each policy column (`book_text`) become a table of terms, and `book_row` with them
`book_contract`: one typed row for each row of the file. A text that cannot be understood is a
problem of its rows, never a guess and never zero. Problems are (field, code); what the cell says
is looked up when they are told.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from fpcore import checks
from fpcore.certain import certain
from fpcore.checks import Check
from fpcore.importing import cells, loading
from fpcore.importing.cells import Said, problems, unread
from fpcore.importing.fields import POLICY_FIELDS
from fpcore.importing.headers import Columns
from fpcore.importing.loading import NUMBERED
from fpcore.models import (
    POLICY_AMOUNTS,
    WHOLE_LIFE,
    WON,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
)
from fpcore.store import database
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor

SixDigits = Literal["ym", "ymd"]
SIX_DIGITS: tuple[SixDigits, ...] = get_args(SixDigits)
"""How six digits are read in a column of dates: 200306 as June 2003 or as 6 March 2020."""


def type_policies(cursor: Cursor, columns: Columns, today: date, said: Said) -> None:
    """Make `book_contract` from `book_row` and `book_text`: a typed row for each row of the file,
    with the problems of its policy. customers.type_customers comes first."""
    places = loading.places_of(columns)
    _type_terms(cursor, places, said)
    _value_amounts(cursor, places, said)
    cursor.execute(_contracts(places), {
        "today": today,
        "currency": said.currency,
        "header_cycle": said.header_cycle,
        "premium_cycle": said.premium_cycle,
    })  # fmt: skip


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
    known(tidy(coalesce(clean.insurer, clean.policy_name, text.text))) as said,
    if(field in ('start_date', 'end_date'), date_text(said), null) as plain
from book_text_cell text left join book_terms_clean clean using (row_no)
""")
    for field in ("insurer", "policy_name"):
        cursor.execute(f"""
create or replace temp type book_{field} as enum (
    select said from book_said where field = '{field}' and said is not null union select ''
    order by 1)
""")
    cursor.execute(_ENUMS)
    cursor.execute(_MEANINGS, {"insurers": "|".join(map(re.escape, said.insurers))})
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
    cells.scrub(cursor, "book_text_cell", ["insurer", "policy_name"])
    cursor.execute("create or replace temp table book_terms_clean as from book_scrubbed")
    if "policy_number" in places:
        cursor.execute(
            "create or replace temp view book_number as select row_no, policy_number from book_row"
        )
        cells.scrub(cursor, "book_number", ["policy_number"])
        cursor.execute("""
update book_record set policy_number = clean.policy_number
from book_scrubbed clean
where book_record.rowid - getvariable('first_record') = clean.row_no
""")
        cursor.execute(
            "insert into book_forbidden select row_no from book_scrubbed where forbidden"
        )


_ENUMS = "".join(
    f"create or replace temp type {name} as enum ({', '.join(quoted(each) for each in values)});"
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
_AMOUNT_TERM = cells.AMOUNT_PARTS.format(text="said")
_TERM = {
    "insurer": "said::book_insurer as value, same_text_or_none(said) as key",
    "policy_name": "said::book_policy_name as value, same_text_or_none(said) as key, "
    "meant.type::book_type as type",
    "type": "meant.type::book_type as value",
    "status": "word.value::book_status as value, paid.word is not null as paid_up",
    "premium_cycle": "word.value::book_premium_cycle as value",
    "currency": "upper(narrow(said)) as value",
    "coverage_amount": _AMOUNT_TERM,
    "premium_amount": _AMOUNT_TERM,
    "start_date": "policy_day(said, plain, {six_digits}) as value, "
    "is_six_digits_unclear(said) and {six_digits} is null as unclear",
    "end_date": "policy_day(said, plain, {six_digits}) as value, "
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
    no_month, no_day = map(bool, certain(found))
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
        for field in POLICY_AMOUNTS
    },
    "start_date": ["value::date as start_date", "unclear::boolean as start_date_unclear"],
    "end_date": ["value::date as end_said", "unclear::boolean as end_date_unclear",
                 "end_age::int as end_age"],
}  # fmt: skip
"""What the rows take from each table of terms: `column::type as name`."""


def _value_amounts(cursor: Cursor, places: dict[str, int], said: Said) -> None:
    """Give the terms of amounts their values: plain numbers count in the unit of their column."""
    for field in POLICY_AMOUNTS:
        if field in places:
            usual = None if field in said.units else _usual_number(cursor, field, places, said)
            number = cells.in_unit(field, said, usual)
            cursor.execute(f"""
create or replace temp table term_{field} as
select code, rows, forbidden, said, sign, number::double as value,
    try_cast(number as decimal(18, 2)) as exact, plain is not null and number is null as unclear
from (select *, {number} as number from term_{field})
""")


def _usual_number(cursor: Cursor, field: str, places: dict[str, int], said: Said) -> Decimal | None:
    """Find the usual plain number of a column among those in won; None where it has none."""
    has_currency = "currency" in places
    return database.value(
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
        same_number(policy_number) as number
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
    {problems(POLICY_CHECKS)} as problems
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
