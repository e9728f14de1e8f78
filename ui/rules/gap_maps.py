"""The cells of a heatmap of gaps: the share of customers with a gap by rule, and its change."""

from collections.abc import Mapping

import pandas as pd

from fpcore.config import settings
from fpcore.gaps import scopes
from fpcore.gaps.scopes import share_lacking
from fpcore.gaps.trials import Comparison
from fpcore.models import RowKind
from ui import tables
from ui.text import Text, is_unknown


def cells(
    frame: pd.DataFrame,
    rows: RowKind,
    rule_names: Mapping[str, str],
    owner_names: Mapping[str, str],
    text: Text,
) -> pd.DataFrame:
    """Give charts.heatmap its frame: the share with a gap of those whose state is known."""
    figures = scopes.with_figures(frame)
    values, counts = figures["value"].tolist(), figures["n"].tolist()
    return _by_rule(frame, rows, rule_names, owner_names, text).assign(
        value=values,
        text=[text.share(value) for value in values],
        hover=[hover(cell, text) for cell in frame.to_dict("records")],
        n=counts,
        count=[text("map.count", n=f"{n:,}") for n in counts],
    )


def hover(cell: Mapping, text: Text) -> str:
    """Say of a cell how many customers have a gap, and what they are short of in all."""
    counts = {name: f"{cell[name]:,}" for name in ("customers", "gap", "partial", "unknown")}
    counts["known"] = f"{cell['customers'] - cell['unknown']:,}"
    return text("portfolio.hover_gaps", shortfall=text.short_amount(cell["shortfall"]), **counts)


def difference_cells(
    found: Comparison,
    rows: RowKind,
    rule_names: Mapping[str, str],
    owner_names: Mapping[str, str],
    text: Text,
) -> pd.DataFrame:
    """Give charts.heatmap its frame: by how much that share changes."""
    before, after = found.before, found.after
    values = share_lacking(after) - share_lacking(before)
    hovers = [
        text("rules.hover_before", hover=hover(one, text))
        + "<br>"
        + text("rules.hover_after", hover=hover(other, text))
        for one, other in zip(before.to_dict("records"), after.to_dict("records"), strict=True)
    ]
    printed = [_points(value, text) for value in values]
    return _by_rule(before, rows, rule_names, owner_names, text).assign(
        value=values, text=printed, hover=hovers
    )


def _by_rule(
    frame: pd.DataFrame, rows: RowKind, rule_names: Mapping[str, str],
    owner_names: Mapping[str, str], text: Text,
) -> pd.DataFrame:  # fmt: skip
    return pd.DataFrame(
        {
            "row": [tables.row_label(row, rows, owner_names, text) for row in frame["row"]],
            "column": [rule_names[code] for code in frame["code"]],
            "key": [[row, code] for row, code in zip(frame["row"], frame["code"], strict=True)],
            "muted": (
                frame["customers"] - frame["unknown"] < settings.current().smallest_group
            ).tolist(),
        }
    )


def _points(difference: float, text: Text) -> str:
    """Write a difference of shares in percentage points; "?" where it is unknown."""
    if is_unknown(difference):
        return "?"
    points = round(100 * difference, 1)
    digits = 1 if 0 < abs(points) < 1 else 0
    return text("rules.points", points=f"{points:+.{digits}f}") if points else "0"
