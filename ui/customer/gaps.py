"""The gaps on a customer's page: a card for each rule, what to ask for, and how it changed."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

import pandas as pd
import streamlit as st

from fpcore.config import clock
from fpcore.facts import amounts
from fpcore.gaps import targets
from fpcore.gaps.changes import GapChange
from fpcore.gaps.customer_gaps import CustomerGaps, Gap, PremiumBurden, Way
from fpcore.gaps.targets import Target
from fpcore.models import Customer, GapState, Policy
from fpcore.rules import rulebook
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.records import Rule
from ui import address, folds, forms, session
from ui.customer import profile
from ui.rules import phrases
from ui.text import Text, safe

_LOOK: dict[GapState, tuple[Literal["red", "orange", "gray", "green"], str]] = {
    GapState.GAP: ("red", ":material/error:"),
    GapState.PARTIAL: ("orange", ":material/warning:"),
    GapState.UNKNOWN: ("gray", ":material/help:"),
    GapState.COVERED: ("green", ":material/check_circle:"),
    GapState.NOT_NEEDED: ("gray", ":material/remove:"),
}
_FINE = (GapState.COVERED, GapState.NOT_NEEDED)
_TARGET_FIELDS = ("target_amount", "target_note")


class _Page(NamedTuple):
    """What every card needs besides its gap."""

    customer: Customer
    burden: PremiumBurden
    policies: dict[UUID, Policy]
    opened: dict[str, date]
    text: Text
    today: date


def draw(
    customer: Customer,
    found: CustomerGaps,
    changes: Sequence[GapChange],
    listed: Sequence[Policy],
    text: Text,
    today: date,
) -> None:
    """Draw the open gaps as cards, the worst first; what is not known and what is fine folded."""
    st.subheader(text("customer.gaps"))
    policies = {policy.id: policy for policy in listed}
    page = _Page(customer, found.burden, policies, _opened(changes), text, today)
    unknown = [gap for gap in found.gaps if gap.state is GapState.UNKNOWN]
    lacking = [gap for gap in found.gaps if gap.state in phrases.OPEN]
    fine = [gap for gap in found.gaps if gap.state in _FINE]
    if found.gaps and not lacking:
        st.success(text("gaps.none_open"), icon=":material/check_circle:")
    _draw_cards(lacking, page)
    if unknown:
        with folds.expander(
            "gaps unknown", text("gaps.unknown", count=len(unknown)), ":material/help:"
        ) as is_open:
            if is_open:
                _draw_questions(unknown, page)
                _draw_cards(unknown, page)
    if fine:
        with folds.expander(
            "gaps fine", text("gaps.fine", count=len(fine)), ":material/check_circle:"
        ) as is_open:
            if is_open:
                _draw_cards(fine, page)
    if changes:
        with folds.expander(
            "gaps history", text("gaps.history", count=len(changes)), ":material/history:"
        ) as is_open:
            if is_open:
                _draw_history(changes, text)


def _opened(changes: Sequence[GapChange]) -> dict[str, date]:
    """Since when each gap is open, where that is known: the latest change that opened it."""
    opened = {}
    for change in changes:  # the latest first
        if change.after in phrases.OPEN and change.before not in phrases.OPEN:
            opened.setdefault(change.code, change.on)
    return opened


def _draw_cards(shown: Sequence[Gap], page: _Page) -> None:
    """Draw the cards two beside each other, in reading order."""
    for pair in (shown[i : i + 2] for i in range(0, len(shown), 2)):
        for column, gap in zip(st.columns(2), pair, strict=False):
            with column, st.container(border=True, key=f"gap_{gap.rule.code}"):
                _draw_card(gap, page)


def _draw_card(gap: Gap, page: _Page) -> None:
    text = page.text
    color, icon = _LOOK[gap.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{safe(phrases.name(gap.rule, text))}**", width="content")
        st.badge(phrases.state(gap.rule, gap.state, text), color=color, icon=icon)
        st.caption(" · ".join(_remarks(gap, page)), width="content")
    if advice := phrases.advice(gap, page.burden, text):
        st.markdown(safe(advice))
    else:
        st.markdown(text(f"why.{gap.why}"))
    if gap.short is not None:
        st.markdown(_amounts(gap, text))
    if arithmetic := phrases.arithmetic(gap, text):
        st.caption(safe(arithmetic))
    if gap.is_costly:
        st.warning(safe(phrases.caution(page.burden, text)), icon=":material/savings:")
    if gap.target:
        st.markdown(f":material/flag: {safe(_target(gap.target, text))}")
    with folds.expander(f"why {gap.rule.code}", text("gaps.why")) as is_open:
        if is_open:
            _draw_explanation(gap, page)
    has_amount = gap.ways[0].terms and COVERAGES[gap.rule.coverage].has_amount
    if has_amount and not page.customer.is_masked:
        with st.container(horizontal=True):
            _draw_target_buttons(gap, page)


def _remarks(gap: Gap, page: _Page) -> list[str]:
    remarks = [page.text("gaps.severity", severity=page.text(f"severity.{gap.rule.severity}"))]
    since = page.opened.get(gap.rule.code)
    if since and gap.state in phrases.OPEN:
        remarks.append(page.text("gaps.since", day=page.text.day(since)))
    return remarks


def _amounts(gap: Gap, text: Text) -> str:
    """What is recommended, held and short, in bold."""
    amounts = (
        (text("coverage.recommended"), text.amount(gap.recommended)),
        (text("coverage.held"), phrases.held(gap, text)),
        (text("coverage.short"), text.amount(gap.short)),
    )
    return " · ".join(f"{label} **{safe(amount)}**" for label, amount in amounts)


def _draw_explanation(gap: Gap, page: _Page) -> None:
    text, rule, own = page.text, gap.rule, gap.ways[0]
    facts = [
        (text("field.rule"), _version(rule, text)),
        (text("field.when"), phrases.for_whom(rule, text)),
        (text("field.need"), phrases.need(rule.need, text)),
        (text("field.source"), phrases.source(rule.source, rule.grade, text)),
        *((text("gaps.statistics"), said) for said in phrases.statistics(own, text)),
        (text("coverage.why"), text(f"why.{gap.why}")),
    ]
    st.markdown("\n".join(f"- {label}: {safe(said)}" for label, said in facts))
    if len(gap.ways) > 1:
        st.table(pd.DataFrame([_way(way, text) for way in gap.ways]), hide_index=True)
    for title, lines in (
        ("gaps.counted", [_policy(one, page) for one in gap.counted]),
        ("gaps.not_counted", [_left_out(one.policy_id, one.why, page) for one in gap.not_counted]),
    ):
        if lines:
            st.markdown(f"{text(title)}\n" + "\n".join(f"- {safe(line)}" for line in lines))


def _version(rule: Rule, text: Text) -> str:
    return text(
        "gaps.version",
        rule=phrases.name(rule, text),
        version=rule.version,
        day=text.day(rule.valid_from),
    )


def _way(way: Way, text: Text) -> dict[str, str]:
    """A line of the table of ways; what facts are missing stands in the place of the amount."""
    if way.missing:
        recommended = text("gaps.needs", missing=phrases.missing(way.missing, text))
    else:
        recommended = text.amount(way.recommended)
    source = phrases.short_source(way.source, way.grade, text)
    line = {
        text("gaps.way"): f"{phrases.need(way.need, text)} · {source}",
        text("coverage.recommended"): recommended,
        text("coverage.short"): "–" if way.missing else text.amount(way.short),
    }
    return {label: safe(said) for label, said in line.items()}


def _policy(policy_id: UUID, page: _Page) -> str:
    policy = page.policies[policy_id]
    named = policy.policy_name or page.text(f"type.{policy.type}")
    return f"{named} ({policy.insurer})" if policy.insurer else named


def _left_out(policy_id: UUID, why: str, page: _Page) -> str:
    section = "status" if why == page.policies[policy_id].why_not else "not_counted"
    return f"{_policy(policy_id, page)} – {page.text(f'{section}.{why}')}"


def _target(target: Target, text: Text) -> str:
    return text(
        "gaps.target",
        amount=text.amount(target.amount),
        note=target.note or "–",
        by=target.by,
        day=text.day(clock.in_seoul(target.on).date()),
    )


def _draw_target_buttons(gap: Gap, page: _Page) -> None:
    text, code = page.text, gap.rule.code
    label = text("gaps.change_target" if gap.target else "gaps.set_target")
    if st.button(label, icon=":material/flag:", type="tertiary", key=f"target of {code}"):
        st.dialog(text("gaps.set_target"))(_draw_target_form)(gap, page)
    if gap.target and st.button(
        text("gaps.remove_target"), icon=":material/close:", type="tertiary",
        key=f"no target of {code}",
    ):  # fmt: skip
        account, db = session.account(), session.database()
        targets.remove_target(db, account, page.customer.id, code, page.today)
        st.toast(text("gaps.target_removed"))
        st.rerun()


def _draw_target_form(gap: Gap, page: _Page) -> None:
    account, db, text = session.account(), session.database(), page.text
    st.markdown(text("gaps.target_how", rule=safe(phrases.name(gap.rule, text))))
    old = gap.target
    values = {
        "target_amount": text.plain_amount(old.amount) if old else None,
        "target_note": old.note if old else None,
    }
    code = gap.rule.code
    filled = forms.draw(f"target {code}", _TARGET_FIELDS, values, text, text("form.save"))

    def save() -> None:
        typed = filled.values["target_amount"]
        read = amounts.read(db, {"target_amount": typed}) if typed else {}
        amount, note = read.get("target_amount"), filled.values["target_note"] or ""
        targets.set_target(db, account, page.customer.id, code, amount, note, page.today)

    if filled.sent and forms.attempt(filled, save, text):
        st.toast(text("gaps.target_saved"))
        st.rerun()


def _draw_questions(unknown: Sequence[Gap], page: _Page) -> None:
    """Say what to ask for, and which rules wait for it."""
    text = page.text
    waiting: dict[tuple[bool, str], list[str]] = {}
    for gap in unknown:
        for fact in gap.missing:
            of_policy = fact == gap.rule.need.unknown_field
            name = safe(phrases.name(gap.rule, text))
            waiting.setdefault((of_policy, fact), []).append(name)
    lines = [
        f"- **{_fact(fact, of_policy, text)}** → {', '.join(rules)}"
        for (of_policy, fact), rules in sorted(waiting.items())
    ]
    st.markdown("\n".join(lines))
    of_policies_only = all(of_policy for of_policy, _ in waiting)
    if of_policies_only or address.read("edit") or page.customer.is_masked:
        return
    if st.button(text("customer.edit"), icon=":material/edit:", key="edit for gaps"):
        st.toast(text("gaps.edit_above"))  # the form is far above
        profile.open_form(page.customer)


def _fact(fact: str, of_policy: bool, text: Text) -> str:
    named = text(f"field.{fact}")
    return text("gaps.of_policy", fact=named) if of_policy else named


def _draw_history(changes: Sequence[GapChange], text: Text) -> None:
    """Draw how the states changed, the latest first; of rules that are gone too."""
    rules = {one.rule.code: one.rule for one in rulebook.versions(session.database())}
    lines = [_change(one, rules[one.code], text) for one in changes]
    st.table(pd.DataFrame(lines), hide_index=True)


def _change(change: GapChange, rule: Rule, text: Text) -> dict[str, str]:
    before, after = (phrases.state(rule, of, text) for of in (change.before, change.after))
    line = {
        text("gaps.day"): text.day(change.on),
        text("field.rule"): phrases.name(rule, text),
        text("gaps.change"): f"{before} → {after}",
        text("gaps.cause"): text(f"cause.{change.cause}"),
        text("gaps.by"): change.file or change.by,
    }
    return {label: safe(said) for label, said in line.items()}
