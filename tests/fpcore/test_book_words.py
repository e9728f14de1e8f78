"""The words of people's books are checked, and a fault in their file stops nobody."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from agency import hire, outcome, take

from fpcore import wording
from fpcore.access import accounts
from fpcore.config.paths import ROOT
from fpcore.errors import InvalidSettings
from fpcore.importing import headers, importer, words
from fpcore.importing.fields import FIELDS
from fpcore.importing.importer import ImportOptions
from fpcore.store import opening

CONTENT = words.BOOK_WORDS.read_text(encoding="utf-8")
NAMES = 'name = ["고객명", '
ROW = {"고객명": "김하나", "생년월일": "1985-03-02", "보험종류": "생명"}


def changed(old: str, new: str) -> str:
    assert CONTENT.count(old) == 1
    return CONTENT.replace(old, new)


FAULTS = {
    "not TOML": (changed("[columns]", "[columns"), "-", "toml_broken"),
    "a section of another name": (changed("[columns]", "[colums]"), "columns", "missing"),
    "a section too many": (CONTENT + "[more]\n", "more", "no_such_setting"),
    "a section that is none": (
        changed("[totals]\n", "[insurers.totals]\n"), "totals", "missing",
    ),
    "a text for a list": (changed(NAMES, 'name = "고객명"\n#'), "columns.name", "tuple_type"),
    "a number for a word": (changed(NAMES, "name = [1, "), "columns.name.0", "string_type"),
    "a list for a table": (
        changed("[values.gender]\n", "[values]\ngender = [1]\n[values.g]\n"),
        "values.gender", "not_a_table",
    ),
    "a field that is none": (changed("\nname = [", "\nnmae = ["), "columns", "names_lacking"),
    "a field too many": (changed(NAMES, f'nmae = ["x"]\n{NAMES}'), "columns", "name_unknown"),
    "a value that is none": (
        changed("[values.gender]\n", '[values.gender]\nZ = ["z"]\n'),
        "values.gender", "name_unknown",
    ),
    "a value lacking": (changed('O = ["기타", "o"', '#O = ["'), "values.gender", "names_lacking"),
    "a cycle that is none": (
        changed('annual = ["연보험료"', 'yearly = ["연보험료"'),
        "premium_cycle_of_header", "name_unknown",
    ),
    "a header of two fields": (
        changed(NAMES, f'{NAMES}"보험 회사", '), "columns.insurer", "word_twice",
    ),
    "a header that is also dropped": (
        changed(NAMES, f'{NAMES}"카드번호", '), "dropped_columns.other", "word_twice",
    ),
    "a word of two values": (
        changed('F = ["여"', 'F = ["남", "여"'), "values.gender.F", "word_twice",
    ),
    "an empty list": (changed(NAMES, "name = []\n#"), "columns.name", "too_short"),
    "an empty word": (changed(NAMES, 'name = ["", '), "columns.name.0", "string_too_short"),
    "a word without letters": (
        changed(NAMES, 'name = ["?!", '), "columns.name.0", "word_without_letters",
    ),
    "a word of two lines": (
        changed(NAMES, 'name = ["고객\\n명", '), "columns.name.0", "control_character",
    ),
    "a word with a sign not seen": (
        changed(NAMES, 'name = ["고객\\u0007", '), "columns.name.0", "control_character",
    ),
    "a word too long": (
        changed(NAMES, f'name = ["{"x" * 101}", '), "columns.name.0", "string_too_long",
    ),
}  # fmt: skip


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """The file of words, to be changed."""
    file = tmp_path / words.BOOK_WORDS.name
    file.write_text(CONTENT, encoding="utf-8")
    monkeypatch.setattr(words, "BOOK_WORDS", file)
    return file


def test_the_file_that_comes_along_has_no_fault():
    assert words.fault() is None
    assert set(words.parsed("book_words.toml", CONTENT).columns) == set(FIELDS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_and_field(fault, file):
    content, field, problem = FAULTS[fault]
    file.write_text(content, encoding="utf-8")
    error = words.fault()
    assert (error.particulars, error.problem) == (
        {"file": "book_words.toml", "field": field}, problem,
    )  # fmt: skip
    for language in wording.LANGUAGES:
        assert f"problem.{problem}" in wording.catalogue(language)
        assert {"book_words.toml", field} <= set(
            wording.say_error(language, error).replace(":", " ").replace(",", " ").split()
        )


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("a field too many", ["nmae", "name, birth_date"]),
        ("a field that is none", ["name"]),
        ("a header of two fields", ["보험회사", "columns.name"]),
        ("a section too many", ["dropped_columns, premium_cycle_of_header"]),
        ("a word without letters", ["?!"]),
    ],
)
def test_a_fault_is_told_with_what_is_accepted(fault, told, file):
    file.write_text(FAULTS[fault][0], encoding="utf-8")
    for language in wording.LANGUAGES:
        sentence = wording.say_error(language, words.fault())
        assert [part for part in told if part not in sentence] == []


@pytest.mark.parametrize("spoil", [
    lambda file: file.unlink(), lambda file: file.write_bytes("고객명".encode("cp949")),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_a_fault(spoil, file):
    spoil(file)
    assert words.fault().problem == "file_unreadable"


# --- the last good one goes on -------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_with_a_fault_the_last_good_words_go_on(fault, file, db):
    file.write_text(changed(NAMES, f'{NAMES}"손님", '), encoding="utf-8")
    words.keep_good_file(db)
    file.write_text(FAULTS[fault][0], encoding="utf-8")
    words.keep_good_file(db)  # as at each start
    assert words.book_words(db).columns["name"][:2] == ("고객명", "손님")


def test_a_program_that_starts_with_a_fault_goes_on_with_the_last_good_words(file, tmp_path):
    path = str(tmp_path / "fp.duckdb")
    file.write_text(changed(NAMES, f'{NAMES}"손님", '), encoding="utf-8")
    with closing(opening.open_database(path, create=True)) as db:
        hire(db)
        words.keep_good_file(db)
    file.write_text(FAULTS["not TOML"][0], encoding="utf-8")
    words.parsed.cache_clear()  # as in a new process
    with closing(opening.open_database(path)) as db:
        report = take(db, accounts.find(db, "fp1"), [{"손님": "김하나", "보험종류": "생명"}])
        assert outcome(report) == (1, 0, 0, 0)


def test_a_better_file_takes_the_place_of_the_one_that_was_kept(file, db):
    words.keep_good_file(db)
    file.write_text(changed(NAMES, 'name = ["손님", '), encoding="utf-8")
    words.keep_good_file(db)
    file.write_text(FAULTS["not TOML"][0], encoding="utf-8")
    assert words.book_words(db).columns["name"][0] == "손님"
    assert len(db.read("select * from good_file where name = 'book_words.toml'")) == 1


def test_without_any_good_file_the_fault_is_what_is_said(file, db, fp):
    file.write_text(FAULTS["an empty list"][0], encoding="utf-8")
    with pytest.raises(InvalidSettings) as refused:
        take(db, fp, [ROW])
    assert refused.value.particulars == {"file": "book_words.toml", "field": "columns.name"}


def test_the_file_is_not_read_before_it_is_needed():
    program = """
