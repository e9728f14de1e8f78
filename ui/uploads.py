"""The parts of the upload page: how to read the file, what was understood, what was done."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from fpcore.book_columns import Columns
from fpcore.book_import import ImportReport
from fpcore.models import WON, Account, PremiumCycle, Role
from ui import tables
from ui.text import Text, safe

CURRENCIES = (WON, "USD", "EUR", "JPY")
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def choose_encoding(encodings: Sequence[str], text: Text) -> str | None:
    """Draw the choice of encoding; None is "found out"."""
    return st.selectbox(
        text("upload.encoding"),
        [None, *encodings],
        format_func=lambda code: code.upper() if code else text("upload.encoding_auto"),
    )


def choose_what_holds_for_all(
    columns: Columns, owners: list[Account], account: Account, text: Text
) -> dict[str, Any]:
    """Draw what is asked once for the whole file, as arguments of ImportOptions."""
    said: dict[str, Any] = {"owner_id": _choose_owner(columns, owners, account, text)}
    if columns.of("premium_cycle") is None and columns.premium_cycle is None:
        said["premium_cycle"] = st.selectbox(
            text("upload.premium_cycle"), list(PremiumCycle), format_func=text.of("premium_cycle")
        )
    if columns.of("currency") is None:
        said["currency"] = st.selectbox(text("upload.currency"), CURRENCIES)
    said["take_twins"] = st.checkbox(text("upload.twins"))
    return said


def _choose_owner(columns: Columns, owners: list[Account], account: Account, text: Text) -> Any:
    by_column = [None] if columns.of("owner") else []
    choices = by_column + sorted(owners, key=lambda owner: owner.role is not Role.FP)
    if len(choices) == 1:
        return choices[0].id
    chosen = st.selectbox(
        text("upload.owner"),
        choices,
        format_func=lambda owner: owner.name if owner else text("upload.owner_column"),
    )
    return chosen.id if chosen else None


def draw_report(report: ImportReport, text: Text) -> None:
    """Draw what an import would do."""
    st.subheader(text("upload.understood"))
    facts = {
        "name": safe(report.file.name),
        "rows": f"{report.rows:,}",
        "encoding": report.file.encoding.upper(),
        "delimiter": text(f"upload.delimiter_{_DELIMITERS[report.file.delimiter]}"),
    }
    st.caption(text("upload.file_facts", **facts))
    figures = {
        "new_customers": report.customers_created,
        "new_policies": report.policies_created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
    }
    with st.container(horizontal=True):
        for name, count in figures.items():
            st.metric(text(f"upload.{name}"), f"{count:,}", border=True, width="content")
    for code, count in report.notes:
        st.caption(f":material/info: {text(f'note.{code}', count=f'{count:,}')}")
    with st.expander(text("upload.columns"), icon=":material/view_column:"):
        tables.columns(report.columns, report.examples, text)


def draw_done(report: ImportReport, text: Text) -> None:
    """Draw what an import did, and the way on."""
    st.success(
        text(
            "upload.done",
            customers=f"{report.customers_created:,}",
            policies=f"{report.policies_created:,}",
            updated=f"{report.updated:,}",
            rejected=f"{report.rejected:,}",
        )
    )
    st.page_link(
        "../pages/customers.py", label=text("upload.to_customers"), icon=":material/group:"
    )
