"""The app as a person meets it: a server of its own, and somebody before a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, Request, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from fpcore.commands import demo
from fpcore.config.paths import ROOT

# How Streamlit marks what it draws, which it promises nobody.
APP = "[data-testid=stApp]"
READY = f'{APP}[data-test-script-state="notRunning"]'
TABLE = "[data-testid=stDataFrame]"
CELLS = "canvas[data-testid=data-grid-canvas]"
FIGURE = "[data-testid=stMetricValue]"
DRAWN = """frames => new Promise(done => {
    let left = frames
    const observer = new MutationObserver(() => { left = frames })
    observer.observe(document.body, {subtree: true, childList: true, characterData: true})
    const whenIdle = () => requestIdleCallback(next, {timeout: 1000})
    const next = () => {
        if (left-- > 0) requestAnimationFrame(whenIdle)
        else { observer.disconnect(); done() }
    }
    whenIdle()
})"""
"""Frames without a change, each after the browser had nothing else to do: on a busy machine they
take as long as they must."""
FRAMES = 6
ASKED_WITHIN = 0.3
"""Seconds until the page has asked for what a click leads to; a table waits half of them."""
QUIET, PATIENCE = 0.1, 60  # seconds


class Visitor:
    """A person with a browser of their own, at the app's address."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self._runs = _Runs(page)

    def opens(self, path: str) -> None:
        """Go to an address of the app."""
        self._runs.is_asked = True
        self.page.goto(self.address + path)
        self.settles()

    def signs_in(self, username: str, password: str = demo.PASSWORD) -> None:
        """Fill in the sign-in form, and wait for the page behind it."""
        self.page.get_by_label("아이디").fill(username)
        self.page.locator("input[type=password]").fill(password)
        self.page.locator("input[type=password]").press("Enter")
        self.page.locator(".st-key-sign_out").wait_for(state="attached", timeout=30_000)
        self.settles()

    def settles(self) -> None:
        """Wait until what was asked for has run, and all of it is drawn."""
        begin = time.monotonic()
        while not self._runs.were_asked and time.monotonic() < begin + ASKED_WITHIN:
            self.page.wait_for_timeout(10)
        drawn = -1
        while drawn != self._runs.traffic:
            while not self._runs.have_ended():
                assert time.monotonic() < begin + PATIENCE, "the app still runs"
                self.page.wait_for_timeout(20)
            drawn = self._runs.traffic
            self.page.wait_for_selector(READY, timeout=30_000)
            self.page.evaluate(DRAWN, FRAMES)
        self._runs.were_asked = False

    def clicks(self, text: str) -> None:
        """Click what reads so, and wait for what follows."""
        self.page.get_by_text(text).first.click()
        self.settles()

    def clicks_cell(self, number: int) -> int:
        """Click a heatmap cell (counted from 0, row by row); how many customers it says are behind
        it, in its last line."""
        bars = self.page.locator(".js-plotly-plot .barlayer .point")
        bars.nth(number).wait_for()
        bars.nth(number).scroll_into_view_if_needed()
        lines = bars.nth(number).locator("text tspan.line").all_text_contents()
        printed = int("".join(filter(str.isdigit, lines[-1])))
        box = bars.nth(number).bounding_box()
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.wait_for_url(lambda url: "row_kind" in url, timeout=15_000)
        self.settles()
        return printed

    def clicks_row(self, number: int) -> None:
        """Click a row of the customer list, counted from 0."""
        self.page.locator(CELLS).first.wait_for()
        box = self.page.locator(CELLS).first.bounding_box()
        self.page.mouse.click(box["x"] + 40, box["y"] + 35 * (number + 1) + 17)
        self.page.wait_for_url("**/customer?*", timeout=15_000)
        self.settles()

    def reads(self) -> str:
        """Give everything that stands on the page."""
        return self.page.locator(APP).inner_text()


class _Runs:
    """What a page asked its server to run and to send, and whether that ended; told by what goes
    between them, since what the page shows of it comes late where the machine is busy.

    `were_asked`: since the last `settles`. `traffic` counts what went between them.
    """

    def __init__(self, page: Page) -> None:
        self.were_asked = self.is_asked = self._is_running = False
        self.traffic = 0
        self._last = time.monotonic()
        self._fetching: set[Request] = set()
        page.on("websocket", self._listen)
        page.on("request", self._fetches)
        page.on("requestfinished", self._fetched)
        page.on("requestfailed", self._fetched)

    def have_ended(self) -> bool:
        """Tell whether nothing runs or is still to come, and nothing came for a moment."""
        is_quiet = time.monotonic() - self._last > QUIET
        return is_quiet and not (self.is_asked or self._is_running or self._fetching)

    def _note(self) -> None:
        self.traffic += 1
        self._last = time.monotonic()

    def _listen(self, socket: WebSocket) -> None:
        self.is_asked, self._is_running = True, False
        self._fetching.clear()
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _fetches(self, request: Request) -> None:
        self._fetching.add(request)

    def _fetched(self, request: Request) -> None:
        self._note()
        self._fetching.discard(request)

    def _sent(self, frame: bytes | str) -> None:
        self._note()
        if isinstance(frame, bytes) and BackMsg.FromString(frame).HasField("rerun_script"):
            self.were_asked = self.is_asked = True

    def _received(self, frame: bytes | str) -> None:
        self._note()
        if not isinstance(frame, bytes):
            return
        message = ForwardMsg.FromString(frame)
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.is_asked = True
        if message.HasField("new_session"):
            self.is_asked = False
        if message.HasField("session_status_changed"):
            self._is_running = message.session_status_changed.script_is_running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(database: Path) -> tuple[subprocess.Popen, str]:
    """Start the app on a database; the process and its address, once it answers."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "FP_DATABASE": str(database)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    address = f"http://localhost:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2)
            return server, address
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    server.kill()
    raise RuntimeError("the app did not start within 30 seconds")
