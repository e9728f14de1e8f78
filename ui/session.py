"""Who sits before the browser, in which language, on which day.

The only reader and writer of st.session_state. streamlit-authenticator checks the password, sets
and deletes the cookie. Reading it is `guard.read_token`'s: a crafted cookie, or that of a deleted
account, makes the library raise. Its form is not used: the component beside it reruns the page
while the person signs in, and the click is lost one time in five.

Sessions kept on the server, throttling and revocation belong into `account` and `sign_in_form`.
"""

import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from fpcore import wording
from fpcore.access import accounts
from fpcore.importing import history, private_files
from fpcore.kept import customer_rows
from fpcore.models import Account
from fpcore.rules import rulebook
from fpcore.store.database import Database, configured_path, open_database
from ui.server import guard

if TYPE_CHECKING:
    from streamlit_authenticator.controllers import CookieController

T = TypeVar("T")

COOKIE_DAYS = 7
COOKIE_PATIENCE = 5  # seconds until a sign-in goes on without its cookie, good for this tab only
SEOUL = timezone(timedelta(hours=9))

# Keys of the session; the library's own come first.
SIGNED_IN, USERNAME = "authentication_status", "username"
COOKIE_IS_SET, COOKIE_IS_DELETED = "set", "delete"
TYPED_USERNAME, TYPED_PASSWORD = "fp_typed_username", "fp_typed_password"
LANGUAGE = "fp_language"
SIGNED_OUT = "fp_signed_out"
COOKIE_AWAITED_UNTIL = "fp_cookie_awaited_until"
COOKIE_TO_DELETE = "fp_cookie_to_delete"
DRAFT = "fp_draft {}"

# Of the process, by path: st.cache_resource takes longer to look up than most pages to draw.
_opening = threading.Lock()
_opened: dict[str, Database] = {}
_up_to_date: dict[str, tuple] = {}


def database() -> Database:
    """Give the process's database, opened at the first call, up to date for the day.

    Errors: those of open_database.
    """
    path = configured_path()
    opened = _opened.get(path) or _open(path)
    state = (datetime.now(SEOUL).date(), rulebook.file_state())
    if _up_to_date.get(path) != state:
        _bring_up_to_date(opened, state)
    return opened


def _open(path: str) -> Database:
    with _opening:
        if path not in _opened:
            opened = open_database(path)
            private_files.sweep(opened)
            history.close_interrupted(opened)
            _opened[path] = opened
        return _opened[path]


def _bring_up_to_date(opened: Database, state: tuple) -> None:
    with _opening:
        if _up_to_date.get(opened.path) != state:
            customer_rows.roll_forward(opened, state[0])
            _up_to_date[opened.path] = state


def account() -> Account | None:
    """Look up who is signed in, as the account is now; None for nobody.

    Whoever was removed or disabled since the last run is signed out.
    """
    if _cookie_awaited():
        return None
    username = _username()
    found = accounts.find(database(), username) if username else None
    if found is None:
        if st.session_state.get(SIGNED_IN):
            sign_out()
        return None
    st.session_state.update({SIGNED_IN: True, USERNAME: found.username})
    if found.language:
        st.session_state[LANGUAGE] = found.language
    return found


def _username() -> str | None:
    if st.session_state.get(SIGNED_IN):
        return st.session_state[USERNAME]
    if st.session_state.get(SIGNED_OUT):
        return None  # the cookie shown is the one of the handshake, deleted since
    return guard.read_token(st.context.cookies.get(guard.COOKIE), guard.cookie_key(database()))


def sign_in_form() -> None:
    """Draw the sign-in form, or, after the right password, what sets the cookie.

    The page must not come before the cookie: its first upload or download would be refused, and
    a rerun in between would lose the cookie.
    """
    if _cookie_awaited():
        st.caption(_say("sign_in.wait"))
        _cookie_controller().set_cookie()
        _go_on_without_cookie()
        return
    _draw_form()
    if st.session_state.get(COOKIE_IS_DELETED):
        st.session_state[COOKIE_TO_DELETE] = False
    if st.session_state.get(COOKIE_TO_DELETE):
        _cookie_controller().delete_cookie()


