"""`customer_fact`: one row a customer in scope, and the only relation that rules, lists and
heatmaps read.

Amounts are in one currency. A policy whose amount is not known, or is in another currency, is
counted in the `…_unknown` columns and in no sum: unknown is never zero. Customers who withdrew
their consent are not in it.

The same columns come from two places. The table `customer_row` holds them as of one span of days,
in won (fpcore.kept.customer_rows keeps it so); for any other day or currency they are computed from
the policies.
"""

import re
import tomllib
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from fpcore.access import scope
from fpcore.facts.types import BIT, bits
from fpcore.models import (
    NOBODY_REACHED,
    PAYMENTS_PER_YEAR,
    WHOLE_LIFE,
    WON,
    Account,
    ConsentKind,
    Driving,
    Housing,
    PolicyStatus,
    PolicyType,
)
from fpcore.paths import DATA
from fpcore.privacy import MASKED_NAME
from fpcore.store.connecting import quoted
from fpcore.store.database import Database

IN_FORCE = """
    p.status = 'active'
    and coalesce(p.start_date <= $valued_on, true)
    and coalesce(p.end_date >= $valued_on, true)
"""
"""A policy `p` counts as cover on `$valued_on`: active, begun and not past its end."""

AGE = """
    coalesce(
        date_sub('year', c.birth_date, $valued_on),
        year($valued_on) - c.birth_year)::int
"""
"""The full years of a customer `c` on `$valued_on`; from the birth year where that is all."""

WHY_NOT_IN_FORCE = """
    case
        when p.status <> 'active' then p.status
        when p.start_date > $valued_on then 'not_begun'
        when p.end_date < $valued_on then 'ended'
    end
"""
"""The reason why a policy `p` does not count, or NULL."""

_PAYMENTS = " ".join(
    f"when '{cycle.value}' then {payments}" for cycle, payments in PAYMENTS_PER_YEAR.items()
)
YEARLY_PREMIUM = f"""
    case
        when p.premium_cycle = 'paid_up' then 0
        when p.currency = $currency then p.premium_amount * case p.premium_cycle {_PAYMENTS} end
    end
"""
"""What a policy `p` costs in a year in `$currency`; NULL where amount or cycle is not known."""

INITIALS = """
    array_to_string(list_transform(string_split(lower(c.name), ''), lambda sign:
        if(unicode(sign) between 44032 and 55203,
            'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'[(unicode(sign) - 44032) // 588 + 1],
            sign)), '')
"""
"""The initial consonants (초성) of a name: 홍길동 -> ㅎㄱㄷ; other signs stay as they are."""

SEARCHED = "regexp_replace(lower({}), '[\\s-]', '', 'g')"
SEARCHED_LINES = "regexp_replace(lower({}), '[^\\S\\n]|-', '', 'g')"
"""How words are searched: without case, blanks and dashes. `words` holds the name, the e-mail
address, insurers and policy numbers of a customer, one a line and in no order: to sort them would
take longer than all sums together."""

WORDS = tomllib.loads((DATA / "fact_words.toml").read_text(encoding="utf-8"))
"""What the names of products and occupations tell: data/fact_words.toml."""


def _names_one_of(text: str, words: list[str]) -> str:
    """The SQL that is true of a text with one of these words in it, whatever its case."""
    found = "|".join(
        f"(?i:{re.escape(word)})" if word.isascii() else re.escape(word) for word in words
    )
    return f"regexp_matches({text}, '{found}')"


PRODUCT = f"""
    case
        when p.type = 'health' and {_names_one_of("p.policy_name", WORDS["product"]["indemnity"])}
            then 'indemnity'
        when p.type in ('life', 'other')
            and {_names_one_of("p.policy_name", WORDS["product"]["savings"])} then 'savings'
        when p.type in ('accident', 'car', 'other')
            and {_names_one_of("p.policy_name", WORDS["product"]["driver"])} then 'driver'
    end
"""
"""What the name of a policy `p` tells beyond its type: indemnity (실손), savings (연금, 저축) or
driver (운전자), else NULL."""


def number_of(word: StrEnum) -> int:
    """The number that stands for a word in customer_fact: from 1, in the order of the words."""
    return list(type(word)).index(word) + 1


