"""The customers that the signed-in account may see: find, filter, page, open, add."""

import streamlit as st

from fpcore.access import scope
from fpcore.customers import consents, profiles
from fpcore.models import WON, NewCustomer
from ui import address, forms, queries, session, tables
from ui.customer import privacy
from ui.customers import filters
from ui.text import Text, safe

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()
owners = queries.owners(account)


@st.dialog(text("customers.add"), width="large")
def add_customer() -> None:
    named = scope.visible_owners(db, account, by_name=True)
    owner = named[0]
    if len(named) > 1:
        owner = st.selectbox(
            text("customers.owner_for"), named, format_func=lambda one: one.name, key="new owner"
        )
    privacy.draw_texts(text)
    fields = (*forms.CUSTOMER_FIELDS, *forms.CONSENT_FIELDS)
    begun = {"consent_channel": "paper", "consent_given_on": today}
    filled = forms.draw("new customer", fields, begun, text, text("customers.add_submit"))

    def add() -> None:
        profiles.create(db, account, forms.given(NewCustomer, filled), today, owner.id)

    if filled.sent and forms.attempt(filled, add, text):
        st.toast(text("customers.added", name=safe(filled.values["name"])))
        st.rerun()


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(text("page.customers"))
    st.space("stretch")
    if st.button(text("customers.add"), icon=":material/person_add:"):
        add_customer()

view = filters.draw(account, text, today)
names = tables.owner_names(owners)
filters.draw_active(view, names, text)
found = queries.customer_page(
    account, view.wanted, view.valued_on, view.sort, view.descending, view.page, view.page_size
)
if not found.in_scope:
    st.info(text("customers.none_yet"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")
    st.stop()
if found.matching and found.rows.empty:
    address.write(page=None)  # the address names a page behind the last one
st.caption(tables.shown_of(found, text))
if found.names_masked:
    st.caption(f":material/visibility_off: {text('names.list')}")
if found.matching:
    chosen = tables.customers(
        found.rows, view.wanted.currency or WON, names, text, key=f"list {address.here()}"
    )
    address.pages("page", pages=-(-found.matching // view.page_size))
    if chosen:
        st.switch_page("../pages/customer.py", query_params={"id": chosen, "back": address.here()})
if found.withdrawn:
    tables.withdrawn(consents.withdrawn(db, account), text)
