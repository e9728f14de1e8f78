"""The heatmaps of the whole book: their cells in words, and the map itself."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import streamlit as st

from fpcore import rule_book
from fpcore.coverage import measure_value
from fpcore.models import Account, Measure, RowKind
from ui import address, gap_maps, queries, rules, session, tables
from ui.charts import CONFIG, LABEL_INKS, heatmap
from ui.text import Text, is_unknown

GAPS = "gap"
"""Stands beside the measures for the share of customers with a gap, by rule."""

COLUMN_WIDTH = 62  # px, what the head of a column needs
# On a narrow screen a map of many columns scrolls within its own box.
_SCROLLING = """<style>
.st-key-scrolling { overflow-x: auto; }
.st-key-scrolling > [data-testid="stElementContainer"] { min-width: %dpx; }
</style>"""
_AMOUNTS = (Measure.COVERAGE, Measure.PREMIUM)


def cells(
    frame: pd.DataFrame,
    measure: Measure,
    rows: RowKind,
    currency: str,
    owner_names: Mapping[str, str],
    text: Text,
) -> pd.DataFrame:
    """Give charts.heatmap its frame."""
    values = measure_value(frame, measure)
    return pd.DataFrame(
        {
            "row": [tables.row_label(row, rows, owner_names, text) for row in frame["row"]],
            "column": [text(f"type.{kind}") for kind in frame["type"]],
            "value": values,
            "text": [_printed(value, measure, currency, text) for value in values],
            "hover": [_hover(cell, currency, text) for cell in frame.to_dict("records")],
            "key": [[row, kind] for row, kind in zip(frame["row"], frame["type"], strict=True)],
            "muted": frame["customers"] < gap_maps.SMALLEST_GROUP,
        }
    )


def _printed(value: float, measure: Measure, currency: str, text: Text) -> str:
    """Write a cell's number in a few signs; "?" where it is unknown."""
    if measure is Measure.HOLDING:
        return text.share(value)
    if measure is Measure.LACKING:
        return f"{value:,.0f}"
    return text.short_amount(value, currency)


def left_out(frame: pd.DataFrame, measure: Measure, text: Text) -> str | None:
    """Say how many holders are in no sum, where the measure is an amount."""
    unknown = {name: f"{frame[name].sum():,}" for name in ("unknown", "premium_unknown")}
    if measure not in _AMOUNTS or not (frame["unknown"].any() or frame["premium_unknown"].any()):
        return None
    return text("portfolio.unknown_note", **unknown)


def draw_book(
    account: Account,
    today: date,
    rows: RowKind,
    measure: str,
    currency: str,
    owner_names: Mapping[str, str],
    text: Text,
) -> dict[str, str] | None:
    """Draw the heatmap of a measure, or of GAPS; the address of the customers behind the cell that
    was clicked."""
    row_title, note = text(f"row_kind.{rows}"), None
    settings = {
        "scale_title": text(f"measure.{measure}"),
        "alt": text("portfolio.alt", measure=text(f"measure.{measure}"), rows=row_title),
    }
    if measure == GAPS:
        in_use = rule_book.in_use(session.database(), account, today)
        named = rules.names(in_use, text)
        frame = queries.gap_heatmap(account, rows, today)
        drawn = gap_maps.cells(frame, rows, named, owner_names, text)
        settings |= {"share": True, "higher_is_better": False}
        side = "gap"
    else:
        measure = Measure(measure)
        frame = queries.heatmap(account, rows, today, currency)
        drawn = cells(frame, measure, rows, currency, owner_names, text)
        settings |= {
            "share": measure is Measure.HOLDING,
            "higher_is_better": measure is not Measure.LACKING,
        }
        side = "missing" if measure is Measure.LACKING else "holding"
        note = left_out(frame, measure, text)
    clicked = draw(drawn, row_title, f"heatmap {address.here()}", text, **settings)
    if note:
        st.caption(f":material/info: {note}")
    if not clicked:
        return None
    row, of = clicked
    return {"row_kind": rows, "row": row, side: of, "measure": measure}


def draw(drawn: pd.DataFrame, row_title: str, key: str, text: Text, **settings) -> list | None:
    """Draw a heatmap of these cells, and the same as a table; the key of the cell clicked.

    `settings` are those of charts.heatmap, and `alt`, which says what is seen.
    """
    alt = settings.pop("alt")
    st.html(_SCROLLING % (COLUMN_WIDTH * drawn["column"].nunique()))
    with st.container(key="scrolling"):
        event = st.plotly_chart(
            heatmap(
                drawn,
                rows=list(drawn["row"].unique()),
                columns=list(drawn["column"].unique()),
                ink=LABEL_INKS[session.theme()],
                **settings,
            ),
            config=CONFIG,
            on_select="rerun",
            selection_mode="points",
            key=key,
            alt=alt,
        )
    with st.expander(text("portfolio.table")):
        tables.cells(drawn, row_title)
    return event.selection.points[0]["customdata"] if event.selection.points else None


def _hover(cell: dict, currency: str, text: Text) -> str:
    counts = {name: f"{cell[name]:,}" for name in ("customers", "holders", "lacking")}
    amounts = {
        name: "?" if is_unknown(cell[name]) else text.amount(cell[name], currency)
        for name in ("coverage", "premium")
    }
    lines = [text("portfolio.hover_holders", **counts), text("portfolio.hover_amounts", **amounts)]
    if cell["unknown"] or cell["premium_unknown"]:
        lines.append(
            text(
                "portfolio.hover_unknown",
                unknown=f"{cell['unknown']:,}",
                premium_unknown=f"{cell['premium_unknown']:,}",
            )
        )
    return "<br>".join(lines)
