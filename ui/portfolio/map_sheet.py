"""A map as a table: on the page, and to download, with how it was made and its SQL."""

import pandas as pd
import streamlit as st

from fpcore import sheets
from fpcore.models import Account
from fpcore.portfolio.measures import Unit
from fpcore.sheets import Sheet
from ui import tables
from ui.portfolio import map_cells, map_notes
from ui.portfolio.map_contents import Asked, Map
from ui.text import Text, is_unknown, safe

_FORMATS = {
    Unit.SHARE: "0.0%",
    Unit.POINTS: "+0.0%;-0.0%;0%",
    Unit.COUNT: "#,##0",
    Unit.AMOUNT: "#,##0",
}


def file_name(asked: Asked) -> str:
    """Name the files of a map, without ending."""
    team = "".join(sign if sign.isalnum() else "-" for sign in asked.team or "")
    parts = ["heatmap", asked.measure, asked.rows, team, str(asked.valued_on)]
    return "-".join(part for part in parts if part)


def draw(account: Account, book_map: Map, cells: pd.DataFrame, number: int, text: Text) -> None:
    """Draw the table of a map's cells, its SQL and its downloads."""
    with st.container(horizontal=True):
        _draw_downloads(account, book_map, number, text)
    table = st.expander(text("portfolio.table"), on_change="rerun", key=f"table {number}")
    if table.open:
        with table:
            tables.cells(cells, text(f"row_kind.{book_map.asked.rows}"))
    if book_map.sql is None:
        return
    sql = st.expander(text("map.sql"), on_change="rerun", key=f"sql {number}")
    if sql.open:
        with sql:
            st.caption(safe(text("map.sql_hint")))
            st.code(book_map.sql.strip(), language="sql")


def _draw_downloads(account: Account, book_map: Map, number: int, text: Text) -> None:
    def made() -> Sheet:
        return sheet(account, book_map, text)

    name = file_name(book_map.asked)
    st.download_button(
        text("map.csv"), lambda: sheets.csv_bytes(made()), file_name=f"{name}.csv",
        mime="text/csv", icon=":material/download:", on_click="ignore", key=f"csv {number}",
    )  # fmt: skip
    st.download_button(
        text("map.xlsx"), lambda: sheets.xlsx_bytes(made()), file_name=f"{name}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        icon=":material/table:", on_click="ignore", key=f"xlsx {number}",
    )  # fmt: skip
    st.caption(text("map.picture_hint"))


def sheet(account: Account, book_map: Map, text: Text) -> Sheet:
    """Give a map as a table of numbers: for each column the value and the customers behind it."""
    cells = map_cells.in_words(account, book_map, map_cells.order(book_map), text)
    columns = list(dict.fromkeys(cells["column"].tolist()))
    lines: dict[str, list] = {}
    for cell in cells.to_dict("records"):
        shown = cell["text"] if is_unknown(cell["value"]) else cell["value"]
        lines.setdefault(cell["row"], [cell["row"]]).extend([shown, cell["n"]])
    header = [text(f"row_kind.{book_map.asked.rows}")]
    for column in columns:
        header += [column, text("map.row_count", column=column)]
    return Sheet(
        title=map_notes.heading(book_map.asked, text),
        notes=map_notes.for_sheet(book_map, text),
        header=header,
        rows=list(lines.values()),
        formats=["@", *[_FORMATS[book_map.unit], "#,##0"] * len(columns)],
    )
