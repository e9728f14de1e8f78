"""Plotly figures: a tidy frame in, a figure out.

Pure: no Streamlit, no database, and no words of their own; every label comes in ready to read.
Paper and plot background are transparent and Streamlit's theme colours the fonts, so one figure
serves light and dark. Show them with `st.plotly_chart(figure, config=CONFIG, …)`.
"""

import html
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

# With a delay of 1 ms a double click is two clicks, and a tap counts once although the browser
# sends it twice, as touch and as mouse.
CONFIG = {"displayModeBar": False, "doubleClick": False, "doubleClickDelay": 1}

# Worst to best. Luminance falls all the way, so the order survives colour blindness and print;
# no colour on the way is near the greys, which stand for "unknown" and "too few".
SCALE = ["#fde57a", "#a3d977", "#45b39c", "#1f7897", "#225a96", "#1f3a75"]
# Less, no change, more: blue and orange stay apart for colour-blind people, each darker the more.
DIVERGING = ["#0b4f7d", "#1f8fc4", "#a8e0f5", "#fbeeb8", "#fdc26a", "#e07b1a", "#8f3b06"]
MUTED = "#c3c7cd"
UNKNOWN, HATCH = "#e6e8eb", "#b4bac2"
AMOUNT, TARGET = "#1f7897", "#d9480f"
INKS = ("#000000", "#ffffff")
LABEL_INKS = {"light": "#31333f", "dark": "#fafafa"}

ROW_HEIGHT = 36
COLUMN_WIDTH, COLUMN_LINES, LINE_HEIGHT = 11, 3, 15  # of a label: half-width characters, px
LABEL_WIDTH = 14  # half-width characters, 7 Hangul syllables: leaves a phone room for its cells
HOVER_WIDTH = 28
HOVER = "%{hovertext}<extra></extra>"
SHARE_TICKS = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"}
CELL_WIDTH, CELL_HEIGHT = 0.97, 0.94  # of a column and a row; the rest is the gap
STUB = 0.12  # of the axis: long enough to show the hatching of an unknown amount


def plain(text: str) -> str:
    """Escape text for Plotly, which reads tags, entities and (with MathJax) `$…$` in any label."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def shorten(text: str, width: int = LABEL_WIDTH) -> str:
    """Cut `text` to `width` half-width characters (a Hangul syllable is two), ending in …."""
    ends, used = [], 0
    for char in text:
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        ends.append(used)
    if used <= width:
        return text
    return text[: sum(end < width for end in ends)].rstrip() + "…"


def wrap(label: str, width: int = COLUMN_WIDTH) -> str:
    """Break `label` at its blanks into lines of `width` half-width characters; what does not fit
    into COLUMN_LINES lines ends in …."""
    lines = [""]
    for word in label.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and shorten(longer, width) != longer:
            lines.append(word)
        else:
            lines[-1] = longer
    kept = [*lines[: COLUMN_LINES - 1], " ".join(lines[COLUMN_LINES - 1 :])]
    return "\n".join(shorten(line, width) for line in kept if line)


def shades(positions: Sequence[float], scale: Sequence[str] = SCALE) -> list[str]:
    """Return the `#rrggbb` colours of a scale at `positions` from 0 (worst) to 1 (best)."""
    colors = sample_colorscale(list(scale), positions, colortype="tuple")
    return ["#" + "".join(f"{round(255 * part):02x}" for part in color) for color in colors]


def contrast(first: str, second: str) -> float:
    """Return the WCAG contrast ratio, 1 to 21, of two `#rrggbb` colours."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ink_on(color: str) -> str:
    """Return the text colour, black or white, that reads better on `color`."""
    return max(INKS, key=lambda ink: contrast(ink, color))


def heatmap(
    cells: pd.DataFrame,
    rows: Sequence[str],
    columns: Sequence[str],
    scale_title: str,
    share: bool = False,
    higher_is_better: bool = True,
    ink: str | None = None,
    diverging: bool = False,
) -> go.Figure:
    """Draw one clickable cell per row of `cells`, coloured from worst (yellow) to best (navy).

    `cells` has the columns
        row, column  labels out of `rows` and `columns`; ValueError if two cells share both
        value        float; NaN is unknown: hatched grey, never a colour of the scale
        text         short label printed in the cell
        hover        sentences shown under the full row and column label; `<br>` breaks a line
        key          JSON-able list: `event.selection.points[0]["customdata"]` after a click
        muted        bool; too few customers to be coloured: plain grey
    `rows` run from top to bottom. The scale goes from 0 to 1 (labelled 0 % to 100 %) for a
    `share`, else from 0 to the largest coloured value. `higher_is_better=False` turns it round.
    `diverging` is for differences of shares: less is blue, more is orange, 0 in the middle.
    `ink` is the colour of the labels around the cells; None leaves it to the theme.

    Every cell is a bar, because Plotly's own heatmap never answers a click in Streamlit.
    """
    if cells.duplicated(["row", "column"]).any():
        raise ValueError("two rows have one label: one cell would hide the other")
    scale = _scale(cells, share, higher_is_better, diverging)
    drawn = cells.assign(
        x=cells["column"].map(_places(columns)),
        y=cells["row"].map(_places(rows)),
        color=_cell_colors(cells, scale),
        hover=_hovers(cells["row"] + " · " + cells["column"], cells["hover"]),
    )
    inks = drawn["color"].map(ink_on)
    figure = go.Figure([_cell_bars(drawn[inks == ink], ink) for ink in INKS])
    figure.add_trace(_colorbar_carrier())
    labels = [wrap(column) for column in columns]
    top = 66 + LINE_HEIGHT * max((1 + label.count("\n") for label in labels), default=1)
    figure.update_layout(
        **_bare_layout(ROW_HEIGHT * len(rows) + top + 4, top=top),
        xaxis=_axis(labels, range=[-0.5, len(columns) - 0.5], side="top", tickangle=0),
        yaxis=_axis([shorten(row) for row in rows], range=[len(rows) - 0.5, -0.5]),
        coloraxis=_color_axis(scale, scale_title),
        uniformtext={"mode": "show", "minsize": 10},
    )
    return _undraggable(_inked(figure, ink))


