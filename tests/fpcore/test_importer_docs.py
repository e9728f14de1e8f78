"""docs/importer.md names every temporary table of an import as the code has it, and no other."""

import pkgutil
import re
import sys
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from typing import ClassVar

import pytest
from agency import STATEMENT, TODAY, csv_bytes, hire
from test_book_file import text, xlsx

import fpcore.importing
from fpcore.config.paths import ROOT
from fpcore.importing import importer, making
from fpcore.importing.importer import ImportOptions
from fpcore.store import database, opening
from fpcore.store.connecting import IN_MEMORY

PAGE = ROOT / "docs" / "importer.md"
MADE = re.compile(r"create\s+or\s+replace\s+temp\s+(?:table|view)\s+(\w+)")
ROOM = "fpcore.importing."


@dataclass
class Relation:
    """A temporary table or view: who makes it and who reads it, and its columns with types."""

    makers: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)
    columns: dict[str, set[str]] = field(default_factory=dict)


class Spy(database.Cursor):
    """A cursor that notes every statement of an import with the module that runs it."""

    made: ClassVar[dict[str, Relation]] = defaultdict(Relation)
    ran: ClassVar[set[tuple[str, str]]] = set()
    handed_over: ClassVar[set[str]] = set()

    def execute(self, sql, params=None):
        done = super().execute(sql, params)
        self.ran.add((asking(), MADE.sub("", sql)))
        for name in MADE.findall(sql):
            self._note(name)
        return done

    def register(self, name, content):
        if asking().startswith(ROOM):
            self.handed_over.add(name)
        return self._connection.register(name, content)

    def _note(self, name: str) -> None:
        relation = self.made[name]
        relation.makers.add(asking())
        for column, kind, *_ in self._connection.execute(f"from {name} limit 0").description:
            kinds = relation.columns.setdefault(column, set())
            kinds.add("enum" if kind.id == "enum" else str(kind).lower())


def asking() -> str:
    """The module that runs a statement, those that run it for others left out."""
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] in (database.__name__, making.__name__, __name__):
        frame = frame.f_back
    return frame.f_globals["__name__"]


CUSTOMERS = [
    {"고객번호": f"K{n}", "고객명": name, "생년월일": born, "출생연도": "", "성별": gender,
     "휴대폰": "010-1234-5678", "이메일": mail, "직업": "사무직", "최근연락일": "2026-01-02",
     "메모": note, "월소득": "300만", "연소득": "4,000만", "소득기준": "세전", "월생활비": "100만",
     "부양가족수": "2명", "부채": "1억", "주거형태": "자가", "차량": "자차", "상해급수": "1급",
     "동의": "Y", "담당FP": "fp1"}
    for n, (name, gender, born, mail, note) in enumerate([
        ("김하나", "남", "1985-03-02", "kim@example.com", "카드 1234-5678-9012-3456"),
        ("이둘", "무엇", "850302", "이둘@", ""),
        ("", "여", "1990", "", ""),
        ("박셋", "남", "2001-01-01", "a.b+c@example.co.kr", "메모"),
    ])
]  # fmt: skip
POLICIES = [
    {"고객번호": f"K{n}", "보험사": "삼성생명", "증권번호": number, "상품명": product,
     "보험종류": kind, "가입금액": "1억", "보험료": "50000", "납입주기": "월납", "통화": "KRW",
     "계약일": begun, "만기일": "종신", "계약상태": status}
    for n, number, product, kind, begun, status in [
        (0, "A-1", "종신보험", "생명", "2020-01-02", "유지"),
        (0, "A-2", "암보험", "", "200306", "해약"),
        (1, "A-2", "암보험", "건강", "2020.1.2", "무엇"),
        (0, "", "어떤 보험 1234-5678-9012-3456", "", "", "유지"),
        (0, "", "운전자보험", "상해", "", "유지"),
        (0, "", "운전자보험", "상해", "", "유지"),
        (9, "A-9", "종신보험", "생명", "", "유지"),
    ]
]  # fmt: skip
OWNERS = (0, 3, 1, 0, 1, 1, 2)
BOTH = [{**CUSTOMERS[n], **policy} for n, policy in zip(OWNERS, POLICIES, strict=True)]
BOOKS = {
    "customers": csv_bytes(CUSTOMERS),
    "customers and policies, not grouped": csv_bytes(BOTH),
    "policies only": csv_bytes(POLICIES),
    "a grouped book with a resident number": csv_bytes(
        [
            {"고객명": "최넷", "주민번호": "850302-1******", "상품명": name}
            for name in ("실손", "암")
        ]
    ),
    "a workbook": xlsx(
        {
            "Book": {
                "A1": text("이름"),
                "B1": text("보종"),
                "A2": text("정다섯"),
                "B2": text("생명"),
            }
        }
    ),
}


