"""The rules of gaps as people read them: the list, one rule with its versions, a fault."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import pandas as pd
import streamlit as st

from fpcore import wording
from fpcore.config import clock
from fpcore.facts import words
from fpcore.gaps import publishing
from fpcore.models import Account
from fpcore.rules.records import PublishedRule, Rule
from fpcore.rules.vocabulary import Wanted
from ui import session, tables
from ui.rules import phrases
from ui.text import Text, safe


def draw_fault(account: Account, text: Text) -> None:
    """Say what is wrong with the files that rules are judged by, and which are used instead."""
    for fault in filter(None, (publishing.fault(session.database(), account), words.fault())):
        said = safe(wording.say_error(text.language, fault))
        st.error(f"{said} {text('rules.last_good')}", icon=":material/rule:")


def names(rules: Iterable[Rule], text: Text) -> dict[str, str]:
    """Give the name to show for each code; with the code where two share one."""
    named = {rule.code: phrases.name(rule, text) for rule in rules}
    times = Counter(named.values())
    return {code: f"{name} ({code})" if times[name] > 1 else name for code, name in named.items()}


def wanted(need: Wanted, text: Text) -> str:
    """Say what a need wants, with all of its amounts."""
    said = phrases.need(need, text)
    amounts = _amounts(need, text)
    return f"{said}: {', '.join(amounts)}" if amounts else said


def _amounts(need: Wanted, text: Text) -> list[str]:
    if need.word == "fixed":
        return [text.amount(need.amount)]
    if need.word == "by_occupation_class":
        return [
            f"{text(f'occupation_class.{number}')} {text.amount(amount)}"
            for number, amount in enumerate(need.amounts, 1)
        ]
    lines = {"by_age": "amounts", "living_cost": "monthly"}.get(need.word)
    return [
        text("rules.from_age", from_age=line.from_age, amount=text.amount(line.amount))
        for line in (getattr(need, lines) if lines else ())
    ]


def current(versions: Sequence[PublishedRule], today: date) -> dict[str, Rule]:
    """Give for each code the record to show: the one in use, else the last one."""
    shown = {}
    for one in versions:
        earlier = shown.get(one.rule.code)
        if earlier is None or one.rule.holds_on(today) or not earlier.holds_on(today):
            shown[one.rule.code] = one.rule
    return shown


def draw_list(versions: Sequence[PublishedRule], text: Text, today: date) -> str | None:
    """Draw the rules, the most severe first; the code of the one whose row was clicked."""
    shown = sorted(current(versions, today).values(), key=lambda rule: (-rule.severity, rule.code))
    table = pd.DataFrame(
        [
            {
                text("field.rule"): phrases.name(rule, text),
                text("field.when"): phrases.for_whom(rule, text),
                text("field.need"): wanted(rule.need, text),
                text("field.severity"): text(f"severity.{rule.severity}"),
                text("rules.version"): rule.version,
                text("field.valid_from"): text.day(rule.valid_from),
                text("rules.status"): _status(rule, versions, text, today),
                text("field.source"): phrases.source(rule.source, rule.grade, text),
            }
            for rule in shown
        ]
    )
    row = tables.clicked_row(
        table,
        "rules",
        column_config={
            text("field.rule"): st.column_config.TextColumn(pinned=True),
            text("field.when"): st.column_config.TextColumn(width=150),
            text("field.need"): st.column_config.TextColumn(width=240),
            text("rules.version"): st.column_config.NumberColumn(width=60),
            text("field.source"): st.column_config.TextColumn(width=300),
        },
    )
    return None if row is None else shown[row].code


def draw_rule(rule: Rule, versions: Sequence[PublishedRule], text: Text, today: date) -> None:
    """Draw one rule: what it says and since when, and all of its versions."""
    st.subheader(safe(phrases.name(rule, text)))
    for label, value in _facts(rule, text).items():
        st.markdown(f"**{label}** · {safe(value)}")
    st.caption(safe(f"{text('rules.status')}: {_status(rule, versions, text, today)}"))
    of_rule = [one for one in versions if one.rule.code == rule.code]
    with st.expander(text("rules.versions", count=len(of_rule)), icon=":material/history:"):
        st.dataframe(
            pd.DataFrame([_version(one, text) for one in reversed(of_rule)]),
            hide_index=True,
            height="content",
            placeholder="–",
        )


def differences(old: Rule | None, new: Rule, text: Text) -> list[str]:
    """Say what a changed rule says otherwise than before, ready to draw; all of a new one."""
    after = _facts(new, text)
    if old is None or old.is_off:
        return [f"**{label}** · {safe(value)}" for label, value in after.items()]
    before = _facts(old, text)
    return [
        f"**{label}** · {safe(before.get(label) or text('form.nothing'))} → "
        f"{safe(after.get(label) or text('form.nothing'))}"
        for label in dict.fromkeys((*before, *after))
        if before.get(label) != after.get(label)
    ]


def _facts(rule: Rule, text: Text) -> dict[str, str]:
    """What a rule says, by the label of each part."""
    said = {
        text("field.title"): rule.title,
        text("field.coverage"): text(f"coverage_kind.{rule.coverage}"),
        text("field.when"): phrases.for_whom(rule, text),
        text("field.need"): wanted(rule.need, text),
        text("field.severity"): text(f"severity.{rule.severity}"),
        text("field.source"): phrases.source(rule.source, rule.grade, text),
        text("rules.line_sources"): " / ".join(_line_sources(rule, text)),
        text("rules.choices"): " / ".join(
            f"{wanted(choice.need, text)} ({phrases.source(choice.source, choice.grade, text)})"
            for choice in rule.choices
        ),
    }
    return {label: value for label, value in said.items() if value}


def _line_sources(rule: Rule, text: Text) -> list[str]:
    lines = rule.need.monthly if rule.need.word == "living_cost" else ()
    lines = rule.need.amounts if rule.need.word == "by_age" else lines
    return [
        text("rules.from_age", from_age=line.from_age, amount=f"{line.source} ({line.grade})")
        for line in lines
        if line.source
    ]


def _status(rule: Rule, versions: Sequence[PublishedRule], text: Text, today: date) -> str:
    """Say whether a rule is in use, and which version is to come."""
    said = text("rules.in_use")
    if rule.is_off:
        said = text("rules.off")
    elif not rule.holds_on(today):
        said = text("rules.not_in_use")
    coming = [
        text("rules.coming", version=one.rule.version, day=text.day(one.rule.valid_from))
        for one in versions
        if one.rule.code == rule.code and one.rule.valid_from > today
    ]
    return ", ".join([said, *coming])


def _version(one: PublishedRule, text: Text) -> dict[str, str | int | None]:
    rule = one.rule
    return {
        text("rules.version"): rule.version,
        text("field.valid_from"): text.day(rule.valid_from),
        text("field.need"): text("rules.off") if rule.is_off else wanted(rule.need, text),
        text("rules.published_by"): one.published_by or text("rules.from_file"),
        text("rules.published_at"): _day(one.published_at, text),
        text("field.rule_note"): one.note,
        text("field.source"): phrases.source(rule.source, rule.grade, text),
    }


def _day(at: datetime | None, text: Text) -> str | None:
    return None if at is None else text.day(clock.in_seoul(at).date())
