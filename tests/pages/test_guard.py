"""What stands before Streamlit: who may upload and download, and which cookies count."""

import asyncio
import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from ui.server import guard
from ui.server.guard import Guard, cookie_key, read_token

KEY = "k" * 64
SOON = time.time() + 3600
GOOD = {"username": "fp1", "exp_date": SOON}


def _unsigned(claims: dict, header: dict) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, claims))
    return b".".join([*(part.rstrip(b"=") for part in parts), b""]).decode()


def test_a_cookie_signed_here_names_its_account():
    assert read_token(jwt.encode(GOOD, KEY), KEY) == "fp1"


FORGED = {
    "none": None,
    "empty": "",
    "garbage": "garbage",
    "three parts of nothing": "a.b.c",
    "no text": object(),
    "unsigned": _unsigned(GOOD, {"alg": "none"}),
    "unsigned as RS256": _unsigned(GOOD, {"alg": "RS256"}),
    "another algorithm": jwt.encode(GOOD, KEY, algorithm="HS512"),
    "another key": jwt.encode(GOOD, "another key of enough characters!!"),
    "without an end": jwt.encode({"username": "fp1"}, KEY),
    "without a name": jwt.encode({"exp_date": SOON}, KEY),
    "a list for a name": jwt.encode({**GOOD, "username": ["fp1"]}, KEY),
    "a text for an end": jwt.encode({**GOOD, "exp_date": "9999"}, KEY),
    "past": jwt.encode({**GOOD, "exp_date": time.time() - 1}, KEY),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_any_other_cookie_names_nobody(token):
    assert read_token(token, KEY) is None


def _ask(office, path: str, username: str | None) -> tuple[int, dict[str, str]]:
    """Send a request through the guard to an app that answers everything with 200."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sent = []

    async def send(message):
        sent.append(message)

    token = jwt.encode({"username": username, "exp_date": SOON}, cookie_key(office))
    headers = [(b"cookie", f"{guard.COOKIE}={token}".encode())] if username else []
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    # In a thread, since the browser tests keep an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, Guard(app, lambda: office)(scope, None, send)).result()
    answer = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answer


@pytest.mark.parametrize("path", ["/_stcore/upload_file/a/b", "/media/abc.csv"])
def test_uploads_and_downloads_are_for_accounts_that_may_sign_in(office, path):
    assert _ask(office, path, "fp1")[0] == 200
    assert _ask(office, path, None)[0] == 401
    assert _ask(office, path, "nobody")[0] == 401
    assert _ask(office, path, "operator")[0] == 401


def test_every_answer_tells_the_browser_to_load_from_here_only(office):
    status, headers = _ask(office, "/", None)
    assert status == 200
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