def _number_of(words: type[StrEnum], column: str) -> str:
    cases = " ".join(f"when '{word}' then {number_of(word)}" for word in words)
    return f"case {column} {cases} end"


_CLASSES = " ".join(
    f"when c.occupation in ({', '.join(map(quoted, names))}) then {number}"
    for number, names in WORDS["occupation_class"]["classes"].items()
)
OCCUPATION_CLASS = f"coalesce(c.occupation_class, case {_CLASSES} end)"
"""The accident risk class of a customer `c`: as entered, or that of an occupation for which
data/fact_words.toml has a source; NULL for any other."""

KINDS = {
    "death": ("life", None),
    "diagnosis": ("health", None),
    "injury": ("accident", None),
    "vehicle": ("car", None),
    "driver": (None, "driver"),
    "indemnity": (None, "indemnity"),
}
"""Parts of the six types that rules ask for: the type, None for any, and what the name tells."""


def _is_of(kind: str) -> str:
    """The SQL that is true of a policy of a kind."""
    type_, product = KINDS[kind]
    return f"product = '{product}'" if product else f"type = '{type_}' and product is null"


_MONTHS = f"to_months({WORDS['replacement']['months']})"
ARE_ALIKE = """
    new.type = old.type and new.product is not distinct from old.product
    and old.status = 'cancelled' and new.status in ('active', 'pending')
    and new.start_date is not null and new.type not in ('car', 'other')
    and coalesce(new.end_date > new.start_date + to_years(1), true)
"""
"""A policy `new` may replace a cancelled one `old`: alike, and not of a term up to a year."""

MAY_REPLACE = PolicyStatus.CANCELLED
"""Without a policy in this status none is replaced."""

ENDED_CLOSE = f"""
    old.end_date <= $valued_on
    and old.end_date >= new.start_date - {_MONTHS} and old.end_date <= new.start_date + {_MONTHS}
"""
"""The cancelled policy ended around the beginning of the new one. A last day to come is that of the
term: when it was cancelled is not known (END_UNCLEAR)."""

END_UNCLEAR = "coalesce(old.end_date > $valued_on, true)"

_NOBODY_REACHED = ", ".join(f"'{outcome}'" for outcome in NOBODY_REACHED)

_HELD = ("policies", "coverage", "unknown", "premium", "premium_unknown")
_PREFIXES = (*(kind.value for kind in PolicyType), "total")

_AMOUNT_KINDS = ("death", "diagnosis", "injury")
_KINDS_HELD = (
    *((kind, held) for kind in _AMOUNT_KINDS for held in ("policies", "coverage", "unknown")),
    *((kind, "policies") for kind in KINDS if kind not in _AMOUNT_KINDS),
)

ROW_COLUMNS = (
    "id", "owner_id", "name", "name_key", "initials", "birth_year", "birth_date", "born_on",
    "gender", "phone", "email", "occupation", "occupation_class", "monthly_income",
    "living_cost", "dependants", "debts", "housing", "driving", "last_contact_on",
    "next_contact_on", "consents",
    "withdrawn_on", "words", "expired_policies", "cancelled_policies", "pending_policies",
    "next_end_on", "held_from", "held_until", "customer_since", "held", "known_coverage",
    "unknown_coverage", "known_premium", "unknown_premium", "insurers", "spans", "unclear_ends",
    *(f"{prefix}_{held}" for prefix in _PREFIXES for held in _HELD),
    *(f"{kind}_{held}" for kind, held in _KINDS_HELD),
    "unnamed_health_policies", "protection_premium", "protection_premium_unknown",
    "replaced_on", "replacement_unclear_on",
)  # fmt: skip
"""The columns of the table customer_row and of the computed one."""


CONSENT_BIT = {kind: 1 << place for place, kind in enumerate(ConsentKind)}
"""The bit of each kind in `consents`: what a customer agreed to and did not withdraw."""

CONSENTS = f"""
    bit_or(case s.kind {" ".join(f"when '{kind}' then {bit}" for kind, bit in CONSENT_BIT.items())}
        end)::utinyint as consents
"""
"""The bits of several consents `s`."""


def agreed_to(kind: ConsentKind) -> str:
    """The SQL over customer_fact that is true of who agreed to something."""
    return f"(consents & {CONSENT_BIT[kind]}) <> 0"


