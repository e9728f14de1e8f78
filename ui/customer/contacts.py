"""The contact log on a customer's page."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from fpcore.customers import contacts
from fpcore.models import Contact, Customer, NewContact
from ui import folds, forms, session
from ui.text import Text, safe

SHOWN = 5
"""The entries that are shown at once; the earlier ones are folded away."""


def draw(customer: Customer, log: Sequence[Contact], text: Text, today: date) -> None:
    """Draw the log, the latest first, and the form for the next entry."""
    st.subheader(text("customer.contacts"))
    may_edit = not customer.is_masked
    if may_edit:
        with folds.expander("add contact", text("contact.add"), ":material/add_call:") as is_open:
            if is_open:
                _draw_new(customer, len(log), text, today)
    for contact in log[:SHOWN]:
        _draw_entry(contact, may_edit, text, today)
    if earlier := log[SHOWN:]:
        label = text("contact.earlier", count=len(earlier))
        with folds.expander("earlier contacts", label) as is_open:
            for contact in earlier if is_open else ():
                _draw_entry(contact, may_edit, text, today)


def latest(log: Sequence[Contact], customer: Customer, text: Text) -> str:
    """Say when the customer was last contacted, as the list does, and what came of the last try."""
    day = contacts.last_contact_on(customer, log)
    said = f"{text('customers.last_contact')} {text.day(day)}"
    if not log:
        return said
    outcome = text(f"contact_outcome.{log[0].outcome}")
    return f"{said} ({text.day(log[0].contacted_on)} {outcome})"


def _draw_new(customer: Customer, number: int, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    begun = {"contacted_on": today, "channel": "phone"}
    filled = forms.draw(
        f"contact {number}", forms.CONTACT_FIELDS, begun, text, text("contact.submit")
    )

    def add() -> None:
        contacts.add(db, account, customer.id, NewContact(**filled.values), today)

    if filled.sent and forms.attempt(filled, add, text):
        st.toast(text("contact.added"))
        st.rerun()


def _draw_entry(contact: Contact, may_edit: bool, text: Text, today: date) -> None:
    how = text(f"contact_channel.{contact.channel}")
    what = text(f"contact_outcome.{contact.outcome}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{text.day(contact.contacted_on)}** · {how} · {what}", width="content")
        st.caption(safe(contact.recorded_by), width="content")
        if may_edit:
            st.space("stretch")
            _draw_removal(contact, text, today)
    if contact.notes:
        st.text(contact.notes)


def _draw_removal(contact: Contact, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    with folds.popover(
        f"removal of {contact.id}", "", icon=":material/delete:", type="tertiary"
    ) as is_open:
        if not is_open:
            return
        st.markdown(text("contact.remove_what"))
        if st.button(text("contact.remove"), key=f"remove {contact.id}"):
            contacts.remove(db, account, contact.id, today)
            st.rerun()
