"""Where the browser for the journeys comes from."""

from types import SimpleNamespace

import chromium
import pytest


@pytest.fixture
def no_playwright():
    return SimpleNamespace(chromium=SimpleNamespace(executable_path="/nowhere/chrome"))


def _program(path):
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def test_an_installed_browser_is_used_and_nothing_is_fetched(no_playwright, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "_run", lambda command: pytest.fail(f"ran {command}"))
    _program(tmp_path / "google-chrome")
    assert chromium.find_or_install(no_playwright) == str(tmp_path / "google-chrome")


def test_playwrights_own_is_fetched_before_the_systems_package(
    no_playwright, tmp_path, monkeypatch
):
    ran = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "_run", ran.append)
    _program(tmp_path / "apt-get")
    with pytest.raises(chromium.NoBrowser, match="apt-get install chromium"):
        chromium.find_or_install(no_playwright)
    assert [" ".join(command).split("-m ")[-1].split("/")[-1] for command in ran] == [
        "playwright install chromium",
        "apt-get update -q",
        "apt-get install -y -q --no-install-recommends chromium",
    ]
