"""Changed rules before they count: kept in the session, changed further, published, dropped."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from fpcore.gaps import publishing
from fpcore.models import Account
from fpcore.rules.records import PublishedRule, Rule
from ui import address, forms, session
from ui.forms import Filled
from ui.rules import editor, overview, phrases
from ui.text import Text, safe

DRAFT = "rules"
ADDED = "+"
"""Stands in the address for a rule that is still to be added."""


def changes() -> dict[str, Rule]:
    """Give the changed rules of this session, by code; a rule switched off `is_off`."""
    return session.draft(DRAFT, dict)


def draw_editor(
    account: Account, code: str, versions: Sequence[PublishedRule], text: Text, today: date
) -> None:
    """Draw the form of a rule, or of a new one for ADDED; what is typed goes into the draft."""
    known = overview.current(versions, today)
    in_use = publishing.in_use(session.database(), account, today)
    if code == ADDED:
        free = editor.free_coverages(tried(in_use))
        if not free:
            st.info(text("rules.all_covered"))
            return
        coverage = editor.choose_coverage(free, text)
        start = editor.blank(coverage, _new_code(coverage, known), today)
    else:
        record = changes()[code] if code in changes() else known[code]
        start = record.model_dump() | {"is_off": False, "valid_to": None}
    filled = editor.draw(start, text)
    if filled.cancelled:
        address.write(rule=None)
    if filled.sent:
        _try(filled, known.get(code), in_use, text)
    is_on = code in {rule.code for rule in in_use}
    if is_on and st.button(text("rules.switch_off"), icon=":material/block:", key="switch off"):
        changes()[code] = known[code].model_copy(update={"is_off": True})
        address.write(rule=None)


def draw(account: Account, versions: Sequence[PublishedRule], text: Text, today: date) -> None:
    """Draw the changed rules, and how each is published or dropped."""
    if not changes():
        return
    st.subheader(text("rules.draft", count=len(changes())))
    st.caption(text("rules.draft_what"))
    for rule in list(changes().values()):
        _draw_change(account, rule, versions, text, today)
    if st.button(text("rules.drop_all"), icon=":material/delete:", key="drop all"):
        session.forget_draft(DRAFT)
        st.rerun()


def _new_code(coverage: str, known: dict[str, Rule]) -> str:
    taken = {*known, *changes()}
    codes = (f"{coverage}_own{number}" for number in ("", *range(2, len(taken) + 3)))
    return next(code for code in codes if code not in taken)


def tried(in_use: Sequence[Rule]) -> tuple[Rule, ...]:
    """Give the rules in use with the draft's changes. Errors: InvalidInput."""
    made = tuple(in_use)
    for rule in sorted(changes().values(), key=lambda rule: not rule.is_off):
        made = publishing.draft(made, rule)
    return made


def _try(filled: Filled, old: Rule | None, in_use: Sequence[Rule], text: Text) -> None:
    """Take what was typed into the draft, unless fpcore refuses it."""
    made: list[Rule] = []

    def check() -> None:
        rule = editor.read(filled.values)
        publishing.draft(tried(in_use), rule)
        made.append(rule)

    if not forms.attempt(filled, check, text):
        return
    rule = made[0]
    if old and not old.is_off and not overview.differences(old, rule, text):
        changes().pop(rule.code, None)
        filled.beside["need"].info(text("rules.nothing_changed"))
        return
    changes()[rule.code] = rule
    address.write(rule=None)


def _draw_change(
    account: Account, rule: Rule, versions: Sequence[PublishedRule], text: Text, today: date
) -> None:
    """Draw one changed rule: what it says otherwise, and the form to publish it."""
    of_rule = [one.rule for one in versions if one.rule.code == rule.code]
    old = next((one for one in of_rule if one.version == rule.version), None)
    kind = "off" if rule.is_off else "added" if old is None or old.is_off else "changed"
    with st.container(border=True, key=f"change_{rule.code}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{safe(phrases.name(rule, text))}**")
            st.badge(text(f"rules.change_{kind}"), color="blue")
            st.space("stretch")
            if not rule.is_off and st.button(
                text("rules.edit"), icon=":material/edit:", key=f"edit {rule.code}"
            ):
                address.write(rule=rule.code)
            if st.button(text("rules.drop"), icon=":material/close:", key=f"drop {rule.code}"):
                changes().pop(rule.code)
                st.rerun()
        if not rule.is_off:
            st.markdown("  \n".join(overview.differences(old, rule, text)))
        for later in of_rule:
            if later.version > rule.version:
                day = text.day(later.valid_from)
                st.warning(text("rules.later_version", version=later.version, day=day))
        with st.expander(text("rules.publish"), icon=":material/publish:"):
            _draw_publishing(account, rule, text, today)


def _draw_publishing(account: Account, rule: Rule, text: Text, today: date) -> None:
    beside, key = {}, f"publish {rule.code}"
    with st.form(key, border=False):
        st.caption(text("rules.publish_what"))
        day = st.date_input(
            text("field.valid_from"), today, format="YYYY-MM-DD", key=f"{key} day",
            min_value=date(1900, 1, 1), max_value=date(2199, 12, 31),
        )  # fmt: skip
        beside["valid_from"] = st.empty()
        note = st.text_input(text("field.rule_note"), key=f"{key} note")
        beside["rule_note"] = st.empty()
        sent = st.form_submit_button(text("rules.publish_do"), type="primary", key=f"{key} send")
    made: list[Rule] = []

    def publish() -> None:
        wanted = rule.model_copy(update={"valid_from": day})
        with st.spinner(text("rules.publishing")):
            made.append(publishing.publish(session.database(), account, wanted, note, today))

    if sent and forms.attempt(Filled({}, beside, sent, False), publish, text):
        changes().pop(rule.code)
        st.toast(text("rules.published", version=made[0].version, day=text.day(day)))
        address.write(rule=rule.code)
