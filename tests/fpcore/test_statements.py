"""Every statement of the program runs here once, against the tables as they are.

The places that run SQL are found in the source, and the SQL constants too. Add what runs a new one
to `tour`: a statement that nobody runs here fails the test, with its place.
"""

import ast
import importlib
import pkgutil
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from agency import TODAY, add_policy, csv_bytes, hire, log_contact, take
from click.testing import CliRunner
from test_access_matrix import (
    FOR_OWNER,
    LISTS,
    OF_ONE,
    Subject,
    _add_what_no_book_has,
    _subjects,
)
from test_names import OF_MANY, Office

import fpcore
from fpcore.access import accounts
from fpcore.commands import demo
from fpcore.commands.main import main
from fpcore.customers import consents, coverage, profiles
from fpcore.errors import EditedMeanwhile
from fpcore.facts import amounts
from fpcore.gaps import explanation, publishing, scopes
from fpcore.importing import history, making, mappings, undoing
from fpcore.kept import comparison, consistency, customer_rows
from fpcore.models import (
    Account,
    ConsentChannel,
    ConsentKind,
    CustomerChanges,
    Measure,
    RowKind,
)
from fpcore.person import erasure
from fpcore.portfolio import follow_up, heatmaps, indicators, makeup, saved_filters
from fpcore.portfolio.filters import CustomerFilter
from fpcore.rules import rulebook
from fpcore.rules.amounts import Fixed
from fpcore.store import opening
from fpcore.store.calculator import Calculator
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Cursor, Database

DAY = timedelta(days=1)
ROOT = Path(fpcore.__path__[0])
RUNNERS = {
    ("cursor", "execute"), ("self.cursor", "execute"), ("connection", "execute"),
    ("database", "rows"), ("database", "value"), ("db", "read"), ("db", "frame"),
    ("self.db", "read"), ("calculator", "row"), ("calculator", "table"), ("reader", "table"),
}  # fmt: skip
"""What runs SQL, as it is called."""


class Place(NamedTuple):
    """Where SQL is run: file of fpcore, first and last line, column."""

    file: str
    line: int
    end_line: int
    column: int


def places() -> set[Place]:
    """Find every place that runs SQL, but those of the store itself."""
    return {
        Place(str(path.relative_to(ROOT)), node.lineno, node.end_lineno, node.col_offset)
        for path in ROOT.rglob("*.py")
        if path.parent.name not in ("store", "migrations")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (ast.unparse(node.func.value), node.func.attr) in RUNNERS
    }


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Iterator[tuple[dict[Place, list[str]], set[str]]]:
    """What SQL was run on the tour, by place, and all of it."""
    seen, texts = {}, set()

    def note(sql: str) -> None:
        texts.add(in_one_line(sql))
        frame = sys._getframe(2)
        while frame:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(ROOT) and path.parent.name != "store":
                position = list(frame.f_code.co_positions())[frame.f_lasti // 2]
                place = Place(str(path.relative_to(ROOT)), *position[:3])
                seen.setdefault(place, []).append(in_one_line(sql))
                return
            frame = frame.f_back

    def noted(run):
        def execute(self, sql, *rest):
            note(sql)
            return run(self, sql, *rest)

        return execute

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cursor, "execute", noted(Cursor.execute))
        patch.setattr(Calculator, "row", noted(Calculator.row))
        patch.setattr(Calculator, "table", noted(Calculator.table))
        tour(tmp_path_factory.mktemp("tour"), patch)
    yield seen, texts


