"""The whole book: gaps by rule, a heatmap, who comes first, what opened and closed."""

import streamlit as st

from fpcore import accounts
from fpcore.models import WON, Measure, RowKind
from ui import address, gap_tables, heatmaps, queries, rules, session, tables
from ui.text import Text

account = session.account()
text = Text(session.language())
today = session.today()
owners = accounts.visible_owners(session.database(), account)
names = tables.owner_names(owners)

st.title(text("page.portfolio"))
rules.draw_fault(account, text)
found = queries.gap_counts(account, today)
if not found.customers:
    st.info(text("portfolio.empty"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")
    st.stop()

st.subheader(text("portfolio.by_rule", customers=f"{found.customers:,}"))
st.caption(text("portfolio.hint_rule"))
if code := gap_tables.by_rule(found, text):
    st.switch_page("../pages/customers.py", query_params={"gap": code})

st.subheader(text("portfolio.map"))
with st.container(horizontal=True):
    rows = RowKind(
        address.choice(
            "rows", text("portfolio.rows"), list(RowKind), text.of("row_kind"), segmented=True
        )
    )
    measure = address.choice(
        "measure", text("portfolio.measure"), [heatmaps.GAPS, *Measure], text.of("measure"),
        segmented=True,
    )  # fmt: skip
    currencies = queries.currencies(account)
    currency = WON
    if measure != heatmaps.GAPS and len(currencies) > 1:
        currency = address.choice("currency", text("portfolio.currency"), currencies, str)
st.caption(text("portfolio.hint"))
clicked = heatmaps.draw_book(account, today, rows, measure, currency, names, text)
if clicked:
    st.switch_page("../pages/customers.py", query_params=clicked)

first, history = st.columns(2, gap="large")
with first:
    st.subheader(text("portfolio.worst"))
    worst = gap_tables.worst(queries.worst(account, today, 10), names, text)
    if worst:
        st.switch_page("../pages/customer.py", query_params={"id": worst})
with history:
    st.subheader(text("portfolio.months"))
    teams = sorted({owner.team for owner in owners if owner.team})
    team = None
    if len(teams) > 1:
        team = address.choice("team", text("field.team"), teams, str, text("customers.any"))
    gap_tables.by_month(queries.gap_months(account, today, 12, team), text)
