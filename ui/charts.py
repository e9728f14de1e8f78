"""Plotly figures: a tidy frame in, a figure out.

Pure: no Streamlit, no database, and no words of their own; every label comes in ready to read.
Paper and plot background are transparent and Streamlit's theme colours the fonts, so one figure
serves light and dark. Show them with `st.plotly_chart(figure, config=CONFIG, …)`.
"""

import html
import textwrap
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
from plotly.colors import sample_colorscale

from ui.internals.plotly import Made

# With a delay of 1 ms a double click is two clicks, and a tap counts once although the browser
# sends it twice, as touch and as mouse.
CONFIG = {"displayModeBar": False, "doubleClick": False, "doubleClickDelay": 1}

# Worst to best. Luminance falls all the way, so the order survives colour blindness and print;
# no colour on the way is near the greys, which stand for "unknown" and "too few".
SCALE = ["#fde57a", "#a3d977", "#45b39c", "#1f7897", "#225a96", "#1f3a75"]
# Less, no change, more: blue and orange stay apart for colour-blind people, each darker the more.
DIVERGING = ["#0b4f7d", "#1f8fc4", "#a8e0f5", "#fbeeb8", "#fdc26a", "#e07b1a", "#8f3b06"]
MUTED = "#c3c7cd"
FRAME = "#8b919c"  # around what has no colour of the scale
CLEAR = "rgba(0,0,0,0)"
UNKNOWN, HATCH = "#e6e8eb", "#b4bac2"
AMOUNT, TARGET = "#1f7897", "#d9480f"
INKS = ("#000000", "#ffffff")
LABEL_INKS = {"light": "#31333f", "dark": "#fafafa"}

ROW_HEIGHT = 36
# With a second line, its size in px; and for so many rows or fewer.
COUNT_SIZE = 10
ROW_HEIGHTS = ((15, 44), (60, 36), (1_000_000, 21))
ONE_LINE = 30  # px, a row in which number and count stand side by side
HEADS_TWICE = 20  # rows, from which the heads of the columns stand below too
APART = 0.22  # of a column or row, between the cells and their totals
COLUMN_WIDTH, COLUMN_LINES, LINE_HEIGHT = 11, 3, 15  # of a label: half-width characters, px
LABEL_WIDTH = 14  # half-width characters, 7 Hangul syllables: leaves a phone room for its cells
HOVER_WIDTH = 28
HOVER = "%{hovertext}<extra></extra>"
SHARE_TICKS = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".0%"}
CELL_WIDTH, CELL_HEIGHT = 0.97, 0.94  # of a column and a row; the rest is the gap
SHADES = 101  # of a scale: more are one to the eye
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


@cache
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
    apart: Collection[str] = (),
    beside: pd.DataFrame | None = None,
) -> Made:
    """Draw one clickable cell per row of `cells`, coloured from worst (yellow) to best (navy).

    `cells` has the columns
        row, column  labels out of `rows` and `columns`; ValueError if two cells share both
        value        float; NaN is unknown: hatched grey, never a colour of the scale
        text         short label printed in the cell
        count        printed smaller below it, or beside it in a low row; may be absent
        hover        sentences shown under the full row and column label; `<br>` breaks a line
        key          JSON-able list: `event.selection.points[0]["customdata"]` after a click
        muted        bool; too few customers to be coloured: plain grey
        plain        bool; not on the scale: a frame without colour; may be absent
    `rows` run from top to bottom. The scale goes from 0 to 1 (labelled 0 % to 100 %) for a
    `share`, else from 0 to the largest coloured value. `higher_is_better=False` turns it round.
    `diverging` is for differences of shares: less is blue, more is orange, 0 in the middle.
    `ink` is the colour of the labels around the cells; None leaves it to the theme. Rows and
    columns in `apart`, totals, stand a little apart. The scale is also that of the cells of
    `beside`, the heatmap that stands beside this one.

    Every cell is a bar, because Plotly's own heatmap never answers a click in Streamlit.
    """
    if cells.duplicated(["row", "column"]).any():
        raise ValueError("two rows have one label: one cell would hide the other")
    scale = _scale(_coloured(cells, beside), share, higher_is_better, diverging)
    height = _row_height(cells, rows)
    across, down = _places(columns, apart), _places(rows, apart)
    drawn = _drawn(cells, across, down, scale, ink, height)
    inks = (*INKS, *sorted({cell.ink or "" for cell in drawn} - set(INKS)))
    traces = [_cell_bars([c for c in drawn if (c.ink or "") == one], one) for one in inks]
    traces.append(_colorbar_carrier())
    layout = _map_layout(rows, columns, across, down, height, ink)
    layout["coloraxis"] = _color_axis(scale, scale_title, ink)
    if "xaxis2" in layout:
        traces.append(_second_heads_carrier())
    return still(traces, layout)


