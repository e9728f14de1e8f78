"""The cells of a map in words, and the figure that is drawn of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fpcore.config import settings
from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.types import TOTAL
from fpcore.models import Account
from fpcore.portfolio.measures import Unit
from fpcore.store.database import Database
from ui import queries, session, tables
from ui.charts import LABEL_INKS, heatmap
from ui.portfolio import map_contents
from ui.portfolio.map_contents import Asked, Map
from ui.text import Text, is_unknown


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
    shown = [map_contents.of(account, one, text) for one in maps]
    both = [in_words(account, one, rows, text) for one in shown]
    place = maps.index(asked)
    mine, book_map = both[place], shown[place]
    columns = list(dict.fromkeys(mine["column"].tolist()))
    figure = heatmap(
        mine,
        rows=list(dict.fromkeys(mine["row"].tolist())),
        columns=columns,
        scale_title=text(f"measure.{asked.measure}"),
        share=book_map.is_share,
        higher_is_better=not book_map.higher_is_worse,
        diverging=book_map.unit is Unit.POINTS,
        ink=LABEL_INKS[theme],
        apart=(text("row.all"), text("map.all_types")),
        beside=pd.concat(both) if len(both) > 1 else None,
    )
    return Drawn(figure.to_dict(), mine, len(columns))


def in_words(account: Account, book_map: Map, rows: Sequence[str], text: Text) -> pd.DataFrame:
    """Give charts.heatmap its frame: of the rows with these labels, and of everybody."""
    labels = [*rows, ALL_ROWS]
    owner_names = tables.owner_names(queries.owners(account))
    listed = _in_order(book_map.cells, labels).to_dict("records")
    names = {row: tables.row_label(row, book_map.asked.rows, owner_names, text) for row in labels}
    small = [_is_small(cell, book_map) for cell in listed]
    return pd.DataFrame(
        {
            "row": [names[cell["row"]] for cell in listed],
            "column": [book_map.columns[cell["column"]] for cell in listed],
            "value": [cell["value"] for cell in listed],
            "text": [_printed(cell, book_map, text) for cell in listed],
            "count": [text("map.count", n=f"{cell['n']:,}") for cell in listed],
            "n": [cell["n"] for cell in listed],
            "hover": [book_map.hover(cell) for cell in listed],
            "key": [[cell["row"], cell["column"]] for cell in listed],
            "muted": small,
            "plain": [
                _is_absent(cell) or (_is_own_total(cell, book_map) and not is_small)
                for cell, is_small in zip(listed, small, strict=True)
            ],
        }
    )


def order(book_map: Map, column: str | None = None) -> list[str]:
    """List the labels of rows, everybody left out: as they come, or by the worst value of a
    column."""
    rows = book_map.cells[book_map.cells["row"] != ALL_ROWS]
    if column is not None:
        of_column = rows[rows["column"] == column]
        rows = of_column.sort_values("value", ascending=not book_map.higher_is_worse, kind="stable")
    return list(dict.fromkeys(rows["row"].tolist()))


def _in_order(cells: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    places = cells["row"].map({row: place for place, row in enumerate(rows)})
    return cells.loc[places.dropna().sort_values(kind="stable").index]


def _printed(cell: Mapping, book_map: Map, text: Text) -> str:
    """Write a cell's number in a few signs; "?" where it is unknown, "–" where there is none."""
    value = cell["value"]
    if is_unknown(value):
        return text("map.absent") if _is_absent(cell) else "?"
    if book_map.unit is Unit.AMOUNT:
        return text.short_amount(value, book_map.asked.currency)
    return _PRINTED[book_map.unit](value)


def _points(value: float) -> str:
    return f"{100 * value:+.1f}" if round(100 * value, 1) else "0"


_PRINTED = {Unit.SHARE: "{:.0%}".format, Unit.COUNT: "{:,.0f}".format, Unit.POINTS: _points}


def _is_absent(cell: Mapping) -> bool:
    """Say whether a cell has no value because there is nobody, or no rule, that it could be
    about."""
    return is_unknown(cell["value"]) and not (cell["base"] or cell["left_out"] or cell["n"])


def _is_small(cell: Mapping, book_map: Map) -> bool:
    about = cell["base"] if book_map.is_share else cell["customers"]
    return about < settings.current().smallest_group


def _is_own_total(cell: Mapping, book_map: Map) -> bool:
    """Say whether a cell is a total so much larger than its parts that it is not coloured."""
    is_edge = cell["row"] == ALL_ROWS or cell["column"] == TOTAL
    return is_edge and not book_map.is_share and not is_unknown(cell["value"])
