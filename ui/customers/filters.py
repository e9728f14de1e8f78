"""The filter of the customer list: it stands in the address, and every part of it is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from fpcore.models import Account
from fpcore.portfolio import saved_filters
from fpcore.portfolio.customer_list import PAGE_SIZES, Sort
from fpcore.portfolio.filters import CustomerFilter, FilterField, Kind
from ui import address, folds, forms, session
from ui.customers import filter_words
from ui.text import Text, safe

PAGE = ("page",)
"""What a changed filter forgets: the page that was turned to."""

_READ = {Kind.NUMBER: address.number, Kind.DAY: address.day}
"""How fields are read from the address that are not read as they stand."""


@dataclass(frozen=True)
class ListView:
    """What the customer list shows: which customers, as of when, in which order, which page."""

    wanted: CustomerFilter
    valued_on: date
    sort: Sort
    descending: bool
    page: int
    page_size: int


def draw(account: Account, text: Text, today: date) -> ListView:
    """Draw search field, filters and order; what they say."""
    fields = CustomerFilter.fields()
    values = {name: _READ.get(field.kind, address.read)(name) for name, field in fields.items()}
    values["search"] = address.typed(
        "search", text("customers.search"), PAGE, icon=":material/search:", max_chars=100
    )
    with st.expander(text("customers.filters"), icon=":material/tune:"):
        with st.container(horizontal=True):
            for name, field in fields.items():
                if field.is_chosen:
                    values[name] = _draw_choice(name, field, text)
        with st.container(horizontal=True):
            sort = address.choice("sort", text("customers.sort"), list(Sort), text.of("sort"))
            orders = ["ascending", "descending"]
            order = address.choice("order", text("customers.order"), orders, text.of("customers"))
            sizes = [str(size) for size in PAGE_SIZES]
            size = address.choice("size", text("customers.page_size"), sizes, str, forgets=PAGE)
    wanted = CustomerFilter.of_values(values)
    with folds.expander("saved filters", text("customers.saved"), ":material/bookmark:") as is_open:
        if is_open:
            _draw_saved(account, wanted, text)
    return ListView(
        wanted=wanted,
        valued_on=address.day("on") or today,
        sort=Sort(sort),
        descending=order == "descending",
        page=max(address.number("page") or 1, 1),
        page_size=int(size),
    )


def _draw_choice(name: str, field: FilterField, text: Text) -> Any:
    """Draw the widget of a field; its value."""
    label = text(f"filter.{name}")
    if field.kind is Kind.NUMBER:
        return address.whole_number(name, label, PAGE, most=field.most)
    if field.kind is Kind.RULE:
        rules = filter_words.rule_names(text)
        return address.choice(name, label, list(rules), rules.get, text("customers.any"), PAGE)
    if field.kind is Kind.CODE:
        words = text.of(field.words)
        return address.choice(name, label, field.codes, words, text("customers.any"), PAGE)
    return address.typed(name, label, PAGE)


def draw_active(view: ListView, owner_names: Mapping[str, str], text: Text) -> None:
    """Name what the list is narrowed to, with clicks to undo it and the way back to the book."""
    active = filter_words.parts(view.wanted, owner_names, text)
    if address.day("on"):
        active[("on",)] = text("filtered.day", day=text.day(view.valued_on))
    book = address.read("book")
    if not active and not book:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if (book or view.wanted.row_kind) and st.button(
            text("customers.back_to_book"), icon=":material/arrow_back:", key="to_book"
        ):
            st.switch_page("../pages/portfolio.py", query_params=address.parameters(book))
        for parameters, name in active.items():
            if st.button(
                safe(name), icon=":material/close:", icon_position="right",
                key=f"off {' '.join(parameters)}", help=text("customers.take_off"),
            ):  # fmt: skip
                address.write(**dict.fromkeys((*parameters, *PAGE)))
        if active and st.button(text("customers.clear"), type="tertiary"):
            address.clear()


def _draw_saved(account: Account, wanted: CustomerFilter, text: Text) -> None:
    """Draw the filters that this person saved, and the field to save the one in use."""
    db = session.database()
    saved = saved_filters.of_account(db, account)
    if not saved:
        st.caption(text("customers.saved_none"))
    for one in saved:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(safe(one.name), key=f"use {one.id}", icon=":material/filter_alt:"):
                address.replace(one.wanted.model_dump(mode="json", exclude_none=True))
            if st.button(
                "", key=f"forget {one.id}", icon=":material/close:", type="tertiary",
                help=text("customers.forget"),
            ):  # fmt: skip
                saved_filters.remove(db, account, one.id)
                st.rerun()
    filled = forms.draw(
        f"save filter {len(saved)}", ("filter_name",), {}, text, text("customers.save")
    )
    if filled.sent and forms.attempt(
        filled,
        lambda: saved_filters.save(db, account, filled.values["filter_name"] or "", wanted),
        text,
    ):
        st.rerun()
