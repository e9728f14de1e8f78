"""The whole book in views: the one that is chosen is drawn, and nothing is asked for another."""

import streamlit as st

from ui import address, session
from ui.portfolio import ages, concentration, due, gaps, key_figures, map_view
from ui.rules import overview
from ui.text import Text

# Each draws its view for an account, in the words of a language, as of a day; the word of its name
# stands in data/locales under [view].
VIEWS = {
    "map": map_view.draw,
    "gaps": gaps.draw,
    "due": due.draw,
    "figures": key_figures.draw,
    "ages": ages.draw,
    "insurers": concentration.draw_insurers,
    "together": key_figures.draw_together,
}

account = session.account()
text = Text(session.language())

st.title(text("page.portfolio"))
overview.draw_fault(account, text)
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
