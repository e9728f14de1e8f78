"""The filter of the customer list: it stands in the address, and every part of it is named."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from fpcore.coverage import UNKNOWN_ROW
from fpcore.customers import PAGE_SIZES, CustomerFilter, Sort
from fpcore.models import Gender, PolicyType, RowKind
from ui import address, tables
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


def draw(text: Text) -> ListView:
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
    return ListView(
        wanted=CustomerFilter(search=search, **chosen, **cell),
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
    }  # fmt: skip


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
    return names
