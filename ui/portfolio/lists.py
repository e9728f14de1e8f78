"""What the views of the whole book share: whose book, the way to the customers, an empty book."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from fpcore.facts.types import TOTAL
from fpcore.models import Account, Measure
from fpcore.portfolio.measures import DEFINITIONS
from ui import address, queries
from ui.charts import CONFIG
from ui.text import Text


def draw_empty(text: Text) -> None:
    """Say that there is nothing to show yet, with the way to the upload."""
    st.info(text("portfolio.empty"))
    st.page_link("../pages/upload.py", label=text("page.upload"), icon=":material/upload_file:")


def team(
    account: Account,
    text: Text,
    label: str = "field.team",
    everybody: str = "map.everybody",
    forgets: Sequence[str] = (),
) -> str | None:
    """Draw the choice of a team, where the account sees several; None is everybody."""
    teams = queries.teams(account)
    if len(teams) < 2:
        return None
    return address.choice("team", text(label), teams, str, text(everybody), forgets)


def of_measure(measure: Measure, column: str) -> dict[str, str]:
    """Give the part of an address that lists who is behind the cells of a measure and column."""
    listed_by = DEFINITIONS[measure].listed_by
    if listed_by == "behind" or column == TOTAL:
        return {"behind": measure.value, "of": column}
    return {listed_by: column}


def behind(team: str | None, **wanted: object) -> dict[str, str]:
    """Give the address of the list of these customers (of a team), which leads back here."""
    parameters = {"team": team, **wanted, "book": address.here()}
    return {name: str(value) for name, value in parameters.items() if value is not None}


def show(team: str | None, **wanted: object) -> None:
    """Go to the list of these customers."""
    st.switch_page("../pages/customers.py", query_params=behind(team, **wanted))


def clicked(figure: go.Figure, key: str, alt: str) -> list[Any] | None:
    """Draw a figure; the `customdata` of the part of it that was clicked."""
    event = st.plotly_chart(
        figure, config=CONFIG, on_select="rerun", selection_mode="points", key=key, alt=alt
    )
    return event.selection.points[0]["customdata"] if event.selection.points else None
