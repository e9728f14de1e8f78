"""What changed rules would change: the whole scope before and after, and who changes."""

from datetime import date
from typing import NamedTuple

import pandas as pd
import streamlit as st

from fpcore import wording
from fpcore.access import scope
from fpcore.errors import InvalidInput
from fpcore.gaps import publishing
from fpcore.gaps.trials import Comparison
from fpcore.models import Account, GapState, RowKind
from fpcore.rules.records import Rule
from ui import address, heatmaps, queries, session, tables
from ui.rules import drafts, gap_maps, overview, phrases
from ui.text import Text, safe

VIEWS = ("difference", "before", "after")


class _Trial(NamedTuple):
    """The scope under the rules in use on a day and under the changed ones."""

    day: date
    rows: RowKind
    rules: tuple[Rule, ...]
    found: Comparison
    names: dict[str, str]
    by_code: dict[str, Rule]


def draw(account: Account, text: Text, today: date) -> None:
    """Draw what the changed rules would change: figures, map, table, customers."""
    if not drafts.changes():
        return
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
    in_use = publishing.in_use(session.database(), account, day)
    try:
        tried = drafts.tried(in_use)
    except InvalidInput as error:  # the rules in use have changed since
        st.error(safe(wording.say_error(text.language, error)))
        return
    by_code = {rule.code: rule for rule in (*in_use, *tried)}
    found = queries.comparison(account, rows, day, tried)
    trial = _Trial(day, rows, tried, found, overview.names(by_code.values(), text), by_code)
    if found.before.empty:
        st.info(text("portfolio.empty"))
        return
    _draw_figures(trial, text)
    owners = tables.owner_names(scope.visible_owners(session.database(), account))
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
        drawn = gap_maps.difference_cells(trial.found, *named)
    else:
        drawn = gap_maps.cells(getattr(trial.found, view), *named)
    changed_first = drawn["key"].map(lambda key: key[1] not in drafts.changes())
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
    row = tables.clicked_row(
        shown,
        f"changed {address.here()} {trial.day}",
        height="content" if len(shown) < 12 else 420,
    )
    of_code = trial.found.changes[trial.found.changes["code"] == code]
    counts = {"shown": f"{len(listed):,}", "matching": f"{of_code['customers'].sum():,}"}
    st.caption(text("customers.shown", **counts))
    if row is not None:
        chosen = str(listed["id"].iloc[row])
        st.switch_page("../pages/customer.py", query_params={"id": chosen})


def _state(trial: _Trial, code: str, state: str, text: Text) -> str:
    return phrases.state(trial.by_code[code], GapState(state), text)