def coverage_by_type(
    coverage: pd.DataFrame, target_title: str = "", ink: str | None = None
) -> go.Figure:
    """Draw one customer's cover in force: a bar per type, top to bottom in the given order.

    `coverage` has the columns
        label   the type
        held    bool; a type not held has no bar
        amount  float; NaN while held is unknown: a hatched grey stub, never a zero
        target  float, in the unit of `amount`: the recommended amount, a line; NaN is none
        text    printed on the right: the amount, or the words for "unknown" or "none"
        hover   sentences shown under the label; `<br>` breaks a line
    `target_title` names the line in a legend, drawn only if there is a target; `ink` is as in
    `heatmap`.
    """
    drawn = coverage.assign(hover=_hovers(coverage["label"], coverage["hover"]))
    longest = _largest(drawn[["amount", "target"]].stack())
    span = [len(drawn) - 0.5, -0.5]
    figure = go.Figure([_amount_bars(drawn, longest), _target_lines(drawn, target_title)])
    figure.update_layout(
        **_bare_layout(ROW_HEIGHT * len(coverage) + 44, top=36),
        xaxis={"visible": False, "fixedrange": True, "range": [0, 1.02 * longest]},
        yaxis=_axis(drawn["label"], range=span),
        yaxis2=_axis(drawn["text"], range=span, overlaying="y", side="right", size=14),
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
    )
    return _undraggable(_inked(figure, ink))


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _places(labels: Sequence[str]) -> dict[str, int]:
    return {label: place for place, label in enumerate(labels)}


def _coloured(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[cells["value"].notna() & ~cells["muted"].astype(bool)]


def _largest(values: pd.Series) -> float:
    """The upper end of a scale from 0; 1 where nothing is known or all is zero."""
    return max(values.max(), 0) or 1.0 if values.notna().any() else 1.0


class _Scale(NamedTuple):
    """The colours from `low` to `high`, and what stands beside them."""

    colors: list[str]
    low: float
    high: float
    ticks: dict


def _scale(cells: pd.DataFrame, share: bool, higher_is_better: bool, diverging: bool) -> _Scale:
    coloured = _coloured(cells)
    if diverging:
        most = _largest(coloured["value"].abs())
        ends = [f"{-most:.0%}", "0", f"{most:+.0%}"]
        return _Scale(DIVERGING, -most, most, {"tickvals": [-most, 0, most], "ticktext": ends})
    colors = SCALE if higher_is_better else SCALE[::-1]
    if share:
        return _Scale(colors, 0, 1, SHARE_TICKS)
    return _Scale(colors, 0, _largest(coloured["value"]), _amount_ticks(coloured))


def _cell_colors(cells: pd.DataFrame, scale: _Scale) -> pd.Series:
    colors = pd.Series(MUTED, index=cells.index).mask(cells["value"].isna(), UNKNOWN)
    values = _coloured(cells)["value"]
    positions = ((values - scale.low) / (scale.high - scale.low)).clip(0, 1)
    colors[values.index] = shades(positions, scale.colors)
    return colors


def _hovers(heads: pd.Series, bodies: pd.Series) -> list[str]:
    """Wrap to the width of a phone; `<br>` is the only markup that gets through."""
    texts = [f"{head}<br>{body}" for head, body in zip(heads, bodies, strict=True)]
    return ["<br>".join(map(plain, _lines(text))) for text in texts]


def _lines(text: str) -> list[str]:
    return [line for part in text.split("<br>") for line in textwrap.wrap(part, HOVER_WIDTH)]


def _cell_bars(cells: pd.DataFrame, ink: str) -> go.Bar:
    """One trace per ink: once a cell is selected, Plotly allows a trace one text colour only."""
    unmarked = {"marker": {"opacity": 1}, "textfont": {"color": ink}}
    return go.Bar(
        orientation="h",
        base=(cells["x"] - CELL_WIDTH / 2).tolist(),
        x=[CELL_WIDTH] * len(cells),
        y=cells["y"].tolist(),
        width=CELL_HEIGHT,
        marker=_marker(cells["color"], cells["value"].isna()),
        text=cells["text"].map(plain).tolist(),
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": ink, "size": 13},
        hovertext=cells["hover"].tolist(),
        hovertemplate=HOVER,
        customdata=cells["key"].tolist(),
        selected=unmarked,
        unselected=unmarked,
        showlegend=False,
    )


def _marker(colors: pd.Series, hatched: pd.Series) -> dict:
    shapes = hatched.map({True: "/", False: ""}).tolist()
    pattern = {"shape": shapes, "fgcolor": HATCH, "fillmode": "overlay", "size": 8, "solidity": 0.2}
    return {"color": colors.tolist(), "line": {"width": 0}, "pattern": pattern}


def _colorbar_carrier() -> go.Scatter:
    """Plotly draws a colour bar only for a trace on its colour axis; this one has no point."""
    marker = {"color": [0], "coloraxis": "coloraxis"}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, showlegend=False)