def tour(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Do everything that the program can do, on a small book."""
    db = opening.open_database(IN_MEMORY)
    people = hire(db)
    admin = people["admin"]
    customer_rows.roll_forward(db, TODAY)
    take(db, admin, ROWS)
    db.transaction(lambda cursor: _add_what_no_book_has(db, cursor))
    subjects = _subjects(db)["fp1"]
    for operation in OF_ONE.values():
        operation.call(db, admin, subjects.pop())
    for read in LISTS.values():
        read(db, admin)
    for run in FOR_OWNER.values():
        run(db, admin, people["fp1"])
    batch = import_and_undo(db, people)
    with patch.context() as large:  # a small book is read in another way
        large.setattr(making, "FEW_ROWS", -1)
        large.setattr(customer_rows, "FEW_CUSTOMERS", -1)
        import_and_undo(db, people)
    for run in OF_MANY.values():
        run(Office(db, people, subjects[0], subjects[1].id, batch), admin)
    of_a_team(db, admin)
    of_itself(db, people)
    of_customers(db, people, *subjects[:2])
    later = TODAY + timedelta(days=40)
    for _ in range(2):
        customer_rows.roll_forward(db, later)
    consistency.check(db, later)
    comparison.differences(db, later)
    patch.setattr(demo, "BOOK", folder / "book.csv")
    demo.BOOK.write_bytes(csv_bytes([{"고객명": "새 고객", "동의": "Y", "담당FP": "fp1"}]))
    demo.load(db, later)
    db.close()
    patch.setenv("FP_DATABASE", str(folder / "fp.duckdb"))
    for command in (["init"], ["sql", "customer_fact"]):
        assert CliRunner().invoke(main, command).exit_code == 0


ROWS = [
    {"고객번호": f"{number}", "고객명": f"고객{number}", "보종": "생명", "담당FP": "fp1",
     "증권번호": f"P-{number}"}
    for number in range(len(OF_ONE) + 3)
]  # fmt: skip


RESIDENT_NUMBER = "900101-1234567"


def import_and_undo(db: Database, people: dict[str, Account]) -> UUID:
    """Import a book again with more in it, twice, and take the second back; the first's id."""
    fields = {
        "월소득": "300",
        "생활비": "200만",
        "부채": "1억",
        "부양가족수": "2",
        "주거형태": "자가",
    }
    forbidden = dict.fromkeys(("보험사", "상품명", "증권번호", "직업"), f"비고 {RESIDENT_NUMBER}")
    twice = [{**ROWS[-1], **forbidden}, ROWS[-2], ROWS[-2]]
    found = [take(db, people["admin"], [*({**row, **fields} for row in ROWS[-3:]), *twice])]
    other = [{**row, "직업": "교사", "보험료": "50,000"} for row in ROWS[-3:]]
    found.append(take(db, people["admin"], [*other, {"고객명": "새 고객", "담당FP": "fp1"}]))
    undoing.undo(db, people["admin"], found[1].batch, TODAY)
    for asker in ("manager1", "manager2"):
        history.of_account(db, people[asker])
    history.close_interrupted(db)
    amounts.read(db, {"coverage_amount": "1억"})
    return found[0].batch


def of_a_team(db: Database, admin: Account) -> None:
    """The figures of the portfolio for one team, and gaps of another day."""
    figures = (
        follow_up.expiring, follow_up.formerly_held, makeup.age_pyramid, makeup.insurers,
        indicators.key_figures, indicators.held_together,
    )  # fmt: skip
    for figure in figures:
        figure(db, admin, TODAY, team="강남")
    follow_up.not_contacted(db, admin, TODAY, team="강남")
    heatmaps.heatmap(db, admin, RowKind.FP, Measure.HOLDING, TODAY, team="강남")
    scopes.heatmap(db, admin, RowKind.FP, TODAY, team="강남")
    for of_gaps in (scopes.of_scope, scopes.worst):
        of_gaps(db, admin, TODAY - 90 * DAY)


def of_itself(db: Database, people: dict[str, Account]) -> None:
    """What an account does for itself, and an admin with accounts and rules."""
    admin, fp = people["admin"], people["fp1"]
    accounts.sign_in_credentials(db)
    accounts.set_names(db, admin, "manager2", True)
    accounts.set_language(db, fp, "en")
    coverage.currencies(db, fp)
    mappings.save(db, fp, "설정", ["이름"], {"0": "name"})
    mappings.remove(db, fp, mappings.of_account(db, fp)[0].id)
    saved_filters.save(db, fp, "필터", CustomerFilter(age_from=30))
    saved_filters.remove(db, fp, saved_filters.of_account(db, fp)[0].id)
    rule = next(rule for rule in rulebook.rules_on(db, TODAY) if rule.code == "total_low")
    rule = rule.model_copy(update={"valid_from": TODAY, "need": Fixed(amount=1)})
    publishing.publish(db, admin, rule, "왜", TODAY)


def of_customers(db: Database, people: dict[str, Account], one: Subject, gone: Subject) -> None:
    """What is seldom done with a customer."""
    fp = people["fp1"]
    ended = {"status": "cancelled", "start_date": TODAY - 900 * DAY, "end_date": TODAY - DAY}
    for held in (ended, {"start_date": TODAY - DAY}):
        add_policy(db, fp, one.id, insurer="어느 생명", **held)
    assert explanation.of_customer(db, fp, one.id, TODAY).of("replacement").state == "gap"
    log_contact(db, fp, one.id, next_contact_on=TODAY + DAY)
    with pytest.raises(EditedMeanwhile):
        profiles.update(db, fp, one.id, CustomerChanges(name="이하나"), 0, TODAY)
    erasure.erase(db, fp, one.id, profiles.removal(db, fp, one.id))
    phone = ConsentChannel.PHONE
    consents.withdraw(db, fp, gone.id, ConsentKind.COLLECTION, phone, TODAY)
    erasure.erase_due(db, fp, TODAY + 3650 * DAY)


def test_every_place_that_runs_sql_is_on_the_tour(ran):
    seen, _ = ran
    missing = sorted(place for place in places() - seen.keys())
    assert not missing, "\n".join(f"{place.file}:{place.line}" for place in missing)


def test_columns_of_customer_fact_are_asked_for_only_where_they_are_used(ran):
    """Whoever forgets one is told by DuckDB; whoever asks for one too many, here."""
    seen, _ = ran
    asked, used = defaultdict(set), defaultdict(set)
    for place, statements in seen.items():
        for sql in statements:
            for scope in SCOPE.finditer(sql):
                asked[place.file] |= set(re.findall(r" as (\w+)(?:,| from)", scope[0]))
                used[place.file] |= set(WORD.findall(sql[: scope.start()] + sql[scope.end() :]))
    asked.pop("commands/sql.py")  # shows all of them
    spare = {file: columns - used[file] for file, columns in asked.items()}
    assert {file: columns for file, columns in spare.items() if columns} == {}


SCOPE = re.compile(r"customer_scope as not materialized \( select .*? from (?:\w+)_row c")
WORD = re.compile(r"\w+")
STATEMENT = re.compile(r"\b(select|insert into|update|delete from|create (or replace )?temp)\b")


def constants() -> dict[str, str]:
    """Find the SQL that stands in constants of modules, by name."""
    found = {}
    for module in pkgutil.walk_packages(fpcore.__path__, "fpcore."):
        if not module.name.endswith("__main__"):
            for name, text in vars(importlib.import_module(module.name)).items():
                if isinstance(text, str) and name != "__doc__" and STATEMENT.search(text):
                    found[f"{module.name}.{name}"] = text
    return found


def in_one_line(sql: str) -> str:
    """Give SQL as it is compared: templates double the brackets that they do not fill in."""
    return " ".join(sql.replace("{{", "{").replace("}}", "}").split())


def test_every_sql_constant_is_on_the_tour(ran):
    """Of a template, each part between what is filled in."""
    _, texts = ran
    missing = []
    for name, template in constants().items():
        parts = [in_one_line(part) for part in re.split(r"(?<!\{)\{\w*\}(?!\})", template)]
        if not any(all(part in text for part in parts) for text in texts):
            missing.append(name)
    assert not missing, "\n".join(missing)