def _if(where: str, value: str) -> str:
    """The SQL of a value where something is true, else NULL: quicker within an aggregate than its
    `filter`, for which DuckDB sets a buffer aside each time."""
    return f"case when {where} then {value} end"


def _sums(prefix: str, where: str) -> str:
    """The SQL for what is held of one type, or of all."""
    return f"""
        count({_if(where, "1")}) as {prefix}_policies,
        sum({_if(where, "coverage")}) as {prefix}_coverage,
        count({_if(f"{where} and coverage is null", "1")}) as {prefix}_unknown,
        sum({_if(where, "premium")}) as {prefix}_premium,
        count({_if(f"{where} and premium is null", "1")}) as {prefix}_premium_unknown"""


def _sum_of_kind(kind: str, held: str) -> str:
    """The SQL for what is held of a kind of policies, in whole won."""
    where = f"in_force and {_is_of(kind)}"
    if held == "coverage":
        return f"sum({_if(where, 'coverage')})::bigint as {kind}_coverage"
    unknown = " and coverage is null" if held == "unknown" else ""
    return f"count({_if(where + unknown, '1')}) as {kind}_{held}"


_KIND_SUMS = ",".join(_sum_of_kind(kind, held) for kind, held in _KINDS_HELD)
_KIND_SUMS_OR_NONE = ",".join(
    f"if(coalesce(h.{kind}_policies, 0) = 0, 0, h.{kind}_coverage) as {kind}_coverage"
    if held == "coverage"
    else f"coalesce(h.{kind}_{held}, 0) as {kind}_{held}"
    for kind, held in _KINDS_HELD
)

_SUMS = ",".join(
    _sums(prefix, "in_force" if prefix == "total" else f"in_force and type = '{prefix}'")
    for prefix in _PREFIXES
)
_SUMS_OR_NONE = ",".join(
    f"""
        coalesce(h.{prefix}_policies, 0) as {prefix}_policies,
        if(coalesce(h.{prefix}_policies, 0) = 0, 0, h.{prefix}_coverage) as {prefix}_coverage,
        coalesce(h.{prefix}_unknown, 0) as {prefix}_unknown,
        if(coalesce(h.{prefix}_policies, 0) = 0, 0, h.{prefix}_premium) as {prefix}_premium,
        coalesce(h.{prefix}_premium_unknown, 0) as {prefix}_premium_unknown"""
    for prefix in _PREFIXES
)

_BITS = " ".join(f"when '{kind}' then {bit}" for kind, bit in BIT.items())

SPAN = "struct(bit utinyint, since date, until date)"
"""How long a policy was in force: its type's bit, first day, last day. `until` is NULL where the
policy is over and nobody knows since when; `since` is the first of all days where no beginning is
known."""

_SPAN = f"""
    case when p.status <> 'pending' then {{
        'bit': (case p.type {_BITS} end)::utinyint,
        'since': coalesce(p.start_date, date '0001-01-01'),
        'until': case
            when p.status = 'active' then coalesce(p.end_date, date '{WHOLE_LIFE}')
            when p.status = 'cancelled' and p.end_date <= $valued_on then (p.end_date - 1)::date
            when p.status = 'expired' and p.end_date < $valued_on then p.end_date
        end
    }}::{SPAN} end
"""

JUDGED = f"""
        p.type, p.status,
        p.insurer, p.insurer_number, p.policy_number, p.policy_name, p.start_date, p.end_date,
        {PRODUCT} as product,
        {IN_FORCE} as in_force,
        if(p.currency = $currency, p.coverage_amount, null) as coverage,
        {YEARLY_PREMIUM} as premium,
        if(p.status <> 'pending', p.start_date, null) as begins_on,
        case
            when p.end_date = date '{WHOLE_LIFE}' or p.status = 'pending' then null
            when p.status = 'cancelled' then p.end_date
            else p.end_date + 1
        end::date as over_on,
        {_SPAN} as span
"""
"""What is told of each policy `p` by itself."""

