"""What a heatmap can show of a group of customers and a type of coverage.

For each measure there is a condition on a customer that says who is behind a cell: a cell counts
them, and the list that it leads to lists them, by the same text. All SQL is over customer_fact
with gap_states.KEPT, and for CHANGE also over CHANGE_COLUMNS.
"""

from fpcore.facts import BIT
from fpcore.gap_states import NO_RULE, type_state
from fpcore.models import GapState, Measure, PolicyType
from fpcore.rule_words import DIGIT, TOTAL

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

CHANGE_COLUMNS = f"{HELD_THEN} as held_then, unclear_ends > 0 as is_unclear"
"""What CHANGE needs besides, as of the day `$since`."""

_ALL_BITS = sum(BIT.values())


def behind(measure: Measure, column: str) -> str:
    """The SQL that is true of the customers behind a cell."""
    return _BEHIND[measure](column)


def base(measure: Measure, column: str) -> str:
    """The SQL that is true of the customers whom a cell is about: those of a share are a part of
    them."""
    holders = f"{column}_policies > 0"
    if measure is Measure.ADEQUACY:
        return f"{type_state(column)} between {DIGIT[GapState.COVERED]} and {DIGIT[GapState.GAP]}"
    if measure is Measure.SHORTFALL:
        return _any(f"{kind}_shortfall is not null" for kind in _kinds(column))
    if measure in (Measure.MEDIAN, Measure.COVERAGE, Measure.PREMIUM, Measure.UNKNOWN):
        return holders
    return "true"


def gained(column: str) -> str:
    """The SQL, over `held` and `held_then`, of who holds a type now and did not then."""
    return f"({_holds(column)} and not {_holds(column, _HELD_THEN)})"


def lost(column: str) -> str:
    """The SQL, over `held` and `held_then`, of who held a type then and does not now."""
    return f"(not {_holds(column)} and {_holds(column, _HELD_THEN)})"


def left_out(measure: Measure, column: str) -> str:
    """The SQL that is true of customers of whom something is not known that the cell would need."""
    if measure in STATED:
        return f"{type_state(column)} = {DIGIT[GapState.UNKNOWN]}"
    if measure is Measure.PREMIUM:
        return f"{column}_premium_unknown > 0"
    if measure is Measure.CHANGE:
        return "is_unclear"
    if measure in (Measure.MEDIAN, Measure.COVERAGE):
        return f"{column}_unknown > 0"
    return "false"


def amount(measure: Measure, column: str) -> str:
    """The SQL of the aggregate that is the number of a cell, in the currency asked for; a premium
    a year."""
    if measure is Measure.MEDIAN:
        return f"median(case when {behind(measure, column)} then {column}_coverage end)"
    if measure is Measure.SHORTFALL:
        return " + ".join(f"coalesce(sum({kind}_shortfall), 0)" for kind in _kinds(column))
    held = "premium" if measure is Measure.PREMIUM else "coverage"
    return f"sum({column}_{held})"


def is_ruled(column: str) -> str:
    """The SQL that is true where some rule asks for cover of this type."""
    return f"{type_state(column)} <> {NO_RULE}"


def _kinds(column: str) -> list[str]:
    return [kind.value for kind in PolicyType] if column == TOTAL else [column]


def _bits(column: str) -> int:
    return _ALL_BITS if column == TOTAL else BIT[PolicyType(column)]


def _any(conditions) -> str:
    parts = [f"coalesce({one}, false)" for one in conditions]
    return f"({' or '.join(parts)})"


_HELD_THEN = "held_then"


def _holds(column: str, bits: str = "held") -> str:
    return f"({bits} & {_bits(column)}) <> 0"


_BEHIND = {
    Measure.HOLDING: _holds,
    Measure.LACKING: lambda column: f"not ({_holds(column)})",
    Measure.MEDIAN: lambda column: f"({column}_policies > 0 and {column}_unknown = 0)",
    Measure.COVERAGE: lambda column: f"({column}_policies > 0 and {column}_coverage is not null)",
    Measure.ADEQUACY: lambda column: (
        f"{type_state(column)} between {DIGIT[GapState.PARTIAL]} and {DIGIT[GapState.GAP]}"
    ),
    Measure.SHORTFALL: lambda column: _any(f"{kind}_shortfall > 0" for kind in _kinds(column)),
    Measure.PREMIUM: lambda column: f"({column}_policies > 0 and {column}_premium is not null)",
    Measure.UNKNOWN: lambda column: f"{column}_unknown > 0",
    Measure.CHANGE: lambda column: f"({gained(column)} or {lost(column)})",
}
