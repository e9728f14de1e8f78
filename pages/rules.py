"""The rules of gaps: read by everybody; tried on the whole scope and published by managers."""

import streamlit as st

from fpcore.access import scope
from fpcore.gaps import publishing
from ui import address, session
from ui.rules import drafts, overview, trials
from ui.text import Text

account, db = session.account(), session.database()
text = Text(session.language())
today = session.today()
may_change = scope.is_manager(db, account)
versions = publishing.versions(db, account)


def draw() -> None:
    """Draw the page; no st.stop ends it, or the row that was clicked would lead back to its rule
    as soon as the list is drawn again."""
    st.title(text("page.rules"))
    overview.draw_fault(account, text)
    code = address.read("rule")
    known = overview.current(versions, today)
    is_added = may_change and (code == drafts.ADDED or code in drafts.changes())
    if code not in known and not is_added:
        draw_all()
        return
    if st.button(text("rules.back"), icon=":material/arrow_back:"):
        address.write(rule=None)
    if code in known:
        overview.draw_rule(known[code], versions, text, today)
    else:
        st.subheader(text("rules.add"))
    if may_change:
        drafts.draw_editor(account, code, versions, text, today)


def draw_all() -> None:
    """Draw the list of the rules, and what is being tried."""
    if may_change:
        drafts.draw(account, versions, text, today)
        trials.draw(account, text, today)
        if st.button(text("rules.add"), icon=":material/add:"):
            address.write(rule=drafts.ADDED)
    st.caption(text("rules.hint_manager" if may_change else "rules.hint"))
    if clicked := overview.draw_list(versions, text, today):
        address.write(rule=clicked)


draw()