def coverage_by_type(
    coverage: pd.DataFrame, target_title: str = "", ink: str | None = None
) -> Made:
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
    layout = {
        **_bare_layout(ROW_HEIGHT * len(coverage) + 44, top=36),
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, 1.02 * longest]},
        "yaxis": _axis(drawn["label"], ink, range=span),
        "yaxis2": _axis(drawn["text"], ink, range=span, overlaying="y", side="right", size=14),
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
    }
    return still([_amount_bars(drawn, longest), _target_lines(drawn, target_title)], layout)


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _places(labels: Sequence[str], apart: Collection[str] = ()) -> dict[str, float]:
    return {label: place + APART * (label in apart) for place, label in enumerate(labels)}


def _row_height(cells: pd.DataFrame, rows: Sequence[str]) -> int:
    if "count" not in cells:
        return ROW_HEIGHT
    return next(height for most, height in ROW_HEIGHTS if len(rows) <= most)


def _is_coloured(cells: pd.DataFrame) -> pd.Series:
    coloured = cells["value"].notna() & ~cells["muted"].astype(bool)
    return coloured & ~cells["plain"].astype(bool) if "plain" in cells else coloured


def _coloured(cells: pd.DataFrame, beside: pd.DataFrame | None) -> pd.DataFrame:
    frames = [cells] if beside is None else [cells, beside]
    return pd.concat([one[_is_coloured(one)] for one in frames])


def _map_layout(
    rows: Sequence[str],
    columns: Sequence[str],
    across: Mapping[str, float],
    down: Mapping[str, float],
    height: int,
    ink: str | None,
) -> dict:
    """The size and axes of a heatmap; one of many rows has the heads of its columns twice."""
    labels = [wrap(column) for column in columns]
    heads = LINE_HEIGHT * max((1 + label.count("\n") for label in labels), default=1)
    has_two = len(rows) >= HEADS_TWICE
    below = heads + 14 if has_two else 4
    width = [-0.5, max(across.values(), default=0) + 0.5]
    depth = [max(down.values(), default=0) + 0.5, -0.5]
    layout = {
        **_bare_layout(height * len(rows) + 66 + heads + below, top=66 + heads, bottom=below),
        "xaxis": _axis(labels, ink, across.values(), range=width, side="top", tickangle=0),
        "yaxis": _axis([shorten(row) for row in rows], ink, down.values(), range=depth),
    }
    if has_two:
        again: dict[str, Any] = {"overlaying": "x", "side": "bottom", "tickangle": 0}
        layout["xaxis2"] = _axis(labels, ink, across.values(), range=width, **again)
    return layout


def _largest(values: pd.Series) -> float:
    """The upper end of a scale from 0; 1 where nothing is known or all is zero."""
    return max(values.max(), 0) or 1.0 if values.notna().any() else 1.0


class _Scale(NamedTuple):
    """The colours from `low` to `high`, and what stands beside them."""

    colors: list[str]
    low: float
    high: float
    ticks: dict


def _scale(coloured: pd.DataFrame, share: bool, higher_is_better: bool, diverging: bool) -> _Scale:
    if diverging:
        most = _largest(coloured["value"].abs())
        ends = [f"{-most:.0%}", "0", f"{most:+.0%}"]
        return _Scale(DIVERGING, -most, most, {"tickvals": [-most, 0, most], "ticktext": ends})
    colors = SCALE if higher_is_better else SCALE[::-1]
    if share:
        return _Scale(colors, 0, 1, SHARE_TICKS)
    return _Scale(colors, 0, _largest(coloured["value"]), _amount_ticks(coloured))