def _color_axis(scale: _Scale, title: str) -> dict:
    bar = {
        "orientation": "h",
        "title": {"text": plain(title), "side": "right"},
        "outlinewidth": 0,
    }
    size = {"thickness": 8, "lenmode": "pixels", "len": 240, "xpad": 0, "ypad": 0}
    place = {"x": 0, "xanchor": "left", "yref": "container", "y": 1, "yanchor": "top"}
    ends = {"cmin": scale.low, "cmax": scale.high}
    return {"colorscale": scale.colors, "colorbar": bar | size | place | scale.ticks, **ends}


def _amount_ticks(cells: pd.DataFrame) -> dict:
    """Label the end of the scale with the text of its cell, which is in the user's language."""
    largest = cells[cells["value"] > 0].nlargest(1, "value")
    return {"tickvals": [0, *largest["value"]], "ticktext": ["0", *largest["text"].map(plain)]}


def _amount_bars(coverage: pd.DataFrame, longest: float) -> go.Bar:
    unknown = coverage["held"] & coverage["amount"].isna()
    lengths = coverage["amount"].where(coverage["held"], 0).mask(unknown, STUB * longest)
    return go.Bar(
        orientation="h",
        x=lengths.tolist(),
        y=list(range(len(coverage))),
        width=0.56,
        marker=_marker(unknown.map({True: UNKNOWN, False: AMOUNT}), unknown),
        hovertext=coverage["hover"].tolist(),
        hovertemplate=HOVER,
        showlegend=False,
    )


def _target_lines(coverage: pd.DataFrame, title: str) -> go.Scatter:
    """Always drawn, if without a line: the axis that prints the amounts is this trace's."""
    return go.Scatter(
        mode="markers",
        x=coverage["target"].tolist(),
        y=list(range(len(coverage))),
        yaxis="y2",
        marker={"symbol": "line-ns", "size": 15, "line": {"color": TARGET, "width": 3}},
        hovertext=coverage["hover"].tolist(),
        hovertemplate=HOVER,
        name=plain(title),
        showlegend=bool(coverage["target"].notna().any()),
    )


def _axis(labels: Sequence[str], size: int = 12, **settings) -> dict:
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": [plain(label).replace("\n", "<br>") for label in labels],
        "ticks": "",
        "tickfont": {"size": size},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        **settings,
    }


def _bare_layout(height: int, top: int) -> dict:
    clear = "rgba(0,0,0,0)"
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": top, "b": 4},
        "barmode": "overlay",
        "paper_bgcolor": clear,
        "plot_bgcolor": clear,
        "hoverlabel": {
            "align": "left",
            "bgcolor": "#1b1f27",
            "bordercolor": "#8b919c",
            "font": {"color": "#ffffff", "size": 13},
        },
    }


def _inked(figure: go.Figure, ink: str | None) -> go.Figure:
    """Colour the labels: the theme's own grey is too pale on white (3.7:1)."""
    if ink:
        figure.update_xaxes(tickfont_color=ink).update_yaxes(tickfont_color=ink)
        bar = {"tickfont": {"color": ink}, "title": {"font": {"color": ink}}}
        figure.update_layout(coloraxis={"colorbar": bar})
    return figure


def _undraggable(figure: go.Figure) -> go.Figure:
    """Switch dragging off so that Streamlit cannot switch it on again.

    Streamlit replaces `dragmode=False` by "pan", and then a finger on the cells can't scroll the
    page and a tap answers with the cell tapped before. It leaves a name that plotly.js doesn't
    know alone, and plotly.js falls back from that to the template.
    """
    spec = figure.to_dict()
    spec["layout"] |= {"dragmode": "none", "template": {"layout": {"dragmode": False}}}
    return go.Figure(spec, _validate=False)
