"""From a figure of the whole book to the customers behind it, and whose book it is."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from fpcore.facts import groups
from fpcore.models import Account
from ui import address, queries
from ui.charts import CONFIG
from ui.text import Text


def team(account: Account, text: Text) -> str | None:
    """Draw the choice of a team, where the account sees several; None is everybody."""
    teams = sorted({one.team for one in queries.owners(account) if one.team}, key=groups.order)
    if len(teams) < 2:
        return None
    return address.choice("team", text("field.team"), teams, str, text("map.everybody"))


def behind(team: str | None, **wanted: object) -> dict[str, str]:
    """Give the address of the list of these customers (of a team), which leads back here."""
    said = {"team": team, **wanted, "book": address.here()}
    return {name: str(value) for name, value in said.items() if value is not None}


def show(team: str | None, **wanted: object) -> None:
    """Go to the list of these customers."""
    st.switch_page("../pages/customers.py", query_params=behind(team, **wanted))


def clicked(figure: go.Figure, key: str, alt: str) -> list[Any] | None:
    """Draw a figure; the `customdata` of the part of it that was clicked."""
    event = st.plotly_chart(
        figure, config=CONFIG, on_select="rerun", selection_mode="points", key=key, alt=alt
    )
    return event.selection.points[0]["customdata"] if event.selection.points else None
