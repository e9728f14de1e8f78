"""The gaps of the whole book: by rule, who comes first, what opened and closed."""

from datetime import date

import streamlit as st

from fpcore.facts import groups
from fpcore.models import Account
from ui import address, queries, tables
from ui.portfolio import gap_tables, map
from ui.text import Text


def draw(account: Account, text: Text, today: date) -> None:
    """Draw the gaps of everybody in scope; a click leads to the customers or to the customer."""
    found = queries.gap_counts(account, today)
    if not found.customers:
        map.draw_empty(text)
        return
    st.subheader(text("portfolio.by_rule", customers=f"{found.customers:,}"))
    st.caption(text("portfolio.hint_rule"))
    if code := gap_tables.by_rule(found, text):
        wanted = {"gap": code, "book": address.here()}
        st.switch_page("../pages/customers.py", query_params=wanted)
    owners = queries.owners(account)
    first, history = st.columns(2, gap="large")
    with first:
        st.subheader(text("portfolio.worst"))
        worst = queries.worst(account, today, 10)
        if chosen := gap_tables.worst(worst, tables.owner_names(owners), text):
            st.switch_page("../pages/customer.py", query_params={"id": chosen})
    with history:
        st.subheader(text("portfolio.months"))
        teams = sorted({one.team for one in owners if one.team}, key=groups.order)
        team = None
        if len(teams) > 1:
            team = address.choice("team", text("field.team"), teams, str, text("customers.any"))
        gap_tables.by_month(queries.gap_months(account, today, 12, team), text)
