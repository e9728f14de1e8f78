"""The whole book in figures, and which types are held together."""

from datetime import date

import pandas as pd
import streamlit as st

from fpcore import settings
from fpcore.book_figures import KeyFigures
from fpcore.models import Account
from ui import address, book_map, heatmaps, queries
from ui.text import Text

_LISTED = {"not_contacted": {"not_contacted_for": "90"}}


def draw(account: Account, text: Text, today: date) -> None:
    """Draw the key figures, what is known of everybody, and consents."""
    found = queries.key_figures(account, today)
    if not found.customers:
        book_map.draw_empty(text)
        return
    _draw_numbers(found, text)
    if st.button(text("figures.list_not_contacted"), icon=":material/list:"):
        wanted = {**_LISTED["not_contacted"], "book": address.here()}
        st.switch_page("../pages/customers.py", query_params=wanted)
    shares, known = st.columns(2, gap="large")
    with shares:
        st.subheader(text("figures.holding"))
        _draw_shares({text(f"type.{k}"): n for k, n in found.holders.items()}, found, text)
        st.subheader(text("figures.consents"))
        _draw_shares({text(f"consent_kind.{k}"): n for k, n in found.consents.items()}, found, text)
    with known:
        st.subheader(text("figures.known"), help=text("figures.known_how"))
        _draw_shares({text(f"figures.field.{k}"): n for k, n in found.known.items()}, found, text)


def draw_together(account: Account, text: Text, today: date) -> None:
    """Draw who of those with one type hold another; a click leads to them."""
    found = queries.held_together(account, today)
    if not found["holders"].any():
        book_map.draw_empty(text)
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
        wanted = {"holding": clicked[0], "book": address.here()}
        if clicked[1] != clicked[0]:
            wanted["also"] = clicked[1]
        st.switch_page("../pages/customers.py", query_params=wanted)


def _draw_numbers(found: KeyFigures, text: Text) -> None:
    numbers = {
        "customers": f"{found.customers:,}",
        "policies": f"{found.policies / found.customers:.1f}",
        "premium": "?" if found.premium is None else text.short_amount(found.premium),
        "not_contacted": f"{found.not_contacted:,}",
    }
    counts = {
        "policies": f"{found.policies:,}",
        "premium_unknown": f"{found.premium_unknown:,}",
        "never": f"{found.never_contacted:,}",
    }
    for place, (name, number) in zip(st.columns(len(numbers)), numbers.items(), strict=True):
        place.metric(text(f"figures.{name}"), number, help=text(f"figures.{name}_how", **counts))


def _draw_shares(counts: dict[str, int], found: KeyFigures, text: Text) -> None:
    shown = pd.DataFrame(
        {
            text("figures.what"): list(counts),
            text("figures.customers"): list(counts.values()),
            text("figures.share"): [100 * count / found.customers for count in counts.values()],
        }
    )
    columns = {
        text("figures.customers"): st.column_config.NumberColumn(format="localized"),
        text("figures.share"): st.column_config.ProgressColumn(
            format="%.1f%%", min_value=0, max_value=100
        ),
    }
    st.dataframe(shown, hide_index=True, column_config=columns, height="content")


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
