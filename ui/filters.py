"""The filter of the customer list: it stands in the address, and every part of it is named."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from fpcore import rule_book, saved_filters, words
from fpcore.customer_list import ANY_GAP, PAGE_SIZES, CustomerFilter, Sort
from fpcore.models import Account, Gender, PolicyStatus, PolicyType, RowKind
from fpcore.row_kinds import UNKNOWN_ROW
from ui import address, forms, session, tables
from ui.text import Text, safe

PAGE = ("page",)
"""What a changed filter forgets: the page that was turned to."""


@dataclass(frozen=True)
class ListView:
    """What the customer list shows: which customers, in which order, which page."""

    wanted: CustomerFilter
    sort: Sort
    descending: bool
    page: int
    page_size: int


def draw(account: Account, text: Text) -> ListView:
    """Draw search field, filters and order; what they say."""
    search = address.typed(
        "search", text("customers.search"), PAGE, icon=":material/search:", max_chars=100
    )
    with st.expander(text("customers.filters"), icon=":material/tune:"):
        with st.container(horizontal=True):
            chosen = _draw_choices(text)
        with st.container(horizontal=True):
            sort = address.choice("sort", text("customers.sort"), list(Sort), text.of("sort"))
            orders = ["ascending", "descending"]
            order = address.choice("order", text("customers.order"), orders, text.of("customers"))
            sizes = [str(size) for size in PAGE_SIZES]
            size = address.choice("size", text("customers.page_size"), sizes, str, forgets=PAGE)
    kind, row = address.read("row_kind"), address.read("row")
    cell = {"row_kind": kind, "row": row} if kind in set(RowKind) and row else {}
    wanted = CustomerFilter(search=search, **chosen, **cell)
    with st.expander(text("customers.saved"), icon=":material/bookmark:"):
        _draw_saved(account, wanted, text)
    return ListView(
        wanted=wanted,
        sort=Sort(sort),
        descending=order == "descending",
        page=max(address.number("page") or 1, 1),
        page_size=int(size),
    )


def draw_active(wanted: CustomerFilter, owner_names: Mapping[str, str], text: Text) -> None:
    """Name what the list is narrowed to, with a click to undo it and the way back to the book."""
    names = _active(wanted, owner_names, text)
    if not names:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if wanted.row_kind and st.button(
            text("customers.back_to_book"), icon=":material/arrow_back:", key="to_book"
        ):
            cell = {"rows": wanted.row_kind, "measure": address.read("measure") or ""}
            st.switch_page("../pages/portfolio.py", query_params=cell)
        for name in names:
            st.badge(safe(name), color="blue")
        if st.button(text("customers.clear"), icon=":material/close:", type="tertiary"):
            address.clear()


def _draw_choices(text: Text) -> dict:
    any_of = text("customers.any")
    types = list(PolicyType)
    return {
        "gender": address.choice(
            "gender", text("customers.gender"), [*Gender, UNKNOWN_ROW], text.of("gender"),
            any_of, PAGE,
        ),
        "age_from": address.whole_number("age_from", text("customers.age_from"), PAGE),
        "age_to": address.whole_number("age_to", text("customers.age_to"), PAGE),
        "holding": address.choice(
            "holding", text("customers.holding"), types, text.of("type"), any_of, PAGE
        ),
        "missing": address.choice(
            "missing", text("customers.missing"), types, text.of("type"), any_of, PAGE
        ),
        "status": address.choice(
            "status", text("customers.status"), list(PolicyStatus), text.of("status"), any_of, PAGE
        ),
        "gap": address.choice(
            "gap", text("customers.gap"), [ANY_GAP, *_rule_titles()],
            lambda code: _gap_label(code, text), any_of, PAGE,
        ),
        "not_contacted_for": address.whole_number(
            "not_contacted_for", text("customers.not_contacted"), PAGE, most=36_500
        ),
    }  # fmt: skip


def _rule_titles() -> dict[str, str | None]:
    """Give the rules in use, by code, with the title of those that a manager added."""
    rules = rule_book.in_use(session.database(), session.account(), session.today())
    return {rule.code: rule.title for rule in rules}


def _gap_label(code: str, text: Text) -> str:
    if code == ANY_GAP:
        return text("customers.any_gap")
    return words.rule_title(text.language, code, _rule_titles().get(code))


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


def _active(wanted: CustomerFilter, owner_names: Mapping[str, str], text: Text) -> list[str]:
    names = []
    if wanted.search:
        names.append(f"“{wanted.search}”")
    if wanted.row_kind:
        names.append(tables.row_label(wanted.row, wanted.row_kind, owner_names, text))
    if wanted.gender:
        names.append(text(f"gender.{wanted.gender}"))
    if wanted.age_from is not None or wanted.age_to is not None:
        ages = (str(age) if age is not None else "" for age in (wanted.age_from, wanted.age_to))
        names.append(text("row.age_band", row="–".join(ages)))
    for side in ("holding", "missing"):
        if kind := getattr(wanted, side):
            names.append(text(f"customers.cell_{side}", type=text(f"type.{kind}")))
    if wanted.status:
        status = text(f"status.{wanted.status}")
        names.append(text("customers.active_status", status=status))
    if wanted.not_contacted_for is not None:
        names.append(text("customers.active_not_contacted", days=wanted.not_contacted_for))
    if wanted.gap:
        names.append(text("customers.active_gap", gap=_gap_label(wanted.gap, text)))
    return names
