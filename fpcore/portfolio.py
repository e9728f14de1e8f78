"""Heatmaps of the whole scope: groups of customers by the six types, one measure at a time.

Everything is added up by DuckDB over one row a customer. Measures that only count are
first grouped by what they count, of which there are few kinds.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from fpcore import facts, measures, row_kinds
from fpcore.database import Cursor, Database
from fpcore.errors import InvalidInput
from fpcore.facts import customer_fact
from fpcore.gap_states import KEPT
from fpcore.measures import COLUMNS, STATED
from fpcore.models import WON, Account, Measure, RowKind
from fpcore.row_kinds import ALL_ROWS
from fpcore.rule_words import TOTAL
from fpcore.stated_facts import stated_fact

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
        wide, sql = _answered(asked, measure)
        cells = _cells(wide, asked, measure)
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

    def frame(self, figures: str, columns: str, measure: Measure) -> tuple[pd.DataFrame, str]:
        """Group by the row's key; `figures` are the aggregates, `columns` what they read. The
        answer, and the SQL."""
        relation = "stated_fact" if measure in STATED else "customer_fact"
        row = row_kinds.key(self.rows, self.valued_on) if self.rows else "0"
        of_team = "true"
        said: dict[str, Any] = {}
        if self.team:
            of_team, said = row_kinds.OF_TEAM, {"team": self.team}
        if measure is Measure.CHANGE:
            said["since"] = self.since
        used_in = f"{row} {columns} {of_team}"
        if measure in STATED:
            fact, params = stated_fact(self.db, self.cursor, self.account, self.valued_on, used_in)
        else:
            fact, params = customer_fact(
                self.db, self.account, self.valued_on, self.currency, used_in
            )
        sql = f"""
with {fact},
customer_in_row as not materialized (
    select {row} as row, {columns} from {relation} where {of_team}
),
counted as not materialized ({_COUNTED.get(measure, "from customer_in_row")})
select row, {figures} from counted group by row
"""
        return self.cursor.execute(sql, {**params, **said}).df(), sql


_COUNTED_BY = {
    Measure.HOLDING: "held",
    Measure.LACKING: "held",
    Measure.ADEQUACY: "type_states",
    Measure.CHANGE: "held, held_then, is_unclear",
}
_COUNTED = {
    measure: f"select row, {kinds}, count(*) as customers from customer_in_row group by all"
    for measure, kinds in _COUNTED_BY.items()
}
"""Where there are few kinds of what a measure counts, customers are counted by kind first: that
takes half the time."""


def _figures(measure: Measure) -> list[str]:
    """The SQL of the aggregates of a measure: `<column>_<figure>` each, and the customers."""
    figures = [f"{_count('true', measure)} as customers"]
    for column in COLUMNS:
        counts = {
            "n": measures.behind(measure, column),
            "base": measures.base(measure, column),
            "left_out": measures.left_out(measure, column),
        }
        if measure is Measure.CHANGE:
            counts |= {"gained": measures.gained(column), "lost": measures.lost(column)}
        if measure in STATED:
            counts["ruled"] = measures.is_ruled(column)
        figures += [
            f"{_count(condition, measure)} as {column}_{name}"
            for name, condition in counts.items()
            if condition not in ("true", "false")
        ]
        if measure in measures.AMOUNTS:
            figures.append(f"{measures.amount(measure, column)} as {column}_amount")
    return figures


def _count(condition: str, measure: Measure) -> str:
    if measure in _COUNTED:
        return f"coalesce(sum(case when {condition} then customers end), 0)"
    return "count(*)" if condition == "true" else f"count(case when {condition} then 1 end)"


def _answered(asked: _Asked, measure: Measure) -> tuple[pd.DataFrame, str]:
    """One line a row, with all figures of all columns; and the SQL."""
    figures = _figures(measure)
    read = ", ".join(_read_by(" ".join(figures)))
    if measure is Measure.CHANGE:
        read = f"held, {measures.CHANGE_COLUMNS}"
    return asked.frame(", ".join(figures), read, measure)


def _read_by(sql: str) -> list[str]:
    """Name the columns of one customer that SQL reads."""
    names = set(facts.ROW_COLUMNS) | set(KEPT)
    return sorted(names & set(facts.words_of(sql)))


def _cells(wide: pd.DataFrame, asked: _Asked, measure: Measure) -> pd.DataFrame:
    """Add the line of everybody, name and sort the rows, and make a cell of each column."""
    wide["row"] = row_kinds.labels(asked.cursor, asked.rows, wide["row"])
    if len(wide):
        wide = pd.concat([wide, _everybody(wide, asked, measure)], ignore_index=True)
    order = sorted(wide.index, key=lambda k: row_kinds.order(wide["row"][k]))
    wide = wide.loc[order].reset_index(drop=True)
    cells = pd.concat([_column(wide, column, measure) for column in COLUMNS], keys=COLUMNS)
    cells = cells.rename_axis(["type", "place"]).reset_index()
    places = cells["type"].map({column: place for place, column in enumerate(COLUMNS)})
    cells = cells.assign(column=places).sort_values(["place", "column"], ignore_index=True)
    return cells[["row", "type", "value", *_COUNTS]]


def _everybody(wide: pd.DataFrame, asked: _Asked, measure: Measure) -> pd.DataFrame:
    """The line of all rows together: their sum, where each customer is in one row and the measure
    adds up; else it is asked for."""
    if asked.rows is RowKind.INSURER or measure is Measure.MEDIAN:
        whole, _ = _answered(replace(asked, rows=None), measure)
        return whole.assign(row=ALL_ROWS)
    sums = wide.drop(columns="row").astype(float).sum(min_count=1)
    return pd.DataFrame([sums]).assign(row=ALL_ROWS)


def _column(wide: pd.DataFrame, column: str, measure: Measure) -> pd.DataFrame:
    """The cells of one column, a row each."""

    def figure(name: str, otherwise: pd.Series | float = 0) -> pd.Series:
        found = wide.get(f"{column}_{name}")
        return pd.Series(otherwise, wide.index) if found is None else found.astype(float)

    customers = wide["customers"].astype(float)
    cells = pd.DataFrame(
        {
            "row": wide["row"],
            "n": figure("n"),
            "base": figure("base", customers),
            "left_out": figure("left_out"),
            "customers": customers,
            "gained": figure("gained"),
            "lost": figure("lost"),
        }
    )
    if measure is Measure.SHORTFALL and not cells["base"].any():  # no amount is recommended
        cells["left_out"] = 0.0
    value = _value(cells, measure, figure("amount"), figure("ruled"))
    return cells.astype(dict.fromkeys(_COUNTS, "int64")).assign(value=value)


def _value(cells: pd.DataFrame, measure: Measure, amount: pd.Series, ruled: pd.Series) -> pd.Series:
    """The number of each cell; NaN where nothing is known of it."""
    n, base = cells["n"], cells["base"].where(cells["base"] > 0)
    if measure is Measure.CHANGE:
        return (cells["gained"] - cells["lost"]) / base
    if measure is Measure.LACKING:
        return n
    if measure is Measure.ADEQUACY:
        return (base - n) / base
    if measure in measures.SHARES:
        return n / base
    if measure is Measure.SHORTFALL:
        return amount.where((ruled > 0) & base.notna())
    if measure is Measure.MEDIAN:
        return amount.where(n > 0)
    known = amount / (12 if measure is Measure.PREMIUM else 1)
    return known.where(n > 0, other=cells["base"].where(cells["base"] == 0))
