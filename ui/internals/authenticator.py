"""What the product relies on in streamlit-authenticator beyond what the library promises.

It promises a form that checks a password and sets a cookie in one go. Its form is not used: the
component beside it reruns the page while the person signs in, and one click in five is lost. So
the two controllers behind that form are used here. tests/pages/test_internals.py holds them
against the installed version.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fpcore.errors import certain

if TYPE_CHECKING:
    from streamlit_authenticator.controllers import CookieController

# Keys of the session that the library writes.
SIGNED_IN, USERNAME = "authentication_status", "username"
COOKIE_IS_SET, COOKIE_IS_DELETED = "set", "delete"


def is_right(credentials: dict[str, Any], username: str, password: str) -> bool:
    """Check a password; the session then holds SIGNED_IN and, where it is right, USERNAME."""
    from streamlit_authenticator.controllers import AuthenticationController

    controller = AuthenticationController(credentials, auto_hash=False)
    return bool(controller.login(username, password))


def set_cookie(name: str, key: str, days: int) -> None:
    """Draw what sets the cookie of USERNAME; the session then holds COOKIE_IS_SET."""
    _cookies(name, key, days).set_cookie()


def delete_cookie(name: str, key: str, days: int) -> None:
    """Draw what deletes the cookie; the session then holds COOKIE_IS_DELETED."""
    _cookies(name, key, days).delete_cookie()


def component_page() -> str:
    """Read the HTML page of the component that sets and deletes the cookie, which is a frame."""
    # Found, not imported: see _cookies.
    spec = certain(find_spec("extra_streamlit_components"))
    [folder] = certain(spec.submodule_search_locations)
    return (Path(folder) / "CookieManager" / "frontend" / "build" / "index.html").read_text()


def _cookies(name: str, key: str, days: int) -> "CookieController":
    # Imported before the server runs (by app.py, that is), its component would not be served.
    from streamlit_authenticator.controllers import CookieController

    return CookieController(name, key, days)
