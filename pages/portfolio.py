"""The whole book: a heatmap of coverage by type, and from a cell to the customers behind it."""

import streamlit as st

from fpcore import accounts
from fpcore.models import WON, Measure, RowKind
from ui import address, heatmaps, queries, session, tables
from ui.charts import CONFIG, LABEL_INKS, heatmap
from ui.text import Text

account = session.account()
text = Text(session.language())
today = session.today()

st.title(text("page.portfolio"))
customers, rules = queries.gap_counts(account, today)
if not customers:
    st.info(text("portfolio.empty"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")
    st.stop()
heatmaps.draw_key_figures(customers, rules, text)

with st.container(horizontal=True):
    rows = RowKind(
        address.choice(
            "rows", text("portfolio.rows"), list(RowKind), text.of("row_kind"), segmented=True
        )
    )
    measure = Measure(
        address.choice(
            "measure", text("portfolio.measure"), list(Measure), text.of("measure"), segmented=True
        )
    )
    currencies = queries.currencies(account)
    currency = WON
    if len(currencies) > 1:
        currency = address.choice("currency", text("portfolio.currency"), currencies, str)

names = tables.owner_names(accounts.visible_owners(session.database(), account))
cells = queries.heatmap(account, rows, today, currency)
drawn = heatmaps.cells(cells, measure, rows, currency, names, text)
st.caption(text("portfolio.hint"))
event = st.plotly_chart(
    heatmap(
        drawn,
        rows=list(drawn["row"].unique()),
        columns=list(drawn["column"].unique()),
        scale_title=text(f"measure.{measure}"),
        share=measure is Measure.HOLDING,
        higher_is_better=measure is not Measure.LACKING,
        ink=LABEL_INKS[session.theme()],
    ),
    config=CONFIG,
    on_select="rerun",
    selection_mode="points",
    key=f"heatmap {address.here()}",
    alt=text("portfolio.alt", measure=text(f"measure.{measure}"), rows=text(f"row_kind.{rows}")),
)
if event.selection.points:
    row, kind = event.selection.points[0]["customdata"]
    side = "missing" if measure is Measure.LACKING else "holding"
    st.switch_page(
        "../pages/customers.py",
        query_params={"row_kind": rows, "row": row, side: kind, "measure": measure},
    )
if note := heatmaps.left_out(cells, measure, text):
    st.caption(f":material/info: {note}")
with st.expander(text("portfolio.table")):
    tables.cells(drawn, text(f"row_kind.{rows}"))
