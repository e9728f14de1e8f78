"""The policies on a customer's page: what counts, what does not, and what is done to one."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import streamlit as st

from fpcore.customers import policies
from fpcore.errors import EditedMeanwhile
from fpcore.models import (
    WON,
    Customer,
    NewPolicy,
    Policy,
    PolicyChanges,
    PolicyStatus,
    PremiumCycle,
)
from ui import address, edits, folds, forms, session, tables
from ui.text import Text, safe

NEW = "new"
BEGUN = {"status": PolicyStatus.ACTIVE, "premium_cycle": PremiumCycle.MONTHLY, "currency": WON}


def draw(customer: Customer, listed: Sequence[Policy], text: Text, today: date) -> None:
    """Draw the section; the policy that is being edited stands in the address."""
    may_edit = not customer.is_masked
    editing = address.read("policy") if may_edit else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(text("customer.policies"))
        st.space("stretch")
        may_add = may_edit and editing != NEW
        if may_add and st.button(text("policy.add"), icon=":material/add:"):
            address.write(policy=NEW)
    counted = [policy for policy in listed if policy.in_force]
    ended = [policy for policy in listed if not policy.in_force]
    if counted:
        _draw_table(counted, editing, text, may_edit, with_reason=False)
    else:
        st.info(text("customer.no_policies"))
    if ended:
        with folds.expander("ended", text("customer.ended", count=len(ended))) as is_open:
            if is_open:
                _draw_table(ended, editing, text, may_edit, with_reason=True)
    if editing == NEW:
        _draw_new(customer.id, text, today)
    elif policy := next((one for one in listed if str(one.id) == editing), None):
        _draw_edit(policy, text, today)


def _draw_table(
    listed: Sequence[Policy], editing: str | None, text: Text, may_edit: bool, with_reason: bool
) -> None:
    key = f"policies {with_reason} {editing}"
    chosen = tables.policies(listed, text, with_reason, key)
    if chosen is not None and may_edit:
        session.forget_draft(_form(chosen))  # one that was left open shows what was then
        address.write(policy=chosen)


def _draw_new(customer_id: UUID, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    with st.container(border=True):
        st.markdown(f"**{text('policy.add')}**")
        filled = forms.draw(
            "policy new", forms.POLICY_FIELDS, BEGUN,
            text, text("policy.add"), cancel=text("form.cancel"),
        )  # fmt: skip

        def add() -> None:
            new = NewPolicy(**forms.read_amounts(db, filled.values))
            policies.add(db, account, customer_id, new, today)

        if filled.cancelled:
            _close()
        if filled.sent and forms.attempt(filled, add, text):
            st.toast(text("policy.added"))
            _close()


def _form(policy_id: object) -> str:
    return f"policy {policy_id}"


def _draw_edit(policy: Policy, text: Text, today: date) -> None:
    account, db = session.account(), session.database()

    def save(changes: dict[str, Any], seen_ver: int) -> None:
        wanted = PolicyChanges(**forms.read_amounts(db, changes))
        policies.update(db, account, policy.id, wanted, seen_ver, today)

    with st.container(border=True):
        st.markdown(f"**{safe(policy.policy_name or text(f'type.{policy.type}'))}**")
        edits.draw(_form(policy.id), forms.POLICY_FIELDS, policy.model_dump(), save, _close, text)
        with st.container(horizontal=True):
            if policy.status is PolicyStatus.ACTIVE:
                with st.popover(text("policy.end"), icon=":material/event_busy:"):
                    _draw_end(policy, text, today)
            with st.popover(text("policy.remove"), icon=":material/delete:"):
                _draw_removal(policy, text, today)


def _draw_end(policy: Policy, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    st.markdown(text("policy.end_how"))
    filled = forms.draw(
        f"end {policy.id}", ("end_on",), {"end_on": today}, text, text("policy.end")
    )
    if filled.sent and _done(
        filled,
        lambda: policies.end(db, account, policy.id, filled.values["end_on"], policy.ver, today),
        text,
    ):
        st.toast(text("policy.ended"))
        _close()


def _draw_removal(policy: Policy, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    st.markdown(text("policy.remove_what", name=safe(policy.policy_name or policy.type)))
    filled = forms.draw(f"remove {policy.id}", (), {}, text, text("policy.remove"))
    if filled.sent and _done(
        filled, lambda: policies.remove(db, account, policy.id, policy.ver, today), text
    ):
        st.toast(text("policy.removed"))
        _close()


def _done(filled: forms.Filled, action: Callable[[], object], text: Text) -> bool:
    try:
        return forms.attempt(filled, action, text)
    except EditedMeanwhile:
        st.warning(text("error.edited_meanwhile"))
        return False


def _close() -> None:
    address.write(policy=None)
