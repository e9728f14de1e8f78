"""What a map of the whole book shows: the cells of a measure, or of the gaps by rule.

Whatever it shows, a map is one record, and all that draws a map reads that record only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd

from fpcore.facts.groups import ALL_ROWS
from fpcore.gaps import publishing, scopes
from fpcore.models import WON, Account, Measure, RowKind
from fpcore.portfolio.measures import COLUMNS, DEFINITIONS, Unit
from ui import queries, session
from ui.portfolio import lists, phrases
from ui.rules import gap_maps, overview
from ui.text import Text, is_unknown


@dataclass(frozen=True)
class Asked:
    """Which map is asked for: what it shows (one of `kinds`), of which rows, as of when, of whom.

    `since` is None where the map does not look back.
    """

    rows: RowKind
    measure: str
    valued_on: date
    currency: str
    since: date | None
    team: str | None


@dataclass(frozen=True)
class Map:
    """One map: its numbers, how they are to be read, and where its cells lead.

    Columns of `cells`: row, column (one of `columns`, which names them), value, n (the customers
    behind the cell), base (whom the value is about), left_out (of whom something is not known),
    customers (of the row), and what `hover` tells besides. A row ALL_ROWS is of everybody.
    `customers` are all of them, `left_out` counts of whom something is not known by the names of
    columns, `link` gives the part of an address that lists who is behind a column. `sql` is None
    where it is not shown.
    """

    asked: Asked
    cells: pd.DataFrame
    columns: dict[str, str]
    unit: Unit
    higher_is_worse: bool
    customers: int
    left_out: dict[str, int]
    hover: Callable[[Mapping], str]
    link: Callable[[str], dict[str, str]]
    sql: str | None = None

    @property
    def is_share(self) -> bool:
        """Say whether values are shares, or differences of shares."""
        return self.unit in (Unit.SHARE, Unit.POINTS)

    @property
    def has_totals(self) -> bool:
        """Say whether there is a row of everybody."""
        return ALL_ROWS in set(self.cells["row"])


@dataclass(frozen=True)
class Kind:
    """Something that a map can show: how it is made, and what can be chosen of it."""

    make: Callable[[Account, Asked, Text], Map]
    in_currency: bool = False
    looks_back: bool = False


def kinds() -> dict[str, Kind]:
    """Give all that a map can show, by its code: the measures, and the gaps by rule."""
    measures = {
        measure.value: Kind(_of_measure, definition.in_currency, definition.looks_back)
        for measure, definition in DEFINITIONS.items()
    }
    return {**measures, "gap": Kind(_of_gaps)}


def of(account: Account, asked: Asked, text: Text) -> Map:
    """Give the map that is asked for."""
    return kinds()[asked.measure].make(account, asked, text)


def _of_measure(account: Account, asked: Asked, text: Text) -> Map:
    measure = Measure(asked.measure)
    definition = DEFINITIONS[measure]
    found = queries.heatmap(
        account, asked.rows, measure, asked.valued_on, asked.currency, asked.since, asked.team
    )
    columns = {column: phrases.column_name(column, text) for column in COLUMNS}
    whole = found.cells[found.cells["row"] == ALL_ROWS]
    left_out = zip(whole["type"].map(columns), whole["left_out"].tolist(), strict=True)
    return Map(
        asked=asked,
        cells=found.cells.rename(columns={"type": "column"}),
        columns=columns,
        unit=definition.unit,
        higher_is_worse=definition.higher_is_worse,
        customers=max(whole["customers"].tolist(), default=0),
        left_out={name: count for name, count in left_out if count},
        hover=partial(_hover, asked=asked, unit=definition.unit, text=text),
        link=partial(_listed, asked),
        sql=found.sql,
    )


def _hover(cell: Mapping, asked: Asked, unit: Unit, text: Text) -> str:
    behind = phrases.behind(asked.measure, cell["column"], asked.since, text)
    lines = [text("map.hover_behind", n=f"{cell['n']:,}", behind=behind)]
    if unit is Unit.AMOUNT and not is_unknown(cell["value"]):
        lines.insert(0, text.amount(cell["value"], asked.currency))
    counts = {name: f"{cell[name]:,}" for name in ("customers", "base", "left_out")}
    lines.append(text("map.hover_of", **counts))
    if unit is Unit.POINTS:
        changed = {name: f"{cell[name]:,}" for name in ("gained", "lost")}
        lines.append(text("map.hover_change", **changed))
    if cell["left_out"]:
        lines.append(text("map.hover_left_out", **counts))
    return "<br>".join(lines)


def _listed(asked: Asked, column: str) -> dict[str, str]:
    wanted = lists.of_measure(Measure(asked.measure), column)
    if "behind" in wanted and asked.currency != WON:
        wanted["currency"] = asked.currency
    if "behind" in wanted and asked.since:
        wanted["since"] = str(asked.since)
    return wanted


def _of_gaps(account: Account, asked: Asked, text: Text) -> Map:
    found = queries.gap_heatmap(account, asked.rows, asked.valued_on, asked.team)
    rules = publishing.in_use(session.database(), account, asked.valued_on)
    cells = scopes.with_figures(found).rename(columns={"code": "column"})
    left_out = int(cells["left_out"].sum())
    return Map(
        asked=asked,
        cells=cells,
        columns=overview.names(rules, text),
        unit=Unit.SHARE,
        higher_is_worse=True,
        customers=int(cells.drop_duplicates("row")["customers"].sum()),
        left_out={"": left_out} if left_out else {},
        hover=partial(gap_maps.hover, text=text),
        link=lambda code: {"gap": code},
    )
