"""One customer's coverage in words: key figures, what was left out, by type, gaps."""

import pandas as pd
import streamlit as st

from fpcore.coverage import CoverageSummary, TypeCoverage
from fpcore.gap_rules import TOTAL, Rule
from fpcore.gaps import Gap
from fpcore.models import GapState
from ui.text import Text, safe

_GAP_LOOK = {
    GapState.GAP: ("red", ":material/error:"),
    GapState.PARTIAL: ("orange", ":material/warning:"),
    GapState.UNKNOWN: ("gray", ":material/help:"),
    GapState.COVERED: ("green", ":material/check_circle:"),
    GapState.NOT_NEEDED: ("gray", ":material/remove:"),
}


def key_figures(summary: CoverageSummary, text: Text) -> list[tuple[str, str]]:
    """Give label and value of the three figures above everything."""
    total = summary.total
    return [
        (text("customer.total_coverage"), _sum(total.coverage, total.unknown, text)),
        (text("customer.total_premium"), _sum(total.premium, total.premium_unknown, text)),
        (text("customer.in_force"), f"{total.policies:,}"),
    ]


def left_out(summary: CoverageSummary, text: Text) -> list[str]:
    """Say what stands in no sum, and why."""
    total, notes = summary.total, []
    if total.unknown:
        notes.append(text("customer.unknown_amounts", count=total.unknown))
    if total.premium_unknown:
        notes.append(text("customer.unknown_premiums", count=total.premium_unknown))
    if summary.other_currencies:
        amounts = ", ".join(
            text.amount(amount, currency) for currency, amount in summary.other_currencies.items()
        )
        notes.append(safe(text("customer.other_currency", amounts=amounts)))
    return notes


def coverage_bars(summary: CoverageSummary, text: Text) -> pd.DataFrame:
    """Give charts.coverage_by_type its frame."""
    return pd.DataFrame(
        [
            {
                "label": text(f"type.{kind}"),
                "held": held.policies > 0,
                "amount": float("nan") if held.coverage is None else float(held.coverage),
                "target": float("nan"),
                "text": _bar_text(held, text),
                "hover": _bar_text(held, text),
            }
            for kind, held in summary.by_type.items()
        ]
    )


def coverage_rows(
    summary: CoverageSummary, found: list[Gap], text: Text
) -> list[dict[str, str | None]]:
    """Give a line for each type and the total: held, and what each rule about it recommends."""
    held = {**{kind.value: cover for kind, cover in summary.by_type.items()}, TOTAL: summary.total}
    lines = []
    for kind, cover in held.items():
        rules = [gap for gap in found if gap.rule.type == kind] or [None]
        lines += [_coverage_row(kind, cover, gap, text) for gap in rules]
    return lines


def _coverage_row(
    kind: str, cover: TypeCoverage, gap: Gap | None, text: Text
) -> dict[str, str | None]:
    asked = gap is not None and gap.recommended is not None
    return {
        text("field.type"): text(f"type.{kind}"),
        text("coverage.recommended"): text.amount(gap.recommended) if asked else None,
        text("coverage.held"): _bar_text(cover, text),
        text("coverage.short"): text.amount(gap.short) if asked else None,
        text("coverage.state"): text(f"state.{gap.state}") if gap else text("coverage.no_rule"),
        text("coverage.why"): text(f"why.{gap.why}") if gap else None,
    }


def draw_gap(gap: Gap, text: Text) -> None:
    """Draw one rule: state, what to do, why, and where the rule comes from."""
    color, icon = _GAP_LOOK[gap.state]
    with st.container(border=True, key=f"gap_{gap.rule.code}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{text(f'rule.{gap.rule.code}')}**")
            st.badge(text(f"state.{gap.state}"), color=color, icon=icon)
        if gap.state is not GapState.COVERED:
            st.markdown(safe(_advice(gap, text)))
        why = text(f"why.{gap.why}")
        st.caption(safe(f"{why} · {_source(gap.rule, text)}"))


def _source(rule: Rule, text: Text) -> str:
    if rule.grade == "D":
        return text("customer.no_source")
    return text("customer.source", source=rule.source, grade=rule.grade)


def _advice(gap: Gap, text: Text) -> str:
    unknown = gap.state is GapState.UNKNOWN
    return text(
        f"recommend.{gap.rule.code}" + ("_unknown" if unknown else ""),
        recommended=text.amount(gap.recommended),
        short=text.amount(gap.short),
    )


def _sum(amount, unknown: int, text: Text) -> str:
    shown = text.amount(amount)
    if unknown and amount is not None:
        shown = text("amount.at_least", amount=shown)
    return safe(shown)


def _bar_text(held: TypeCoverage, text: Text) -> str:
    if not held.policies:
        return text("customer.not_held")
    if held.coverage is None:
        return text("customer.held_unknown")
    shown = text.amount(held.coverage)
    return text("amount.at_least", amount=shown) if held.unknown else shown
