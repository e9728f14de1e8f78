"""The documents tell what is so: their commands run, their links lead somewhere."""

import importlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from agency import STATEMENT, csv_bytes
from click.testing import CliRunner

from fpcore.commands import reference
from fpcore.commands.main import main
from fpcore.config.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks/RESULTS.md"])
WRITTEN = {"docs/commands.md", "benchmarks/RESULTS.md"}  # by the program
PYTHON = re.compile(r"^\.venv/bin/python |^python3? ")
STARTED = ("-m fpcore start", "-m pytest", "-m venv", "-m pip", "-m benchmarks")
BOOK = [{"고객번호": "K1", "고객명": "김하나", "증권번호": "A-1", "상품명": "종신보험"}]
AT_WORK = """
    .venv .venv/bin/python .venv\\Scripts\\python agency.duckdb agency.duckdb.secret
    agency.duckdb.imports agency.duckdb.tmp data/fp.duckdb data/
""".split()
"""Names of what is made where the program runs."""


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    kept = [
        "".join(sign for sign in heading.lower() if sign in " -_" or is_word(sign))
        for heading in headings
    ]
    return {heading.replace(" ", "-") for heading in kept}


def is_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LN"


def shell_lines() -> list[tuple[str, str]]:
    """(page, line) of every command in a block of shell."""
    return [
        (name(page), line.partition(" #")[0].strip())
        for page in PAGES
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
        for line in block.splitlines()
        if line.strip() and not line.startswith("#")
    ]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 700


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        led_to = (page.parent / path).resolve() if path else page
        assert led_to.exists(), target
        assert not anchor or anchor in anchors(led_to), target


@pytest.mark.parametrize("page", [page for page in PAGES if name(page) not in WRITTEN], ids=name)
def test_every_file_that_is_named_is_there(page):
    for named in re.findall(r"`([\w.\\-]*[/.\\][\w./\\-]*)`", prose(page)):
        if named in AT_WORK or is_name_in_code(named):
            continue
        assert (ROOT / named).exists() or list(ROOT.glob(f"**/{named}")), named


def is_name_in_code(named: str) -> bool:
    """Whether it is a module, or a name within one: `fpcore.access.scope.Scope`."""
    parts = named.rstrip(".").split(".")
    if parts[0] not in ("fpcore", "ui", "pages"):
        return False
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute)
        return True
    return False


@pytest.mark.parametrize("page", ["README.md", "docs/using.md", "CONTRIBUTING.md"])
def test_the_commands_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.setenv("FP_DATABASE", str(tmp_path / "agency.duckdb"))
    lines = [line for of, line in shell_lines() if of == page]
    assert lines
    for line in lines:
        run_line(line)


def run_line(line: str) -> None:
    """Run a line of shell; what would start the app or all tests is only asked whether it could."""
    if line.startswith("make "):
        command = ["make", "--dry-run", *line.split()[1:]]
    elif line.startswith("export "):
        variable = line.removeprefix("export ").partition("=")[0]
        assert variable in os.environ  # the test's own value
        return
    else:
        assert PYTHON.match(line), line
        words = PYTHON.sub("", line).split()
        is_started = any(line.find(started) > 0 for started in STARTED)
        command = [sys.executable, *([*words[:3], "--help"] if is_started else words)]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0, (line, done.stderr.decode())


def test_the_page_of_commands_is_what_the_program_says():
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == reference.document(), "python -m fpcore.commands.reference > docs/commands.md"


@pytest.fixture(scope="module")
def documents(tmp_path_factory) -> Iterator[dict[str, dict | list]]:
    """What each command prints with --json, in the order of a day's work."""
    folder = tmp_path_factory.mktemp("machine")
    book, empty = folder / "book.csv", folder / "empty.csv"
    book.write_bytes(csv_bytes(BOOK))
    empty.write_bytes(csv_bytes([{**BOOK[0], "가입금액": "abc"}]))
    printed: dict[str, dict | list] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FP_DATABASE", str(folder / "fp.duckdb"))

        def run(command: str, *words: object) -> None:
            result = CliRunner().invoke(main, [*command.split(), *map(str, words), "--json"])
            assert result.exit_code == 0, result.output
            printed[command] = json.loads(result.stdout)

        run("init")
        run("account add", "fp1", "--role", "fp")
        run("account set", "fp1", "--names")
        run("import", book, "--owner", "fp1", "--consent-basis", STATEMENT)
        run("imports")
        run("customers", "--owner", "fp1")
        run("coverage", "K1")
        run("gaps")
        run("rules")
        run("heatmap")
        run("sql", "heatmap")
        run("check")
        run("export", "K1")
        run("undo", printed["import"]["batch"], "--dry-run")
        run("erase", "K1", "--yes")
    yield printed


def test_each_command_with_json_is_told(documents):
    with_json = {
        command
        for command, of in reference.commands(main)
        if any("--json" in option.opts for option in of.params)
    }
    assert set(reference.JSON) == with_json == set(documents)


@pytest.mark.parametrize("command", sorted(reference.JSON))
def test_the_json_of_a_command_has_the_keys_that_are_told(command, documents):
    told = reference.JSON[command]
    notes = told["of everybody"].split(":")[0].strip("`") if command == "gaps" else ", ".join(told)
    assert set(documents[command]) == set(notes.split(", "))
