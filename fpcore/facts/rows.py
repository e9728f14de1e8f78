"""The rows of customer_fact, computed from what is stored of customers and policies."""

from functools import lru_cache

from fpcore.facts.holding import KIND_SUMS_OR_NONE, SUM_COLUMNS, SUMS_OR_NONE, holding
from fpcore.facts.policies import judged
from fpcore.facts.replacement import ARE_ALIKE, replaced
from fpcore.facts.types import CONSENTS, bits
from fpcore.facts.words import FactWords
from fpcore.models import NOBODY_REACHED, WON, circumstances
from fpcore.store.connecting import quoted

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


def occupation_class(words: FactWords) -> str:
    """The SQL of the accident risk class of a customer `c`.

    As entered, or that of an occupation that is listed; NULL for any other.
    """
    listed = words.occupation_class.classes.by_class()
    cases = " ".join(
        f"when c.occupation in ({', '.join(map(quoted, names))}) then {number}"
        for number, names in listed.items()
        if names
    )
    return f"coalesce(c.occupation_class, case {cases or 'when false then null'} end)"


def _circumstances(words: FactWords) -> str:
    own = {"occupation_class": occupation_class(words)}
    return ", ".join(
        f"{own.get(each.name, each.fact)} as {each.name}"
        for each in circumstances.CIRCUMSTANCES
        if each.in_facts
    )


_NOBODY_REACHED = ", ".join(f"'{outcome}'" for outcome in NOBODY_REACHED)

ROW_COLUMNS = (
    "id", "owner_id", "name", "name_key", "initials", "birth_year", "birth_date", "born_on",
    "gender", "phone", "email", "occupation", *circumstances.FACTS, "last_contact_on",
    "next_contact_on", "consents", "withdrawn_on",
    "words", "expired_policies", "cancelled_policies", "pending_policies",
    "next_end_on", "held_from", "held_until", "customer_since", "held", "known_coverage",
    "unknown_coverage", "known_premium", "unknown_premium", "insurers", "spans", "unclear_ends",
    *SUM_COLUMNS,
    "unnamed_health_policies", "protection_premium", "protection_premium_unknown",
    "replaced_on", "replacement_unclear_on",
)  # fmt: skip
"""The columns of the table customer_row and of the computed one."""


def row(words: FactWords) -> str:
    """The SQL of ROW_COLUMNS of a customer `c` with a holding `h`, and what else is known."""
    return f"""
        c.id, c.owner_id, c.name, icu_sort_key(c.name, 'ko') as name_key, {INITIALS} as initials,
        c.birth_year, c.birth_date,
        coalesce(c.birth_date, make_date(c.birth_year, 1, 1)) as born_on,
        c.gender, c.phone, c.email, c.occupation,
        {_circumstances(words)},
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
        {SUMS_OR_NONE},
        {KIND_SUMS_OR_NONE},
        coalesce(h.unnamed_health_policies, 0) as unnamed_health_policies,
        if(coalesce(h.protection_premium_unknown, 0) = 0, coalesce(h.protection_premium, 0),
            h.protection_premium) as protection_premium,
        coalesce(h.protection_premium_unknown, 0) as protection_premium_unknown,
        replacement.replaced_on, replacement.unclear_on as replacement_unclear_on
"""


POLICY_READ = {
    "type": "varchar", "status": "varchar", "insurer": "varchar", "insurer_number": "integer",
    "policy_number": "varchar", "policy_name": "varchar", "start_date": "date", "end_date": "date",
    "currency": "varchar", "coverage_amount": "decimal(18, 2)",
    "premium_amount": "decimal(18, 2)", "premium_cycle": "varchar",
}  # fmt: skip
CUSTOMER_READ = {
    "id": "uuid", "owner_id": "uuid", "name": "varchar", "birth_year": "smallint",
    "birth_date": "date", "gender": "varchar", "phone": "varchar", "email": "varchar",
    "occupation": "varchar", "last_contact_on": "date", "next_contact_on": "date",
    "withdrawn_on": "date",
    **{each.name: each.sql_type for each in circumstances.CIRCUMSTANCES if each.in_facts},
}  # fmt: skip
"""What a row is computed from, column by column, with its type."""


def struct_of(columns: dict[str, str]) -> str:
    """The SQL type of a record with these columns."""
    return f"struct({', '.join(f'{name} {kind}' for name, kind in columns.items())})"


def _judged_values(words: FactWords) -> str:
    """The SQL of policies that are given as values, judged; each parameter stands in it once."""
    return f"""
    select {judged(words, "valued_on", quoted(WON))}, valued_on
    from (
        select unnest(policies, max_depth := 2), valued_on
        from (
            select $policies::{struct_of(POLICY_READ)}[] as policies,
                $valued_on::date as valued_on
        )
    ) p
"""


@lru_cache(maxsize=8)
def replaced_of_one(words: FactWords) -> str:
    """The SQL of replacement.replaced of one customer, from values alone: $policies, $valued_on."""
    return f"""
with judged as materialized ({_judged_values(words)})
select {replaced(words, "old.valued_on")}
from judged old join judged new on {ARE_ALIKE}
"""


@lru_cache(maxsize=8)
def row_of_one(words: FactWords) -> str:
    """The SQL of the row of one customer in won, from values alone.

    Parameters: $customer, $policies, $contacted_on, $consents, $replaced_on, $unclear_on,
    $valued_on. Each stands in it once, so that DuckDB keeps its plan.
    """
    return f"""
select {row(words)} from (
    select {holding("valued_on")},
        $customer::{struct_of(CUSTOMER_READ)} as c,
        {{'on_day': $contacted_on::date}} as contacted,
        {{'consents': $consents::utinyint}} as agreed,
        {{'replaced_on': $replaced_on::date, 'unclear_on': $unclear_on::date}} as replacement
    from ({_judged_values(words)})
) h
"""


def computed_rows(
    words: FactWords,
    which: str,
    only_ids: str = "true",
    day: str = "$valued_on",
    currency: str = "$currency",
) -> str:
    """Give the common table expressions that end in `computed_row`, with ROW_COLUMNS.

    `which` is the SQL condition on the customers `c`; `only_ids` one on a customer's id `{}` that
    is true of them, to pass over the policies of others unread. `day` and `currency` are SQL.
    """
    of_policy, of_contact, of_consent = (
        only_ids.format(f"{table}.customer_id") for table in ("p", "x", "s")
    )
    return f"""
person as (from customer c where {which}),
judged as materialized (  -- or each sum would judge every policy again
    select p.customer_id, {judged(words, day, currency)}
    from (
        select policy.*, insurer.number as insurer_number
        from policy left join insurer on insurer.name = policy.insurer
    ) p
    join person on person.id = p.customer_id where {of_policy}
),
holding as (select customer_id, {holding(day)} from judged group by customer_id),
replacement as (
    select old.customer_id, {replaced(words, day)}
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
    select {row(words)}
    from person c
    left join holding h on h.customer_id = c.id
    left join replacement on replacement.customer_id = c.id
    left join contacted on contacted.customer_id = c.id
    left join agreed on agreed.customer_id = c.id
)
"""
