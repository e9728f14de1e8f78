"""The form of a rule: a field for each word of the record; fpcore checks what is typed."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

import pandas as pd
import streamlit as st

from fpcore import wording
from fpcore.errors import InvalidInput, InvalidRules
from fpcore.facts import amounts
from fpcore.models import OCCUPATION_CLASSES, Housing
from fpcore.rules import records
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.records import Rule
from fpcore.rules.vocabulary import NEEDS
from fpcore.rules.word import Grade
from ui import session
from ui.forms import Filled
from ui.text import Text

NEED_FIELDS = {need.model_fields["word"].default: tuple(need.model_fields)[1:] for need in NEEDS}
"""The fields of each need besides its word."""

_BY_AGE = ("amounts", "monthly")
"""The fields that hold amounts by age, except those by accident class."""
_LINES = ("from_age", "amount", "source", "grade")
_YES_OR_NO = ("dependants_or_debts", "drives", "owns_car")
_LISTS = {"housing_is": ("housing", list(Housing)),
          "occupation_class_is": ("classes", list(OCCUPATION_CLASSES))}  # fmt: skip
_FIELDS = (
    "title", "coverage", "severity", "to_age", "from_age", "amount", "source", "grade", "amounts",
    "monthly", "years", "times", "low", "high", "excessive", "months", "when", "need",
)  # fmt: skip
"""What a message can be about; the more telling part of a path comes first."""


def choose_coverage(free: list[str], text: Text) -> str:
    """Draw the choice of what a new rule is about, of the coverages that no rule is about."""
    return st.selectbox(
        text("field.coverage"), free, format_func=text.of("coverage_kind"), key="new coverage"
    )


def draw(start: Mapping[str, Any], text: Text) -> Filled:
    """Draw the form of a rule's record, filled with it; the values given back are a record too.

    Amounts stand in it as typed; `read` makes a rule of it.
    """
    ways = _ways(start)
    key = f"rule {start['code']}"
    word = st.selectbox(
        text("rules.way"), records.needs_for(start["coverage"]), key=f"{key} way",
        index=records.needs_for(start["coverage"]).index(start["need"]["word"]),
        format_func=text.of("need_name"), help=text("help.rule_way"),
    )  # fmt: skip
    way = ways.get(word, {"need": {"word": word}, "source": None, "grade": None})
    key = f"{key} {word}"
    with st.form(key, border=False):
        typed: dict[str, Any] = {}
        if start.get("title") is not None:
            typed["title"] = st.text_input(
                text("field.title"), start["title"], key=f"{key} title"
            ).strip()
        typed["need"] = {"word": word, **_draw_need(way["need"], key, text)}
        with st.expander(text("rules.for_whom"), expanded=False, icon=":material/group:"):
            typed["when"] = _draw_conditions(start["when"], key, text)
        severity, source, grade = st.columns((1, 3, 2))
        typed["severity"] = severity.selectbox(
            text("field.severity"), (3, 2, 1), (3, 2, 1).index(start["severity"]),
            format_func=text.of("severity"), key=f"{key} severity",
        )  # fmt: skip
        typed["source"] = source.text_input(
            text("field.source"), way["source"] or "", key=f"{key} source",
            help=text("help.rule_source", words=records.NO_SOURCE),
        ).strip() or None  # fmt: skip
        typed["grade"] = grade.selectbox(
            text("field.grade"), get_args(Grade), key=f"{key} grade",
            index=get_args(Grade).index(way["grade"]) if way["grade"] else None,
            format_func=lambda code: f"{code} · {text(f'grade.{code}')}",
        )  # fmt: skip
        messages = st.container()
        with st.container(horizontal=True):
            sent = st.form_submit_button(text("rules.try"), type="primary", key=f"{key} send")
            cancelled = st.form_submit_button(text("form.cancel"), key=f"{key} cancel")
    record = {**start, **typed, "choices": _choices(start, ways, word)}
    return Filled(record, dict.fromkeys(_FIELDS, messages), sent, cancelled)


def read(record: Mapping[str, Any]) -> Rule:
    """Make a rule of what was typed.

    Errors: InvalidInput with the field and what is wrong, for forms.attempt.
    """
    need = {
        name: _read_amounts(name, value) if name in ("amount", "amounts", "monthly") else value
        for name, value in record["need"].items()
    }
    try:
        return records.checked(_known({**record, "need": need}))
    except InvalidRules as error:
        raise InvalidInput([_problem(error)]) from error


def blank(coverage: str, code: str, today: date) -> dict[str, Any]:
    """Give the record of a new rule, with what is still to be said left out."""
    return {
        "code": code, "coverage": coverage, "severity": 2, "valid_from": today, "when": [],
        "need": {"word": records.needs_for(coverage)[0]}, "choices": [], "source": None,
        "grade": None, "title": "",
    }  # fmt: skip


def free_coverages(rules: tuple[Rule, ...]) -> list[str]:
    """List the coverages that none of these rules is about."""
    taken = {rule.coverage for rule in rules}
    return [coverage for coverage in COVERAGES if coverage not in taken]


def _ways(start: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The ways to find the amount that a record knows, by their word: its own, and its choices."""
    choices = {choice["need"]["word"]: choice for choice in start["choices"]}
    return {**choices, start["need"]["word"]: start}


def _choices(start: Mapping[str, Any], ways: Mapping, word: str) -> list[dict[str, Any]]:
    """The ways beside the chosen one: where it was a choice, the former own way takes its place."""
    own = start["need"]["word"]
    beside = [choice for choice in start["choices"] if choice["need"]["word"] != word]
    if word != own and word in ways:
        former = {"need": start["need"], "source": start["source"], "grade": start["grade"]}
        beside.insert(0, former)
    return beside


