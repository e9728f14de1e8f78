"""Changed rules before they count: kept in the session, tried on the whole scope, published."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pandas as pd
import streamlit as st

from fpcore import accounts, rule_book, words
from fpcore.errors import InvalidInput
from fpcore.gap_books import Comparison
from fpcore.gap_rules import PublishedRule, Rule
from fpcore.models import Account, GapState, RowKind
from ui import address, forms, gap_words, heatmaps, queries, rule_forms, rules, session, tables
from ui.forms import Filled
from ui.text import Text, safe

DRAFT = "rules"
ADDED = "+"
"""Stands in the address for a rule that is still to be added."""
VIEWS = ("difference", "before", "after")


class _Trial(NamedTuple):
    """The scope under the rules in use on a day and under the changed ones."""

    day: date
    rows: RowKind
    rules: tuple[Rule, ...]
    found: Comparison
    names: dict[str, str]
    by_code: dict[str, Rule]


def changes() -> dict[str, Rule]:
    """Give the changed rules of this session, by code; a rule switched off `is_off`."""
    return session.draft(DRAFT, dict)


def draw_editor(
    account: Account, code: str, versions: Sequence[PublishedRule], text: Text, today: date
) -> None:
    """Draw the form of a rule, or of a new one for ADDED; what is typed goes into the draft."""
    known = rules.current(versions, today)
    in_use = rule_book.in_use(session.database(), account, today)
    if code == ADDED:
        free = rule_forms.free_coverages(_tried(in_use))
        coverage = rule_forms.choose_coverage(free, text)
        start = rule_forms.blank(coverage, _new_code(coverage, known), today)
    else:
        record = changes()[code] if code in changes() else known[code]
        start = record.model_dump() | {"is_off": False, "valid_to": None}
    filled = rule_forms.draw(start, text)
    if filled.cancelled:
        address.write(rule=None)
    if filled.sent:
        _try(filled, known.get(code), in_use, text)
    is_on = code in {rule.code for rule in in_use}
    if is_on and st.button(text("rules.switch_off"), icon=":material/block:", key="switch off"):
        changes()[code] = known[code].model_copy(update={"is_off": True})
        address.write(rule=None)


def draw(account: Account, versions: Sequence[PublishedRule], text: Text, today: date) -> None:
    """Draw the changed rules, what they would change, and how they are published or dropped."""
    if not changes():
        return
    st.subheader(text("rules.draft", count=len(changes())))
    st.caption(text("rules.draft_what"))
    for rule in list(changes().values()):
        _draw_change(account, rule, versions, text, today)
    if st.button(text("rules.drop_all"), icon=":material/delete:", key="drop all"):
        session.forget_draft(DRAFT)
        st.rerun()
    _draw_effect(account, text, today)


def _new_code(coverage: str, known: dict[str, Rule]) -> str:
    taken = {*known, *changes()}
    codes = (f"{coverage}_own{number}" for number in ("", *range(2, len(taken) + 3)))
    return next(code for code in codes if code not in taken)


def _tried(in_use: Sequence[Rule]) -> tuple[Rule, ...]:
    """Give the rules in use with the draft's changes. Errors: InvalidInput."""
    tried = tuple(in_use)
    for rule in sorted(changes().values(), key=lambda rule: not rule.is_off):
        tried = rule_book.draft(tried, rule)
    return tried


def _try(filled: Filled, old: Rule | None, in_use: Sequence[Rule], text: Text) -> None:
    """Take what was typed into the draft, unless fpcore refuses it."""
    made: list[Rule] = []

    def check() -> None:
        rule = rule_forms.read(filled.values)
        rule_book.draft(_tried(in_use), rule)
        made.append(rule)

    if not forms.attempt(filled, check, text):
        return
    rule = made[0]
    if old and not old.is_off and not rules.differences(old, rule, text):
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
            st.markdown(f"**{safe(gap_words.name(rule, text))}**")
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
            st.markdown("  \n".join(rules.differences(old, rule, text)))
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
            made.append(rule_book.publish(session.database(), account, wanted, note, today))

    if sent and forms.attempt(Filled({}, beside, sent, False), publish, text):
        changes().pop(rule.code)
        st.toast(text("rules.published", version=made[0].version, day=text.day(day)))
        address.write(rule=rule.code)


# --- what the draft would change ----------------------------------------------------------------


