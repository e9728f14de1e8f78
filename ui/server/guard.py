"""What stands before Streamlit: uploads and files only for who is signed in, security headers.

Streamlit itself takes an upload from, and gives a download to, whoever asks for it.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable

import jwt
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fpcore.access import accounts
from fpcore.errors import FpError
from fpcore.store.database import Database
from ui.internals import authenticator, streamlit

COOKIE = "fp_sign_in"
GUARDED = (streamlit.UPLOADS, streamlit.DOWNLOADS)
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Guard:
    """ASGI middleware; `database` gives the open database."""

    def __init__(self, app: ASGIApp, database: Callable[[], Database]) -> None:
        self.app = app
        self.database = database
        self.headers = security_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a guarded path without a valid cookie; add the headers to every response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        answer = self.app
        if scope["path"].startswith(GUARDED):
            token = Request(scope).cookies.get(COOKIE)
            if not await run_in_threadpool(self._may_pass, token):
                answer = PlainTextResponse("sign in first", status_code=401)
        await answer(scope, receive, send_with_headers)

    def _may_pass(self, token: str | None) -> bool:
        try:
            database = self.database()
            username = read_token(token, cookie_key(database))
            return username is not None and accounts.find(database, username) is not None
        except FpError:
            return False


def cookie_key(database: Database) -> str:
    """Derive the key that signs sign-in cookies from the secret beside the database."""
    return hmac.new(database.secret, b"sign-in cookie", hashlib.sha256).hexdigest()


def read_token(token: str | bytes | None, key: str) -> str | None:
    """Give the username in a sign-in cookie; None unless it was signed here and is not over."""
    try:
        claims = jwt.decode(token or "", key, algorithms=["HS256"])
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    username, expires = claims.get("username"), claims.get("exp_date")
    if not isinstance(username, str) or not isinstance(expires, int | float):
        return None
    return username if expires > time.time() else None


def security_headers() -> dict[str, str]:
    """Make the headers of every response.

    The content policy lets the browser load from this server only. Frames of the same origin are
    allowed: the sign-in cookie is set by a component in one.
    """
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *_inline_script_hashes()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "frame-ancestors": "'self'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "object-src": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
    }


def _inline_script_hashes() -> list[str]:
    """Allow the scripts that stand in the pages which the program serves, and no others."""
    pages = (streamlit.page(), authenticator.component_page())
    scripts = [script for page in pages for script in INLINE_SCRIPT.findall(page)]
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
