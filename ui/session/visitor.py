"""What is known of who sits before the browser: language, theme, day, and what they began.

Only this module and sign_in read and write st.session_state.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from fpcore.config import clock

T = TypeVar("T")


# Keys of the session.
LANGUAGE = "fp_language"
DRAFT = "fp_draft {}"


def language() -> str:
    """Give the language to speak: the account's, else the one chosen here, else the browser's."""
    chosen = st.session_state.get(LANGUAGE)
    if chosen:
        return chosen
    return "ko" if (st.context.locale or "ko").startswith("ko") else "en"


def show(widget: str, value: object) -> None:
    """Let the widget of this key, which is drawn next, show this value.

    What it showed before is not to be relied on: a run that ends in st.stop forgets no widget, so
    that one which is drawn again later may come with what was clicked long ago.
    """
    if widget not in st.session_state or st.session_state[widget] != value:
        st.session_state[widget] = value


def shown(widget: str) -> Any:
    """Give what the widget of this key shows, for what is called when somebody changed it."""
    return st.session_state[widget]


def draft(name: str, begin: Callable[[], T]) -> T:
    """Give what is kept of a form that a person is filling in; `begin` makes it at first.

    It holds what they saw when they began, which is what their changes are changes of.
    """
    return st.session_state.setdefault(DRAFT.format(name), begin())


def forget_draft(name: str) -> None:
    """End a form: the next one of that name begins anew."""
    st.session_state.pop(DRAFT.format(name), None)


def theme() -> str:
    """Give the theme that the browser shows: light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"


def today() -> date:
    """Give the day it is where the browser is; in Seoul where that is unknown."""
    try:
        zone = ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, KeyError):
        zone = clock.SEOUL
    return datetime.now(zone).date()