def _draw_effect(account: Account, text: Text, today: date) -> None:
    """Draw what the changed rules would change: figures, map, table, customers."""
    with st.container(horizontal=True):
        day = st.date_input(
            text("rules.day"), today, format="YYYY-MM-DD", key="rules day",
            min_value=date(1900, 1, 1), max_value=date(2199, 12, 31), width=160,
        )  # fmt: skip
        rows = RowKind(
            address.choice(
                "rows", text("portfolio.rows"), list(RowKind), text.of("row_kind"), segmented=True
            )
        )
        view = address.choice(
            "view", text("rules.view"), VIEWS, lambda one: text(f"rules.{one}"), segmented=True
        )
    in_use = rule_book.in_use(session.database(), account, day)
    try:
        tried = _tried(in_use)
    except InvalidInput as error:  # the rules in use have changed since
        st.error(safe(words.say_error(text.language, error)))
        return
    by_code = {rule.code: rule for rule in (*in_use, *tried)}
    found = queries.comparison(account, rows, day, tried)
    trial = _Trial(day, rows, tried, found, rules.names(by_code.values(), text), by_code)
    _draw_figures(trial, text)
    owners = tables.owner_names(accounts.visible_owners(session.database(), account))
    _draw_map(trial, view, owners, text)
    if found.changes.empty:
        st.info(text("rules.nobody_changes"))
        return
    _draw_changes(trial, text)
    _draw_customers(account, trial, owners, text)


def _draw_figures(trial: _Trial, text: Text) -> None:
    sums = [text.short_amount(side["shortfall"].sum()) for side in _sides(trial)]
    with st.container(horizontal=True):
        st.metric(text("rules.customers"), f"{trial.found.customers:,}", border=True)
        st.metric(text("rules.shortfall"), " → ".join(sums), border=True)


def _sides(trial: _Trial) -> tuple[pd.DataFrame, pd.DataFrame]:
    return trial.found.before, trial.found.after


def _draw_map(trial: _Trial, view: str, owners: dict[str, str], text: Text) -> None:
    named = (trial.rows, trial.names, owners, text)
    if view == "difference":
        drawn = heatmaps.difference_cells(trial.found, *named)
    else:
        drawn = heatmaps.gap_cells(getattr(trial.found, view), *named)
    changed_first = drawn["key"].map(lambda key: key[1] not in changes())
    drawn = drawn.iloc[changed_first.argsort(kind="stable")]
    heatmaps.draw(
        drawn,
        text(f"row_kind.{trial.rows}"),
        f"map {view} {trial.rows}",
        text,
        scale_title=text(f"rules.scale_{view}"),
        share=view != "difference",
        higher_is_better=False,
        diverging=view == "difference",
        alt=text("rules.alt", view=text(f"rules.{view}"), rows=text(f"row_kind.{trial.rows}")),
    )


def _draw_changes(trial: _Trial, text: Text) -> None:
    """Draw from which state to which how many customers change, rule by rule."""
    st.dataframe(
        pd.DataFrame(
            [
                {
                    text("field.rule"): trial.names[one["code"]],
                    text("rules.before"): _state(trial, one["code"], one["before"], text),
                    text("rules.after"): _state(trial, one["code"], one["after"], text),
                    text("rules.customers"): one["customers"],
                }
                for one in trial.found.changes.sort_values(
                    ["code", "customers"], ascending=[True, False]
                ).to_dict("records")
            ]
        ),
        hide_index=True,
        height="content",
    )


def _draw_customers(account: Account, trial: _Trial, owners: dict[str, str], text: Text) -> None:
    """Draw who changes under one rule; a click leads to the customer."""
    codes = list(trial.found.changes["code"].unique())
    code = address.choice("changed", text("rules.who_changes"), codes, trial.names.get)
    listed = queries.changed_customers(account, trial.day, trial.rules, code)
    shown = pd.DataFrame(
        {
            text("field.name"): listed["name"],
            text("rules.before"): [_state(trial, code, one, text) for one in listed["before"]],
            text("rules.after"): [_state(trial, code, one, text) for one in listed["after"]],
        }
    )
    if len(owners) > 1:
        shown.insert(1, text("field.owner"), listed["owner"].map(owners))
    event = st.dataframe(
        shown, hide_index=True, height="content" if len(shown) < 12 else 420,
        on_select="rerun", selection_mode="single-cell",
        key=f"changed {address.here()} {trial.day}",
    )  # fmt: skip
    of_code = trial.found.changes[trial.found.changes["code"] == code]
    counts = {"shown": f"{len(listed):,}", "matching": f"{of_code['customers'].sum():,}"}
    st.caption(text("customers.shown", **counts))
    if event.selection.cells:
        chosen = str(listed["id"].iloc[event.selection.cells[0][0]])
        st.switch_page("../pages/customer.py", query_params={"id": chosen})


def _state(trial: _Trial, code: str, state: str, text: Text) -> str:
    return gap_words.state(trial.by_code[code], GapState(state), text)
