"""The gaps of the whole book: by rule, who comes first, what opened and closed."""

from datetime import date

import streamlit as st

from fpcore.models import Account
from ui import queries, tables
from ui.portfolio import gap_tables, lists
from ui.text import Text


def draw(account: Account, text: Text, today: date) -> None:
    """Draw the gaps of everybody in scope; a click leads to the customers or to the customer."""
    found = queries.gap_counts(account, today)
    if not found.customers:
        lists.draw_empty(text)
        return
    st.subheader(text("portfolio.by_rule", customers=f"{found.customers:,}"))
    st.caption(text("portfolio.hint_rule"))
    if code := gap_tables.by_rule(found, text):
        lists.show(None, gap=code)
    owners = queries.owners(account)
    first, history = st.columns(2, gap="large")
    with first:
        st.subheader(text("portfolio.worst"))
        worst = queries.worst(account, today, 10)
        if chosen := gap_tables.worst(worst, tables.owner_names(owners), text):
            st.switch_page("../pages/customer.py", query_params={"id": chosen})
    with history:
        st.subheader(text("portfolio.months"))
        team = lists.team(account, text, everybody="customers.any")
        gap_tables.by_month(queries.gap_months(account, today, 12, team), text)
