"""What a file leaves open for all its rows, asked once: units, dates and words."""

from decimal import Decimal, InvalidOperation
from typing import Any

import streamlit as st

from fpcore.importing.report import Doubt, ImportReport, UnknownWord
from fpcore.importing.terms import SIX_DIGITS
from fpcore.models import (
    Account,
    Gender,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
)
from fpcore.models.circumstances import WORDS
from ui.text import Text, safe
from ui.upload import mapping
from ui.upload.uploads import Answers, Upload

UNITS = (10_000, 1, 1_000)

MOST_WORDS = 50
"""So many words are asked for at once; the others follow."""

_VALUES = {
    "type": ("type", list(PolicyType)),
    "status": ("status", list(PolicyStatus)),
    "premium_cycle": ("premium_cycle", list(PremiumCycle)),
    "gender": ("gender", list(Gender)),
    **{name: (name, list(values)) for name, values in WORDS.items()},
    "consent": ("upload", ["yes", "no"]),
}


def draw(upload: Upload, report: ImportReport, owners: list[Account], text: Text) -> None:
    """Draw the questions and take over the answers; the rows wait until they are given."""
    unclear = frozenset(d.field for d in report.doubts if d.code == "unit_unclear")
    answers = upload.answers
    if unclear != answers.unclear:  # the table of columns says so too
        answers.unclear = unclear
        answers.redraw()
        st.rerun()
    _draw_answered(answers, owners, text)
    words = report.unknown_words[:MOST_WORDS]
    if not report.doubts and not words:
        return
    with st.form(f"questions {upload.key}"):
        st.subheader(text("upload.questions_title"))
        st.caption(text("upload.questions_what"))
        doubts = [(doubt, _ask_doubt(doubt, upload, text)) for doubt in report.doubts]
        meanings = [(word, _ask_word(word, upload, owners, text)) for word in words]
        if st.form_submit_button(text("upload.answer"), type="primary"):
            _take_over(answers, doubts, meanings)
            st.rerun()


def _ask_doubt(doubt: Doubt, upload: Upload, text: Text) -> int | str | None:
    field = text(f"field.{doubt.field}")
    key = f"doubt {upload.key} {doubt.field}"
    if doubt.code == "unit_unclear":
        return st.radio(
            text("upload.ask_unit", field=field, rows=f"{doubt.rows:,}"), UNITS, None,
            format_func=lambda unit: _amount_in(unit, doubt.samples, text), key=key,
        )  # fmt: skip
    return st.radio(
        text("upload.ask_six_digits", field=field, rows=f"{doubt.rows:,}"), SIX_DIGITS, None,
        format_func=lambda code: _day_as(code, doubt.samples, text), key=key,
    )  # fmt: skip


def _amount_in(unit: int, samples: list[str], text: Text) -> str:
    name = mapping.unit_name(unit, text)
    try:
        amount = Decimal(samples[0].replace(",", "")) * unit
    except (IndexError, InvalidOperation):
        return name
    return safe(f"{samples[0]} → {text.amount(amount)} ({name})")


def _day_as(code: str, samples: list[str], text: Text) -> str:
    digits = samples[0] if samples else "200306"
    parts = (
        {"year": digits[:4], "month": digits[4:6]}
        if code == "ym"
        else {"year": digits[:2], "month": digits[2:4], "day": digits[4:6]}
    )
    return safe(f"{digits} → {text(f'upload.date_{code}', **parts)}")


def _ask_word(word: UnknownWord, upload: Upload, owners: list[Account], text: Text) -> str | None:
    names = {owner.username: f"{owner.name} ({owner.username})" for owner in owners}
    section, values = _VALUES.get(word.field, ("", list(names)))
    return st.selectbox(
        text(
            "upload.ask_word", field=text(f"field.{word.field}"), text=safe(word.text),
            rows=f"{word.rows:,}",
        ),
        [str(value) for value in values],
        None,
        format_func=lambda value: text(f"{section}.{value}") if section else names[value],
        placeholder=text("upload.held_back_until"),
        key=f"word {upload.key} {word.field} {word.text}",
    )  # fmt: skip


def _take_over(
    answers: Answers,
    doubts: list[tuple[Doubt, int | str | None]],
    meanings: list[tuple[UnknownWord, str | None]],
) -> None:
    for doubt, reading in doubts:
        if reading is not None:
            by_field: dict[str, Any] = (
                answers.units if doubt.code == "unit_unclear" else answers.six_digits
            )
            by_field[doubt.field] = reading
    for word, value in meanings:
        if value is not None:
            answers.words.setdefault(word.field, {})[word.text] = value
    answers.redraw()


def _draw_answered(answers: Answers, owners: list[Account], text: Text) -> None:
    """Draw the answers given so far, with the way to take them back."""
    names = {owner.username: owner.name for owner in owners}
    said = [
        f"{text(f'field.{field}')}: {text(f'upload.six_digits_{code}')}"
        for field, code in answers.six_digits.items()
    ]
    for field, words in answers.words.items():
        section, _ = _VALUES.get(field, ("", []))
        said += [
            f"{text(f'field.{field}')} “{word}” = "
            + (text(f"{section}.{value}") if section else names.get(value, value))
            for word, value in words.items()
        ]
    if not said:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(text("upload.answered", answers=safe(" · ".join(said))), width="content")
        if st.button(text("upload.ask_again"), icon=":material/undo:", type="tertiary"):
            answers.six_digits, answers.words = {}, {}
            answers.redraw()
            st.rerun()
