"""The maps of the whole book: what they show, and their figures, which are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from fpcore.facts.groups import ALL_ROWS
from fpcore.gaps import publishing
from fpcore.models import Account, Measure
from fpcore.portfolio.heatmaps import Heatmap
from fpcore.portfolio.measures import COLUMNS, SHARES
from fpcore.store.database import Database
from ui import queries, session, tables
from ui.charts import LABEL_INKS, heatmap
from ui.portfolio import map_cells
from ui.portfolio.choices import GAPS, Asked
from ui.rules import gap_maps, overview
from ui.text import Text


def found(account: Account, asked: Asked) -> Heatmap | pd.DataFrame:
    """Ask for what a map shows: a frame of scopes.heatmap for GAPS."""
    if asked.measure == GAPS:
        return queries.gap_heatmap(account, asked.rows, asked.valued_on, asked.team)
    return queries.heatmap(
        account, asked.rows, Measure(asked.measure), asked.valued_on, asked.currency,
        asked.since, asked.team,
    )  # fmt: skip


def cells_of(one: Heatmap | pd.DataFrame) -> pd.DataFrame:
    """Give the cells of a map with their values."""
    return one.cells if isinstance(one, Heatmap) else gap_maps.with_shares(one)


def column_titles(account: Account, asked: Asked, text: Text) -> dict[str, str]:
    """Name the columns of a map, by code."""
    if asked.measure == GAPS:
        return overview.names(publishing.in_use(session.database(), account, asked.valued_on), text)
    return {column: map_cells.column_name(column, text) for column in COLUMNS}


@dataclass(frozen=True)
class Drawn:
    """A map as it is drawn: the figure, its cells, how many columns it has."""

    spec: dict
    cells: pd.DataFrame
    columns: int


def drawn(
    account: Account, asked: Asked, maps: Sequence[Asked], rows: Sequence[str], text: Text
) -> Drawn:
    """Give one of the maps as it is drawn, with the rows that have these labels."""
    return queries.kept(
        account, _drawn, asked, tuple(maps), tuple(rows), text.language, session.theme()
    )


def _drawn(
    db: Database, account: Account, asked: Asked, maps: Sequence[Asked], rows: Sequence[str],
    language: str, theme: str,
) -> Drawn:  # fmt: skip
    """Make the figure of a map; the other one, if any, has a part in its scale."""
    text = Text(language)
    both = [words_of(account, one, rows, text) for one in maps]
    mine = both[maps.index(asked)]
    columns = list(dict.fromkeys(mine["column"].tolist()))
    figure = heatmap(
        mine,
        rows=list(dict.fromkeys(mine["row"].tolist())),
        columns=columns,
        scale_title=text(f"measure.{asked.measure}"),
        share=asked.measure == GAPS or asked.measure in SHARES,
        higher_is_better=asked.measure != GAPS and asked.measure not in map_cells.HIGHER_IS_WORSE,
        diverging=asked.measure == Measure.CHANGE,
        ink=LABEL_INKS[theme],
        apart=(text("row.all"), text("map.all_types")),
        beside=pd.concat(both) if len(both) > 1 else None,
    )
    return Drawn(figure.to_dict(), mine, len(columns))


def words_of(account: Account, asked: Asked, rows: Sequence[str], text: Text) -> pd.DataFrame:
    """Give the cells of a map in words, of these rows and of everybody."""
    owner_names = tables.owner_names(queries.owners(account))
    one = found(account, asked)
    if isinstance(one, Heatmap):
        return map_cells.cells(one, [*rows, ALL_ROWS], owner_names, text)
    named = column_titles(account, asked, text)
    kept = map_cells.in_order(one, rows)
    return gap_maps.cells(kept, asked.rows, named, owner_names, text)
