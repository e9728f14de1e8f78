"""What all policies of a customer come to, as SQL."""

from fpcore.facts.policies import KINDS, is_of
from fpcore.models import PolicyType

_HELD = ("policies", "coverage", "unknown", "premium", "premium_unknown")
_PREFIXES = (*(kind.value for kind in PolicyType), "total")

_AMOUNT_KINDS = ("death", "diagnosis", "injury")
_KINDS_HELD = (
    *((kind, held) for kind in _AMOUNT_KINDS for held in ("policies", "coverage", "unknown")),
    *((kind, "policies") for kind in KINDS if kind not in _AMOUNT_KINDS),
)
SUM_COLUMNS = (
    *(f"{prefix}_{held}" for prefix in _PREFIXES for held in _HELD),
    *(f"{kind}_{held}" for kind, held in _KINDS_HELD),
)


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
    where = f"in_force and {is_of(kind)}"
    if held == "coverage":
        return f"sum({_if(where, 'coverage')})::bigint as {kind}_coverage"
    unknown = " and coverage is null" if held == "unknown" else ""
    return f"count({_if(where + unknown, '1')}) as {kind}_{held}"


_KIND_SUMS = ",".join(_sum_of_kind(kind, held) for kind, held in _KINDS_HELD)
KIND_SUMS_OR_NONE = ",".join(
    f"if(coalesce(h.{kind}_policies, 0) = 0, 0, h.{kind}_coverage) as {kind}_coverage"
    if held == "coverage"
    else f"coalesce(h.{kind}_{held}, 0) as {kind}_{held}"
    for kind, held in _KINDS_HELD
)

_SUMS = ",".join(
    _sums(prefix, "in_force" if prefix == "total" else f"in_force and type = '{prefix}'")
    for prefix in _PREFIXES
)
SUMS_OR_NONE = ",".join(
    f"""
        coalesce(h.{prefix}_policies, 0) as {prefix}_policies,
        if(coalesce(h.{prefix}_policies, 0) = 0, 0, h.{prefix}_coverage) as {prefix}_coverage,
        coalesce(h.{prefix}_unknown, 0) as {prefix}_unknown,
        if(coalesce(h.{prefix}_policies, 0) = 0, 0, h.{prefix}_premium) as {prefix}_premium,
        coalesce(h.{prefix}_premium_unknown, 0) as {prefix}_premium_unknown"""
    for prefix in _PREFIXES
)


def holding(day: str) -> str:
    """The SQL of what all policies of a customer come to, over policies.judged; `day` as there."""
    has_begun, is_over = f"begins_on <= {day}", f"over_on <= {day}"
    will_begin, will_end = f"begins_on > {day}", f"over_on > {day}"
    is_protection = "in_force and product is distinct from 'savings'"
    return f"""
        count({_if(f"status = 'expired' or (status = 'active' and {is_over})", "1")})
            as expired_policies,
        count({_if("status = 'cancelled'", "1")}) as cancelled_policies,
        count({_if("status = 'pending'", "1")}) as pending_policies,
        (min({_if("in_force", "over_on")}) - 1)::date as next_end_on,
        greatest(max({_if(has_begun, "begins_on")}), max({_if(is_over, "over_on")})) as held_from,
        least(min({_if(will_begin, "begins_on")}), min({_if(will_end, "over_on")})) as held_until,
        min({_if(has_begun, "begins_on")}) as customer_since,
        list({_if("in_force", "insurer_number")}) as insurers,
        list(span) as spans,
        count({_if("span is not null and span.until is null", "1")}) as unclear_ends,
        nullif(concat_ws(chr(10), string_agg(insurer, chr(10)), string_agg(policy_number, chr(10))),
            '') as policy_words,
        {_SUMS},
        {_KIND_SUMS},
        count({_if("in_force and type = 'health' and policy_name is null", "1")})
            as unnamed_health_policies,
        sum({_if(is_protection, "premium")})::bigint as protection_premium,
        count({_if(f"{is_protection} and premium is null", "1")}) as protection_premium_unknown
"""
