"""The columns of an upload: what each is taken as, corrected by hand, saved and found again."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from fpcore.importing import headers, mappings
from fpcore.importing.book_file import BookFile
from fpcore.importing.fields import AMOUNTS, FIELDS
from fpcore.importing.headers import UNITS, Column, Columns
from fpcore.importing.mappings import SavedMapping
from fpcore.models import Account
from ui import forms, session
from ui.text import Text, safe
from ui.upload.uploads import Answers, Upload

UNUSED = "unused"
UNCLEAR = 0
"""Stands for the unit of a column whose unit nobody knows yet."""


def draw(upload: Upload, account: Account, book: BookFile, text: Text) -> Columns:
    """Draw the table of columns and take over what is changed in it; without a column that tells
    who the customers are, the run ends."""
    _choose_saved(upload.answers, account, book, text)
    columns = headers.recognize(book, upload.answers.fields)
    shown = [column for column in columns.kept if column.header or column.filled]
    table = pd.DataFrame([_row(upload.answers, column, text) for column in shown])
    edited = st.data_editor(
        table,
        hide_index=True,
        height="content",
        placeholder="",
        disabled=["header", "filled", "samples"],
        column_config=_column_config(text),
        key=f"columns {upload.answers.key}",
    )
    if not edited.equals(table):
        _take_over(upload.answers, columns, shown, table, edited)
        st.rerun()
    if dropped := [column.header for column in columns.all if column.dropped]:
        st.caption(text("upload.dropped", headers=safe(", ".join(dropped))))
    if columns.of("name") is None and columns.of("source_key") is None:
        st.warning(text("upload.name_missing"))
        st.stop()
    _draw_saving(upload.answers, account, book, columns, text)
    return columns


def _row(answers: Answers, column: Column, text: Text) -> dict[str, Any]:
    unit = answers.units.get(column.field) or column.unit
    if unit is None and column.field in answers.unclear:
        unit = UNCLEAR
    return {
        "header": column.header,
        "field": column.field or UNUSED,
        "unit": unit if column.field in AMOUNTS else None,
        "filled": text.share(column.filled),
        "samples": " · ".join(column.samples),
    }


def _column_config(text: Text) -> dict[str, Any]:
    return {
        "header": st.column_config.TextColumn(text("upload.header"), pinned=True, width=120),
        "field": st.column_config.SelectboxColumn(
            text("upload.taken_as"), options=[UNUSED, *FIELDS], required=True, width=140,
            format_func=lambda code: (
                text("upload.unused") if code == UNUSED else text(f"field.{code}")
            ),
        ),
        "unit": st.column_config.SelectboxColumn(
            text("upload.unit"), options=[UNCLEAR, *UNITS.values()], width="small",
            format_func=lambda unit: "?" if unit == UNCLEAR else unit_name(int(unit), text),
        ),
        "filled": st.column_config.TextColumn(text("upload.filled"), width="small"),
        "samples": st.column_config.TextColumn(text("upload.samples")),
    }  # fmt: skip


def unit_name(unit: int, text: Text) -> str:
    """Name what 1 stands for."""
    return text(f"upload.unit_{unit}")


def _take_over(
    answers: Answers, columns: Columns, shown: Sequence[Column], before: pd.DataFrame,
    after: pd.DataFrame,
) -> None:  # fmt: skip
    """Take what was changed; a field that another column had goes to the column changed last."""
    fields = list(columns.fields)
    for column, old, new in zip(
        shown, before.to_dict("records"), after.to_dict("records"), strict=True
    ):
        if new["field"] != old["field"]:
            field = None if new["field"] == UNUSED else new["field"]
            fields = [None if field and held == field else held for held in fields]
            fields[column.position] = field
            _forget_answers(answers, column.field, field)
        elif not pd.isna(new["unit"]) and new["unit"] != old["unit"] and column.field in AMOUNTS:
            if new["unit"] == UNCLEAR:
                answers.units.pop(column.field, None)
            else:
                answers.units[column.field] = int(new["unit"])
    answers.fields = tuple(fields)
    answers.redraw()


def _forget_answers(answers: Answers, *fields: str | None) -> None:
    for field in fields:
        for by_field in (answers.units, answers.six_digits, answers.words):
            by_field.pop(field, None)


# --- saved for the next file ---------------------------------------------------------------------


def _choose_saved(answers: Answers, account: Account, book: BookFile, text: Text) -> None:
    """Take over the newest saved mapping that fits, and draw the choice of another or none."""
    db = session.database()
    fitting = {m.id: m for m in mappings.of_header(db, account, book.header)}
    if not answers.is_fitted:
        answers.is_fitted = True
        _apply(answers, next(iter(fitting.values()), None))
    if not fitting:
        return
    choices = [None, *fitting]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            text("upload.mapping"), choices,
            choices.index(answers.mapping) if answers.mapping in choices else 0,
            format_func=lambda mapping: (
                fitting[mapping].name if mapping else text("upload.mapping_guessed")
            ),
            key=f"mapping {answers.key}",
        )  # fmt: skip
        if (
            answers.mapping
            and answers.mapping in fitting
            and st.button(text("upload.mapping_forget"), icon=":material/delete:", type="tertiary")
        ):
            mappings.remove(db, account, answers.mapping)
            answers.mapping = None
            st.rerun()
    if chosen != answers.mapping:
        _apply(answers, fitting.get(chosen))
        st.rerun()


def _apply(answers: Answers, saved: SavedMapping | None) -> None:
    said: Mapping[str, Any] = saved.said if saved else {}
    answers.mapping = saved.id if saved else None
    answers.fields = tuple(said["fields"]) if "fields" in said else None
    answers.units = dict(said.get("units", {}))
    answers.six_digits = dict(said.get("six_digits", {}))
    answers.words = {field: dict(words) for field, words in said.get("words", {}).items()}
    answers.redraw()


def _draw_saving(
    answers: Answers, account: Account, book: BookFile, columns: Columns, text: Text
) -> None:
    db = session.database()
    with st.popover(text("upload.mapping_save"), icon=":material/bookmark_add:", type="tertiary"):
        st.caption(text("upload.mapping_what"))
        filled = forms.draw(
            f"save mapping {answers.key}", ("mapping_name",), {}, text, text("form.save")
        )
    said = {
        "fields": list(columns.fields),
        "units": answers.units,
        "six_digits": answers.six_digits,
        "words": answers.words,
    }

    def save() -> None:
        name = filled.values["mapping_name"] or ""
        mappings.save(db, account, name, book.header, said)

    if filled.sent and forms.attempt(filled, save, text):
        answers.mapping = mappings.of_header(db, account, book.header)[0].id
        answers.fields = columns.fields
        answers.redraw()
        st.toast(text("form.saved"))
        st.rerun()
