"""A real server on a demo book, and a real Chromium before it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import NoBrowser, find_or_install
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from visitor import ROOT, Visitor, start_server

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

expect.set_options(timeout=30_000)  # what is right comes sooner; a busy machine is no fault


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            path = find_or_install(playwright)
        except NoBrowser as error:
            pytest.fail(str(error), pytrace=False)
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory) -> Path:
    database = tmp_path_factory.mktemp("demo") / "fp.duckdb"
    subprocess.run(
        [sys.executable, "-m", "fpcore", "init", "--demo"],
        cwd=ROOT,
        env={**os.environ, "FP_DATABASE": str(database)},
        check=True,
        capture_output=True,
    )
    return database


@pytest.fixture(scope="session")
def server(demo_database) -> Iterator[str]:
    """The address of one app for all journeys, on a database of its own."""
    process, address = start_server(demo_database)
    yield address
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def new_context(browser) -> Iterator[Callable[..., BrowserContext]]:
    contexts = []

    def make(**settings) -> BrowserContext:
        settings = {"locale": "ko-KR", "timezone_id": "Asia/Seoul"} | settings
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 1200}, **settings))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def visitor(server, new_context) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(new_context().new_page(), server)
