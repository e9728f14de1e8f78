"""The imports there were, and the undoing of one."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import pandas as pd
import streamlit as st

from fpcore.config import clock
from fpcore.errors import FpError, certain
from fpcore.importing import history, undoing
from fpcore.importing.history import BatchState, ImportBatch
from fpcore.importing.undoing import LeftRecord, UndoReport
from ui import errors, session
from ui.text import Text, safe
from ui.upload import import_jobs
from ui.upload.import_jobs import Kind

SHOWN = 10

_LOOK: dict[BatchState, tuple[Literal["blue", "green", "gray", "red"], str]] = {
    BatchState.RUNNING: ("blue", ":material/hourglass_top:"),
    BatchState.DONE: ("green", ":material/check_circle:"),
    BatchState.UNDONE: ("gray", ":material/undo:"),
    BatchState.CANCELLED: ("gray", ":material/close:"),
    BatchState.FAILED: ("red", ":material/error:"),
    BatchState.INTERRUPTED: ("red", ":material/power_off:"),
}


def draw(text: Text) -> None:
    """Draw the last imports, newest first, each with the way to undo it where that may be."""
    batches = history.of_account(session.database(), session.account(), SHOWN)
    done = session.draft("undone", dict).get("report")
    if batches:
        st.subheader(text("upload.history"))
    if done:
        _draw_undone(done, text)
    for batch in batches:
        _draw_batch(batch, text)


def ask(batch_id: UUID, text: Text) -> None:
    """Open a dialog that says what undoing an import would do, and does it."""
    st.dialog(text("upload.undo"), width="large")(_draw_question)(batch_id, text)


def _draw_batch(batch: ImportBatch, text: Text) -> None:
    color, icon = _LOOK[batch.state]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{safe(batch.file_name)}**", width="content")
        st.badge(text(f"import_state.{batch.state}"), color=color, icon=icon)
        st.caption(
            f"{_when(batch.created_at)} · {safe(batch.imported_by)}"
            + (f" · {_counts(batch, text)}" if batch.row_count is not None else "")
            + (f" · {_undone(batch, text)}" if batch.undone_at else ""),
            width="content",
        )
        st.space("stretch")
        if batch.may_undo and st.button(
            text("upload.undo_short"), icon=":material/undo:", type="tertiary",
            key=f"undo {batch.id}",
        ):  # fmt: skip
            ask(batch.id, text)


def _draw_question(batch_id: UUID, text: Text) -> None:
    account, db, today = session.account(), session.database(), session.today()
    try:
        planned = undoing.undo(db, account, batch_id, today, dry_run=True)
        st.markdown(_counted("upload.would_undo", planned, text))
        _draw_left(planned, text)
        if st.button(text("upload.undo_do"), type="primary", key="undo"):
            with st.spinner(text("upload.undoing")):
                done = undoing.undo(db, account, batch_id, today)
            session.draft("undone", dict)["report"] = done
            # what these say is of before
            import_jobs.of_process().forget(account, Kind.IMPORT, Kind.PREVIEW)
            st.rerun()
    except FpError as error:
        errors.tell(error)


def _draw_undone(done: UndoReport, text: Text) -> None:
    with st.container(border=True, key="undone"):
        st.success(_counted("upload.undone", done, text))
        _draw_left(done, text)
        if st.button(text("upload.close"), icon=":material/close:", type="tertiary", key="told"):
            session.forget_draft("undone")
            st.rerun()


def _draw_left(report: UndoReport, text: Text) -> None:
    if not report.left_count:
        return
    st.caption(text("upload.left", count=f"{report.left_count:,}"))
    rows = [_left_row(left, text) for left in report.left]
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="–")


def _left_row(left: LeftRecord, text: Text) -> dict[str, str | None]:
    return {
        text("person.record"): text(f"record.{left.record}"),
        text("field.name"): left.name,
        text("record.policy"): left.what,
        text("coverage.why"): text(f"undo.{left.why}"),
        text("person.by"): left.by,
        text("person.at"): _when(left.at) if left.at else None,
    }


def _counted(key: str, report: UndoReport, text: Text) -> str:
    names = (
        "customers_removed", "policies_removed", "customers_restored", "policies_restored",
    )  # fmt: skip
    return text(key, **{name: f"{getattr(report, name):,}" for name in names})


def _counts(batch: ImportBatch, text: Text) -> str:
    names = ("row_count", "customers_created", "policies_created", "updated_count")
    counts = {name: _known(getattr(batch, name)) for name in names}
    rejected, questions = batch.rejected_count, batch.question_count
    held_back = None if rejected is None or questions is None else rejected + questions
    counts["held_back"] = _known(held_back)
    return text("upload.batch_counts", **counts)


def _known(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _undone(batch: ImportBatch, text: Text) -> str:
    return text("upload.undone_by", by=safe(batch.undone_by), at=_when(certain(batch.undone_at)))


def _when(at: datetime) -> str:
    """Write a time as Korea's."""
    return f"{clock.in_seoul(at):%Y-%m-%d %H:%M}"
