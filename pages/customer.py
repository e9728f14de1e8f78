"""One customer: profile, coverage by type, gaps with their reasons, policies."""

import streamlit as st

from fpcore import coverage, customers, gaps, policies
from ui import address, labels, session, tables
from ui.charts import CONFIG, LABEL_INKS, coverage_by_type
from ui.text import Text, safe

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()

if st.button(text("customer.back"), icon=":material/arrow_back:"):
    st.switch_page("../pages/customers.py", query_params=address.parameters(address.read("back")))
if not address.read("id"):
    st.info(text("customer.choose"))
    st.stop()

customer = customers.get(db, account, address.read("id"), today)
summary = coverage.summary(db, account, customer.id, today)
found = gaps.of_customer(db, account, customer.id, today)
listed = policies.of_customer(db, account, customer.id, today)

st.title(safe(customer.name))
st.caption(" · ".join(labels.profile(customer, text)))
with st.container(horizontal=True):
    for label, value in labels.key_figures(summary, text):
        st.metric(label, value, border=True, width="content")
for note in labels.left_out(summary, text):
    st.caption(f":material/info: {note}")

chart, advice = st.columns(2, gap="large")
with chart:
    st.subheader(text("customer.by_type"))
    bars = labels.coverage_bars(summary, text)
    listing = ", ".join(bars["label"] + " " + bars["text"])
    st.plotly_chart(
        coverage_by_type(bars, ink=LABEL_INKS[session.theme()]),
        config=CONFIG,
        alt=text("customer.chart_alt", list=listing),
    )
with advice:
    st.subheader(text("customer.gaps"))
    for gap in found:
        labels.draw_gap(gap, text)

st.subheader(text("customer.policies"))
counted = [policy for policy in listed if policy.in_force]
if counted:
    tables.policies(counted, text, with_reason=False)
else:
    st.info(text("customer.no_policies"))
if ended := [policy for policy in listed if not policy.in_force]:
    with st.expander(text("customer.ended", count=len(ended))):
        tables.policies(ended, text, with_reason=True)
