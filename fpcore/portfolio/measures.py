"""What a heatmap can show of customers and a type of coverage: a record for each measure.

Whoever adds a measure adds its record here, its member of Measure and its words in the locales.
A cell counts the customers of `behind`, and the list that it leads to lists them, by the same SQL.
All SQL is over customer_fact with judging.KEPT; that of a measure that looks back also over
SINCE_THEN.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from fpcore.facts.types import ALL_TYPES, BIT, TOTAL
from fpcore.models import Measure, PolicyType

COLUMNS = (*(kind.value for kind in PolicyType), TOTAL)
"""The columns of a heatmap: the six types, and all of them together."""

HELD_THEN = """
    case when held_from <= $since then held else
        coalesce(list_aggregate(list_transform(list_filter(spans,
            lambda span: span.since <= $since and span.until >= $since),
            lambda span: span.bit), 'bit_or'), 0)
    end
"""
"""The SQL of the bits of the types that were in force on the day `$since`."""

SINCE_THEN = ("held_then", "is_unclear")
"""The columns that a measure needs besides to look back to the day `$since`."""


SINCE_READS = ("held", "held_from", "spans", "unclear_ends")
"""The columns of customer_fact that SINCE_THEN are made of."""


def columns_for(reads: Iterable[str]) -> set[str]:
    """Name the columns of customer_fact behind columns that may be of SINCE_THEN."""
    named = set(reads)
    return named - {*SINCE_THEN} | ({*SINCE_READS} if named & {*SINCE_THEN} else set())


def since_then(relation: str) -> str:
    """The SQL of a relation with the columns SINCE_THEN besides its own."""
    return f"(select *, {HELD_THEN} as held_then, unclear_ends > 0 as is_unclear from {relation})"


class Unit(StrEnum):
    """What the number of a cell is: a share from 0 to 1, a difference of two shares, a number of
    customers, or an amount of money."""

    SHARE = "share"
    POINTS = "points"
    COUNT = "count"
    AMOUNT = "amount"


class Sql(NamedTuple):
    """SQL about a customer, and the columns that it reads."""

    text: str
    reads: frozenset[str]


OfColumn = Callable[[str], Sql]
"""Gives the SQL of a measure for one of COLUMNS."""


class Figures(NamedTuple):
    """What the value of a cell is made of: arrays, a number a cell. `base` and `amount` are NaN
    where there is nobody, or nothing is known."""

    n: np.ndarray
    base: np.ndarray
    amount: np.ndarray
    gained: np.ndarray
    lost: np.ndarray


@dataclass(frozen=True)
class Definition:
    """How a measure is found, and what its numbers are.

    `behind` is true of the customers behind a cell, `base` of those whom its value is about (None:
    everybody in the row), `left_out` of those of whom something is not known that it would need.
    `amount` is an aggregate in the currency asked for. `gained` and `lost` are counted for the
    screens of a change. `value` makes the number of each cell, NaN where nothing is known of it.

    A measure that `adds_up` is asked for by type and row, and summed up for all; any other is asked
    for all again. `needs_rules`: it reads judging.KEPT. `looks_back`: it needs the day `$since`.
    `in_currency`: it knows other currencies than won. `left_out_of_base`: nobody is left out of a
    column whose base is empty in all rows. `listed_by` is the field of CustomerFilter that lists
    who is behind a cell of one type.
    """

    behind: OfColumn
    value: Callable[[Figures], np.ndarray]
    unit: Unit
    base: OfColumn | None = None
    left_out: OfColumn | None = None
    gained: OfColumn | None = None
    lost: OfColumn | None = None
    amount: OfColumn | None = None
    adds_up: bool = True
    needs_rules: bool = False
    looks_back: bool = False
    in_currency: bool = False
    left_out_of_base: bool = False
    higher_is_worse: bool = False
    listed_by: str = "behind"

    def counts(self, column: str) -> dict[str, Sql]:
        """Give what is counted for a column, by the name of the figure."""
        names = ("behind", "base", "left_out", "gained", "lost")
        conditions = {name: getattr(self, name) for name in names}
        conditions["n"] = conditions.pop("behind")
        return {name: sql(column) for name, sql in conditions.items() if sql}

    def amounts(self) -> dict[str, Sql]:
        """Give the aggregates by column: without TOTAL where the six types add up to it."""
        if not self.amount:
            return {}
        return {
            column: self.amount(column)
            for column in COLUMNS
            if not (self.adds_up and column == TOTAL)
        }


# --- Conditions ------------------------------------------------------------------------------


def _in(types: str, column: str, has_all: bool = False) -> Sql:
    """The SQL that is true where a type is in a set of types; TOTAL where any of the six is, or
    all types together in a set that has their bit."""
    together = ALL_TYPES if has_all else sum(BIT.values())
    bits = together if column == TOTAL else BIT[PolicyType(column)]
    return Sql(f"({types} & {bits}) <> 0", frozenset({types}))


def _of_types(types: str, has_all: bool = False) -> OfColumn:
    return lambda column: _in(types, column, has_all)


def _sql(template: str, *parts: Sql) -> Sql:
    """Put SQL into the `{}` of a template."""
    text = template.format(*(part.text for part in parts))
    return Sql(text, frozenset().union(*(part.reads for part in parts)))


def _column(name: str) -> Sql:
    return Sql(name, frozenset({name}))


def _lacking(column: str) -> Sql:
    return _sql("not ({})", _in("held", column))


def _all_known(column: str) -> Sql:
    return _sql("({} and not {})", _in("held", column), _in("unknown_coverage", column))


def _decided(column: str) -> Sql:
    return _sql("({} or {})", _in("met", column, True), _in("unmet", column, True))


def _gained(column: str) -> Sql:
    """Who holds a type now and did not then."""
    return _sql("({} and not {})", _in("held", column), _in("held_then", column))


def _lost(column: str) -> Sql:
    """Who held a type then and does not now."""
    return _sql("(not {} and {})", _in("held", column), _in("held_then", column))


def _changed(column: str) -> Sql:
    return _sql("({} or {})", _gained(column), _lost(column))


def _median(column: str) -> Sql:
    amount = _column(f"{column}_coverage")
    return _sql("median(case when {} then {} end)", _all_known(column), amount)


def _sum_of(amount: str) -> OfColumn:
    return lambda column: _sql("sum({})", _column(f"{column}_{amount}"))


# --- Values ----------------------------------------------------------------------------------


def _number(figures: Figures) -> np.ndarray:
    return figures.n


def _share(figures: Figures) -> np.ndarray:
    return figures.n / figures.base


def _share_of_others(figures: Figures) -> np.ndarray:
    return (figures.base - figures.n) / figures.base


def _difference(figures: Figures) -> np.ndarray:
    return (figures.gained - figures.lost) / figures.base


def _amount_of_base(figures: Figures) -> np.ndarray:
    return np.where(figures.base > 0, figures.amount, np.nan)


def _amount_of_known(figures: Figures) -> np.ndarray:
    return np.where(figures.n > 0, figures.amount, np.nan)


def _known_sum(figures: Figures) -> np.ndarray:
    """0 where there is no holder; NaN where there are some and nothing is known of them."""
    nobody = np.where(np.isnan(figures.base), 0, np.nan)
    return np.where(figures.n > 0, figures.amount, nobody)


def _monthly_sum(figures: Figures) -> np.ndarray:
    return _known_sum(figures._replace(amount=figures.amount / 12))


DEFINITIONS = {
    Measure.HOLDING: Definition(
        behind=_of_types("held"), value=_share, unit=Unit.SHARE, listed_by="holding"
    ),
    Measure.LACKING: Definition(
        behind=_lacking, value=_number, unit=Unit.COUNT, higher_is_worse=True, listed_by="missing"
    ),
    Measure.MEDIAN: Definition(
        behind=_all_known, value=_amount_of_known, unit=Unit.AMOUNT, base=_of_types("held"),
        left_out=_of_types("unknown_coverage"), amount=_median, adds_up=False, in_currency=True,
    ),
    Measure.COVERAGE: Definition(
        behind=_of_types("known_coverage"), value=_known_sum, unit=Unit.AMOUNT,
        base=_of_types("held"), left_out=_of_types("unknown_coverage"),
        amount=_sum_of("coverage"), in_currency=True,
    ),
    Measure.ADEQUACY: Definition(
        behind=_of_types("unmet", True), value=_share_of_others, unit=Unit.SHARE, base=_decided,
        left_out=_of_types("undecided", True), needs_rules=True,
    ),
    Measure.SHORTFALL: Definition(
        behind=_of_types("short"), value=_amount_of_base, unit=Unit.AMOUNT,
        base=_of_types("advised"), left_out=_of_types("undecided", True),
        amount=_sum_of("shortfall"), needs_rules=True, left_out_of_base=True,
        higher_is_worse=True,
    ),
    Measure.PREMIUM: Definition(
        behind=_of_types("known_premium"), value=_monthly_sum, unit=Unit.AMOUNT,
        base=_of_types("held"), left_out=_of_types("unknown_premium"),
        amount=_sum_of("premium"), in_currency=True,
    ),
    Measure.UNKNOWN: Definition(
        behind=_of_types("unknown_coverage"), value=_share, unit=Unit.SHARE,
        base=_of_types("held"), higher_is_worse=True,
    ),
    Measure.CHANGE: Definition(
        behind=_changed, value=_difference, unit=Unit.POINTS,
        left_out=lambda column: _column("is_unclear"), gained=_gained, lost=_lost,
        looks_back=True,
    ),
}  # fmt: skip
"""Each measure: who is behind it, and how its numbers are made."""
