"""Edit a record in place: what changed since is told, and the person chooses."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from fpcore.errors import EditedMeanwhile
from ui import forms, session
from ui.text import Text, safe

Save = Callable[[dict[str, Any], int], object]
"""Given the changed fields and the version that was seen."""


def draw(
    name: str,
    fields: tuple[str, ...],
    record: Mapping[str, Any],
    save: Save,
    close: Callable[[], None],
    text: Text,
) -> None:
    """Draw the form of a record, filled; `close` is called once it is saved or given up.

    Only what the person changed is saved, as a change of what they saw. Where somebody else
    changed the record since, both are shown: theirs stays, or this one is saved over it.
    """
    draft = session.draft(
        name, lambda: {"seen": {f: record[f] for f in fields}, "ver": record["ver"]}
    )
    filled = forms.draw(
        name, fields, draft["seen"], text, text("form.save"), cancel=text("form.cancel")
    )
    seen = forms.as_typed(draft["seen"], text)
    changes = {field: v for field, v in filled.values.items() if v != seen[field]}
    if filled.cancelled:
        _end(name, close)
    if filled.sent:
        draft.pop("conflict", None)
        _try(name, filled, changes, draft, save, close, text)
    if "conflict" in draft:
        _draw_conflict(name, filled, changes, draft, save, close, text)


def _try(
    name: str, filled: forms.Filled, changes: dict[str, Any], draft: dict[str, Any], save: Save,
    close: Callable[[], None], text: Text,
) -> None:  # fmt: skip
    try:
        done = forms.attempt(filled, lambda: save(changes, draft["ver"]), text)
    except EditedMeanwhile as error:
        draft["conflict"] = error
        return
    if done:
        st.toast(text("form.saved"))
        _end(name, close)


def _draw_conflict(
    name: str, filled: forms.Filled, changes: dict[str, Any], draft: dict[str, Any], save: Save,
    close: Callable[[], None], text: Text,
) -> None:  # fmt: skip
    conflict: EditedMeanwhile = draft["conflict"]
    with st.container(border=True, key="conflict"):
        st.warning(text("form.conflict"), icon=":material/group:")
        for change in conflict.changes:
            st.markdown(
                text(
                    "form.conflict_change",
                    by=safe(change.by),
                    field=text(f"field.{change.field}"),
                    old=_shown(change.field, change.old, text),
                    new=_shown(change.field, change.new, text),
                )
            )
        with st.container(horizontal=True):
            if st.button(text("form.keep_mine"), type="primary", key=f"{name} mine"):
                draft["ver"] = conflict.ver
                draft.pop("conflict")
                _try(name, filled, changes, draft, save, close, text)
                if "conflict" in draft:
                    st.rerun()
            if st.button(text("form.keep_theirs"), key=f"{name} theirs"):
                _end(name, close)


def _end(name: str, close: Callable[[], None]) -> None:
    session.forget_draft(name)
    close()


def _shown(field: str, value: str | None, text: Text) -> str:
    return safe(forms.value_in_words(field, value, text)) if value else text("form.nothing")
