"""A heatmap on the page: the figure, and the same as a table."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ui import session, tables
from ui.charts import CONFIG, LABEL_INKS, heatmap
from ui.text import Text

COLUMN_WIDTH = 62  # px, what the head of a column needs
CLOSE_WIDTH = 53  # where two maps share the page: both are seen whole on a screen of 1280
# On a narrow screen a map of many columns scrolls within its own box.
_SCROLLING = """<style>
.st-key-scrolling-{key} {{ overflow-x: auto; }}
.st-key-scrolling-{key} > * {{ min-width: {width}px; }}
</style>"""


def draw(drawn: pd.DataFrame, row_title: str, key: str, text: Text, **settings: Any) -> list | None:
    """Draw a heatmap of these cells, and the same as a table; the key of the cell clicked.

    `settings` are those of charts.heatmap, and `alt`, which says what is seen.
    """
    alt = settings.pop("alt")
    columns = list(drawn["column"].unique())
    figure = heatmap(
        drawn,
        rows=list(drawn["row"].unique()),
        columns=columns,
        ink=LABEL_INKS[session.theme()],
        **settings,
    )
    clicked = draw_figure(figure, len(columns), key, alt)
    with st.expander(text("portfolio.table")):
        tables.cells(drawn, row_title)
    return clicked


def draw_figure(
    figure: go.Figure,
    columns: int,
    key: str,
    alt: str,
    place: str = "one",
    picture: str = "",
    column_width: int = COLUMN_WIDTH,
) -> list | None:
    """Draw the figure of a heatmap with so many columns; the key of the cell clicked.

    `place` tells the heatmaps of a page apart. With the name of a file, `picture`, a button saves
    it as one. Where there is less room than `column_width` (px) each, it scrolls.
    """
    st.html(_SCROLLING.format(key=place, width=column_width * columns))
    with st.container(key=f"scrolling-{place}"):
        event = st.plotly_chart(
            figure,
            config=_config(picture),
            on_select="rerun",
            selection_mode="points",
            key=key,
            alt=alt,
        )
    return event.selection.points[0]["customdata"] if event.selection.points else None


def _config(picture: str) -> dict[str, Any]:
    if not picture:
        return CONFIG
    return {
        **CONFIG,
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": picture, "scale": 2},
    }
