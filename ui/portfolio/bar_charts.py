"""Plotly figures of what the whole book is made of: a tidy frame in, a figure out.

Pure, as ui.charts: no Streamlit, no database, no words of their own.
"""

import pandas as pd
import plotly.graph_objects as go

from ui.charts import (
    AMOUNT,
    CLEAR,
    HATCH,
    HOVER,
    MUTED,
    ROW_HEIGHT,
    STUB,
    UNKNOWN,
    plain,
    shorten,
    still,
)
from ui.internals.plotly import Made

MEN, WOMEN = ("#a8cfe6", "#0b4f7d"), ("#fdc26a", "#8f3b06")
"""Who does not hold and, darker, who does: apart from each other for colour-blind people, too."""
BAR = 0.8
PRESSED = {"marker": {"opacity": 1}}


def pyramid(
    ages: pd.DataFrame,
    men_title: str,
    women_title: str,
    holders_title: str,
    others_title: str,
    ink: str | None = None,
) -> Made:
    """Draw customers by age, men to the left and women to the right: from the middle first those
    who hold something, darker, then the others.

    `ages` has a row for each age and side, the youngest first, with the columns
        label     of the age, on the axis
        side      "M" or "F"
        holders, others  counts, together everybody
        hover     sentences; `<br>` breaks a line
        holders_key, others_key  JSON-able lists: the `customdata` of what was clicked
    """
    labels = list(dict.fromkeys(ages["label"].tolist()))
    places = {label: len(labels) - 1 - place for place, label in enumerate(labels)}
    figure = go.Figure()
    for side, title, sign, (light, dark) in (
        ("M", men_title, -1, MEN), ("F", women_title, 1, WOMEN),
    ):  # fmt: skip
        of_side = ages[ages["side"] == side]
        y = [places[label] for label in of_side["label"]]
        for part, named, color in (
            ("holders", holders_title, dark),
            ("others", others_title, light),
        ):
            figure.add_trace(_bars(of_side, part, y, sign, color, f"{title}: {named}"))
    most = max((ages["holders"] + ages["others"]).max() if len(ages) else 0, 1)
    ticks = _ticks(int(most))
    figure.update_layout(
        **_layout(26 * len(labels) + 110, legend=True),
        xaxis={
            "tickvals": [-tick for tick in reversed(ticks[1:])] + ticks,
            "ticktext": [f"{tick:,}" for tick in (*reversed(ticks[1:]), *ticks)],
            "range": [-1.05 * most, 1.05 * most], "fixedrange": True, "zeroline": True,
            "zerolinecolor": MUTED, "showgrid": False, "tickfont": {"color": ink},
        },
        yaxis=_names([plain(label) for label in reversed(labels)], ink),
    )  # fmt: skip
    spec = figure.to_dict()
    return still(spec["data"], spec["layout"])


def shares(parts: pd.DataFrame, ink: str | None = None) -> Made:
    """Draw a bar for each part of a whole, from top to bottom, its text at the end.

    `parts` has the columns
        label  on the axis
        share  0 to 1; NaN is unknown: a hatched grey stub, never a zero
        text   at the end of the bar
        hover  sentences; `<br>` breaks a line
        key    JSON-able list: the `customdata` of what was clicked
    """
    unknown = parts["share"].isna()
    longest = max(parts["share"].max() if (~unknown).any() else 0, 0) or 1.0
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=parts["share"].mask(unknown, STUB * longest).tolist(),
            y=list(range(len(parts)))[::-1],
            width=0.62,
            marker={
                "color": [UNKNOWN if one else AMOUNT for one in unknown],
                "pattern": {
                    "shape": ["/" if one else "" for one in unknown],
                    "fgcolor": HATCH, "fillmode": "overlay", "size": 8, "solidity": 0.2,
                },
            },
            text=[plain(text) for text in parts["text"]],
            textposition="outside",
            cliponaxis=False,
            textfont={"color": ink} if ink else {},
            hovertext=[plain(text).replace("&lt;br&gt;", "<br>") for text in parts["hover"]],
            hovertemplate=HOVER,
            customdata=parts["key"].tolist(),
            selected=PRESSED,
            unselected=PRESSED,
            showlegend=False,
        )
    )  # fmt: skip
    labels = [plain(shorten(label, 20)) for label in parts["label"]]
    figure.update_layout(
        **_layout(ROW_HEIGHT * len(parts) * 0.8 + 30),
        xaxis={"visible": False, "fixedrange": True, "range": [0, 1.35 * longest]},
        yaxis=_names(labels[::-1], ink),
    )
    spec = figure.to_dict()
    return still(spec["data"], spec["layout"])


def _bars(
    of_side: pd.DataFrame, part: str, y: list[int], sign: int, color: str, title: str
) -> go.Bar:
    return go.Bar(
        orientation="h",
        x=(sign * of_side[part]).tolist(),
        y=y,
        width=BAR,
        name=plain(title),
        marker={"color": color, "line": {"width": 0}},
        hovertext=[plain(text).replace("&lt;br&gt;", "<br>") for text in of_side["hover"]],
        hovertemplate=HOVER,
        customdata=of_side[f"{part}_key"].tolist(),
        selected=PRESSED,
        unselected=PRESSED,
    )


def _ticks(most: int) -> list[int]:
    """Three to five round numbers from 0 up to `most`."""
    step = 10 ** (len(str(most)) - 1)
    while most / step < 3 and step > 1:
        step = max(step // 2, 1)
    return list(range(0, most + 1, step))[:: 1 + most // (5 * step)]


def _names(labels: list[str], ink: str | None) -> dict:
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "range": [-0.6, len(labels) - 0.4],
        "tickfont": {"size": 13, "color": ink},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
    }


def _layout(height: float, legend: bool = False) -> dict:
    return {
        "height": int(height),
        "margin": {"l": 8, "r": 8, "t": 64 if legend else 8, "b": 24 if legend else 4},
        "barmode": "relative",  # parts on both sides go away from the middle
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hoverlabel": {
            "align": "left", "bgcolor": "#1b1f27", "bordercolor": "#8b919c",
            "font": {"color": "#ffffff", "size": 13},
        },
    }  # fmt: skip
