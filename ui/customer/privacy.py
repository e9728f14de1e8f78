"""Consents, access and erasure: what the law gives a customer, on their page."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

import streamlit as st

from fpcore.customers import consents, profiles
from fpcore.customers.profiles import Removal
from fpcore.errors import ConsentWithdrawn, EditedMeanwhile, certain
from fpcore.models import Consent, ConsentChannel, ConsentKind, Customer
from fpcore.person import disclosure, erasure, in_words
from fpcore.privacy import masked_name
from ui import address, folds, forms, session
from ui.text import Text, safe


def draw(customer: Customer, given: Sequence[Consent], text: Text, today: date) -> None:
    """Draw the section: each consent with give and withdraw, export, delete and erase; only the
    consents where the name is masked."""
    st.subheader(text("customer.privacy"))
    for kind in ConsentKind:
        held = next((c for c in given if c.kind is kind and c.withdrawn_on is None), None)
        _draw_kind(customer.id, kind, held, text, today, may_change=not customer.is_masked)
    if not customer.is_masked:
        _draw_export(customer.id, text, today)
        _draw_removal(customer.id, text, shown=str)


def draw_withdrawn(customer_id: str, withdrawn: ConsentWithdrawn, text: Text, today: date) -> None:
    """Draw what is left to do for a customer who withdrew the consent; nothing of them is shown."""
    account, db = session.account(), session.database()
    st.warning(safe(text("error.consent_withdrawn", **withdrawn.particulars)))
    if withdrawn.is_masked:
        st.caption(f":material/visibility_off: {text('names.customer')}")
        return
    given = consents.of_customer(db, account, customer_id)
    _draw_kind(given[0].customer_id, ConsentKind.COLLECTION, None, text, today)
    _draw_export(given[0].customer_id, text, today)
    _draw_removal(given[0].customer_id, text, shown=masked_name)


def draw_texts(text: Text) -> None:
    """Draw what a customer is told before they agree, with its version."""
    with st.expander(text("consent.texts", version=certain(consents.texts())["version"])):
        for kind in ConsentKind:
            st.markdown(f"**{text(f'consent_kind.{kind}')}**")
            for part, said in certain(consents.texts())[text.language][kind.value].items():
                st.caption(f"{text(f'consent.{part}')}: {safe(said)}")


def _draw_kind(
    customer_id: UUID,
    kind: ConsentKind,
    held: Consent | None,
    text: Text,
    today: date,
    may_change: bool = True,
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"consent_{kind}"):
        st.markdown(f"**{text(f'consent_kind.{kind}')}**", width="content")
        if held:
            st.badge(text("consent.held"), color="green", icon=":material/check_circle:")
            st.caption(safe(_how(held, text)), width="content")
        else:
            st.badge(text("consent.none"), color="gray", icon=":material/remove:")
        if not may_change:
            return
        st.space("stretch")
        word = "withdraw" if held else "give"
        with folds.popover(
            f"{word} consent {kind}", text(f"consent.{word}"), type="tertiary"
        ) as is_open:
            draw_form = _draw_withdrawal if held else _draw_giving
            if is_open:
                draw_form(customer_id, kind, text, today)


def _how(held: Consent, text: Text) -> str:
    parts = [
        text.day(held.given_on),
        text(f"consent_channel.{held.channel}"),
        held.basis,
        text("consent.version", version=held.text_version) if held.text_version else None,
    ]
    return " · ".join(part for part in parts if part)


def _draw_giving(customer_id: UUID, kind: ConsentKind, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    for part, said in certain(consents.texts())[text.language][kind.value].items():
        st.caption(f"{text(f'consent.{part}')}: {safe(said)}")
    begun = {"given_on": today, "consent_channel": ConsentChannel.PAPER.value}
    fields = ("basis", "consent_channel", "given_on")
    filled = forms.draw(f"give {kind}", fields, begun, text, text("consent.give"))

    def give() -> None:
        channel = ConsentChannel(filled.values["consent_channel"] or ConsentChannel.FORM)
        basis, on = filled.values["basis"] or "", filled.values["given_on"] or today
        consents.give(db, account, customer_id, kind, basis, channel, on, today)

    if filled.sent and forms.attempt(filled, give, text):
        st.rerun()


def _draw_withdrawal(customer_id: UUID, kind: ConsentKind, text: Text, today: date) -> None:
    account, db = session.account(), session.database()
    is_collection = kind is ConsentKind.COLLECTION
    st.markdown(text("consent.withdraw_all" if is_collection else "consent.withdraw_one"))
    begun = {"consent_channel": ConsentChannel.PHONE.value}
    filled = forms.draw(
        f"withdraw {kind}", ("consent_channel",), begun, text, text("consent.withdraw")
    )

    def withdraw() -> None:
        channel = ConsentChannel(filled.values["consent_channel"] or ConsentChannel.FORM)
        consents.withdraw(db, account, customer_id, kind, channel, today)

    if filled.sent and forms.attempt(filled, withdraw, text):
        st.rerun()


def _draw_export(customer_id: UUID, text: Text, today: date) -> None:
    """The file is made, and the export logged, only once somebody asks for it."""
    account, db = session.account(), session.database()
    with folds.popover("export", text("personal.export"), icon=":material/download:") as is_open:
        if not is_open:
            return
        st.markdown(text("personal.export_what"))
        if st.button(text("personal.make"), key="make export"):
            document = disclosure.export(db, account, customer_id, today)
            st.download_button(
                text("personal.as_json"), json.dumps(document, ensure_ascii=False, indent=2),
                file_name=f"{customer_id}.json", mime="application/json", on_click="ignore",
            )  # fmt: skip
            st.download_button(
                text("personal.as_page"), in_words.page(document, text.language),
                file_name=f"{customer_id}.html", mime="text/html", on_click="ignore",
            )  # fmt: skip


def _draw_removal(customer_id: UUID, text: Text, shown: Callable[[str], str]) -> None:
    account, db = session.account(), session.database()
    with folds.popover("delete", text("personal.delete"), icon=":material/delete:") as is_open:
        if not is_open:
            return
        going = profiles.removal(db, account, customer_id)
        name = shown(going.name)
        counts = {"policies": going.policies, "contacts": going.contacts}
        st.markdown(text("personal.delete_what", name=safe(name), **counts))
        without_trace = st.checkbox(
            text("personal.erase"), help=text("personal.erase_help"), key="erase"
        )
        typed = st.text_input(text("personal.type_name", name=safe(name)), key="type the name")
        if st.button(text("personal.delete_confirm"), type="primary", key="delete customer"):
            if typed.strip() != name:
                st.error(text("personal.name_differs"))
            else:
                _remove(customer_id, going, without_trace, text)


def _remove(customer_id: UUID, going: Removal, without_trace: bool, text: Text) -> None:
    account, db = session.account(), session.database()
    remove = erasure.erase if without_trace else profiles.delete
    try:
        with st.spinner(text("personal.deleting")):
            remove(db, account, customer_id, going)
    except EditedMeanwhile:
        st.warning(text("error.edited_meanwhile"))
        return
    st.toast(text("personal.deleted"))
    st.switch_page("../pages/customers.py", query_params=address.parameters(address.read("back")))
