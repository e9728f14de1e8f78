"""What stands around a map: its heading, how it was made, its SQL, its table, its downloads."""

import pandas as pd
import streamlit as st

from fpcore import settings, sheets
from fpcore.facts.groups import ALL_ROWS
from fpcore.models import Account, Measure, RowKind
from fpcore.portfolio.heatmaps import Heatmap
from fpcore.portfolio.measures import AMOUNTS, SHARES
from fpcore.sheets import Sheet
from ui import tables
from ui.portfolio import map_cells, map_figures
from ui.portfolio.choices import GAPS, Asked
from ui.text import Text, is_unknown, safe


def hint(asked: Asked, text: Text) -> str:
    """Say what a click does, and what the small number is."""
    said = text(f"behind.{asked.measure}", type=text("behind.any"), since=asked.since)
    return safe(text("map.hint", behind=said))


def heading(asked: Asked, text: Text) -> str:
    """Name a map: measure, team and day."""
    return text(
        "map.heading",
        measure=text(f"measure.{asked.measure}"),
        team=asked.team or text("map.everybody"),
        day=text.day(asked.valued_on),
    )


def file_name(asked: Asked) -> str:
    """Name the files of a map, without ending."""
    team = "".join(sign if sign.isalnum() else "-" for sign in asked.team or "")
    parts = ["heatmap", asked.measure, asked.rows, team, str(asked.valued_on)]
    return "-".join(part for part in parts if part)


def draw_how(one: Heatmap | pd.DataFrame, asked: Asked, key: str, text: Text) -> None:
    """Draw the (i) that says how the numbers were made, and who was left out."""
    with st.popover("", icon=":material/info:", type="tertiary", help=text("map.how"), key=key):
        st.markdown(f"**{safe(text(f'measure.{asked.measure}'))}**")
        st.markdown("\n".join(f"* {safe(note)}" for note in how(one, asked, text)))


def how(one: Heatmap | pd.DataFrame, asked: Asked, text: Text) -> list[str]:
    """Say in words how the numbers of a map were made."""
    notes = [text(f"how.{asked.measure}", since=asked.since)]
    day = text.day(asked.valued_on)
    notes.append(text("map.how_customers", customers=f"{_customers(one):,}", day=day))
    notes.append(left_out(one, asked, text))
    if asked.measure in AMOUNTS:
        notes.append(text("map.how_currency", currency=asked.currency))
    if asked.rows is RowKind.INSURER:
        notes.append(text("map.how_rows_overlap"))
    if isinstance(one, Heatmap):
        notes.append(text("map.how_totals"))
    notes.append(text("map.how_small", smallest=settings.current().smallest_group))
    return [*notes, text("map.how_signs"), text("map.how_withdrawn")]


def left_out(one: Heatmap | pd.DataFrame, asked: Asked, text: Text) -> str:
    """Say of how many customers something is not known, column by column, and why they count."""
    listed = []
    if isinstance(one, Heatmap):
        whole = one.cells[one.cells["row"] == ALL_ROWS]
        counts = zip(whole["type"].tolist(), whole["left_out"].tolist(), strict=True)
        listed = [
            f"{map_cells.column_name(kind, text)} {text('map.count', n=f'{count:,}')}"
            for kind, count in counts
            if count
        ]
    elif one["unknown"].any():
        listed = [text("map.count", n=f"{one['unknown'].sum():,}")]
    if not listed:
        return text("map.how_nobody_left_out")
    return text(
        "map.how_left_out", why=text(f"how_left_out.{asked.measure}"), list=", ".join(listed)
    )


def _customers(one: Heatmap | pd.DataFrame) -> int:
    if isinstance(one, Heatmap):
        return int(one.cells.loc[one.cells["row"] == ALL_ROWS, "customers"].max())
    return int(one.drop_duplicates("row")["customers"].sum())


def draw_below(
    account: Account, asked: Asked, cells: pd.DataFrame, number: int, text: Text
) -> None:
    """Draw the table, the SQL and the downloads of a map."""
    row_title = text(f"row_kind.{asked.rows}")
    with st.container(horizontal=True):
        _draw_downloads(account, asked, number, text)
    table = st.expander(text("portfolio.table"), on_change="rerun", key=f"table {number}")
    if table.open:
        with table:
            tables.cells(cells, row_title)
    if asked.measure == GAPS:
        return
    sql = st.expander(text("map.sql"), on_change="rerun", key=f"sql {number}")
    if sql.open:
        with sql:
            st.caption(safe(text("map.sql_hint")))
            st.code(map_figures.found(account, asked).sql.strip(), language="sql")


def _draw_downloads(account: Account, asked: Asked, number: int, text: Text) -> None:
    def made() -> Sheet:
        return sheet(account, asked, text)

    name = file_name(asked)
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


def sheet(account: Account, asked: Asked, text: Text) -> Sheet:
    """Give a map as a table of numbers: for each column the value and the customers behind it."""
    one = map_figures.found(account, asked)
    rows = map_cells.order(map_figures.cells_of(one), None, False)
    cells = map_figures.words_of(account, asked, rows, text)
    columns = list(dict.fromkeys(cells["column"].tolist()))
    lines: dict[str, list] = {}
    for cell in cells.to_dict("records"):
        shown = cell["text"] if is_unknown(cell["value"]) else cell["value"]
        lines.setdefault(cell["row"], [cell["row"]]).extend([shown, cell["n"]])
    header = [text(f"row_kind.{asked.rows}")]
    for column in columns:
        header += [column, text("map.row_count", column=column)]
    number = _number_format(asked.measure)
    return Sheet(
        title=heading(asked, text),
        notes=_notes(one, asked, text),
        header=header,
        rows=list(lines.values()),
        formats=["@", *[number, "#,##0"] * len(columns)],
    )


def _number_format(measure: str) -> str:
    if measure == Measure.CHANGE:
        return "+0.0%;-0.0%;0%"
    return "0.0%" if measure == GAPS or measure in SHARES else "#,##0"


def _notes(one: Heatmap | pd.DataFrame, asked: Asked, text: Text) -> list[tuple[str, str]]:
    customers = text("map.customers", customers=f"{_customers(one):,}")
    notes = [
        (text("map.note_day"), text.day(asked.valued_on)),
        (text("map.note_scope"), f"{asked.team or text('map.everybody')}, {customers}"),
    ]
    if asked.since:
        notes.append((text("map.note_since"), text.day(asked.since)))
    notes.append((text("map.note_how"), text(f"how.{asked.measure}", since=asked.since)))
    if asked.measure in AMOUNTS:
        notes.append(("", text("map.how_currency", currency=asked.currency)))
    return [*notes, (text("map.note_left_out"), left_out(one, asked, text))]
