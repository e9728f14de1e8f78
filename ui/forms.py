"""Forms built from the models: fpcore checks what is typed, each message beside its field."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import streamlit as st
from pydantic import ValidationError

from fpcore import wording
from fpcore.errors import InvalidInput
from fpcore.facts import amounts
from fpcore.models import (
    MOST_DEPENDANTS,
    POLICY_AMOUNTS,
    WHOLE_LIFE,
    ConsentChannel,
    ConsentKind,
    ContactChannel,
    ContactOutcome,
    Gender,
    Input,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
    circumstances,
)
from fpcore.store.database import Database
from ui.internals.streamlit import Place
from ui.text import Text, safe

CUSTOMER_FIELDS = (
    "name", "birth_date", "birth_year", "gender", "phone", "email", "occupation",
    "last_contact_on", "next_contact_on", "notes",
)  # fmt: skip
POLICY_FIELDS = (
    "type", "status", "insurer", "policy_name", "policy_number", "coverage_amount",
    "premium_amount", "premium_cycle", "start_date", "end_date", "currency",
)  # fmt: skip
CONTACT_FIELDS = ("contacted_on", "channel", "outcome", "next_contact_on", "notes")
CONSENT_FIELDS = ("consent_basis", "consent_channel", "consent_given_on", "consent_kinds")

_CHOICES: dict[str, tuple[str, Iterable[StrEnum | int]]] = {
    "gender": ("gender", Gender),
    **{name: (name, values) for name, values in circumstances.WORDS.items()},
    "type": ("type", PolicyType),
    "status": ("status", PolicyStatus),
    "premium_cycle": ("premium_cycle", PremiumCycle),
    "channel": ("contact_channel", ContactChannel),
    "outcome": ("contact_outcome", ContactOutcome),
    "consent_channel": ("consent_channel", ConsentChannel),
}
_DAYS = {
    "birth_date", "last_contact_on", "next_contact_on", "start_date", "end_date", "contacted_on",
    "consent_given_on", "given_on", "end_on",
}  # fmt: skip
AMOUNT_FIELDS = (*POLICY_AMOUNTS, *circumstances.AMOUNTS)
_HELPS = (
    "phone", "notes", "consent_basis", "coverage_amount", "next_contact_on", "filter_name",
    *circumstances.NAMES,
)  # fmt: skip
_WIDE = ("notes", "consent_basis", "consent_kinds", "basis")


Model = TypeVar("Model", bound=Input)


class Filled(NamedTuple):
    """What stands in a form: the values by field, where each field's message goes, and which of
    its buttons was clicked."""

    values: dict[str, Any]
    beside: dict[str, Place]
    sent: bool
    cancelled: bool


def draw(
    key: str,
    fields: Iterable[str],
    values: Mapping[str, Any],
    text: Text,
    submit: str,
    cancel: str | None = None,
) -> Filled:
    """Draw a form with these fields, filled with `values`, two beside each other."""
    typed, beside = {}, {}
    with st.form(key, border=False):
        narrow = [field for field in fields if field not in _WIDE]
        for pair in (narrow[i : i + 2] for i in range(0, len(narrow), 2)):
            for column, field in zip(st.columns(2), pair, strict=False):
                with column:
                    typed[field] = _draw(field, values.get(field), key, text)
                    beside[field] = st.empty()
        for field in (field for field in fields if field in _WIDE):
            typed[field] = _draw(field, values.get(field), key, text)
            beside[field] = st.empty()
        with st.container(horizontal=True):
            sent = st.form_submit_button(submit, type="primary", key=f"{key} send")
            cancelled = bool(cancel) and st.form_submit_button(cancel, key=f"{key} cancel")
    return Filled(typed, beside, sent, cancelled)


def attempt(filled: Filled, action: Callable[[], object], text: Text) -> bool:
    """Do it; where fpcore refuses what was typed, say so beside each field and give False."""
    problems: list[tuple[str, str, dict]] = []
    try:
        action()
    except ValidationError as error:
        problems = [(str(e["loc"][0]), e["type"], e.get("ctx", {})) for e in error.errors()]
    except InvalidInput as error:
        problems = error.problems
    for name, code, particulars in problems:
        shown = {key: safe(str(value)) for key, value in particulars.items()}
        place = filled.beside.get(name) or st.empty()
        place.error(wording.say_problem(text.language, name, code, shown))
    return not problems


def given(model: type[Model], filled: Filled) -> Model:
    """Make the record of what was typed; what was left empty keeps the model's default.

    Errors: pydantic's, which `attempt` tells beside the fields.
    """
    return model(**{field: value for field, value in filled.values.items() if value})


def read_amounts(db: Database, values: Mapping[str, Any]) -> dict[str, Any]:
    """Put numbers in the place of the amounts that were typed (1억 5,000만), for `attempt`.

    Errors: InvalidInput with every amount that cannot be understood.
    """
    written = {field: values[field] for field in AMOUNT_FIELDS if values.get(field)}
    return {**values, **amounts.read(db, written)}


def as_typed(values: Mapping[str, Any], text: Text) -> dict[str, Any]:
    """Give the values of a record as `draw` gives them back where nobody touched the form."""
    return {
        field: text.plain_amount(value) or None if field in AMOUNT_FIELDS else value
        for field, value in values.items()
    }


def value_in_words(field: str, value: str, text: Text) -> str:
    """Write a stored value of a field as people read it."""
    section, _ = _CHOICES.get(field, (None, None))
    if section:
        return text(f"{section}.{value}")
    return text.plain_amount(Decimal(value)) if field in AMOUNT_FIELDS else value


def _draw(field: str, value: Any, key: str, text: Text) -> Any:
    """Draw one field; what stands in it, None for nothing."""
    settings: dict[str, Any] = {
        "label": text(f"field.{field}"),
        "key": f"{key} {field}",
        "help": text(f"help.{field}") if field in _HELPS else None,
    }
    if field in _CHOICES:
        section, choices = _CHOICES[field]
        options = [getattr(choice, "value", choice) for choice in choices]
        return st.selectbox(
            options=options, index=options.index(value) if value else None,
            format_func=text.of(section), placeholder=text("form.not_said"), **settings,
        )  # fmt: skip
    if field == "end_date":
        day = _day(None if value == WHOLE_LIFE else value, settings)
        for_life = st.checkbox(
            text("amount.whole_life"), value == WHOLE_LIFE, key=f"{key} whole life"
        )
        return WHOLE_LIFE if for_life else day
    if field in _DAYS:
        return _day(value, settings)
    if field == "birth_year":
        return st.number_input(value=value, step=1, format="%d", **settings)
    if field == "dependants":
        return st.number_input(
            value=value, min_value=0, max_value=MOST_DEPENDANTS, step=1, **settings
        )
    if field in AMOUNT_FIELDS:
        return st.text_input(value=text.plain_amount(value), **settings).strip() or None
    if field == "consent_kinds":
        return st.multiselect(
            options=[kind.value for kind in ConsentKind],
            default=value or [ConsentKind.COLLECTION.value],
            format_func=text.of("consent_kind"), **settings,
        )  # fmt: skip
    if field == "notes":
        return st.text_area(value=value or "", **settings) or None
    return st.text_input(value=value or "", **settings) or None


def _day(value: date | None, settings: dict) -> date | None:
    first, last = date(1900, 1, 1), date(2199, 12, 31)
    return st.date_input(
        value=value, min_value=first, max_value=last, format="YYYY-MM-DD", **settings
    )
