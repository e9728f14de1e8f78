"""`customer_fact`: one row a customer in scope, and the only relation that rules, lists and
heatmaps read.

Amounts are in one currency. A policy whose amount is not known, or is in another currency, is
counted in the `…_unknown` columns and in no sum: unknown is never zero.
"""

from datetime import date
from typing import Any

from fpcore.accounts import VISIBLE_OWNERS
from fpcore.models import PAYMENTS_PER_YEAR, WON, Account, PolicyType

OLDEST_BAND = 100

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


def _sums(prefix: str, where: str) -> str:
    """The SQL for what is held of one type, or of all."""
    return f"""
        count(*) filter ({where}) as {prefix}_policies,
        sum(coverage) filter ({where}) as {prefix}_coverage,
        count(*) filter ({where} and coverage is null) as {prefix}_unknown,
        sum(premium) filter ({where}) as {prefix}_premium,
        count(*) filter ({where} and premium is null) as {prefix}_premium_unknown"""


_PREFIXES = [*(kind.value for kind in PolicyType), "total"]
_SUMS = ",".join(
    _sums(prefix, "true" if prefix == "total" else f"type = '{prefix}'") for prefix in _PREFIXES
)
_HELD = ",".join(
    f"""
        coalesce(h.{prefix}_policies, 0) as {prefix}_policies,
        if(coalesce(h.{prefix}_policies, 0) = 0, 0, h.{prefix}_coverage) as {prefix}_coverage,
        coalesce(h.{prefix}_unknown, 0) as {prefix}_unknown,
        if(coalesce(h.{prefix}_policies, 0) = 0, 0, h.{prefix}_premium) as {prefix}_premium,
        coalesce(h.{prefix}_premium_unknown, 0) as {prefix}_premium_unknown"""
    for prefix in _PREFIXES
)

CUSTOMER_FACT = f"""
owner as ({VISIBLE_OWNERS}),
person as (
    select
        c.*,
        owner.username as owner, owner.name as owner_name, team.name as team,
        {AGE} as age
    from customer c
    join owner on owner.id = c.owner_id
    left join team on team.id = owner.team_id
),
in_force as (
    select
        p.customer_id, p.type,
        if(p.currency = $currency, p.coverage_amount, null) as coverage,
        {YEARLY_PREMIUM} as premium
    from policy p join person on person.id = p.customer_id
    where {IN_FORCE}
),
holding as (
    select customer_id, {_SUMS}
    from in_force group by customer_id
),
customer_fact as (
    select
        person.*,
        case
            when age >= {OLDEST_BAND} then '{OLDEST_BAND}+'
            when age >= 0 then (age // 10 * 10)::varchar || '-' || (age // 10 * 10 + 9)::varchar
        end as age_band,
        {_HELD}
    from person left join holding h on h.customer_id = person.id
)
"""
"""The common table expressions that end in `customer_fact`.

Columns: those of `customer`; owner, owner_name, team; age (full years on $valued_on; from the
birth year alone where no date is known), age_band; and for each of the six types and `total`:
_policies, _coverage, _unknown, _premium (a year's), _premium_unknown, all of what is in force.
"""


def fact_params(account: Account, valued_on: date, currency: str = WON) -> dict[str, Any]:
    """Give the parameters of CUSTOMER_FACT: who asks, the day it is for, the currency."""
    return {"asker": account.id, "valued_on": valued_on, "currency": currency}
