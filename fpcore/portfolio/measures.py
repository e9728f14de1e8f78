"""What a heatmap can show of a group of customers and a type of coverage.

For each measure there is a condition on a customer that says who is behind a cell: a cell counts
them, and the list that it leads to lists them, by the same text. All SQL is over customer_fact
with judging.KEPT, and for CHANGE also over SINCE_THEN.
"""

from fpcore.facts.types import ALL_TYPES, BIT, TOTAL
from fpcore.models import Measure, PolicyType

COLUMNS = (*(kind.value for kind in PolicyType), TOTAL)
"""The columns of a heatmap: the six types, and all of them together."""

STATED = (Measure.ADEQUACY, Measure.SHORTFALL)
"""Measures that need how each customer stands against the gap rules."""

AMOUNTS = (Measure.MEDIAN, Measure.COVERAGE, Measure.SHORTFALL, Measure.PREMIUM)
SHARES = (Measure.HOLDING, Measure.ADEQUACY, Measure.UNKNOWN, Measure.CHANGE)

HELD_THEN = """
    case when held_from <= $since then held else
        coalesce(list_aggregate(list_transform(list_filter(spans,
            lambda one: one.since <= $since and one.until >= $since),
            lambda one: one.bit), 'bit_or'), 0)
    end
"""
"""The SQL of the bits of the types that were in force on the day `$since`."""

SINCE_THEN = ("held_then", "is_unclear")
"""What CHANGE needs besides, as of the day `$since`."""


def since_then(relation: str) -> str:
    """The SQL of a relation with the columns SINCE_THEN besides its own."""
    return f"(select *, {HELD_THEN} as held_then, unclear_ends > 0 as is_unclear from {relation})"


def behind(measure: Measure, column: str) -> str:
    """The SQL that is true of the customers behind a cell."""
    return _BEHIND[measure](column)


def base(measure: Measure, column: str) -> str:
    """The SQL that is true of the customers whom a cell is about: those of a share are a part of
    them."""
    if measure is Measure.ADEQUACY:
        return f"({_in('met', column, True)} or {_in('unmet', column, True)})"
    if measure is Measure.SHORTFALL:
        return _in("advised", column)
    if measure in (Measure.MEDIAN, Measure.COVERAGE, Measure.PREMIUM, Measure.UNKNOWN):
        return _in("held", column)
    return "true"


def gained(column: str) -> str:
    """The SQL, over `held` and `held_then`, of who holds a type now and did not then."""
    return f"({_in('held', column)} and not {_in('held_then', column)})"


def lost(column: str) -> str:
    """The SQL, over `held` and `held_then`, of who held a type then and does not now."""
    return f"(not {_in('held', column)} and {_in('held_then', column)})"


def left_out(measure: Measure, column: str) -> str:
    """The SQL that is true of customers of whom something is not known that the cell would need."""
    if measure in STATED:
        return _in("undecided", column, True)
    if measure is Measure.PREMIUM:
        return _in("unknown_premium", column)
    if measure is Measure.CHANGE:
        return "is_unclear"
    if measure in (Measure.MEDIAN, Measure.COVERAGE):
        return _in("unknown_coverage", column)
    return "false"


def amounts(measure: Measure) -> dict[str, str]:
    """The SQL of the aggregate that is the number of a cell, by column, in the currency asked for;
    a premium a year. That of all types is the sum of the six where it is not given."""
    if measure is Measure.MEDIAN:
        return {
            column: f"median(case when {behind(measure, column)} then {column}_coverage end)"
            for column in COLUMNS
        }
    summed = _SUMMED.get(measure)
    return {kind.value: f"sum({kind}_{summed})" for kind in PolicyType} if summed else {}


def _in(types: str, column: str, has_all: bool = False) -> str:
    """The SQL that is true where a type is in a set of types; TOTAL where any of the six is, or
    all types together in a set that has their bit."""
    together = ALL_TYPES if has_all else sum(BIT.values())
    bits = together if column == TOTAL else BIT[PolicyType(column)]
    return f"({types} & {bits}) <> 0"


_SUMMED = {
    Measure.COVERAGE: "coverage",
    Measure.SHORTFALL: "shortfall",
    Measure.PREMIUM: "premium",
}
_BEHIND = {
    Measure.HOLDING: lambda column: _in("held", column),
    Measure.LACKING: lambda column: f"not ({_in('held', column)})",
    Measure.MEDIAN: lambda column: (
        f"({_in('held', column)} and not {_in('unknown_coverage', column)})"
    ),
    Measure.COVERAGE: lambda column: _in("known_coverage", column),
    Measure.ADEQUACY: lambda column: _in("unmet", column, True),
    Measure.SHORTFALL: lambda column: _in("short", column),
    Measure.PREMIUM: lambda column: _in("known_premium", column),
    Measure.UNKNOWN: lambda column: _in("unknown_coverage", column),
    Measure.CHANGE: lambda column: f"({gained(column)} or {lost(column)})",
}
