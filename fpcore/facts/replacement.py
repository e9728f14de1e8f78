"""Policies that replace others (승환), as SQL."""

from fpcore.facts.words import WORDS
from fpcore.models import PolicyStatus

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

REPLACED = f"""
        max(case when {ENDED_CLOSE} then greatest(new.start_date, old.end_date) end) as replaced_on,
        max(case when {END_UNCLEAR} then new.start_date end) as unclear_on
"""
"""Of pairs ARE_ALIKE: policies of which one was cancelled around the beginning of the other."""