def changed(content: bytes) -> bytes:
    """Give the book of a later day: other premiums and occupations."""
    return content.replace(b"50000", b"60000").replace("사무직".encode(), "학생".encode())


@pytest.fixture(scope="module")
def done() -> dict[str, Relation]:
    """What imports of all kinds of books make, large and small ones, each followed by an update."""
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(opening.open_database(IN_MEMORY)) as db,
    ):
        admin = hire(db)["admin"]
        patch.setattr(database, "Cursor", Spy)
        for few_rows, (name, content) in product((-1, making.FEW_ROWS), BOOKS.items()):
            patch.setattr(making, "FEW_ROWS", few_rows)
            options = ImportOptions(consent_basis=STATEMENT)
            importer.preview(db, admin, name, content, options, TODAY)
            first = importer.import_book(db, admin, name, content, options, TODAY)
            later = importer.import_book(db, admin, name, changed(content), options, TODAY)
            if "and policies" in name:
                assert first.questions and first.rejected and first.taken
                assert later.updated and later.unknown_words
    for name, relation in Spy.made.items():
        mentioned = re.compile(rf"\b{name}\b")
        relation.readers |= {module for module, sql in Spy.ran if mentioned.search(sql)}
    return {
        name: Relation(
            {maker.removeprefix(ROOM) for maker in relation.makers},
            {reader.removeprefix(ROOM) for reader in relation.readers},
            {column: told_as(kinds) for column, kinds in relation.columns.items()},
        )
        for name, relation in Spy.made.items()
        if any(maker.startswith(ROOM) for maker in relation.makers)
    }


def told_as(kinds: set[str]) -> set[str]:
    """A text of a policy column is a number in a large book, and itself in a small one."""
    return {"enum"} if kinds == {"enum", "varchar"} else kinds


# --- the page ------------------------------------------------------------------------------------

GROUP = re.compile(r"\* the \*([a-z ]+)\*, [^:]*: (.*?)\.(?= \* the |$)")
TABLE = re.compile(r"(\*\*`.*`\*\*): .* Made by (.*); read by (.*)\. Columns: (.*)\.")
TYPED = re.compile(r"`(\w+) ([^`]+)`")
WHOLE = re.compile(r"all of `(\w+)`(?: but `(\w+)`)?")
NAMES = re.compile(r"`([\w.]+)`")


def typed(columns: str) -> dict[str, set[str]]:
    """Read `name type` of each column; a type may be one `or` another, in books of other kinds."""
    return {name: set(types.split(" or ")) for name, types in TYPED.findall(columns)}


@pytest.fixture(scope="module")
def told() -> dict[str, Relation]:
    """What the page says of each table."""
    paragraphs = [" ".join(part.split()) for part in PAGE.read_text("utf-8").split("\n\n")]
    groups = {
        name: typed(columns)
        for paragraph in paragraphs
        for name, columns in GROUP.findall(paragraph)
    }
    tables: dict[str, Relation] = {}
    for paragraph in paragraphs:
        if found := TABLE.fullmatch(paragraph):
            names, makers, readers, columns = found.groups()
            described = typed(columns)
            for other, left_out in WHOLE.findall(columns):
                described |= {c: t for c, t in tables[other].columns.items() if c != left_out}
            for group in re.findall(r"the \*([a-z ]+)\*", columns):
                described |= groups[group]
            told = Relation(set(NAMES.findall(makers)), set(NAMES.findall(readers)), described)
            tables |= dict.fromkeys(NAMES.findall(names), told)
    return tables


def test_the_page_names_every_temporary_table_and_no_other(done, told):
    assert sorted(told) == sorted(done)


@pytest.mark.parametrize("what", ["makers", "readers", "columns"])
def test_the_page_says_of_each_table_what_the_code_does(what, done, told):
    wrong = {
        name: {"in the code": getattr(done[name], what), "on the page": getattr(told[name], what)}
        for name in done
        if getattr(done[name], what) != getattr(told[name], what)
    }
    assert wrong == {}


def test_the_page_names_what_python_hands_over(done):
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in Spy.handed_over if f"`{name}`" not in page] == []


def test_the_page_names_every_module_of_the_importer():
    page = PAGE.read_text(encoding="utf-8")
    modules = [module.name for module in pkgutil.iter_modules(fpcore.importing.__path__)]
    assert [module for module in modules if f"`{module}`" not in page] == []