import importlib, pkgutil, sys
sys.addaudithook(lambda event, given: event == "open" and "book_words" in str(given[0]) and exit(1))
import fpcore
for module in pkgutil.walk_packages(fpcore.__path__, "fpcore."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


# --- whatever stands in a word -------------------------------------------------------------------


def test_apostrophes_and_other_signs_in_words_are_understood(file, db, fp):
    content = CONTENT
    for old, new in {
        NAMES: f'{NAMES}"Client\'s (full) name", ',
        'active = ["유지"': 'active = ["it\'s on; \\"ok\\"", "유지"',
        'other = ["기타", "배상"': 'other = ["Driver\'s PLAN", "기타", "배상"',
        'words = ["미제공"': 'words = ["Don\'t know", "미제공"',
        'words = ["합계"': 'words = ["Sum\'s", "합계"',
        'names = ["삼성생명"': 'names = ["화재(주)\'s *", "삼성생명"',
    }.items():
        assert content.count(old) == 1, old
        content = content.replace(old, new)
    file.write_text(content, encoding="utf-8")
    assert words.fault() is None
    rows = [
        {"Client's (full) name": "김하나", "생년월일": "don't know", "계약상태": 'It\'s on, "OK"',
         "보험종류": "driver's plan", "상품명": "하나", "증권번호": "A-1"},
        {"Client's (full) name": "이둘", "생년월일": "", "계약상태": "유지",
         "보험종류": "", "상품명": "화재(주)'s * 종신", "증권번호": "A-2"},
        {"Client's (full) name": "박셋", "생년월일": "", "계약상태": "유지",
         "보험종류": "", "상품명": "My drivers' or driver's plan", "증권번호": "A-3"},
        {"Client's (full) name": "Sum's", "생년월일": "", "계약상태": "", "보험종류": "",
         "상품명": "", "증권번호": ""},
    ]  # fmt: skip
    report = take(db, fp, rows)
    assert outcome(report) == (3, 0, 0, 0)
    assert dict(report.notes)["total_rows"] == 1
    assert db.read("select policy_number, type, status from policy order by policy_number") == [
        {"policy_number": "A-1", "type": "other", "status": "active"},
        {"policy_number": "A-2", "type": "life", "status": "active"},
        {"policy_number": "A-3", "type": "other", "status": "active"},
    ]


def test_a_book_stays_with_the_words_that_it_was_read_by(file, db):
    content = "이름,보종\n김,생명\n".encode()
    book, columns = importer.open_book(db, "book.csv", content, ImportOptions())
    file.write_text(FAULTS["not TOML"][0], encoding="utf-8")
    assert headers.recognize(book) == columns
