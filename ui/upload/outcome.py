"""What an import would do or did, in words and tables."""

from collections.abc import Callable, Iterable
from decimal import Decimal

import pandas as pd
import streamlit as st

from fpcore import wording
from fpcore.errors import certain
from fpcore.importing.fields import AMOUNTS
from fpcore.importing.rejects import rejects_csv
from fpcore.importing.report import MOST_HELD_BACK, MOST_LISTED, Change, ImportReport, KeptEdit
from fpcore.models import Account
from ui import forms, tables
from ui.text import Text
from ui.upload import history, import_jobs
from ui.upload.import_jobs import Job, JobState, Kind

FIGURES = ("created", "updated", "unchanged", "questions", "rejected")
"""What the rows of a file come to: the five add up to all of them."""


def draw(report: ImportReport, text: Text) -> None:
    """Draw what an import would do: figures that add up to the rows, notes, and lists."""
    st.subheader(text("upload.understood", rows=f"{report.rows:,}"))
    with st.container(horizontal=True):
        for name in FIGURES:
            count = getattr(report, name)
            st.metric(text(f"upload.{name}"), f"{count:,}", border=True, width="content")
    new = {
        "customers": f"{report.customers_created:,}",
        "policies": f"{report.policies_created:,}",
    }
    st.caption(text("upload.new_records", **new))
    for code, count in report.notes:
        st.caption(f":material/info: {text(f'note.{code}', count=f'{count:,}')}")
    lists = _lists(report, text)
    if lists:
        for tab, draw_list in zip(st.tabs(list(lists)), lists.values(), strict=True):
            with tab:
                draw_list()


def draw_ended(job: Job, account: Account, text: Text) -> None:
    """Draw how an import ended: what it did, with the way on and back, or that it did nothing."""
    if job.state is not JobState.DONE:
        with st.container(key="import_ended"):
            import_jobs.tell_error(job, text)
            st.caption(text("upload.nothing_stored"))
        return
    report: ImportReport = job.result
    with st.container(border=True, key="import_ended"):
        counts = {
            "customers": report.customers_created,
            "policies": report.policies_created,
            "updated": report.updated,
            "held_back": report.held_back,
        }
        st.success(text("upload.done", **{name: f"{n:,}" for name, n in counts.items()}))
        if report.rejects:
            st.caption(text("upload.reject_how"))
            download_rejects(report, text)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "../pages/customers.py", label=text("upload.to_customers"), icon=":material/group:"
            )
            if st.button(text("upload.undo"), icon=":material/undo:", key="undo this"):
                history.ask(certain(report.batch), text)
            if st.button(text("upload.close"), icon=":material/close:", type="tertiary"):
                import_jobs.of_process().forget(account, Kind.IMPORT)
                st.rerun()


def download_rejects(report: ImportReport, text: Text) -> None:
    """Draw the download of the rows held back, with the reasons: to be corrected and uploaded."""

    def content() -> bytes:
        reasons = [wording.say_reasons(text.language, row.problems) for row in report.rejects]
        return rejects_csv(report, reasons)

    st.download_button(
        text("upload.reject_download"), content,
        file_name=f"rejected-{report.file.name.rsplit('.', 1)[0]}.csv", mime="text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _lists(report: ImportReport, text: Text) -> dict[str, Callable[[], None]]:
    """What there is to see in detail, by its title."""
    lists: dict[str, Callable[[], None]] = {}
    if report.rejects:
        title = text("upload.rejects", count=f"{report.held_back:,}")
        lists[title] = lambda: _draw_rejects(report, text)
    if report.samples.get("created"):
        lists[text("upload.new_rows")] = lambda: _draw_samples(report, text)
    if report.changes:
        lists[text("upload.changes")] = lambda: _draw_changes(report, text)
    if report.kept:
        lists[text("upload.kept_edits")] = lambda: _draw_kept(report, text)
    if report.gone:
        title = text("upload.gone", count=f"{report.gone_count:,}")
        lists[title] = lambda: _draw_gone(report, text)
    return lists


def _draw_rejects(report: ImportReport, text: Text) -> None:
    st.caption(text("upload.reject_how"))
    if report.held_back > len(report.rejects):
        st.caption(text("upload.reject_first", count=f"{MOST_HELD_BACK:,}"))
    tables.rejects(report.rejects[:MOST_LISTED], report.columns, text)
    download_rejects(report, text)


def _draw_samples(report: ImportReport, text: Text) -> None:
    headers = [f"{c.position + 1}. {c.header}" for c in report.columns.kept]
    rows = [[line, *cells] for line, cells in report.samples["created"]]
    st.dataframe(pd.DataFrame(rows, columns=[text("upload.line"), *headers]), hide_index=True)


def _draw_changes(report: ImportReport, text: Text) -> None:
    _draw_table(
        {
            **_whose(report.changes, text),
            text("upload.before"): [_shown(change, change.old, text) for change in report.changes],
            text("upload.after"): [_shown(change, change.new, text) for change in report.changes],
        }
    )


def _draw_kept(report: ImportReport, text: Text) -> None:
    st.caption(text("upload.kept_edits_what"))
    _draw_table(_whose(report.kept, text))


def _draw_gone(report: ImportReport, text: Text) -> None:
    st.caption(text("upload.gone_what"))
    _draw_table(
        {
            text("field.name"): [policy.customer for policy in report.gone],
            text("field.insurer"): [policy.insurer for policy in report.gone],
            text("record.policy"): [policy.policy for policy in report.gone],
        }
    )


def _whose(listed: Iterable[Change | KeptEdit], text: Text) -> dict[str, list]:
    return {
        text("field.name"): [edit.customer for edit in listed],
        text("record.policy"): [edit.policy for edit in listed],
        text("upload.field"): [text(f"field.{edit.field}") for edit in listed],
    }


def _draw_table(columns: dict[str, list]) -> None:
    st.dataframe(pd.DataFrame(columns), hide_index=True, placeholder="–")


def _shown(change: Change, value: str | None, text: Text) -> str | None:
    if value is None:
        return None
    if change.field in AMOUNTS:
        return text.plain_amount(Decimal(value))
    return forms.value_in_words(change.field, value, text)
