"""The whole book's numbers in words: cells of the heatmap, key figures, what was left out."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from fpcore.coverage import measure_value
from fpcore.gaps import RuleCount
from fpcore.models import GapState, Measure, RowKind
from ui import tables
from ui.text import Text, is_unknown

SMALLEST_GROUP = 5
"""Rows of fewer customers are drawn grey: a share of three says nothing."""

_CARD = {"border": True, "height": "stretch", "width": "content"}
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
            "muted": frame["customers"] < SMALLEST_GROUP,
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


def draw_key_figures(customers: int, rules: list[RuleCount], text: Text) -> None:
    """Draw how many customers there are, and how many have each gap."""
    with st.container(horizontal=True):
        st.metric(text("portfolio.customers"), f"{customers:,}", **_CARD)
        for rule in rules:
            lacking = rule.states[GapState.GAP] + rule.states[GapState.PARTIAL]
            unknown = f"{rule.states[GapState.UNKNOWN]:,}"
            share = text.share(lacking / customers)
            st.metric(
                text("portfolio.rule_gap", rule=text(f"rule.{rule.rule.code}")),
                f"{lacking:,}",
                text("portfolio.rule_share", share=share, unknown=unknown),
                delta_color="off",
                delta_arrow="off",
                **_CARD,
            )


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