class _Cell(NamedTuple):
    """One cell as it is drawn; `ink` None leaves the colour of its text to the theme."""

    x: float
    y: float
    color: str
    hatched: bool
    ink: str | None
    text: str
    hover: str
    key: list


def _drawn(
    cells: pd.DataFrame,
    across: dict[str, float],
    down: dict[str, float],
    scale: _Scale,
    ink: str | None,
    height: int,
) -> list[_Cell]:
    """Place, colour and write the cells; lists, since a frame of texts takes five times as long."""
    rows, columns = cells["row"].tolist(), cells["column"].tolist()
    heads = [f"{row} · {column}" for row, column in zip(rows, columns, strict=True)]
    plain_cells = cells["plain"].tolist() if "plain" in cells else [False] * len(cells)
    colors = _cell_colors(cells, scale)
    return [
        _Cell(
            across[column], down[row], CLEAR if is_plain else color, hatched and not is_plain,
            ink if is_plain else ink_on(color), text, hover, key,
        )
        for row, column, color, is_plain, hatched, text, hover, key in zip(
            rows, columns, colors, plain_cells, cells["value"].isna().tolist(),
            _labels(cells, height), _hovers(heads, cells["hover"].tolist()), cells["key"].tolist(),
            strict=True,
        )
    ]  # fmt: skip


def _labels(cells: pd.DataFrame, height: int) -> list[str]:
    """Write number and count of each cell, the count smaller."""
    texts = [plain(text) for text in cells["text"].tolist()]
    if "count" not in cells:
        return texts
    between, size = ("<br>", COUNT_SIZE) if height > ONE_LINE else (" ", COUNT_SIZE - 1)
    return [
        f'{text}{between}<span style="font-size:{size}px">{plain(count)}</span>' if count else text
        for text, count in zip(texts, cells["count"].tolist(), strict=True)
    ]


def _cell_colors(cells: pd.DataFrame, scale: _Scale) -> list[str]:
    """The colour of each cell; values of one colour to the eye are looked up once."""
    steps = ((cells["value"] - scale.low) / (scale.high - scale.low)).clip(0, 1)
    steps = (steps * (SHADES - 1)).round()
    known = sorted(set(steps.dropna()))
    shade = dict(zip(known, shades([step / (SHADES - 1) for step in known], scale.colors),
                     strict=True))  # fmt: skip
    return [
        UNKNOWN if step != step else MUTED if muted else shade[step]
        for step, muted in zip(steps.tolist(), cells["muted"].tolist(), strict=True)
    ]


def _hovers(heads: Iterable[str], bodies: Iterable[str]) -> list[str]:
    """Wrap to the width of a phone; `<br>` is the only markup that gets through."""
    texts = [f"{head}<br>{body}" for head, body in zip(heads, bodies, strict=True)]
    return ["<br>".join(map(plain, _lines(text))) for text in texts]


def _lines(text: str) -> list[str]:
    return [
        line
        for part in text.split("<br>")
        for line in ([part] if 0 < len(part) <= HOVER_WIDTH else textwrap.wrap(part, HOVER_WIDTH))
    ]


def _cell_bars(cells: Sequence[_Cell], ink: str) -> dict:
    """One trace per ink: once a cell is selected, Plotly allows a trace one text colour only."""
    font = {"color": ink} if ink else {}
    unmarked = {"marker": {"opacity": 1}, **({"textfont": font} if font else {})}
    colors = [cell.color for cell in cells]
    marker = _marker(colors, [cell.hatched for cell in cells])
    if CLEAR in colors:
        marker["line"] = {"width": 1, "color": FRAME}
    return dict(
        type="bar",
        orientation="h",
        base=[cell.x - CELL_WIDTH / 2 for cell in cells],
        x=[CELL_WIDTH] * len(cells),
        y=[cell.y for cell in cells],
        width=CELL_HEIGHT,
        marker=marker,
        text=[cell.text for cell in cells],
        textposition="inside",
        insidetextanchor="middle",
        constraintext="none",
        textangle=0,
        textfont={**font, "size": 13},
        hovertext=[cell.hover for cell in cells],
        hovertemplate=HOVER,
        customdata=[cell.key for cell in cells],
        selected=unmarked,
        unselected=unmarked,
        showlegend=False,
    )