HOLDING = f"""
        count({_if("status = 'expired' or (status = 'active' and over_on <= $valued_on)", "1")})
            as expired_policies,
        count({_if("status = 'cancelled'", "1")}) as cancelled_policies,
        count({_if("status = 'pending'", "1")}) as pending_policies,
        (min({_if("in_force", "over_on")}) - 1)::date as next_end_on,
        greatest(max({_if("begins_on <= $valued_on", "begins_on")}),
            max({_if("over_on <= $valued_on", "over_on")})) as held_from,
        least(min({_if("begins_on > $valued_on", "begins_on")}),
            min({_if("over_on > $valued_on", "over_on")})) as held_until,
        min({_if("begins_on <= $valued_on", "begins_on")}) as customer_since,
        list({_if("in_force", "insurer_number")}) as insurers,
        list(span) as spans,
        count({_if("span is not null and span.until is null", "1")}) as unclear_ends,
        nullif(concat_ws(chr(10), string_agg(insurer, chr(10)), string_agg(policy_number, chr(10))),
            '') as policy_words,
        {_SUMS},
        {_KIND_SUMS},
        count({_if("in_force and type = 'health' and policy_name is null", "1")})
            as unnamed_health_policies,
        sum({_if("in_force and product is distinct from 'savings'", "premium")})::bigint
            as protection_premium,
        count({_if("in_force and product is distinct from 'savings' and premium is null", "1")})
            as protection_premium_unknown
"""
"""What all policies of a customer come to, summed up over JUDGED."""

REPLACED = f"""
        max({_if(ENDED_CLOSE, "greatest(new.start_date, old.end_date)")}) as replaced_on,
        max({_if(END_UNCLEAR, "new.start_date")}) as unclear_on
"""
"""Of pairs ARE_ALIKE: policies of which one was cancelled around the beginning of the other."""

ROW = f"""
        c.id, c.owner_id, c.name, icu_sort_key(c.name, 'ko') as name_key, {INITIALS} as initials,
        c.birth_year, c.birth_date,
        coalesce(c.birth_date, make_date(c.birth_year, 1, 1)) as born_on,
        c.gender, c.phone, c.email, c.occupation, {OCCUPATION_CLASS} as occupation_class,
        c.monthly_income::bigint as monthly_income, c.living_cost::bigint as living_cost,
        c.dependants, c.debts::bigint as debts,
        {_number_of(Housing, "c.housing")} as housing,
        {_number_of(Driving, "c.driving")} as driving,
        greatest(c.last_contact_on, contacted.on_day) as last_contact_on,
        c.next_contact_on,
        coalesce(agreed.consents, 0)::utinyint as consents,
        c.withdrawn_on,
        concat_ws(chr(10), {SEARCHED.format("c.name")}, {SEARCHED.format("c.email")},
            {SEARCHED_LINES.format("h.policy_words")}) as words,
        coalesce(h.expired_policies, 0) as expired_policies,
        coalesce(h.cancelled_policies, 0) as cancelled_policies,
        coalesce(h.pending_policies, 0) as pending_policies,
        h.next_end_on,
        coalesce(h.held_from, date '0001-01-01') as held_from,
        coalesce(h.held_until, date '9999-12-31') as held_until,
        h.customer_since,
        {bits("h.{}_policies > 0")} as held,
        {bits("h.{}_coverage is not null")} as known_coverage,
        {bits("h.{}_unknown > 0")} as unknown_coverage,
        {bits("h.{}_premium is not null")} as known_premium,
        {bits("h.{}_premium_unknown > 0")} as unknown_premium,
        list_sort(list_distinct(coalesce(h.insurers, []))) as insurers,
        list_filter(coalesce(h.spans, []), lambda one: one is not null) as spans,
        coalesce(h.unclear_ends, 0) as unclear_ends,
        {_SUMS_OR_NONE},
        {_KIND_SUMS_OR_NONE},
        coalesce(h.unnamed_health_policies, 0) as unnamed_health_policies,
        if(coalesce(h.protection_premium_unknown, 0) = 0, coalesce(h.protection_premium, 0),
            h.protection_premium) as protection_premium,
        coalesce(h.protection_premium_unknown, 0) as protection_premium_unknown,
        replacement.replaced_on, replacement.unclear_on as replacement_unclear_on
"""
"""The columns ROW_COLUMNS of a customer `c` with HOLDING `h`, and what else is known of them."""

