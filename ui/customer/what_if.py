"""What would be if a customer's policies were others: tried out, never stored."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pandas as pd
import streamlit as st

from fpcore.gaps import what_if
from fpcore.gaps.customer_gaps import CustomerGaps, Gap
from fpcore.gaps.what_if import WhatIf
from fpcore.models import GapState, NewPolicy, Policy, PremiumCycle
from ui import address, forms, session
from ui.rules import phrases
from ui.text import Text, safe

_FIELDS = (
    "type", "policy_name", "coverage_amount", "premium_amount", "premium_cycle", "start_date",
    "end_date",
)  # fmt: skip
_BEGUN = ("premium_cycle", "start_date")
"""What stands in the form from the beginning: alone it is no policy to add."""


def draw(customer_id: UUID, listed: Sequence[Policy], text: Text, today: date) -> None:
    """Draw the section; that it is open stands in the address."""
    if not address.read("what_if"):
        if st.button(text("what_if.open"), icon=":material/science:"):
            address.write(what_if=1)
        return
    with st.container(border=True, key="what_if_section"):
        st.subheader(text("what_if.title"))
        st.caption(text("what_if.how"))
        held = {policy.id: policy for policy in listed if policy.in_force}
        ended = st.multiselect(
            text("what_if.end"),
            list(held),
            format_func=lambda one: _named(held[one], text),
            placeholder=text("form.not_said"),
            key="what_if end",
        )
        st.markdown(text("what_if.add"))
        begun = {"premium_cycle": PremiumCycle.MONTHLY, "start_date": today}
        filled = forms.draw(
            "what_if", _FIELDS, begun, text, text("what_if.look"), cancel=text("upload.close")
        )
        if filled.cancelled:
            address.write(what_if=None)
        if filled.sent:
            _try(customer_id, ended, filled, text, today)


def _named(policy: Policy, text: Text) -> str:
    """Tell policies apart: name, insurer and amount."""
    parts = [policy.policy_name or text(f"type.{policy.type}"), policy.insurer]
    if policy.coverage_amount is not None:
        parts.append(text.amount(policy.coverage_amount, policy.currency))
    return " · ".join(part for part in parts if part)


def _try(
    customer_id: UUID, ended: list[UUID], filled: forms.Filled, text: Text, today: date
) -> None:
    account, db = session.account(), session.database()
    tried = []

    def look() -> None:
        typed = any(filled.values[field] for field in _FIELDS if field not in _BEGUN)
        added = [NewPolicy(**forms.read_amounts(db, filled.values))] if typed else []
        tried.append(what_if.what_if(db, account, customer_id, today, added, ended))

    if forms.attempt(filled, look, text):
        _draw_outcome(tried[0], text)


def _draw_outcome(tried: WhatIf, text: Text) -> None:
    """Draw what would change, and a warning where a policy would be replaced by a like one."""
    before, after = tried.before, tried.after
    pairs = [(gap, after.of(gap.rule.code)) for gap in before.gaps]
    changed = [(old, new) for old, new in pairs if (old.state, old.short) != (new.state, new.short)]
    if any(_is_replacement(new) and not _is_replacement(old) for old, new in changed):
        st.warning(text("what_if.replacement"), icon=":material/swap_horiz:")
    st.markdown(text("what_if.share", before=_share(before, text), after=_share(after, text)))
    if changed:
        lines = [_line(old, new, text) for old, new in changed]
        st.table(pd.DataFrame(lines), hide_index=True)
    else:
        st.info(text("what_if.nothing"))
    st.caption(text("what_if.not_saved"))


def _is_replacement(gap: Gap) -> bool:
    return gap.rule.need.word == "no_replacement" and gap.state is GapState.GAP


def _share(found: CustomerGaps, text: Text) -> str:
    return safe(phrases.burden(found.burden, text))


def _line(old: Gap, new: Gap, text: Text) -> dict[str, str]:
    states = [phrases.state(gap.rule, gap.state, text) for gap in (old, new)]
    shorts = ["–" if gap.short is None else text.amount(gap.short) for gap in (old, new)]
    line = {
        text("field.rule"): phrases.name(new.rule, text),
        text("coverage.state"): _change(states),
        text("coverage.short"): _change(shorts),
    }
    return {label: safe(said) for label, said in line.items()}


def _change(pair: list[str]) -> str:
    before, after = pair
    return before if before == after else f"{before} → {after}"
