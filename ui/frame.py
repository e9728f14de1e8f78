"""The frame of every run: page map, sign-in gate, sidebar, error boundary, page."""

from typing import Literal, NamedTuple

import streamlit as st

from fpcore import wording
from fpcore.config.paths import ROOT
from fpcore.models import Account
from ui import errors, session

FOLDER = ROOT / "pages"

# Given here, the browser does not fetch the page's own icon from a server of Google's.
ICON = (
    '<svg viewBox="0 0 24 24"><path fill="#1f5f8b" '
    'd="M12 1 3 5v6c0 5.6 3.8 10.7 9 12 5.2-1.3 9-6.4 9-12V5z"/></svg>'
)

LANGUAGE_SWITCH = "language_switch"


class Entry(NamedTuple):
    """A page. `name` gives its file, its address and the key of its title."""

    name: str
    icon: str
    visibility: Literal["visible", "hidden"] = "visible"


PAGES = (
    Entry("customers", ":material/group:"),
    Entry("customer", ":material/person:", "hidden"),  # it needs an id: reached by link only
    Entry("portfolio", ":material/grid_view:"),
    Entry("rules", ":material/rule:"),
    Entry("upload", ":material/upload_file:"),
)


def draw() -> None:
    """Draw one run: the page asked for, or the sign-in form."""
    account = session.signed_in()
    language = session.language()
    st.set_page_config(page_title=wording.say(language, "frame.app"), page_icon=ICON, layout="wide")
    # First and with all pages in every run: only then does a link to a page outlive the sign-in.
    page = st.navigation(
        [_page(entry, language) for entry in PAGES], position="sidebar" if account else "hidden"
    )
    if account is None:
        _draw_sign_in(language)
        return
    with st.sidebar:
        _draw_account(account, language)
    page.run()


def _page(entry: Entry, language: str) -> st.Page:
    return st.Page(
        FOLDER / f"{entry.name}.py",
        title=wording.say(language, f"page.{entry.name}"),
        icon=entry.icon,
        url_path=entry.name,
        visibility=entry.visibility,
    )


def _draw_sign_in(language: str) -> None:
    with st.container(horizontal_alignment="center"), st.container(width=400):
        st.title(wording.say(language, "frame.app"))
        _draw_language_switch(language)
        session.sign_in_form()


def _draw_account(account: Account, language: str) -> None:
    role = wording.say(language, f"role.{account.role}")
    st.text(wording.say(language, "frame.signed_in_as", name=account.name, role=role))
    _draw_language_switch(language)
    st.button(
        wording.say(language, "frame.sign_out"),
        key="sign_out",
        icon=":material/logout:",
        on_click=session.sign_out,
    )


def _draw_language_switch(language: str) -> None:
    session.show(LANGUAGE_SWITCH, language)
    st.segmented_control(
        wording.say(language, "frame.language"),
        wording.LANGUAGES,
        required=True,
        format_func=lambda code: wording.say(code, "frame.this_language"),
        key=LANGUAGE_SWITCH,
        on_change=_choose_language,
        label_visibility="collapsed",
    )


def _choose_language() -> None:
    session.choose_language(session.shown(LANGUAGE_SWITCH))


with errors.boundary():
    draw()