POLICY_READ = {
    "type": "varchar", "status": "varchar", "insurer": "varchar", "insurer_number": "integer",
    "policy_number": "varchar", "policy_name": "varchar", "start_date": "date", "end_date": "date",
    "currency": "varchar", "coverage_amount": "decimal(18, 2)",
    "premium_amount": "decimal(18, 2)", "premium_cycle": "varchar",
}  # fmt: skip
CUSTOMER_READ = {
    "id": "uuid", "owner_id": "uuid", "name": "varchar", "birth_year": "smallint",
    "birth_date": "date", "gender": "varchar", "phone": "varchar", "email": "varchar",
    "occupation": "varchar", "occupation_class": "tinyint", "monthly_income": "decimal(18, 2)",
    "living_cost": "decimal(18, 2)", "dependants": "smallint", "debts": "decimal(18, 2)",
    "housing": "varchar", "driving": "varchar", "last_contact_on": "date",
    "next_contact_on": "date", "withdrawn_on": "date",
}  # fmt: skip
"""What a row is computed from, column by column, with its type."""


def struct_of(columns: dict[str, str]) -> str:
    """The SQL type of a record with these columns."""
    return f"struct({', '.join(f'{name} {kind}' for name, kind in columns.items())})"


_JUDGED_VALUES = f"""
    select {JUDGED.replace("$currency", f"'{WON}'").replace("$valued_on", "valued_on")}, valued_on
    from (
        select unnest(policies, max_depth := 2), valued_on
        from (
            select $policies::{struct_of(POLICY_READ)}[] as policies,
                $valued_on::date as valued_on
        )
    ) p
"""

REPLACED_OF_ONE = f"""
with judged as materialized ({_JUDGED_VALUES})
select {REPLACED.replace("$valued_on", "old.valued_on")}
from judged old join judged new on {ARE_ALIKE}
"""
"""REPLACED of one customer, from values alone: $policies, $valued_on."""

ROW_OF_ONE = f"""
select {ROW} from (
    select {HOLDING.replace("$valued_on", "valued_on")},
        $customer::{struct_of(CUSTOMER_READ)} as c,
        {{'on_day': $contacted_on::date}} as contacted,
        {{'consents': $consents::utinyint}} as agreed,
        {{'replaced_on': $replaced_on::date, 'unclear_on': $unclear_on::date}} as replacement
    from ({_JUDGED_VALUES})
) h
"""
"""ROW of one customer in won, from values alone: $customer, $policies, $contacted_on, $consents,
$replaced_on, $unclear_on, $valued_on. Each stands in it once, so that DuckDB keeps its plan."""


def computed_rows(which: str, only_ids: str = "true") -> str:
    """Give the common table expressions that end in `computed_row`, with ROW_COLUMNS.

    `which` is the SQL condition on the customers `c`; `only_ids` one on a customer's id `{}` that
    is true of them, to pass over the policies of others unread.
    Parameters: $valued_on, $currency.
    """
    of_policy, of_contact, of_consent = (
        only_ids.format(f"{table}.customer_id") for table in ("p", "x", "s")
    )
    return f"""
person as (from customer c where {which}),
judged as materialized (  -- or each sum would judge every policy again
    select p.customer_id, {JUDGED}
    from (
        select policy.*, insurer.number as insurer_number
        from policy left join insurer on insurer.name = policy.insurer
    ) p
    join person on person.id = p.customer_id where {of_policy}
),
holding as (select customer_id, {HOLDING} from judged group by customer_id),
replacement as (
    select old.customer_id, {REPLACED}
    from judged old join judged new on new.customer_id = old.customer_id and {ARE_ALIKE}
    group by old.customer_id
),
contacted as (
    select x.customer_id, max(x.contacted_on) as on_day
    from contact x join person on person.id = x.customer_id
    where {of_contact} and x.outcome not in ({_NOBODY_REACHED})
    group by x.customer_id
),
agreed as (
    select s.customer_id, {CONSENTS}
    from consent s join person on person.id = s.customer_id
    where {of_consent} and s.withdrawn_on is null
    group by s.customer_id
),
computed_row as (
    select {ROW}
    from person c
    left join holding h on h.customer_id = c.id
    left join replacement on replacement.customer_id = c.id
    left join contacted on contacted.customer_id = c.id
    left join agreed on agreed.customer_id = c.id
)
"""


