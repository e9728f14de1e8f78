"""The heatmaps of the whole book: one, or two side by side with one scale."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from fpcore.config import settings
from fpcore.models import Account
from ui import address, heatmaps
from ui.internals.plotly import Made
from ui.portfolio import lists, map_cells, map_choices, map_contents, map_notes, map_sheet
from ui.portfolio.map_contents import Map
from ui.text import Text, safe

MANY_ROWS = 12
"""So many rows are worth another order."""


def draw(account: Account, text: Text, today: date) -> None:
    """Draw what can be chosen and the map, or the two, of it; a click leads to the customers."""
    asked, line = map_choices.draw(account, text, today)
    maps = [map_contents.of(account, one, text) for one in asked]
    with line:
        rows = _all_rows(maps, text)
    if not rows:
        lists.draw_empty(text)
        return
    shown = _page_of(rows, text)
    st.caption(map_notes.hint(asked[0], text))
    for number, place in enumerate(st.columns(len(maps))):
        with place:
            _draw_one(account, maps, number, shown, text, today)


def customers_behind(book_map: Map, row: str, column: str, today: date) -> dict[str, str]:
    """Give the address of the list of the customers behind a cell, which leads back here."""
    asked = book_map.asked
    wanted = {"row_kind": asked.rows.value, "row": row, **book_map.link(column)}
    if asked.valued_on != today:
        wanted["on"] = str(asked.valued_on)
    return lists.behind(asked.team, **wanted)


def _all_rows(maps: Sequence[Map], text: Text) -> list[str]:
    """Draw the order of the rows, where there are many; the labels of all of them in it."""
    labels = list(dict.fromkeys(label for one in maps for label in map_cells.order(one)))
    if len(labels) <= MANY_ROWS:
        return labels
    titles = {code: title for one in reversed(maps) for code, title in one.columns.items()}
    columns = list(dict.fromkeys(code for one in maps for code in one.cells["column"].tolist()))
    by = address.choice(
        "order", text("map.order"), columns,
        lambda code: text("map.by_worst", column=titles[code]), text("map.by_name"),
        forgets=("page",),
    )  # fmt: skip
    return list(dict.fromkeys([*map_cells.order(maps[0], by), *labels]))


def _page_of(rows: list[str], text: Text) -> list[str]:
    """Draw the pages of the rows, where they are too many for one; the labels of this page."""
    size = settings.current().rows_at_once
    page = address.pages("page", -(-len(rows) // size))
    first, last = (page - 1) * size, min(page * size, len(rows))
    if len(rows) > size:
        counts = {"first": first + 1, "last": last, "rows": len(rows)}
        st.caption(text("map.rows_shown", **{name: f"{n:,}" for name, n in counts.items()}))
    return rows[first:last]


def _draw_one(
    account: Account, maps: Sequence[Map], number: int, rows: list[str], text: Text, today: date
) -> None:
    """Draw one map with its heading, its notes, its table and its downloads."""
    book_map = maps[number]
    asked = book_map.asked
    drawn = map_cells.drawn(account, asked, [one.asked for one in maps], rows, text)
    heading = map_notes.heading(asked, text)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{safe(heading)}**")
        map_notes.draw_how(book_map, f"how {number}", text)
    clicked = heatmaps.draw_figure(
        Made(drawn.spec),
        drawn.columns,
        key=f"heatmap {number} {address.here()}",
        alt=text(
            "map.alt", measure=text(f"measure.{asked.measure}"),
            rows=text(f"row_kind.{asked.rows}"), heading=heading,
        ),
        place=str(number),
        picture=map_sheet.file_name(asked),
        column_width=heatmaps.COLUMN_WIDTH if len(maps) == 1 else heatmaps.CLOSE_WIDTH,
    )  # fmt: skip
    if clicked:
        wanted = customers_behind(book_map, *clicked, today)
        st.switch_page("../pages/customers.py", query_params=wanted)
    map_sheet.draw(account, book_map, drawn.cells, number, text)
