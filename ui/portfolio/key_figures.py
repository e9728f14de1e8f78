"""The whole book in figures, and which types are held together."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from fpcore.config import settings
from fpcore.models import Account
from fpcore.portfolio.indicators import KeyFigures
from ui import address, heatmaps, queries, tables
from ui.portfolio import lists
from ui.text import Text, safe


def draw(account: Account, text: Text, today: date) -> None:
    """Draw the key figures, what is known of everybody, and consents; a click leads to the
    customers."""
    team = lists.team(account, text)
    found = queries.key_figures(account, today, team)
    if not found.customers:
        lists.draw_empty(text)
        return
    _draw_numbers(found, text)
    if st.button(text("figures.list_not_contacted"), icon=":material/list:"):
        lists.show(team, not_contacted_for=90)
    shares, known = st.columns(2, gap="large")
    with shares:
        st.subheader(text("figures.holding"), help=safe(text("figures.holding_how")))
        holding = {kind.value: text(f"type.{kind}") for kind in found.holders}
        if kind := _draw_shares(holding, found.holders, found.customers, text, "holding"):
            lists.show(team, holding=kind)
        st.subheader(text("figures.consents"), help=safe(text("figures.consents_how")))
        kinds = {kind.value: text(f"consent_kind.{kind}") for kind in found.consents}
        if kind := _draw_shares(kinds, found.consents, found.customers, text, "consents", True):
            lists.show(team, no_consent=kind)
    with known:
        st.subheader(text("figures.known"), help=safe(text("figures.known_how")))
        fields = {field: text(f"figures.field.{field}") for field in found.known}
        if field := _draw_shares(fields, found.known, found.customers, text, "known", True):
            lists.show(team, unknown=field)
        _draw_policies(found, team, text)


def draw_together(account: Account, text: Text, today: date) -> None:
    """Draw who of those with one type hold another; a click leads to them."""
    team = lists.team(account, text)
    found = queries.held_together(account, today, team)
    if not found["holders"].any():
        lists.draw_empty(text)
        return
    st.caption(text("figures.together_how"))
    clicked = heatmaps.draw(
        _pairs(found, text),
        text("figures.of_those_with"),
        f"together {address.here()}",
        text,
        scale_title=text("figures.together_share"),
        share=True,
        alt=text("figures.together_how"),
    )
    if clicked:
        kind, other = clicked
        lists.show(team, holding=kind, also=other if other != kind else None)


def _draw_numbers(found: KeyFigures, text: Text) -> None:
    numbers = {
        "customers": f"{found.customers:,}",
        "policies": f"{found.policies / found.customers:.1f}",
        "premium": "?" if found.premium is None else text.short_amount(found.premium),
        "not_contacted": f"{found.not_contacted:,}",
    }
    counts = {
        "withdrawn": f"{found.withdrawn:,}",
        "policies": f"{found.policies:,}",
        "premium_unknown": f"{found.premium_unknown:,}",
        "never": f"{found.never_contacted:,}",
    }
    for place, (name, number) in zip(st.columns(len(numbers)), numbers.items(), strict=True):
        place.metric(text(f"figures.{name}"), number, help=text(f"figures.{name}_how", **counts))


def _draw_policies(found: KeyFigures, team: str | None, text: Text) -> None:
    st.subheader(text("figures.of_policies"), help=safe(text("figures.of_policies_how")))
    if not found.policies:
        st.caption(text("figures.no_policies"))
        return
    known = {field: found.policies - n for field, n in found.policies_unknown.items()}
    names = {field: text(f"figures.policy_field.{field}") for field in known}
    if field := _draw_shares(names, known, found.policies, text, "policies", True):
        lists.show(team, unknown=field)


def _draw_shares(
    names: Mapping[str, str], counts: Mapping[Any, int], whole: int, text: Text, key: str,
    with_rest: bool = False,
) -> str | None:  # fmt: skip
    """Draw a line for each count with its share of the whole, and the rest; the one clicked."""
    listed = [counts[name] for name in names]
    shown = pd.DataFrame(
        {
            text("figures.what"): list(names.values()),
            text("figures.count"): listed,
            text("figures.share"): [100 * count / whole for count in listed],
        }
    )
    if with_rest:
        shown[text("figures.rest")] = [whole - count for count in listed]
    columns = {text("figures.share"): tables.percent()}
    row = tables.clicked_row(shown, f"{key} {address.here()}", column_config=columns)
    return None if row is None else list(names)[row]


def _pairs(found: pd.DataFrame, text: Text) -> pd.DataFrame:
    """Give charts.heatmap its frame."""
    cells = found.to_dict("records")
    shares = [c["both"] / c["holders"] if c["holders"] else float("nan") for c in cells]
    names = {kind: text(f"type.{kind}") for kind in found["type"].unique()}
    return pd.DataFrame(
        {
            "row": [names[cell["type"]] for cell in cells],
            "column": [names[cell["other"]] for cell in cells],
            "value": shares,
            "text": [text.share(share) for share in shares],
            "count": [text("map.count", n=f"{cell['both']:,}") for cell in cells],
            "n": [cell["both"] for cell in cells],
            "hover": [
                text("figures.pair", both=f"{c['both']:,}", holders=f"{c['holders']:,}")
                for c in cells
            ],
            "key": [[cell["type"], cell["other"]] for cell in cells],
            "muted": [cell["holders"] < settings.current().smallest_group for cell in cells],
        }
    )
