"""What the map of the whole book shows, as it stands in the page's address.

view       the view of the page (pages/portfolio.py); map is the first
rows       what the rows are: a RowKind
measure    what the cells show: one of map_contents.kinds
currency   of amounts; won unless told otherwise
team       only its customers
since      the day that a change looks back to, as 2026-01-31; 90 days ago unless told otherwise
compare    team or date: a second map beside the first, of team2 or as of the day on2
order      the column by whose worst value the rows are sorted; by name unless told otherwise
page       of the rows, where there are many
"""

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from fpcore.models import WON, Account, RowKind
from fpcore.portfolio.heatmaps import LOOKING_BACK
from ui import address, queries
from ui.internals.streamlit import Place
from ui.portfolio import lists, map_contents
from ui.portfolio.map_contents import Asked, Kind
from ui.text import Text

_FORGETS = ("page", "order")


def draw(account: Account, text: Text, today: date) -> tuple[list[Asked], Place]:
    """Draw what can be chosen; the one or two maps that are asked for, the first one first, and the
    line of choices, which has room for another."""
    kinds = map_contents.kinds()
    with st.container(horizontal=True):
        rows = address.choice(
            "rows", text("map.rows"), list(RowKind), text.of("row_kind"),
            forgets=_FORGETS, segmented=True,
        )  # fmt: skip
        measure = address.choice(
            "measure", text("map.measure"), list(kinds), text.of("measure"),
            forgets=_FORGETS, segmented=True,
        )  # fmt: skip
    kind = kinds[measure]
    line = st.container(horizontal=True, vertical_alignment="bottom")
    with line:
        asked = Asked(
            rows=RowKind(rows),
            measure=measure,
            valued_on=today,
            currency=_currency(account, kind, text),
            since=_since(kind, text, today),
            team=lists.team(account, text, "map.team", forgets=_FORGETS),
        )
        return [asked, *_beside(account, asked, kind, text)], line


def _currency(account: Account, kind: Kind, text: Text) -> str:
    currencies = queries.currencies(account) if kind.in_currency else []
    if len(currencies) < 2:
        return WON
    return address.choice("currency", text("portfolio.currency"), currencies, str)


def _since(kind: Kind, text: Text, today: date) -> date | None:
    if not kind.looks_back:
        return None
    yesterday = today - timedelta(days=1)
    return address.chosen_day("since", text("map.since"), today - LOOKING_BACK, yesterday)


def _beside(account: Account, asked: Asked, kind: Kind, text: Text) -> list[Asked]:
    """Draw what the map can be compared with; the map to stand beside it, if any."""
    teams = queries.teams(account)
    ways = ["none"]
    if len(teams) > 1:
        ways.append("team")
    if not kind.looks_back:
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
