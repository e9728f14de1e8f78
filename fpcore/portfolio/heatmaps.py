"""Heatmaps of the whole scope: groups of customers by the six types, one measure at a time.

Everything is counted and added up by DuckDB in one pass over one row a customer.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from fpcore.errors import InvalidInput
from fpcore.facts import groups
from fpcore.facts import relation as facts
from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import TOTAL
from fpcore.kept.stated import stated_fact
from fpcore.models import WON, Account, Measure, RowKind
from fpcore.portfolio import measures
from fpcore.portfolio.measures import COLUMNS, STATED
from fpcore.rules.judging import KEPT
from fpcore.store.database import Cursor, Database

LOOKING_BACK = timedelta(days=90)
"""How far a CHANGE looks back unless told otherwise."""

_COUNTS = ["n", "base", "left_out", "customers", "gained", "lost"]


@dataclass(frozen=True)
class Heatmap:
    """One measure of everybody in scope, by a row kind and COLUMNS.

    Columns of `cells`: row (UNKNOWN_ROW where not known, ALL_ROWS for everybody), type (one of
    COLUMNS), value (a share from 0 to 1, a number of customers, or an amount in `currency`, a
    premium a month; a CHANGE is a difference of shares; NaN: not known, or no rule is about it),
    n (the customers behind the cell, whom customer_list.find lists), base (whom the value is
    about), left_out (of whom something is not known), customers (of the row), gained and lost
    (since the day, else 0). Rows come in their natural order, everybody last. `sql` is what was
    asked of the database.

    Somebody with policies of several insurers is in several rows of that kind.
    """

    rows: RowKind
    measure: Measure
    valued_on: date
    currency: str
    since: date | None
    team: str | None
    cells: pd.DataFrame
    sql: str


def heatmap(
    db: Database,
    account: Account,
    rows: RowKind,
    measure: Measure,
    valued_on: date,
    currency: str = WON,
    since: date | None = None,
    team: str | None = None,
) -> Heatmap:
    """Aggregate everybody in scope, or those of one team in it, into the cells of a measure.

    `since` is the day that CHANGE looks back to. Errors: InvalidInput for a CHANGE without an
    earlier day.
    """
    if measure is Measure.CHANGE and (since is None or since >= valued_on):
        raise InvalidInput([("since", "since_not_before", {})])
    with db.reading() as cursor:
        asked = _Asked(db, cursor, account, rows, valued_on, currency, since, team)
        found, sql = asked.answer(measure)
        cells = _cells(found, asked, measure)
    return Heatmap(rows, measure, valued_on, currency, since, team, cells, sql)


def figures(
    db: Database,
    account: Account,
    rows: RowKind,
    valued_on: date,
    currency: str = WON,
    team: str | None = None,
) -> pd.DataFrame:
    """Aggregate everybody in scope into cells that hold the figures of several measures.

    Columns: row, type (the six), customers (of the row), holders, lacking, coverage and premium
    (known sums, the premium a month; NaN where holders have nothing known), unknown and
    premium_unknown (holders of whom some amount is not known). Rows as in Heatmap, without
    everybody.
    """
    holding, coverage, premium = (
        heatmap(db, account, rows, measure, valued_on, currency, team=team).cells
        for measure in (Measure.HOLDING, Measure.COVERAGE, Measure.PREMIUM)
    )
    cells = pd.DataFrame(
        {
            "row": holding["row"],
            "type": holding["type"],
            "customers": holding["customers"],
            "holders": holding["n"],
            "lacking": holding["customers"] - holding["n"],
            "coverage": coverage["value"],
            "premium": premium["value"],
            "unknown": coverage["left_out"],
            "premium_unknown": premium["left_out"],
        }
    )
    is_one = (cells["row"] != ALL_ROWS) & (cells["type"] != TOTAL)
    return cells[is_one].reset_index(drop=True)


@dataclass(frozen=True)
class _Asked:
    """Who asks for which rows (None: everybody in one) as of when, and how to ask the database."""

    db: Database
    cursor: Cursor
    account: Account
    rows: RowKind | None
    valued_on: date
    currency: str
    since: date | None
    team: str | None

    def answer(self, measure: Measure) -> tuple["_Answer", str]:
        """Ask for all figures of a measure by the row's key; the answer, and the SQL."""
        figures = _figures(measure)
        relation = "stated_fact" if measure in STATED else "customer_fact"
        row = groups.key(self.rows, self.valued_on) if self.rows else "0"
        of_team = "true"
        said: dict[str, Any] = {}
        if self.team:
            of_team, said = groups.OF_TEAM, {"team": self.team}
        if measure is Measure.CHANGE:
            relation, said["since"] = measures.since_then(relation), self.since
        read = ", ".join([f"{row} as row", *_read_by(figures)])
        in_row = f"select {read} from {relation} where {of_team}"
        if measure in STATED:
            fact, params = stated_fact(self.db, self.cursor, self.account, self.valued_on, in_row)
        else:
            fact, params = customer_fact(
                self.db, self.account, self.valued_on, self.currency, in_row
            )
        sql = f"""
with {fact},
customer_in_row as not materialized ({in_row})
select row, {figures} from customer_in_row group by row
"""
        return _Answer.of(self.cursor.execute(sql, {**params, **said}).fetchnumpy()), sql


