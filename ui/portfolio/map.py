"""The heatmaps of the whole book: one, or two side by side with one scale."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from fpcore import settings
from fpcore.facts.types import TOTAL
from fpcore.models import WON, Account, Measure
from ui import address, heatmaps
from ui.charts import Made
from ui.portfolio import choices, map_cells, map_figures, map_notes
from ui.portfolio.choices import GAPS, Asked
from ui.text import Text, safe

MANY_ROWS = 12
"""So many rows are worth another order."""


def draw(account: Account, text: Text, today: date) -> None:
    """Draw what can be chosen and the map, or the two, of it; a click leads to the customers."""
    maps, line = choices.draw(account, text, today)
    with line:
        rows = _all_rows(account, maps, text)
    if not rows:
        draw_empty(text)
        return
    shown = _page_of(rows, text)
    st.caption(map_notes.hint(maps[0], text))
    for place, asked in zip(st.columns(len(maps)), maps, strict=True):
        with place:
            _draw_one(account, asked, maps, shown, text, today)


def draw_empty(text: Text) -> None:
    """Say that there is nothing to show yet, with the way to the upload."""
    st.info(text("portfolio.empty"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")


def customers_behind(asked: Asked, row: str, of: str, today: date) -> dict[str, str]:
    """Give the address of the list of the customers behind a cell, which leads back here."""
    wanted = {"row_kind": asked.rows, "row": row, **_condition(asked, of)}
    if asked.team:
        wanted["team"] = asked.team
    if asked.valued_on != today:
        wanted["on"] = str(asked.valued_on)
    return {**wanted, "book": address.here()}


def _condition(asked: Asked, of: str) -> dict[str, str]:
    if asked.measure == GAPS:
        return {"gap": of}
    side = {Measure.HOLDING: "holding", Measure.LACKING: "missing"}.get(asked.measure)
    if side and of != TOTAL:
        return {side: of}
    said = {"behind": asked.measure, "of": of}
    if asked.currency != WON:
        said["currency"] = asked.currency
    if asked.since:
        said["since"] = str(asked.since)
    return said


def _all_rows(account: Account, maps: Sequence[Asked], text: Text) -> list[str]:
    """Draw the order of the rows, where there are many; the labels of all of them in it."""
    frames = [map_figures.cells_of(map_figures.found(account, one)) for one in maps]
    column_of = "code" if maps[0].measure == GAPS else "type"
    frame = pd.concat(frames, ignore_index=True)
    labels = map_cells.order(frame, None, False)
    if len(labels) <= MANY_ROWS:
        return labels
    titles = map_figures.column_titles(account, maps[0], text)
    columns = [code for code in dict.fromkeys(frame[column_of].tolist())]
    by = address.choice(
        "order", text("map.order"), columns,
        lambda code: text("map.by_worst", column=titles[code]), text("map.by_name"),
        forgets=("page",),
    )  # fmt: skip
    if not by:
        return labels
    higher_is_worse = maps[0].measure == GAPS or maps[0].measure in map_cells.HIGHER_IS_WORSE
    first = map_cells.order(frames[0], by, higher_is_worse, column_of)
    return list(dict.fromkeys([*first, *labels]))


def _page_of(rows: list[str], text: Text) -> list[str]:
    """Draw the pages of the rows, where they are too many for one; the labels of this page."""
    size = settings.current().rows_at_once
    page = address.pages("page", -(-len(rows) // size))
    first, last = (page - 1) * size, min(page * size, len(rows))
    if len(rows) > size:
        counts = {"first": first + 1, "last": last, "rows": len(rows)}
        st.caption(text("map.rows_shown", **{name: f"{one:,}" for name, one in counts.items()}))
    return rows[first:last]


def _draw_one(
    account: Account,
    asked: Asked,
    maps: Sequence[Asked],
    rows: list[str],
    text: Text,
    today: date,
) -> None:
    """Draw one map with its heading, its notes, its table and its downloads."""
    number = maps.index(asked) if len(maps) > 1 else 0
    made = map_figures.drawn(account, asked, maps, rows, text)
    heading = map_notes.heading(asked, text)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{safe(heading)}**")
        map_notes.draw_how(map_figures.found(account, asked), asked, f"how {number}", text)
    clicked = heatmaps.draw_figure(
        Made(made.spec),
        made.columns,
        key=f"heatmap {number} {address.here()}",
        alt=text(
            "map.alt", measure=text(f"measure.{asked.measure}"),
            rows=text(f"row_kind.{asked.rows}"), heading=heading,
        ),
        place=str(number),
        picture=map_notes.file_name(asked),
        column_width=heatmaps.COLUMN_WIDTH if len(maps) == 1 else heatmaps.CLOSE_WIDTH,
    )  # fmt: skip
    if clicked:
        wanted = customers_behind(asked, *clicked, today)
        st.switch_page("../pages/customers.py", query_params=wanted)
    map_notes.draw_below(account, asked, made.cells, number, text)
