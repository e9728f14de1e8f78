"""Heatmaps of the whole scope: groups of customers by the six types, one measure at a time.

Everything is counted and added up by DuckDB in one pass over one row a customer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from fpcore.errors import InvalidInput, certain
from fpcore.facts import groups
from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import TOTAL
from fpcore.kept.stated import stated_fact
from fpcore.models import WON, Account, Measure, RowKind
from fpcore.portfolio import measures
from fpcore.portfolio.conditions import of_team
from fpcore.portfolio.measures import COLUMNS, DEFINITIONS, Definition, Figures
from fpcore.store.database import Cursor, Database

LOOKING_BACK = timedelta(days=90)
"""How far a measure looks back unless told otherwise."""

_COUNTS = ["n", "base", "left_out", "customers", "gained", "lost"]


@dataclass(frozen=True)
class Heatmap:
    """One measure of everybody in scope, by a row kind and COLUMNS.

    Columns of `cells`: row (UNKNOWN_ROW where not known, ALL_ROWS for everybody), type (one of
    COLUMNS), value (a share from 0 to 1, a number of customers, or an amount in `currency`, a
    premium a month; a CHANGE is a difference of shares; NaN: not known, or no rule is about it),
    n (the customers behind the cell, whom customer_list.find lists), base (whom the value is
    about), left_out (of whom something is not known), customers (of the row), gained and lost
    (since the day, else 0). Rows come in their natural order, everybody last. `since` is None for
    a measure that does not look back. `sql` is what was asked of the database.

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

    `since` is the day that a measure looks back to. Errors: InvalidInput where it needs one and
    that is no earlier day.
    """
    definition = DEFINITIONS[measure]
    if not definition.looks_back:
        since = None
    elif since is None or since >= valued_on:
        raise InvalidInput([("since", "since_not_before", {})])
    with db.reading() as cursor:
        query = _Query(db, cursor, account, rows, definition, valued_on, currency, since, team)
        answer, sql = query.answer()
        cells = _cells(answer, query)
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
class _Query:
    """Who asks for a measure of which rows (None: everybody in one) as of when."""

    db: Database
    cursor: Cursor
    account: Account
    rows: RowKind | None
    definition: Definition
    valued_on: date
    currency: str
    since: date | None
    team: str | None

    def answer(self) -> tuple["_Answer", str]:
        """Ask for all figures by the row's key; the answer, and the SQL."""
        figures, reads = _figures(self.definition)
        of, params = of_team(self.team)
        relation = "stated_fact" if self.definition.needs_rules else "customer_fact"
        if self.definition.looks_back:
            relation, params = measures.since_then(relation), {**params, "since": self.since}
        row = groups.key(self.rows, self.valued_on) if self.rows else "0"
        columns = ", ".join([f"{row} as row", *sorted(reads)])
        in_row = f"select {columns} from {relation} where {of}"
        fact, fact_params = self._fact(reads)
        sql = f"""
with {fact},
customer_in_row as not materialized ({in_row})
select row, {figures} from customer_in_row group by row
"""
        found = self.cursor.execute(sql, {**fact_params, **params}).fetchnumpy()
        return _Answer.of(found), sql

    def _fact(self, reads: Iterable[str]) -> tuple[str, dict[str, Any]]:
        row = [groups.READS[self.rows]] if self.rows else []
        columns = measures.columns_for([*reads, *row, "owner_id"])
        if self.definition.needs_rules:
            return stated_fact(self.db, self.cursor, self.account, self.valued_on, columns)
        return customer_fact(self.db, self.account, self.valued_on, columns, self.currency)


@dataclass(frozen=True)
class _Answer:
    """What the database answered: the rows' keys, and by `<column>_<figure>` a number a row, NaN
    where it is NULL."""

    keys: list[Any]
    numbers: dict[str, np.ndarray]

    @classmethod
    def of(cls, found: dict[str, Any]) -> "_Answer":
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


def _figures(definition: Definition) -> tuple[str, set[str]]:
    """The SQL of the aggregates of a measure: `<column>_<figure>` each, and the customers; and the
    columns of one customer that it reads."""
    figures, reads = ["count(*) as customers"], set()
    for column in COLUMNS:
        for name, condition in definition.counts(column).items():
            figures.append(f"count_if({condition.text}) as {column}_{name}")
            reads |= condition.reads
    for column, amount in definition.amounts().items():
        figures.append(f"{amount.text} as {column}_amount")
        reads |= amount.reads
    return ", ".join(figures), reads


def _cells(answer: _Answer, query: _Query) -> pd.DataFrame:
    """Name and sort the rows, add that of everybody, and make a cell of each column."""
    labels = groups.labels(query.cursor, certain(query.rows), answer.keys)
    if labels:
        answer = answer.followed_by(_everybody(answer, query))
        labels.append(ALL_ROWS)
    tables = _tables(answer, query.definition)
    order = sorted(range(len(labels)), key=lambda k: groups.order(labels[k]))
    cells = {
        "row": np.repeat(np.array(labels, dtype=object)[order], len(COLUMNS)),
        "type": np.tile(np.array(COLUMNS, dtype=object), len(labels)),
        "value": _values(tables, query.definition)[order].ravel(),
        **{name: tables[name][order].ravel().astype("int64") for name in _COUNTS},
    }
    return pd.DataFrame(cells)


def _everybody(answer: _Answer, query: _Query) -> _Answer:
    """The row of everybody: the sum of all, where each customer is in one row and the measure adds
    up; else it is asked for."""
    if query.rows is RowKind.INSURER or not query.definition.adds_up:
        return replace(query, rows=None).answer()[0]
    return answer.summed()


def _tables(answer: _Answer, definition: Definition) -> dict[str, np.ndarray]:
    """The figures that the cells show, and those that their values are made of."""
    customers = answer.numbers["customers"]
    tables = {name: answer.table(name) for name in ("n", "left_out", "gained", "lost")}
    tables["amount"] = answer.table("amount", np.nan)
    if definition.adds_up:
        tables["amount"] = _with_total(tables["amount"])
    tables["base"] = answer.table("base", customers)
    tables["customers"] = np.repeat(customers[:, None], len(COLUMNS), axis=1)
    if definition.left_out_of_base:
        tables["left_out"] = np.where(tables["base"].any(axis=0), tables["left_out"], 0)
    return tables


def _with_total(amounts: np.ndarray) -> np.ndarray:
    """Put the sum of the six types in the column of all."""
    is_known = ~np.isnan(amounts).all(axis=1)
    amounts[is_known, -1] = np.nansum(amounts[is_known], axis=1)
    return amounts


def _values(tables: dict[str, np.ndarray], definition: Definition) -> np.ndarray:
    base = np.where(tables["base"] > 0, tables["base"], np.nan)
    figures = {name: tables[name] for name in ("n", "amount", "gained", "lost")}
    return definition.value(Figures(base=base, **figures))
