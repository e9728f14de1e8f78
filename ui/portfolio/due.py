"""What is due in the whole book: policies that end, customers to call, covers that are gone."""

from datetime import date

import pandas as pd
import streamlit as st

from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.types import TOTAL
from fpcore.models import Account, Gone
from fpcore.portfolio.conditions import DAYS_AHEAD, DAYS_BETWEEN
from fpcore.portfolio.follow_up import Expiring
from ui import address, heatmaps, queries, session, tables
from ui.charts import LABEL_INKS, heatmap
from ui.portfolio import lists, phrases
from ui.text import Text, safe

TALLEST = 420  # px, of the table of FPs; a longer one scrolls


def draw(account: Account, text: Text, today: date) -> None:
    """Draw what ends, who waits for a call and what has ended; a click leads to the customers."""
    team = lists.team(account, text)
    contacts = queries.not_contacted(account, today, team)
    if not contacts["customers"].iloc[-1]:
        lists.draw_empty(text)
        return
    st.caption(text("due.hint"))
    _draw_expiring(queries.expiring(account, today, team), team, text)
    _draw_formerly(queries.formerly_held(account, today, team), team, text)
    _draw_contacts(account, contacts, team, text)


def _draw_expiring(found: Expiring, team: str | None, text: Text) -> None:
    st.subheader(text("due.expiring"), help=safe(text("due.expiring_how", between=DAYS_BETWEEN)))
    cells = found.cells.assign(column=found.cells["days"], n=found.cells["customers"])
    columns = {days: text("due.within", days=days) for days in DAYS_AHEAD}
    policies = [text("due.policies", n=f"{n:,}") for n in found.cells["policies"]]
    clicked = _draw_map(cells, columns, policies, "expiring", text)
    if found.no_end and st.button(
        text("due.no_end", policies=f"{found.no_end:,}", customers=f"{found.no_end_customers:,}"),
        type="tertiary", icon=":material/list:", help=text("due.no_end_how"),
    ):  # fmt: skip
        lists.show(team, unknown="end_date")
    if clicked:
        lists.show(team, of=clicked[0], expiring=clicked[1])


def _draw_formerly(found: pd.DataFrame, team: str | None, text: Text) -> None:
    st.subheader(text("due.formerly"), help=safe(text("due.formerly_how")))
    cells = found.assign(column=found["gone"], n=found["customers"])
    columns = {gone.value: text(f"gone.{gone}") for gone in Gone}
    clicked = _draw_map(cells, columns, [""] * len(cells), "formerly", text)
    if clicked:
        lists.show(team, formerly=clicked[0], gone=clicked[1])


def _draw_map(
    cells: pd.DataFrame, columns: dict, counts: list[str], place: str, text: Text
) -> list | None:
    """Draw customers by type and column as a heatmap and a table; the key of the cell clicked."""
    drawn = pd.DataFrame(
        {
            "row": [phrases.column_name(kind, text) for kind in cells["type"]],
            "column": [columns[column] for column in cells["column"]],
            "value": cells["n"].astype(float).tolist(),
            "text": [f"{n:,}" for n in cells["n"]],
            "count": counts,
            "hover": [
                text("due.hover", n=f"{n:,}", more=more).strip()
                for n, more in zip(cells["n"], counts, strict=True)
            ],
            "key": cells[["type", "column"]].values.tolist(),
            "muted": False,
            "plain": (cells["type"] == TOTAL).tolist(),  # so much larger than the six
        }
    )
    total = phrases.column_name(TOTAL, text)
    figure = heatmap(
        drawn,
        rows=list(drawn["row"].unique()),
        columns=list(columns.values()),
        scale_title=text("figures.customers"),
        higher_is_better=False,
        ink=LABEL_INKS[session.theme()],
        apart=(total,),
    )
    alt = text(f"due.{place}")
    key = f"{place} {address.here()}"
    clicked = heatmaps.draw_figure(figure, len(columns), key, alt, place=place)
    with st.expander(text("portfolio.table"), key=f"table {place}"):
        tables.cells(drawn, text("field.type"))
    return clicked


def _draw_contacts(account: Account, found: pd.DataFrame, team: str | None, text: Text) -> None:
    st.subheader(text("due.contacts"), help=safe(text("due.contacts_how")))
    everybody = found.iloc[-1]
    counts = {name: f"{everybody[name]:,}" for name in ("not_contacted", "never", "customers")}
    st.caption(text("due.contacts_all", **counts))
    with st.container(horizontal=True):
        if st.button(text("figures.list_not_contacted"), icon=":material/list:"):
            lists.show(team, not_contacted_for=90)
        if st.button(text("due.list_never"), icon=":material/list:"):
            lists.show(team, unknown="last_contact_on")
    by_fp = found[found["row"] != ALL_ROWS].sort_values(
        "not_contacted", ascending=False, kind="stable"
    )
    names = tables.owner_names(queries.owners(account))
    shown = pd.DataFrame(
        {
            text("field.owner"): [names.get(row, row) for row in by_fp["row"]],
            text("due.not_contacted"): by_fp["not_contacted"].tolist(),
            text("due.never"): by_fp["never"].tolist(),
            text("figures.customers"): by_fp["customers"].tolist(),
            text("figures.share"): (100 * by_fp["not_contacted"] / by_fp["customers"]).tolist(),
        }
    )
    look = {"height": TALLEST} if len(shown) > 10 else {}
    clicked = tables.clicked_row(
        shown,
        f"contacts {address.here()}",
        column_config={text("figures.share"): tables.percent()},
        **look,
    )
    if clicked is not None:
        row = by_fp["row"].iloc[clicked]
        lists.show(team, row_kind="fp", row=row, not_contacted_for=90)
