"""The customers that the signed-in account may see: find, filter, page, open, add."""

import streamlit as st

from fpcore import accounts, customers
from ui import address, filters, forms, queries, session, tables
from ui.text import Text, safe

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()
owners = accounts.visible_owners(db, account)


@st.dialog(text("customers.add"))
def add_customer() -> None:
    def add(new, owner) -> None:
        customers.create(db, account, new, today, owner.id)
        st.toast(text("customers.added", name=safe(new.name)))
        st.rerun()

    forms.new_customer(text, owners, today, add)


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(text("page.customers"))
    st.space("stretch")
    if st.button(text("customers.add"), icon=":material/person_add:"):
        add_customer()

view = filters.draw(text)
names = tables.owner_names(owners)
filters.draw_active(view.wanted, names, text)
found = queries.customer_page(
    account, view.wanted, today, view.sort, view.descending, view.page, view.page_size
)
if not found.in_scope:
    st.info(text("customers.none_yet"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")
    st.stop()
if found.matching and found.rows.empty:
    address.write(page=None)  # the address names a page behind the last one
st.caption(tables.shown_of(found, text))
if found.matching:
    chosen = tables.customers(found.rows, names, text, key=f"list {address.here()}")
    address.pages("page", pages=-(-found.matching // view.page_size))
    if chosen:
        st.switch_page("../pages/customer.py", query_params={"id": chosen, "back": address.here()})
