"""Policies `new` that replaced others, `old` (승환), as SQL over pairs of policies.judged."""

from fpcore.facts.words import FactWords
from fpcore.models import PolicyStatus

MAY_BE_REPLACED = PolicyStatus.CANCELLED
"""Without a policy in this status none is replaced."""

ARE_ALIKE = f"""
    new.type = old.type and new.product is not distinct from old.product
    and old.status = '{MAY_BE_REPLACED}' and new.status in ('active', 'pending')
    and new.start_date is not null and new.type not in ('car', 'other')
    and coalesce(new.end_date > new.start_date + to_years(1), true)
"""
"""A policy may replace a cancelled one: alike, and not of a term up to a year."""


def ended_close(words: FactWords, day: str) -> str:
    """The SQL that is true where the old policy ended around the beginning of the new one.

    A last day after `day` is that of the term: when the policy was cancelled is not known then
    (end_unclear).
    """
    months = f"to_months({words.replacement.months})"
    return f"""
    old.end_date <= {day}
    and old.end_date >= new.start_date - {months} and old.end_date <= new.start_date + {months}
"""


def end_unclear(day: str) -> str:
    """The SQL that is true where nobody knows when the old policy ended."""
    return f"coalesce(old.end_date > {day}, true)"


def replaced(words: FactWords, day: str) -> str:
    """The SQL of when a policy was last replaced, and when one last may have been."""
    return f"""
        max(case when {ended_close(words, day)} then greatest(new.start_date, old.end_date) end)
            as replaced_on,
        max(case when {end_unclear(day)} then new.start_date end) as unclear_on
"""
