"""Find a Chromium to drive, or get one: Playwright's own, else the system's package."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

from playwright.sync_api import Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ADVICE = (
    "The browser tests need Chromium or Chrome, and none could be installed. Install one (Debian "
    "and Ubuntu: sudo apt-get install chromium) or set CHROMIUM to the program's path."
)


class NoBrowser(Exception):
    """There is no browser on this machine, and none could be had."""


def find_or_install(playwright: Playwright) -> str:
    """Give the path of a Chromium that can be started. Errors: NoBrowser, with what to install."""
    for get in (_nothing, _playwrights_own, _systems_package):
        get()
        if found := _find(playwright):
            return found
    raise NoBrowser(ADVICE)


def _find(playwright: Playwright) -> str | None:
    candidates = [os.environ.get("CHROMIUM"), *NAMES, playwright.chromium.executable_path]
    return next((path for name in candidates if name and (path := shutil.which(name))), None)


def _nothing() -> None:
    """Look at what is there before anything is fetched."""


def _playwrights_own() -> None:
    _run([sys.executable, "-m", "playwright", "install", "chromium"])


def _systems_package() -> None:
    apt = shutil.which("apt-get")
    if apt is None:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    _run([*sudo, apt, "update", "-q"])
    _run([*sudo, apt, "install", "-y", "-q", "--no-install-recommends", "chromium"])


def _run(command: list[str]) -> None:
    """Run a command whose failing only means that the next way is tried."""
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, timeout=600, check=False)
