"""What is told of each policy by itself, as SQL."""

from fpcore.facts.types import bit_of
from fpcore.facts.words import WORDS, names_one_of
from fpcore.models import PAYMENTS_PER_YEAR, WHOLE_LIFE

IN_FORCE = """
    p.status = 'active'
    and coalesce(p.start_date <= $valued_on, true)
    and coalesce(p.end_date >= $valued_on, true)
"""
"""A policy `p` counts as cover on `$valued_on`: active, begun and not past its end."""

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

PRODUCT = f"""
    case
        when p.type = 'health' and {names_one_of("p.policy_name", WORDS["product"]["indemnity"])}
            then 'indemnity'
        when p.type in ('life', 'other')
            and {names_one_of("p.policy_name", WORDS["product"]["savings"])} then 'savings'
        when p.type in ('accident', 'car', 'other')
            and {names_one_of("p.policy_name", WORDS["product"]["driver"])} then 'driver'
    end
"""
"""What the name of a policy `p` tells beyond its type: indemnity (실손), savings (연금, 저축) or
driver (운전자), else NULL."""

KINDS = {
    "death": ("life", None),
    "diagnosis": ("health", None),
    "injury": ("accident", None),
    "vehicle": ("car", None),
    "driver": (None, "driver"),
    "indemnity": (None, "indemnity"),
}
"""Parts of the six types that rules ask for: the type, None for any, and what the name tells."""


def is_of(kind: str) -> str:
    """The SQL that is true of a policy of a kind."""
    type_, product = KINDS[kind]
    return f"product = '{product}'" if product else f"type = '{type_}' and product is null"


SPAN = "struct(bit utinyint, since date, until date)"
"""How long a policy was in force: its type's bit, first day, last day. `until` is NULL where the
policy is over and nobody knows since when; `since` is the first of all days where no beginning is
known."""

_SPAN = f"""
    case when p.status <> 'pending' then {{
        'bit': {bit_of("p.type")},
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
