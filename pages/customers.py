"""The customers that the signed-in account may see: find, filter, page, open, add."""

import streamlit as st

from fpcore import accounts, customers
from fpcore.coverage import UNKNOWN_ROW
from fpcore.customers import PAGE_SIZES, CustomerFilter, Sort
from fpcore.models import Gender, PolicyType, RowKind
from ui import address, forms, queries, session, tables
from ui.text import Text, safe

account = session.account()
text = Text(session.language())
today = session.today()
owners = accounts.visible_owners(session.database(), account)


@st.dialog(text("customers.add"))
def add_customer() -> None:
    def add(new, owner) -> None:
        customers.create(session.database(), account, new, today, owner.id)
        st.toast(text("customers.added", name=safe(new.name)))
        st.rerun()

    forms.new_customer(text, owners, today, add)


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(text("page.customers"))
    st.space("stretch")
    if st.button(text("customers.add"), icon=":material/person_add:"):
        add_customer()

kind, row = address.read("row_kind"), address.read("row")
if kind in set(RowKind) and row:
    with st.container(horizontal=True, vertical_alignment="center"):
        back = {"rows": kind, "measure": address.read("measure") or ""}
        if st.button(text("customers.back_to_book"), icon=":material/arrow_back:", key="to_book"):
            st.switch_page("../pages/portfolio.py", query_params=back)
        st.markdown(f"**{safe(tables.row_label(row, kind, text))}**")

forgets = ("page",)
search = address.typed(
    "search", text("customers.search"), forgets, icon=":material/search:", max_chars=100
)
with st.expander(text("customers.filters"), expanded=False, icon=":material/tune:"):
    with st.container(horizontal=True):
        any_of = text("customers.any")
        gender = address.choice(
            "gender", text("customers.gender"), [*Gender, UNKNOWN_ROW], text.of("gender"), any_of, forgets
        )
        age_from = address.whole_number("age_from", text("customers.age_from"), forgets)
        age_to = address.whole_number("age_to", text("customers.age_to"), forgets)
        holding = address.choice(
            "holding", text("customers.holding"), list(PolicyType), text.of("type"), any_of, forgets
        )
        missing = address.choice(
            "missing", text("customers.missing"), list(PolicyType), text.of("type"), any_of, forgets
        )
    with st.container(horizontal=True):
        sort = address.choice("sort", text("customers.sort"), list(Sort), text.of("sort"))
        order = address.choice(
            "order", text("customers.order"), ["ascending", "descending"], text.of("customers")
        )
        size = address.choice(
            "size", text("customers.page_size"), [str(n) for n in PAGE_SIZES], str, forgets=forgets
        )

wanted = CustomerFilter(
    search=search, gender=gender, age_from=age_from, age_to=age_to, holding=holding,
    missing=missing, row_kind=kind if kind in set(RowKind) else None, row=row,
)  # fmt: skip
page_number = int(address.read("page") or 1) if (address.read("page") or "1").isdigit() else 1
found = queries.customer_page(
    account, wanted, today, Sort(sort), order == "descending", page_number, int(size)
)

if not found.in_scope:
    st.info(text("customers.none_yet"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")
elif not found.matching:
    st.info(text("customers.none_fit"))
else:
    counts = {"shown": len(found.rows), "matching": found.matching}
    hidden = found.in_scope - found.matching
    st.caption(
        text("customers.shown_filtered", **counts, hidden=hidden, in_scope=found.in_scope)
        if hidden
        else text("customers.shown", **counts)
    )
    chosen = tables.customers(found.rows, text, len(owners) > 1, key=f"list {address.here()}")
    pages = -(-found.matching // int(size))
    if pages > 1:
        turned = st.pagination(pages, default=min(page_number, pages), key=f"page={page_number}/{pages}")
        if turned != min(page_number, pages):
            address.write(page=turned)
    if chosen:
        st.switch_page("../pages/customer.py", query_params={"id": chosen, "back": address.here()})