_MASKED = {
    "name": MASKED_NAME.format("c.name"),
    "age": "(year($valued_on) - c.birth_year)::int",
    **dict.fromkeys(("name_key", "initials", "birth_date", "phone", "email", "words"), "null"),
}
"""What an account without the right to names sees in the place of these columns."""


def _column(name: str, by_name: bool) -> str:
    sql = f"{AGE} as age" if name == "age" else f"c.{name}"
    if by_name or name not in _MASKED:
        return sql
    exact = AGE if name == "age" else f"c.{name}"
    return f"if(c.owner_id = $names_of, {exact}, {_MASKED[name]}) as {name}"


def customer_fact(
    db: Database,
    account: Account,
    valued_on: date,
    currency: str = WON,
    used_in: str = "",
    kept: Sequence[str] = (),
) -> tuple[str, dict[str, Any]]:
    """Give the common table expressions that end in `customer_fact`, and their parameters.

    Only the columns that the SQL `used_in` names, all without it: fewer are planned faster. `kept`
    are columns that only the table customer_row has: for where `are_kept` says so.

    Columns: ROW_COLUMNS, and age (full years on $valued_on; from the birth year alone where no
    date is known). For each of the six types and `total`: _policies, _coverage,
    _unknown, _premium (a year's), _premium_unknown, all of what is in force. As sets of types
    (BIT): `held`, and of which something is known or not known. `customer_scope`
    before it holds those who withdrew their consent, too.

    For an account without the right to names, the name of somebody else's customer is masked, the
    age that of the birth year, and what else tells who it is NULL: nobody can be searched for or
    sorted by it. `born_on` stays, for rules to reckon with: it is not to be shown.
    """
    words = words_of(used_in) or {*ROW_COLUMNS, "age"}
    seen = scope.of_account(db, account)
    used = "" if seen.by_name else " and $names_of is not null"
    wanted = [name for name in (*ROW_COLUMNS, "age") if name in words | {"withdrawn_on"}]
    columns = ", ".join(
        [*(_column(name, seen.by_name) for name in wanted), *(f"c.{name}" for name in kept)]
    )
    in_scope, params = _scope(seen.owners)
    if are_kept(db, valued_on, currency):
        before, rows = "", f"customer_row c where {in_scope} and $currency = '{WON}'"
    else:
        before, rows = f"{computed_rows(in_scope)},", "computed_row c where true"
    sql = f"""
{before}
customer_scope as not materialized (
    select {columns} from {rows} and $valued_on is not null{used}
),
customer_fact as (from customer_scope where withdrawn_on is null)
"""
    if not seen.by_name:
        params["names_of"] = account.id
    return sql, {**params, "valued_on": valued_on, "currency": currency}


def are_kept(db: Database, valued_on: date, currency: str = WON) -> bool:
    """Say whether the table customer_row holds the facts as of this day, in this currency."""
    begin, end = db.remembered("kept days", lambda: _kept_days(db))
    return currency == WON and begin <= valued_on < end


@lru_cache(maxsize=256)
def words_of(sql: str) -> frozenset[str]:
    """Give the words that stand in SQL: names of columns among them."""
    return frozenset(re.findall(r"\w+", sql))


def _scope(owners: list[UUID] | None) -> tuple[str, dict[str, Any]]:
    """The condition on `c` that keeps to these owners, None being everybody."""
    if owners is None:
        return "true", {}
    if len(owners) == 1:
        return "c.owner_id = $owner", {"owner": owners[0]}
    return "c.owner_id in (select unnest($owners::uuid[]))", {"owners": owners}


def _kept_days(db: Database) -> tuple[date, date]:
    """The days, from the first to before the second, of which all of customer_row is true."""
    kept = db.read(
        """
        select count(*) as rows, (select count(*) from customer) as customers,
            coalesce(max(held_from), date '0001-01-01') as begin,
            coalesce(min(held_until), date '9999-12-31') as end_before
        from customer_row
        """
    )[0]
    complete = kept["rows"] == kept["customers"]
    return (kept["begin"], kept["end_before"]) if complete else (date.max, date.min)
