"""The cells of the map of a measure, in words: what charts.heatmap draws and tables list."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fpcore import settings
from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.types import TOTAL
from fpcore.models import Measure
from fpcore.portfolio.heatmaps import Heatmap
from fpcore.portfolio.measures import AMOUNTS, SHARES
from ui import tables
from ui.text import Text, is_unknown

HIGHER_IS_WORSE = {Measure.LACKING, Measure.SHORTFALL, Measure.UNKNOWN}
OWN_TOTALS = {*AMOUNTS, Measure.LACKING}
"""Measures whose totals are so much larger than their parts that they are not coloured."""


def column_name(column: str, text: Text) -> str:
    """Name a column: one of the six types, or all of them."""
    return text("map.all_types") if column == TOTAL else text(f"type.{column}")


def behind(measure: str, column: str, since: object, text: Text) -> str:
    """Say who is behind the cells of a measure and column."""
    if column == TOTAL:
        return text(f"behind_total.{measure}", since=since)
    return text(f"behind.{measure}", type=column_name(column, text), since=since)


def is_absent(cell: Mapping) -> bool:
    """Say whether a cell has no value because there is nobody, or no rule, that it could be
    about."""
    return is_unknown(cell["value"]) and not (cell["base"] or cell["left_out"] or cell["n"])


def cells(
    found: Heatmap, rows: Sequence[str], owner_names: Mapping[str, str], text: Text
) -> pd.DataFrame:
    """Give charts.heatmap its frame, of the rows with these labels."""
    listed = in_order(found.cells, rows).to_dict("records")
    names = {row: tables.row_label(row, found.rows, owner_names, text) for row in rows}
    small = [_is_small(cell, found.measure) for cell in listed]
    return pd.DataFrame(
        {
            "row": [names[cell["row"]] for cell in listed],
            "column": [column_name(cell["type"], text) for cell in listed],
            "value": [cell["value"] for cell in listed],
            "text": [printed(cell, found, text) for cell in listed],
            "count": [text("map.count", n=f"{cell['n']:,}") for cell in listed],
            "n": [cell["n"] for cell in listed],
            "hover": [_hover(cell, found, text) for cell in listed],
            "key": [[cell["row"], cell["type"]] for cell in listed],
            "muted": small,
            "plain": [
                is_absent(cell) or (_is_own_total(cell, found) and not is_small)
                for cell, is_small in zip(listed, small, strict=True)
            ],
        }
    )


def printed(cell: Mapping, found: Heatmap, text: Text) -> str:
    """Write a cell's number in a few signs; "?" where it is unknown, "–" where there is none."""
    value = cell["value"]
    if is_unknown(value):
        return text("map.absent") if is_absent(cell) else "?"
    if found.measure is Measure.CHANGE:
        return f"{100 * value:+.1f}" if round(100 * value, 1) else "0"
    if found.measure in SHARES:
        return text.share(value)
    if found.measure is Measure.LACKING:
        return f"{value:,.0f}"
    return text.short_amount(value, found.currency)


def _is_small(cell: Mapping, measure: Measure) -> bool:
    about = cell["base"] if measure in SHARES else cell["customers"]
    return about < settings.current().smallest_group


def _is_own_total(cell: Mapping, found: Heatmap) -> bool:
    is_edge = cell["row"] == ALL_ROWS or cell["type"] == TOTAL
    return is_edge and found.measure in OWN_TOTALS and not is_unknown(cell["value"])


def _hover(cell: Mapping, found: Heatmap, text: Text) -> str:
    said = behind(found.measure, cell["type"], found.since, text)
    lines = [text("map.hover_behind", n=f"{cell['n']:,}", behind=said)]
    if cell["value"] == cell["value"] and found.measure in AMOUNTS:
        lines.insert(0, text.amount(cell["value"], found.currency))
    counts = {name: f"{cell[name]:,}" for name in ("customers", "base", "left_out")}
    lines.append(text("map.hover_of", **counts))
    if found.measure is Measure.CHANGE:
        lines.append(
            text("map.hover_change", gained=f"{cell['gained']:,}", lost=f"{cell['lost']:,}")
        )
    if cell["left_out"]:
        lines.append(text("map.hover_left_out", **counts))
    return "<br>".join(lines)


def in_order(cells: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """Give the cells of these rows, in their order."""
    places = cells["row"].map({row: place for place, row in enumerate(rows)})
    return cells.loc[places.dropna().sort_values(kind="stable").index]


def order(
    found: pd.DataFrame, column: str | None, higher_is_worse: bool, name: str = "type"
) -> list[str]:
    """List the labels of rows, everybody left out: as they come, or by the worst value of a
    column."""
    rows = found[found["row"] != ALL_ROWS]
    if column is None:
        return list(dict.fromkeys(rows["row"].tolist()))
    by_value = rows[rows[name] == column].sort_values(
        "value", ascending=not higher_is_worse, kind="stable"
    )
    return by_value["row"].tolist()
