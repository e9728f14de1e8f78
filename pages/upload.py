"""Upload a book: choose the file, see what was understood, confirm; nothing is stored before."""

import streamlit as st

from fpcore import accounts, book_import, words
from fpcore.book_file import ENCODINGS
from ui import queries, session, tables, uploads
from ui.text import Text

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()

st.title(text("page.upload"))
st.markdown(text("upload.how"))
uploaded = st.file_uploader(text("upload.choose"), type=["csv", "txt", "tsv"], key="book")
if uploaded is None:
    st.stop()

with st.expander(text("upload.settings"), icon=":material/tune:"):
    encoding = uploads.choose_encoding(ENCODINGS, text)
    content = uploaded.getvalue()
    file, columns = book_import.open_book(uploaded.name, content, encoding)
    said = uploads.choose_what_holds_for_all(
        columns, accounts.visible_owners(db, account), account, text
    )
statement = None
if columns.of("consent") is None:
    statement = st.text_area(
        text("upload.consent"), help=text("upload.consent_help"), max_chars=2000
    ).strip()
    if not statement:
        st.info(text("upload.consent_needed"))
        st.stop()
options = book_import.ImportOptions(encoding=encoding, consent_basis=statement, **said)

with st.spinner(text("upload.reading")):
    report = queries.import_preview(account, uploaded.name, content, options, today)
uploads.draw_report(report, text)
if report.rejects:
    reasons = [words.say_reasons(text.language, row.problems) for row in report.rejects]
    st.subheader(text("upload.rejected"))
    tables.rejects(report.rejects, reasons, text)
    st.download_button(
        text("upload.reject_download"),
        book_import.rejects_csv(report, reasons),
        file_name=f"rejected-{uploaded.name}",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
if not report.taken:
    st.warning(text("upload.nothing_to_take"))
elif not report.created + report.updated:
    st.success(text("upload.nothing_new"))
elif st.button(text("upload.confirm", taken=f"{report.taken:,}"), type="primary", key="confirm"):
    with st.spinner(text("upload.storing")):
        done = book_import.import_book(db, account, uploaded.name, content, options, today)
    uploads.draw_done(done, text)
