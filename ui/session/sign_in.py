"""Who is signed in: the password, and the cookie by which the browser is known again.

streamlit-authenticator checks the password, sets and deletes the cookie (ui/internals). Reading it
is `guard.read_token`'s: a crafted cookie, or that of a deleted account, makes the library raise.

Sessions kept on the server, throttling and revocation belong into `account` and `sign_in_form`.
"""

import time

import streamlit as st

from fpcore import wording
from fpcore.access import accounts
from fpcore.models import Account
from ui.internals import authenticator
from ui.internals.authenticator import COOKIE_IS_DELETED, COOKIE_IS_SET, SIGNED_IN, USERNAME
from ui.server import guard
from ui.session.process import database
from ui.session.visitor import LANGUAGE, language

COOKIE_DAYS = 7
COOKIE_PATIENCE = 5  # seconds until a sign-in goes on without its cookie, good for this tab only

# Keys of the session; those of the library stand in ui/internals/authenticator.py.
TYPED_USERNAME, TYPED_PASSWORD = "fp_typed_username", "fp_typed_password"
SIGNED_OUT = "fp_signed_out"
COOKIE_AWAITED_UNTIL = "fp_cookie_awaited_until"
COOKIE_TO_DELETE = "fp_cookie_to_delete"


def account() -> Account:
    """Give the account that a page is drawn for; whoever is signed out meanwhile gets the form."""
    found = signed_in()
    if found is None:
        st.rerun()
    return found


def signed_in() -> Account | None:
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
        authenticator.set_cookie(*_cookie())
        _go_on_without_cookie()
        return
    _draw_form()
    if st.session_state.get(COOKIE_IS_DELETED):
        st.session_state[COOKIE_TO_DELETE] = False
    if st.session_state.get(COOKIE_TO_DELETE):
        authenticator.delete_cookie(*_cookie())


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
    credentials = accounts.sign_in_credentials(database())
    typed = (st.session_state[TYPED_USERNAME], st.session_state[TYPED_PASSWORD])
    if authenticator.is_right(credentials, *typed):
        st.session_state[COOKIE_AWAITED_UNTIL] = time.monotonic() + COOKIE_PATIENCE
        st.session_state[COOKIE_TO_DELETE] = False
    else:
        st.session_state[SIGNED_IN] = False


def _cookie() -> tuple[str, str, int]:
    return guard.COOKIE, guard.cookie_key(database()), COOKIE_DAYS


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


def choose_language(chosen: str) -> None:
    """Speak this language from the next run on; an account remembers it."""
    if found := signed_in():
        accounts.set_language(database(), found, chosen)
    st.session_state[LANGUAGE] = chosen


def _say(key: str) -> str:
    return wording.say(language(), key)
