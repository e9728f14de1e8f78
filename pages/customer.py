"""One customer: profile, coverage, gaps and what would close them, policies, contacts, consents."""

import streamlit as st

from fpcore import consents, contacts, coverage, customers, gap_history, gaps, policies
from fpcore.errors import ConsentWithdrawn
from ui import address, labels, privacy, profile, session, tables, what_if
from ui import contacts as contact_section
from ui import gaps as gap_section
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
changes = gap_history.of_customer(db, account, customer.id)
listed = policies.of_customer(db, account, customer.id, today)
log = contacts.of_customer(db, account, customer.id)
given = consents.of_customer(db, account, customer.id)

profile.draw(customer, log, given, listed, text, today)
labels.draw_key_figures(summary, found.burden, text)
for note in labels.left_out(summary, text):
    st.caption(f":material/info: {note}")

st.subheader(text("customer.by_type"))
bars = labels.coverage_bars(summary, found, text)
st.plotly_chart(
    coverage_by_type(bars, text("coverage.recommended"), ink=LABEL_INKS[session.theme()]),
    config=CONFIG,
    alt=text("customer.chart_alt", list=", ".join(bars["label"] + " " + bars["text"])),
)
gap_section.draw(customer, found, changes, listed, text, today)
tables.coverage(labels.coverage_rows(summary, found, text))
what_if.draw(customer.id, listed, text, today)

policy_section.draw(customer, listed, text, today)
contact_section.draw(customer, log, text, today)
privacy.draw(customer, given, text, today)
