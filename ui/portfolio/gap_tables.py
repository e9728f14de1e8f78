"""The gaps of a whole scope as tables: by rule, who comes first, and by month."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from fpcore.gaps.scopes import RuleCount, ScopeGaps, share_lacking
from fpcore.models import GapState
from ui import tables
from ui.rules import phrases
from ui.text import Text


def by_rule(found: ScopeGaps, text: Text) -> str | None:
    """Draw how many customers are in each state, rule by rule, those with the most gaps first; the
    code of the rule whose row was clicked."""
    counts = sorted(found.counts, key=lambda count: -_lacking(count))
    shares = share_lacking(
        pd.DataFrame([{**count.states, "customers": found.customers} for count in counts])
    )
    table = pd.DataFrame(
        [
            {
                text("field.rule"): phrases.name(count.rule, text),
                text("portfolio.share"): 100 * share,
                **{text(f"state.{state}"): count.states[state] for state in _STATES},
                text("portfolio.shortfall"): _shortfall(count, found, text),
            }
            for count, share in zip(counts, shares, strict=True)
        ]
    )
    row = tables.clicked_row(
        table,
        "by rule",
        column_config={
            text("field.rule"): st.column_config.TextColumn(pinned=True),
            text("portfolio.share"): st.column_config.ProgressColumn(
                format="%.0f%%", min_value=0, max_value=100
            ),
            text("portfolio.shortfall"): st.column_config.TextColumn(alignment="right", width=170),
        },
    )
    return None if row is None else counts[row].rule.code


def worst(rows: pd.DataFrame, owner_names: Mapping[str, str], text: Text) -> str | None:
    """Draw the customers with the worst gaps; the id of the one whose row was clicked."""
    shown = pd.DataFrame(
        {
            text("field.name"): rows["name"],
            text("portfolio.gaps"): rows["gaps"],
            text("portfolio.shortfall"): [text.short_amount(one) for one in rows["shortfall"]],
        }
    )
    if len(owner_names) > 1:
        shown.insert(1, text("field.owner"), rows["owner"].map(owner_names))
    right = st.column_config.TextColumn(alignment="right")
    row = tables.clicked_row(shown, "worst", column_config={text("portfolio.shortfall"): right})
    return None if row is None else str(rows["id"].iloc[row])


def by_month(changes: pd.DataFrame, text: Text) -> None:
    """Draw how many gaps opened and closed in each month in which some did, the last one first."""
    if changes.empty:
        st.caption(text("portfolio.no_changes"))
        return
    months = changes.groupby("month", sort=False)[["opened", "closed"]].sum().sort_index()[::-1]
    st.dataframe(
        pd.DataFrame(
            {
                text("portfolio.month"): [f"{month:%Y-%m}" for month in months.index],
                text("portfolio.opened"): months["opened"].tolist(),
                text("portfolio.closed"): months["closed"].tolist(),
            }
        ),
        hide_index=True,
        height="content",
    )


_STATES = (
    GapState.GAP, GapState.PARTIAL, GapState.UNKNOWN, GapState.COVERED, GapState.NOT_NEEDED,
)  # fmt: skip


def _lacking(count: RuleCount) -> int:
    return sum(count.states[state] for state in phrases.OPEN)


def _shortfall(count: RuleCount, found: ScopeGaps, text: Text) -> str | None:
    """Write what is short in all; None where the rule asks for no amount."""
    asked = count.rule.need.asks_for_more and count.rule.terms(found.valued_on)
    return text.amount(count.shortfall) if asked else None
