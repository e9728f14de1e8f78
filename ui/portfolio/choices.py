"""What the map of the whole book shows, as it stands in the page's address.

view       the view of the page (pages/portfolio.py); map is the first
rows       what the rows are: a RowKind
measure    what the cells show: a Measure, or GAPS
currency   of amounts; won unless told otherwise
team       only its customers
since      the day that a change looks back to, as 2026-01-31; 90 days ago unless told otherwise
compare    team or date: a second map beside the first, of team2 or as of the day on2
order      the column by whose worst value the rows are sorted; by name unless told otherwise
page       of the rows, where there are many
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fpcore.facts import groups
from fpcore.models import WON, Account, Measure, RowKind
from fpcore.portfolio.heatmaps import LOOKING_BACK
from ui import address, queries
from ui.text import Text

GAPS = "gap"
"""Stands beside the measures for the share of customers with a gap, by rule."""

IN_MONEY = {Measure.MEDIAN, Measure.COVERAGE, Measure.PREMIUM}
"""Measures that know other currencies than won."""

_FORGETS = ("page", "order")


@dataclass(frozen=True)
class Asked:
    """One map: of which rows and measure (a Measure, or GAPS), as of when, of which team."""

    rows: RowKind
    measure: str
    valued_on: date
    currency: str
    since: date | None
    team: str | None


def draw(account: Account, text: Text, today: date) -> tuple[list[Asked], DeltaGenerator]:
    """Draw what can be chosen; the one or two maps that are asked for, the first one first, and the
    line of choices, which has room for another."""
    with st.container(horizontal=True):
        rows = address.choice(
            "rows", text("map.rows"), list(RowKind), text.of("row_kind"),
            forgets=_FORGETS, segmented=True,
        )  # fmt: skip
        measure = address.choice(
            "measure", text("map.measure"), [*Measure, GAPS], text.of("measure"),
            forgets=_FORGETS, segmented=True,
        )  # fmt: skip
    teams = sorted({one.team for one in queries.owners(account) if one.team}, key=groups.order)
    line = st.container(horizontal=True, vertical_alignment="bottom")
    with line:
        asked = Asked(
            rows=RowKind(rows),
            measure=measure,
            valued_on=today,
            currency=_currency(account, measure, text),
            since=_since(measure, text, today),
            team=_team("team", text("map.team"), teams, text),
        )
        return [asked, *_beside(asked, teams, text)], line


def _currency(account: Account, measure: str, text: Text) -> str:
    currencies = queries.currencies(account) if measure in IN_MONEY else []
    if len(currencies) < 2:
        return WON
    return address.choice("currency", text("portfolio.currency"), currencies, str)


def _since(measure: str, text: Text, today: date) -> date | None:
    if measure != Measure.CHANGE:
        return None
    yesterday = today - timedelta(days=1)
    return address.chosen_day("since", text("map.since"), today - LOOKING_BACK, yesterday)


def _team(name: str, label: str, teams: Sequence[str], text: Text) -> str | None:
    if len(teams) < 2:
        return None
    return address.choice(name, label, teams, str, text("map.everybody"), _FORGETS)


def _beside(asked: Asked, teams: Sequence[str], text: Text) -> list[Asked]:
    """Draw what the map can be compared with; the map to stand beside it, if any."""
    ways = ["none"]
    if len(teams) > 1:
        ways.append("team")
    if asked.measure != Measure.CHANGE:
        ways.append("date")
    if len(ways) == 1:
        return []
    how = address.choice("compare", text("map.compare"), ways, text.of("compare"))
    if how == "team":
        others = [team for team in teams if team != asked.team]
        return [replace(asked, team=address.choice("team2", text("map.team2"), others, str))]
    if how == "date":
        before = asked.valued_on - LOOKING_BACK
        other = address.chosen_day("on2", text("map.on2"), before, asked.valued_on)
        return [replace(asked, valued_on=other)]
    return []
