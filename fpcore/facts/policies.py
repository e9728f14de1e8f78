"""What is told of each policy `p` by itself, as SQL.

`day` is the SQL of the day for which it is told, `currency` that of the currency of amounts.
"""

from fpcore.facts.types import bit_of
from fpcore.facts.words import FactWords, has_one_of
from fpcore.models import PAYMENTS_PER_YEAR, WHOLE_LIFE


def in_force(day: str) -> str:
    """The SQL that is true of a policy that counts as cover: active, begun, not past its end."""
    return f"""
    p.status = 'active'
    and coalesce(p.start_date <= {day}, true)
    and coalesce(p.end_date >= {day}, true)
"""


IN_FORCE = in_force("$valued_on")

WHY_NOT_IN_FORCE = """
    case
        when p.status <> 'active' then p.status
        when p.start_date > $valued_on then 'not_begun'
        when p.end_date < $valued_on then 'ended'
    end
"""
"""The reason why a policy does not count on `$valued_on`, or NULL."""

_PAYMENTS = " ".join(
    f"when '{cycle.value}' then {payments}" for cycle, payments in PAYMENTS_PER_YEAR.items()
)


def yearly_premium(currency: str) -> str:
    """The SQL of what a policy costs in a year; NULL where amount or cycle is not known."""
    return f"""
    case
        when p.premium_cycle = 'paid_up' then 0
        when p.currency = {currency} then p.premium_amount * case p.premium_cycle {_PAYMENTS} end
    end
"""


PRODUCTS = ("indemnity", "savings", "driver")
"""What the name of a policy can tell beyond its type: 실손, 연금 or 저축, 운전자."""


def product(words: FactWords) -> str:
    """The SQL of one of PRODUCTS, else NULL."""
    named = words.product
    return f"""
    case
        when p.type = 'health' and {has_one_of("p.policy_name", named.indemnity)}
            then 'indemnity'
        when p.type in ('life', 'other')
            and {has_one_of("p.policy_name", named.savings)} then 'savings'
        when p.type in ('accident', 'car', 'other')
            and {has_one_of("p.policy_name", named.driver)} then 'driver'
    end
"""


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


def _span(day: str) -> str:
    return f"""
    case when p.status <> 'pending' then {{
        'bit': {bit_of("p.type")},
        'since': coalesce(p.start_date, date '0001-01-01'),
        'until': case
            when p.status = 'active' then coalesce(p.end_date, date '{WHOLE_LIFE}')
            when p.status = 'cancelled' and p.end_date <= {day} then (p.end_date - 1)::date
            when p.status = 'expired' and p.end_date < {day} then p.end_date
        end
    }}::{SPAN} end
"""


def judged(words: FactWords, day: str, currency: str) -> str:
    """The SQL of the columns that tell all that is told of a policy."""
    return f"""
        p.type, p.status,
        p.insurer, p.insurer_number, p.policy_number, p.policy_name, p.start_date, p.end_date,
        {product(words)} as product,
        {in_force(day)} as in_force,
        if(p.currency = {currency}, p.coverage_amount, null) as coverage,
        {yearly_premium(currency)} as premium,
        if(p.status <> 'pending', p.start_date, null) as begins_on,
        case
            when p.end_date = date '{WHOLE_LIFE}' or p.status = 'pending' then null
            when p.status = 'cancelled' then p.end_date
            else p.end_date + 1
        end::date as over_on,
        {_span(day)} as span
"""