@dataclass(frozen=True)
class _Answer:
    """What the database answered: the rows' keys, and by `<column>_<figure>` a number a row, NaN
    where it is NULL."""

    keys: list[Any]
    numbers: dict[str, np.ndarray]

    @classmethod
    def of(cls, found: dict[str, np.ndarray]) -> "_Answer":
        keys = found.pop("row").tolist()  # None where it is NULL
        return cls(keys, {name: _floats(one) for name, one in found.items()})

    def table(self, figure: str, otherwise: np.ndarray | float = 0.0) -> np.ndarray:
        """Give a figure as one array, rows by COLUMNS."""
        shape = (len(self.keys), 1)
        each = [
            self.numbers.get(f"{column}_{figure}", np.broadcast_to(otherwise, shape[:1]))
            for column in COLUMNS
        ]
        return np.stack(each, axis=1)

    def followed_by(self, other: "_Answer") -> "_Answer":
        """Put the one row of another answer under these."""
        numbers = {
            name: np.append(one, other.numbers[name][-1]) for name, one in self.numbers.items()
        }
        return _Answer([*self.keys, ALL_ROWS], numbers)

    def summed(self) -> "_Answer":
        """Add up all rows; NaN where nothing is known."""
        return _Answer([ALL_ROWS], {name: _sum(one) for name, one in self.numbers.items()})


def _floats(found: np.ndarray) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(found).astype(float), np.nan)


def _sum(numbers: np.ndarray) -> np.ndarray:
    return np.array([np.nan if np.isnan(numbers).all() else np.nansum(numbers)])


def _figures(measure: Measure) -> str:
    """The SQL of the aggregates of a measure: `<column>_<figure>` each, and the customers."""
    figures = ["count(*) as customers"]
    for column in COLUMNS:
        counts = {
            "n": measures.behind(measure, column),
            "base": measures.base(measure, column),
            "left_out": measures.left_out(measure, column),
        }
        if measure is Measure.CHANGE:
            counts |= {"gained": measures.gained(column), "lost": measures.lost(column)}
        figures += [
            f"count_if({condition}) as {column}_{name}"
            for name, condition in counts.items()
            if condition not in ("true", "false")
        ]
    amounts = measures.amounts(measure)
    return ", ".join([*figures, *(f"{sql} as {column}_amount" for column, sql in amounts.items())])


def _read_by(sql: str) -> list[str]:
    """Name the columns of one customer that SQL reads."""
    names = {*facts.ROW_COLUMNS, *KEPT, *measures.SINCE_THEN}
    return sorted(names & set(facts.words_of(sql)))


def _cells(found: _Answer, asked: _Asked, measure: Measure) -> pd.DataFrame:
    """Name and sort the rows, add that of everybody, and make a cell of each column."""
    labels = groups.labels(asked.cursor, asked.rows, found.keys)
    if labels:
        found = found.followed_by(_everybody(found, asked, measure))
        labels.append(ALL_ROWS)
    figures = _tables(found, measure)
    figures["value"] = _value(figures, measure)
    order = sorted(range(len(labels)), key=lambda k: groups.order(labels[k]))
    cells = {
        "row": np.repeat(np.array(labels, dtype=object)[order], len(COLUMNS)),
        "type": np.tile(np.array(COLUMNS, dtype=object), len(labels)),
        "value": figures["value"][order].ravel(),
        **{name: figures[name][order].ravel().astype("int64") for name in _COUNTS},
    }
    return pd.DataFrame(cells)


def _everybody(found: _Answer, asked: _Asked, measure: Measure) -> _Answer:
    """The row of everybody: the sum of all, where each customer is in one row and the measure adds
    up; else it is asked for."""
    if asked.rows is RowKind.INSURER or measure is Measure.MEDIAN:
        return replace(asked, rows=None).answer(measure)[0]
    return found.summed()


def _tables(found: _Answer, measure: Measure) -> dict[str, np.ndarray]:
    """The figures that the cells show, and those that their values are made of."""
    customers = found.numbers["customers"]
    tables = {name: found.table(name) for name in ("n", "left_out", "gained", "lost")}
    tables["amount"] = _with_total(found.table("amount", np.nan), measure)
    tables["base"] = found.table("base", customers)
    tables["customers"] = np.repeat(customers[:, None], len(COLUMNS), axis=1)
    if measure is Measure.SHORTFALL:  # of a type for which no amount is recommended
        tables["left_out"] = np.where(tables["base"].any(axis=0), tables["left_out"], 0)
    return tables


def _with_total(amounts: np.ndarray, measure: Measure) -> np.ndarray:
    """Put the sum of the six types where that of all was not asked for."""
    if measure is not Measure.MEDIAN:
        is_known = ~np.isnan(amounts).all(axis=1)
        amounts[is_known, -1] = np.nansum(amounts[is_known], axis=1)
    return amounts


def _value(tables: dict[str, np.ndarray], measure: Measure) -> np.ndarray:
    """The number of each cell; NaN where nothing is known of it."""
    n, amount = tables["n"], tables["amount"]
    base = np.where(tables["base"] > 0, tables["base"], np.nan)
    if measure is Measure.CHANGE:
        return (tables["gained"] - tables["lost"]) / base
    if measure is Measure.LACKING:
        return n
    if measure is Measure.ADEQUACY:
        return (base - n) / base
    if measure in measures.SHARES:
        return n / base
    if measure is Measure.SHORTFALL:
        return np.where(tables["base"] > 0, amount, np.nan)
    if measure is Measure.MEDIAN:
        return np.where(n > 0, amount, np.nan)
    known = amount / (12 if measure is Measure.PREMIUM else 1)
    return np.where(n > 0, known, np.where(tables["base"] == 0, 0, np.nan))
