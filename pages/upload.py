"""Upload a book: choose the file, see what was understood, confirm; nothing is stored before."""

import streamlit as st

from fpcore.access import scope
from ui import session
from ui.text import Text
from ui.upload import history, import_jobs, mapping, outcome, questions, steps, uploads
from ui.upload.import_jobs import JobState, Kind

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()
upload = uploads.current()
importing = import_jobs.of_process().of(account, Kind.IMPORT)

st.title(text("page.upload"))
working, foot = st.container(), st.container()
with foot:
    history.draw(text)
with working:
    if importing and importing.is_running:
        import_jobs.wait_for(importing, text)
        st.rerun()
    if importing and importing.state is JobState.DONE and uploads.is_of(importing, upload):
        upload = uploads.discard(account)
    if importing and (upload.file is None or uploads.is_of(importing, upload)):
        outcome.draw_ended(importing, account, text)
    uploads.tell_fault_of_words(text)
    st.markdown(text("upload.how"))
    if not scope.of_account(db, account).by_name:
        st.caption(f":material/visibility_off: {text('names.upload')}")
    uploads.choose_file(upload, account, text)
    book = steps.read(upload, account, text)

    st.subheader(text("upload.columns"))
    columns = mapping.draw(upload, account, book, text)
    owners = scope.visible_owners(db, account, by_name=True)
    options = steps.choose_what_holds_for_all(upload, columns, owners, text)
    previewed = steps.preview(upload, account, options, text, today)
    report = previewed.result
    questions.draw(upload, report, owners, text)
    outcome.draw(report, text)
    steps.tell_if_outdated(previewed, account, text)
    if not report.taken and report.questions:
        st.info(text("upload.answer_first"))
    elif not report.taken:
        st.warning(text("upload.nothing_to_take"))
    elif not report.created + report.updated:
        st.success(text("upload.nothing_new"))
    elif st.button(
        text("upload.confirm", taken=f"{report.taken:,}"), type="primary", key="confirm"
    ):
        steps.begin_import(upload, account, options, today)
