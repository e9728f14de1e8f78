"""One customer's coverage in words: key figures, what was left out, by type and rule."""

import pandas as pd
import streamlit as st

from fpcore.customers.coverage import CoverageSummary, TypeCoverage
from fpcore.facts.types import TOTAL
from fpcore.gaps.customer_gaps import CustomerGaps, Gap, PremiumBurden
from fpcore.models import PolicyType
from ui.rules import phrases
from ui.text import Amount, Text, safe


def draw_key_figures(summary: CoverageSummary, burden: PremiumBurden, text: Text) -> None:
    """Draw the four figures above everything."""
    total = summary.total
    figures = [
        (text("customer.total_coverage"), _sum(total.coverage, total.unknown, text), None),
        (text("customer.total_premium"), _sum(total.premium, total.premium_unknown, text), None),
        (
            text("gaps.burden"),
            safe(phrases.burden(burden, text)),
            _how_share_is_made(burden, text),
        ),
        (text("customer.in_force"), f"{total.policies:,}", None),
    ]
    with st.container(horizontal=True):
        for label, value, how in figures:
            st.metric(label, value, border=True, width="content", help=how)


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


def coverage_bars(summary: CoverageSummary, found: CustomerGaps, text: Text) -> pd.DataFrame:
    """Give charts.coverage_by_type its frame."""
    bars = []
    for kind, held in summary.by_type.items():
        said, target = _bar_text(held, text), _target(kind, found)
        recommended = f"{text('coverage.recommended')} {text.amount(target)}"
        bars.append(
            {
                "label": text(f"type.{kind}"),
                "held": held.policies > 0,
                "amount": float("nan") if held.coverage is None else float(held.coverage),
                "target": float("nan") if target is None else target,
                "text": said,
                "hover": said if target is None else f"{said}<br>{recommended}",
            }
        )
    return pd.DataFrame(bars)


def _target(kind: PolicyType, found: CustomerGaps) -> float | None:
    """The amount that is recommended for a type, where one open gap says so, and no other."""
    amounts = [
        gap.recommended
        for gap in found.gaps
        if gap.rule.type == kind and gap.state in phrases.OPEN and gap.recommended is not None
    ]
    return float(amounts[0]) if len(amounts) == 1 else None


def coverage_rows(
    summary: CoverageSummary, found: CustomerGaps, text: Text
) -> list[dict[str, str | None]]:
    """Give a line for each rule under its type, the total last; one for a type without rules."""
    held = {**{kind.value: cover for kind, cover in summary.by_type.items()}, TOTAL: summary.total}
    lines = []
    for kind, cover in held.items():
        rules: list[Gap | None] = [gap for gap in found.gaps if gap.rule.type == kind]
        lines += [_coverage_row(kind, cover, gap, text) for gap in rules or [None]]
    return lines


def _coverage_row(
    kind: str, cover: TypeCoverage, gap: Gap | None, text: Text
) -> dict[str, str | None]:
    asked = gap if gap is not None and gap.recommended is not None else None
    short_of = asked if asked and asked.rule.need.asks_for_more else None
    return {
        text("field.type"): text(f"type.{kind}"),
        text("field.rule"): phrases.name(gap.rule, text) if gap else text("coverage.no_rule"),
        text("coverage.recommended"): text.amount(asked.recommended) if asked else None,
        text("coverage.held"): phrases.held(gap, text) if gap else _bar_text(cover, text),
        text("coverage.short"): text.amount(short_of.short) if short_of else None,
        text("coverage.state"): phrases.state(gap.rule, gap.state, text) if gap else None,
        text("coverage.why"): _why(gap, text) if gap else None,
    }


def _why(gap: Gap, text: Text) -> str:
    why = text(f"why.{gap.why}")
    return text("gaps.by_hand", why=why) if gap.target else why


def _how_share_is_made(burden: PremiumBurden, text: Text) -> str:
    said = {"premium": burden.premium, "income": burden.monthly_income}
    how = [text("gaps.burden_how", **{name: safe(text.amount(a)) for name, a in said.items()})]
    if burden.limit is not None:
        how.append(text("gaps.burden_limit", limit=phrases.percent(burden.limit, text)))
    if burden.unknown:
        how.append(text("gaps.burden_unknown", count=burden.unknown))
    return " ".join(how)


def _sum(amount: Amount, unknown: int, text: Text) -> str:
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
