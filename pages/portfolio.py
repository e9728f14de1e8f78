"""The whole book in views: the one that is chosen is drawn, and nothing is asked for another."""

import streamlit as st

from ui import (
    address,
    portfolio_ages,
    portfolio_due,
    portfolio_figures,
    portfolio_gaps,
    portfolio_makeup,
    portfolio_map,
    rules,
    session,
)
from ui.text import Text

# Each draws its view for an account, in the words of a language, as of a day; the word of its name
# stands in data/locales under [view].
VIEWS = {
    "map": portfolio_map.draw,
    "gaps": portfolio_gaps.draw,
    "due": portfolio_due.draw,
    "figures": portfolio_figures.draw,
    "ages": portfolio_ages.draw,
    "insurers": portfolio_makeup.draw_insurers,
    "together": portfolio_figures.draw_together,
}

account = session.account()
text = Text(session.language())

st.title(text("page.portfolio"))
rules.draw_fault(account, text)
view = address.choice(
    "view",
    text("view.title"),
    list(VIEWS),
    text.of("view"),
    segmented=True,
    label_visibility="collapsed",
    forgets=("page", "order"),
)
VIEWS[view](account, text, session.today())
