"""The head of a customer's page: who it is, what is due, and the form to change it in place."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import streamlit as st

from fpcore.customers import profiles
from fpcore.models import (
    WHOLE_LIFE,
    Consent,
    ConsentKind,
    Contact,
    Customer,
    CustomerChanges,
    Policy,
)
from fpcore.models.circumstances import CIRCUMSTANCES, NAMES, Circumstance
from ui import address, edits, forms, session
from ui.customer import contacts as contact_section
from ui.text import Text, safe


def draw(
    customer: Customer,
    log: Sequence[Contact],
    given: Sequence[Consent],
    listed: Sequence[Policy],
    text: Text,
    today: date,
) -> None:
    """Draw name and facts; that they are being edited stands in the address."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(safe(customer.name))
        st.space("stretch")
        may_open = not customer.is_masked and not address.read("edit")
        if may_open and st.button(text("customer.edit"), icon=":material/edit:"):
            open_form(customer)
    if customer.is_masked:
        st.caption(f":material/visibility_off: {text('names.customer')}")
    elif address.read("edit"):
        _draw_form(customer, text, today)
    st.caption(" · ".join(safe(fact) for fact in _facts(customer, text)))
    if circumstances := _circumstances(customer, text):
        st.caption(" · ".join(map(safe, circumstances)))
    st.caption(" · ".join(safe(fact) for fact in _dates(customer, log, given, listed, text)))
    if customer.notes:
        st.text(customer.notes)


def open_form(customer: Customer) -> None:
    """Draw the page anew with the form to edit the customer."""
    session.forget_draft(_form(customer))  # one that was left open shows what was then
    address.write(edit=1)


def _form(customer: Customer) -> str:
    return f"customer {customer.id}"


def _draw_form(customer: Customer, text: Text, today: date) -> None:
    account, db = session.account(), session.database()

    def save(changes: dict[str, Any], seen_ver: int) -> None:
        wanted = CustomerChanges(**forms.read_amounts(db, changes))
        profiles.update(db, account, customer.id, wanted, seen_ver, today)

    with st.container(border=True):
        edits.draw(
            _form(customer), (*forms.CUSTOMER_FIELDS, *NAMES),
            customer.model_dump(), save, lambda: address.write(edit=None), text,
        )  # fmt: skip


def _facts(customer: Customer, text: Text) -> list[str]:
    facts = [
        text(f"gender.{customer.gender}") if customer.gender else None,
        text("customer.unknown_age")
        if customer.age is None
        else text("customer.age", age=customer.age),
        _insurance_age(customer, text),
        text.day(customer.birth_date) if customer.birth_date else None,
        customer.occupation,
        customer.phone,
        customer.email,
    ]
    return [fact for fact in facts if fact]


def _circumstances(customer: Customer, text: Text) -> list[str]:
    """What is known of income, family, debts, home and car."""
    known = [_circumstance(each, customer, text) for each in CIRCUMSTANCES]
    return [words for words in known if words]


def _circumstance(each: Circumstance, customer: Customer, text: Text) -> str | None:
    value = getattr(customer, each.name)
    if value is None or each.name == "income_basis":  # told behind the income
        return None
    if each.name == "monthly_income" and customer.income_basis:
        basis = text(f"income_basis.{customer.income_basis}")
        return text("customer.monthly_income_of", amount=text.amount(value), basis=basis)
    if isinstance(value, StrEnum):
        return text(f"{each.name}.{value}")
    key = f"no_{each.name}" if each.says_none and not value else each.name
    shown = text.amount(value) if each.small_amount else value
    return text(f"customer.{key}", amount=shown, number=shown)


def _insurance_age(customer: Customer, text: Text) -> str | None:
    if customer.insurance_age is None:
        return None
    day = text.day(customer.insurance_age_changes_on)
    return text("customer.insurance_age", age=customer.insurance_age, day=day)


def _dates(
    customer: Customer,
    log: Sequence[Contact],
    given: Sequence[Consent],
    listed: Sequence[Policy],
    text: Text,
) -> list[str]:
    ends = [p.end_date for p in listed if p.in_force and p.end_date and p.end_date < WHOLE_LIFE]
    held = {consent.kind: consent for consent in given if consent.withdrawn_on is None}
    collection = held.get(ConsentKind.COLLECTION)
    marketing = "yes" if ConsentKind.MARKETING in held else "no"
    return [
        contact_section.latest(log, customer, text),
        text("customer.next_contact", day=text.day(customer.next_contact_on)),
        text("customer.next_end", day=text.day(min(ends, default=None))),
        f"{text('customer.consent')} {text.day(collection.given_on if collection else None)}",
        text(f"customer.marketing_{marketing}"),
    ]
