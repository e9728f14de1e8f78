"""One customer: profile, coverage by type with the gaps, policies, contacts, consents."""

import streamlit as st

from fpcore import consents, contacts, coverage, customers, gaps, policies
from fpcore.errors import ConsentWithdrawn
from ui import address, labels, privacy, profile, session, tables
from ui import contacts as contact_section
from ui import policies as policy_section
from ui.charts import CONFIG, LABEL_INKS, coverage_by_type
from ui.text import Text

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()

if st.button(text("customer.back"), icon=":material/arrow_back:"):
    st.switch_page("../pages/customers.py", query_params=address.parameters(address.read("back")))
if not address.read("id"):
    st.info(text("customer.choose"))
    st.stop()

try:
    customer = customers.get(db, account, address.read("id"), today)
except ConsentWithdrawn as withdrawn:
    privacy.draw_withdrawn(address.read("id"), withdrawn, text, today)
    st.stop()
summary = coverage.summary(db, account, customer.id, today)
found = gaps.of_customer(db, account, customer.id, today)
listed = policies.of_customer(db, account, customer.id, today)
log = contacts.of_customer(db, account, customer.id)
given = consents.of_customer(db, account, customer.id)

profile.draw(customer, log, given, listed, text, today)
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
tables.coverage(labels.coverage_rows(summary, found, text))

policy_section.draw(customer.id, listed, text, today)
contact_section.draw(customer, log, text, today)
privacy.draw(customer.id, given, text, today)