def _draw_form() -> None:
    with st.form("sign_in"):
        st.subheader(_say("sign_in.title"))
        st.text_input(_say("sign_in.username"), key=TYPED_USERNAME, autocomplete="username")
        st.text_input(
            _say("sign_in.password"),
            type="password",
            key=TYPED_PASSWORD,
            autocomplete="current-password",
        )
        st.form_submit_button(
            _say("sign_in.submit"), type="primary", width="stretch", on_click=_check_password
        )
    if st.session_state.get(SIGNED_IN) is False:
        st.error(_say("sign_in.failed"))


def _check_password() -> None:
    # A callback, since nothing can cut it short: a rerun that a component asks for would make
    # Streamlit drop the click on the button if that were looked at while the page is drawn.
    from streamlit_authenticator.controllers import AuthenticationController

    controller = AuthenticationController(accounts.sign_in_credentials(database()), auto_hash=False)
    if controller.login(st.session_state[TYPED_USERNAME], st.session_state[TYPED_PASSWORD]):
        st.session_state[COOKIE_AWAITED_UNTIL] = time.monotonic() + COOKIE_PATIENCE
        st.session_state[COOKIE_TO_DELETE] = False
    else:
        st.session_state[SIGNED_IN] = False


def _cookie_controller() -> "CookieController":
    # Imported before the server runs (by app.py, that is), its component would not be served.
    from streamlit_authenticator.controllers import CookieController

    return CookieController(guard.COOKIE, guard.cookie_key(database()), COOKIE_DAYS)


def _cookie_awaited() -> bool:
    """Tell whether a sign-in still waits for the browser to say that the cookie is set."""
    until = st.session_state.get(COOKIE_AWAITED_UNTIL)
    if until and (st.session_state.get(COOKIE_IS_SET) or time.monotonic() > until):
        del st.session_state[COOKIE_AWAITED_UNTIL]
    return COOKIE_AWAITED_UNTIL in st.session_state


@st.fragment(run_every=COOKIE_PATIENCE / 2)
def _go_on_without_cookie() -> None:
    if not _cookie_awaited():
        st.rerun()


def sign_out() -> None:
    """Forget who is signed in and all that their pages kept; the form deletes the cookie."""
    kept = language()
    st.session_state.clear()
    st.session_state.update({LANGUAGE: kept, SIGNED_OUT: True, COOKIE_TO_DELETE: True})


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


def choose_language(chosen: str) -> None:
    """Speak this language from the next run on; an account remembers it."""
    signed_in = account()
    if signed_in:
        accounts.set_language(database(), signed_in, chosen)
    st.session_state[LANGUAGE] = chosen


def draft(name: str, begin: Callable[[], T]) -> T:
    """Give what is kept of a form that a person is filling in; `begin` makes it at first.

    It holds what they saw when they began, which is what their changes are changes of.
    """
    return st.session_state.setdefault(DRAFT.format(name), begin())


def forget_draft(name: str) -> None:
    """End a form: the next one of that name begins anew."""
    st.session_state.pop(DRAFT.format(name), None)


def forget_uploaded(file_id: str) -> None:
    """Free the memory of an uploaded file: Streamlit holds it until the browser is gone."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)


def theme() -> str:
    """Give the theme that the browser shows: light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"


def today() -> date:
    """Give the day it is where the browser is; in Seoul where that is unknown."""
    try:
        zone = ZoneInfo(st.context.timezone)
    except (TypeError, ValueError, OSError, KeyError):
        zone = SEOUL
    return datetime.now(zone).date()


def _say(key: str) -> str:
    return wording.say(language(), key)