def _draw_need(need: Mapping[str, Any], key: str, text: Text) -> dict[str, Any]:
    """Draw the fields of a need; what stands in them."""
    word, typed = need["word"], {}
    fields = NEED_FIELDS[word]
    if word == "by_occupation_class":
        amounts = need.get("amounts") or [None] * len(OCCUPATION_CLASSES)
        columns = st.columns(len(OCCUPATION_CLASSES))
        return {
            "amounts": [
                column.text_input(
                    text(f"occupation_class.{number}"), text.plain_amount(amount),
                    key=f"{key} class {number}", help=text("help.rule_amount"),
                )
                for column, number, amount in zip(
                    columns, OCCUPATION_CLASSES, amounts, strict=True
                )
            ]
        }  # fmt: skip
    numbers = [name for name in fields if name not in _BY_AGE]
    for column, name in zip(st.columns(max(len(numbers), 1)), numbers, strict=False):
        with column:
            typed[name] = _draw_number(name, need.get(name), f"{key} {name}", text)
    for name in (name for name in fields if name in _BY_AGE):
        typed[name] = _draw_lines(
            text(f"field.{name}"), need.get(name) or (), f"{key} {name}", text
        )
    return typed


def _draw_number(name: str, value: Any, key: str, text: Text) -> Any:
    label = text(f"field.{name}")
    if name == "amount":
        return st.text_input(
            label, text.plain_amount(value), key=key, help=text("help.rule_amount")
        )
    return st.number_input(label, value=value, step=1, format="%d", key=key)


def _draw_lines(label: str, lines: Any, key: str, text: Text) -> list[dict[str, Any]]:
    """Draw amounts by age, a line each; lines can be added and taken away."""
    shown = pd.DataFrame(
        [{**line, "amount": text.plain_amount(line["amount"])} for line in lines],
        columns=list(_LINES),
    ).astype({"from_age": "Int64"})
    st.caption(f"{label} · {text('help.rule_amount')}")
    edited = st.data_editor(
        shown, hide_index=True, num_rows="dynamic", key=key, placeholder="–", height="content",
        column_config={
            "from_age": st.column_config.NumberColumn(text("field.from_age"), step=1, width=90),
            "amount": st.column_config.TextColumn(text("field.amount"), width=130),
            "source": st.column_config.TextColumn(text("field.source")),
            "grade": st.column_config.SelectboxColumn(
                text("field.grade"), options=list(get_args(Grade)), width=90
            ),
        },
    )  # fmt: skip
    kept = edited.astype(object).where(edited.notna(), None).to_dict("records")
    return [line for line in kept if any(value is not None for value in line.values())]


def _draw_conditions(when: Any, key: str, text: Text) -> list[dict[str, Any]]:
    """Draw every condition; those that are said."""
    said = {condition["word"]: condition for condition in when}
    made: list[dict[str, Any]] = []
    order = [*said, *_YES_OR_NO, "age_between", *_LISTS]
    with st.container(horizontal=True):
        for word in _YES_OR_NO:
            if st.checkbox(text(f"condition.{word}"), word in said, key=f"{key} {word}"):
                made.append({"word": word})
    ages: dict[str, Any] = {"word": "age_between"}
    known = said.get("age_between", {})
    for column, name in zip(st.columns(2), ("from_age", "to_age"), strict=True):
        ages[name] = column.number_input(
            text(f"field.{name}"), value=known.get(name), step=1, format="%d",
            key=f"{key} when {name}",
        )  # fmt: skip
    if ages["from_age"] is not None or ages["to_age"] is not None:
        made.append({**ages, "from_age": ages["from_age"] or 0})
    for word, (name, options) in _LISTS.items():
        chosen = st.multiselect(
            text(f"rules.{name}"), options, said.get(word, {}).get(name, ()),
            format_func=text.of("housing" if name == "housing" else "occupation_class"),
            placeholder=text("customers.any"), key=f"{key} {word}",
        )  # fmt: skip
        if chosen:
            made.append({"word": word, name: chosen})
    return sorted(made, key=lambda condition: order.index(condition["word"]))


def _read_amounts(name: str, typed: Any) -> Any:
    """Put numbers in the place of amounts as people write them (3,000만)."""
    lines = typed if isinstance(typed, list) else [typed]
    written = {
        str(place): line["amount"] if isinstance(line, dict) else line
        for place, line in enumerate(lines)
    }
    try:
        read = amounts.read(
            session.database(), {place: said for place, said in written.items() if said}
        )
    except InvalidInput as error:
        raise InvalidInput([(name, code, said) for _, code, said in error.problems]) from error
    made = [
        {**line, "amount": read.get(str(place))} if isinstance(line, dict) else read.get(str(place))
        for place, line in enumerate(lines)
    ]
    return made if isinstance(typed, list) else made[0]


def _known(value: Any) -> Any:
    """Leave out what is not said, all the way down: fpcore tells that it is missing."""
    if isinstance(value, dict):
        return {name: _known(one) for name, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_known(one) for one in value]
    return value


def _problem(error: InvalidRules) -> tuple[str, str, dict[str, str]]:
    """Turn a fault of a rule into a problem of a field of the form."""
    parts = str(error.particulars["field"]).split(".")
    field = next((name for name in _FIELDS if name in parts), "rule")
    known = f"problem.{error.problem}" in wording.catalogue(wording.LANGUAGES[0])
    return field, error.problem if known else "rule_value", {"text": "", **error.given}
