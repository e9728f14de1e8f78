"""The filter of the customer list: it stands in the address, and every part of it is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import streamlit as st

from fpcore import wording
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.facts.types import TOTAL
from fpcore.gaps import publishing
from fpcore.models import (
    Account,
    ConsentKind,
    Gender,
    Gone,
    Measure,
    PolicyStatus,
    PolicyType,
    RowKind,
)
from fpcore.portfolio import saved_filters
from fpcore.portfolio.conditions import DAYS_AHEAD, POLICY_FIELDS
from fpcore.portfolio.customer_list import (
    ANY_GAP,
    PAGE_SIZES,
    UNKNOWN,
    CustomerFilter,
    Sort,
)
from fpcore.portfolio.measures import COLUMNS
from ui import address, folds, forms, session, tables
from ui.portfolio import phrases
from ui.text import Text, safe

PAGE = ("page",)
"""What a changed filter forgets: the page that was turned to."""


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
    wanted = CustomerFilter(search=search, **chosen, **_cell(), **_figure())
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


def _cell() -> dict:
    """Read what a heatmap's cell says of the customers behind it."""
    kind, row = address.read("row_kind"), address.read("row")
    cell = {"row_kind": kind, "row": row} if kind in set(RowKind) and row else {}
    behind, of = address.read("behind"), address.read("of") or TOTAL
    since = address.day("since")
    if behind in set(Measure) and of in COLUMNS and (behind != Measure.CHANGE or since):
        cell |= {"behind": behind, "of": of}
        cell |= {"since": since} if behind == Measure.CHANGE else {}
        cell |= {"currency": address.read("currency")}
    also = address.read("also")
    cell |= {"also": also} if also in set(PolicyType) else {}
    return {**cell, "team": address.read("team")}


def _figure() -> dict:
    """Read what a figure of the whole book says of the customers behind it."""
    said = {}
    if address.number("expiring") in DAYS_AHEAD:
        of = address.read("of")
        said |= {"expiring": address.number("expiring"), "of": of if of in COLUMNS else TOTAL}
    if address.read("formerly") in COLUMNS:
        said["formerly"] = address.read("formerly")
        said["gone"] = address.read("gone") if address.read("gone") in set(Gone) else None
    for name, known in (("unknown", UNKNOWN), ("no_consent", set(ConsentKind))):
        if address.read(name) in known:
            said[name] = address.read(name)
    return said


def draw_active(view: ListView, owner_names: Mapping[str, str], text: Text) -> None:
    """Name what the list is narrowed to, with clicks to undo it and the way back to the book."""
    active = _active(view.wanted, owner_names, text)
    if address.day("on"):
        active.append((text("customers.active_day", day=text.day(view.valued_on)), ("on",)))
    book = address.read("book")
    if not active and not book:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if (book or view.wanted.row_kind) and st.button(
            text("customers.back_to_book"), icon=":material/arrow_back:", key="to_book"
        ):
            st.switch_page("../pages/portfolio.py", query_params=address.parameters(book))
        for name, parameters in active:
            if st.button(
                safe(name), icon=":material/close:", icon_position="right",
                key=f"off {' '.join(parameters)}", help=text("customers.take_off"),
            ):  # fmt: skip
                address.write(**dict.fromkeys((*parameters, *PAGE)))
        if active and st.button(text("customers.clear"), type="tertiary"):
            address.clear()


def _draw_choices(text: Text) -> dict:
    any_of = text("customers.any")
    types = list(PolicyType)
    gaps = _gap_names(text)
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
            "gap", text("customers.gap"), list(gaps), gaps.get, any_of, PAGE
        ),
        "not_contacted_for": address.whole_number(
            "not_contacted_for", text("customers.not_contacted"), PAGE, most=36_500
        ),
    }  # fmt: skip


def _gap_names(text: Text) -> dict[str, str]:
    """Name what a filter can ask of gaps, by code: any gap, and the rules in use."""
    rules = publishing.in_use(session.database(), session.account(), session.today())
    named = {rule.code: wording.rule_title(text.language, rule.code, rule.title) for rule in rules}
    return {ANY_GAP: text("customers.any_gap"), **named}


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


def _active(
    wanted: CustomerFilter, owner_names: Mapping[str, str], text: Text
) -> list[tuple[str, tuple[str, ...]]]:
    """List the parts of a filter: in words, and the parameters that say it."""
    parts: list[tuple[str, tuple[str, ...]]] = []

    def add(name: str, *parameters: str) -> None:
        parts.append((name, parameters))

    if wanted.search:
        add(f"“{wanted.search}”", "search")
    if wanted.row_kind:
        add(tables.row_label(wanted.row, wanted.row_kind, owner_names, text), "row_kind", "row")
    if wanted.gender:
        add(text(f"gender.{wanted.gender}"), "gender")
    if wanted.age_from is not None or wanted.age_to is not None:
        ages = (str(age) if age is not None else "" for age in (wanted.age_from, wanted.age_to))
        add(text("row.age_band", row="–".join(ages)), "age_from", "age_to")
    for side in ("holding", "also", "missing"):
        if kind := getattr(wanted, side):
            add(text(f"customers.cell_{side}", type=text(f"type.{kind}")), side)
    if wanted.behind:
        said = phrases.behind(wanted.behind, wanted.of, wanted.since, text)
        add(said, "behind", "of", "since")
    if wanted.currency:
        add(text("customers.active_currency", currency=wanted.currency), "currency")
    if wanted.team:
        add(text("customers.active_team", team=wanted.team), "team")
    if wanted.status:
        status = text(f"status.{wanted.status}")
        add(text("customers.active_status", status=status), "status")
    if wanted.not_contacted_for is not None:
        days = wanted.not_contacted_for
        add(text("customers.active_not_contacted", days=days), "not_contacted_for")
    if wanted.gap:
        named = _gap_names(text).get(wanted.gap, wanted.gap)
        add(text("customers.active_gap", gap=named), "gap")
    return parts + _active_figures(wanted, text)


def _active_figures(wanted: CustomerFilter, text: Text) -> list[tuple[str, tuple[str, ...]]]:
    """List the parts of a filter that come from figures of the whole book."""
    parts: list[tuple[str, tuple[str, ...]]] = []
    if wanted.expiring:
        of = phrases.column_name(wanted.of or TOTAL, text)
        said = text("customers.active_expiring", type=of, days=wanted.expiring)
        parts.append((said, ("expiring", "of")))
    if wanted.formerly:
        said = _once_held(wanted.formerly, text)
        if wanted.gone:
            said = f"{said} · {text(f'gone.{wanted.gone}')}"
        parts.append((said, ("formerly", "gone")))
    if wanted.unknown:
        section = "policy_field" if wanted.unknown in POLICY_FIELDS else "field"
        field = text(f"figures.{section}.{wanted.unknown}")
        said = text(f"customers.active_unknown_{section}", field=field)
        parts.append((said, ("unknown",)))
    if wanted.no_consent:
        kind = text(f"consent_kind.{wanted.no_consent}")
        parts.append((text("customers.active_no_consent", kind=kind), ("no_consent",)))
    return parts


def _once_held(of: str, text: Text) -> str:
    if of == TOTAL:
        return text("customers.active_formerly_total")
    return text("customers.active_formerly", type=text(f"type.{of}"))