def _marker(colors: Sequence[str], hatched: Sequence[bool]) -> dict:
    shapes = ["/" if one else "" for one in hatched]
    pattern = {"shape": shapes, "fgcolor": HATCH, "fillmode": "overlay", "size": 8, "solidity": 0.2}
    return {"color": list(colors), "line": {"width": 0}, "pattern": pattern}


def _colorbar_carrier() -> dict:
    """Plotly draws a colour bar only for a trace on its colour axis; this one has no point."""
    marker = {"color": [0], "coloraxis": "coloraxis"}
    return dict(type="scatter", x=[None], y=[None], mode="markers", marker=marker, showlegend=False)


def _second_heads_carrier() -> dict:
    """Plotly draws an axis only for a trace on it."""
    return dict(type="scatter", x=[None], y=[None], xaxis="x2", mode="markers", showlegend=False)


def _color_axis(scale: _Scale, title: str, ink: str | None) -> dict:
    font = _font(ink)
    bar = {
        "orientation": "h",
        "title": {"text": plain(title), "side": "right", **({"font": font} if font else {})},
        "outlinewidth": 0,
        **({"tickfont": font} if font else {}),
    }
    size = {"thickness": 8, "lenmode": "pixels", "len": 240, "xpad": 0, "ypad": 0}
    place = {"x": 0, "xanchor": "left", "yref": "container", "y": 1, "yanchor": "top"}
    ends = {"cmin": scale.low, "cmax": scale.high}
    stops = [[at / (len(scale.colors) - 1), color] for at, color in enumerate(scale.colors)]
    return {"colorscale": stops, "colorbar": bar | size | place | scale.ticks, **ends}


def _amount_ticks(cells: pd.DataFrame) -> dict:
    """Label the end of the scale with the text of its cell, which is in the user's language."""
    largest = cells[cells["value"] > 0].nlargest(1, "value")
    return {"tickvals": [0, *largest["value"]], "ticktext": ["0", *largest["text"].map(plain)]}


def _amount_bars(coverage: pd.DataFrame, longest: float) -> dict:
    unknown = coverage["held"] & coverage["amount"].isna()
    lengths = coverage["amount"].where(coverage["held"], 0).mask(unknown, STUB * longest)
    return dict(
        type="bar",
        orientation="h",
        x=lengths.tolist(),
        y=list(range(len(coverage))),
        width=0.56,
        marker=_marker(unknown.map({True: UNKNOWN, False: AMOUNT}), unknown),
        hovertext=coverage["hover"].tolist(),
        hovertemplate=HOVER,
        showlegend=False,
    )


def _target_lines(coverage: pd.DataFrame, title: str) -> dict:
    """Always drawn, if without a line: the axis that prints the amounts is this trace's."""
    return dict(
        type="scatter",
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


def _axis(
    labels: Sequence[str],
    ink: str | None,
    places: Iterable[float] | None = None,
    size: int = 12,
    **settings: Any,
) -> dict:
    return {
        "tickvals": list(range(len(labels)) if places is None else places),
        "ticktext": [plain(label).replace("\n", "<br>") for label in labels],
        "ticks": "",
        "tickfont": {"size": size, **_font(ink)},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        **settings,
    }


def _bare_layout(height: int, top: int, bottom: int = 4) -> dict:
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": top, "b": bottom},
        "barmode": "overlay",
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "hoverlabel": {
            "align": "left",
            "bgcolor": "#1b1f27",
            "bordercolor": "#8b919c",
            "font": {"color": "#ffffff", "size": 13},
        },
    }


def _font(ink: str | None) -> dict[str, str]:
    """Colour the labels: the theme's own grey is too pale on white (3.7:1)."""
    return {"color": ink} if ink else {}


def still(traces: list[dict], layout: dict) -> Made:
    """Make a figure that cannot be dragged, and that Streamlit cannot make draggable again.

    Streamlit replaces `dragmode=False` by "pan", and then a finger on the cells can't scroll the
    page and a tap answers with the cell tapped before. It leaves a name that plotly.js doesn't
    know alone, and plotly.js falls back from that to the template.
    """
    undraggable = {"dragmode": "none", "template": {"layout": {"dragmode": False}}}
    return Made({"data": traces, "layout": layout | undraggable})
