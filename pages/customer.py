"""One customer: profile, coverage, gaps and what would close them, policies, contacts, consents."""

import streamlit as st

from fpcore.customers import profiles
from fpcore.errors import ConsentWithdrawn
from fpcore.models import Customer
from ui import address, queries, session, tables
from ui.charts import CONFIG, LABEL_INKS, coverage_by_type
from ui.customer import contacts as contact_section
from ui.customer import coverage as labels
from ui.customer import gaps as gap_section
from ui.customer import policies as policy_section
from ui.customer import privacy, profile, what_if
from ui.text import Text

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()


def draw() -> None:
    """Draw the page; no st.stop ends it, which would keep what was clicked in it."""
    if st.button(text("customer.back"), icon=":material/arrow_back:"):
        back = address.parameters(address.read("back"))
        st.switch_page("../pages/customers.py", query_params=back)
    asked = address.read("id")
    if not asked:
        st.info(text("customer.choose"))
        return
    try:
        customer = profiles.get(db, account, asked, today)
    except ConsentWithdrawn as withdrawn:
        privacy.draw_withdrawn(asked, withdrawn, text, today)
        return
    draw_customer(customer)


def draw_customer(customer: Customer) -> None:
    """Draw everything that is known of a customer, section by section."""
    file = queries.customer_file(account, customer.id, today)
    profile.draw(customer, file.contacts, file.consents, file.policies, text, today)
    labels.draw_key_figures(file.summary, file.gaps.burden, text)
    for note in labels.left_out(file.summary, text):
        st.caption(f":material/info: {note}")

    st.subheader(text("customer.by_type"))
    bars = labels.coverage_bars(file.summary, file.gaps, text)
    st.plotly_chart(
        coverage_by_type(bars, text("coverage.recommended"), ink=LABEL_INKS[session.theme()]),
        config=CONFIG,
        alt=text("customer.chart_alt", list=", ".join(bars["label"] + " " + bars["text"])),
    )
    gap_section.draw(customer, file.gaps, file.changes, file.policies, text, today)
    tables.coverage(labels.coverage_rows(file.summary, file.gaps, text))
    what_if.draw(customer.id, file.policies, text, today)

    policy_section.draw(customer, file.policies, text, today)
    contact_section.draw(customer, file.contacts, text, today)
    privacy.draw(customer, file.consents, text, today)


draw()
