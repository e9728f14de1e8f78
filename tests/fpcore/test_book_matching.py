"""Who is who: the same person and policy are known again, and what is unclear is asked."""

from dataclasses import dataclass, field

import pytest
from agency import TODAY, Office, newcomer, outcome, take

from fpcore.customers import profiles
from fpcore.importing.matching import QUESTIONS
from fpcore.importing.report import ImportReport
from fpcore.models import Account, NewCustomer
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store.database import Database

KIM = {"고객명": "김하나", "생년월일": "1985-03-02"}
LIFE = {"보험사": "삼성생명", "상품명": "든든 종신보험", "가입금액": "1억", "계약일": "2020-05-01"}
PHONES = ("010-1111-2222", "010-3333-4444", "010 1111 2222")


def created(report) -> tuple[int, int]:
    return report.customers_created, report.policies_created


# --- Cases: each the book of an FP of its own, all of them in one file -------------------------


@dataclass(frozen=True)
class Case:
    """Rows of an FP's book, what it adds, and the codes of those that are asked about.

    `adds`: customers and policies. `known`: rows of a book that came before it.
    """

    rows: list[dict[str, str]]
    adds: tuple[int, int]
    asked: list[str] = field(default_factory=list)
    known: list[dict[str, str]] = field(default_factory=list)


CASES = {
    "a customer number identifies a person": Case(
        [{"고객번호": "K1", "고객명": "김하나"}] * 2, adds=(1, 0)
    ),
    "two numbers are two people even of one name and birth": Case(
        [{"고객번호": "K1", **KIM}, {"고객번호": "K2", **KIM}], adds=(2, 0)
    ),
    "a customer number of two names is a question": Case(
        [{"고객번호": "K1", **KIM}, {"고객번호": "K1", "고객명": "이둘"}],
        adds=(1, 0),
        asked=["customer_differs"],
    ),
    "a customer number of two births is a question": Case(
        [{"고객번호": "K1", **KIM}, {"고객번호": "K1", **KIM, "생년월일": "1990-01-01"}],
        adds=(1, 0),
        asked=["customer_differs"],
    ),
    "one name with two birth dates is two people": Case(
        [{**KIM, "생년월일": day} for day in ("1985-03-02", "1985-07-07", "1990-01-01")],
        adds=(3, 0),
    ),
    "one name and year with two phones is two people": Case(
        [{"고객명": "김하나", "출생연도": "1985", "휴대폰": phone} for phone in PHONES], adds=(2, 0)
    ),
    "a row that could be either of two people is a question": Case(
        [{"고객명": "김하나", "출생연도": "1985", "휴대폰": phone} for phone in (*PHONES[:2], "")],
        adds=(2, 0),
        asked=["which_person"],
    ),
    "a masked name needs a customer number": Case(
        [{"고객명": "김*하"}, {"고객명": "김*하", "고객번호": "K9"}],
        adds=(1, 0),
        asked=["masked_name"],
    ),
    "a policy number with other details is a question": Case(
        [{**KIM, **LIFE, "증권번호": "A-1", "가입금액": amount} for amount in ("1억", "2억")],
        adds=(1, 1),
        asked=["number_twice"],
    ),
    "a policy number mentioned twice is one policy": Case(
        [{**KIM, **LIFE, "증권번호": number} for number in ("A-1", "Ａ-1", "a -1")], adds=(1, 1)
    ),
    "two insurers may use one policy number": Case(
        [{**KIM, **LIFE, "증권번호": "A-1", "보험사": name} for name in ("삼성생명", "한화생명")],
        adds=(1, 2),
    ),
    "rows alike without a number are a question": Case(
        [{**KIM, **LIFE}] * 3, adds=(1, 1), asked=["same_row_again"] * 2
    ),
    "two customers with one policy number are a question": Case(
        [{**KIM, **LIFE, "증권번호": "A-1"}, {"고객명": "이둘", **LIFE, "증권번호": "A-1"}],
        adds=(1, 1),
        asked=["number_of_another"],
    ),
    "a policy number of a customer already stored is a question": Case(
        [{"고객명": "이둘", **LIFE, "증권번호": "A-1"}],
        known=[{**KIM, **LIFE, "증권번호": "A-1"}],
        adds=(0, 0),
        asked=["number_of_another"],
    ),
    "a changed policy among several alike is a question": Case(
        [{**KIM, **LIFE, "가입금액": "3억"}],
        known=[{**KIM, **LIFE, "가입금액": amount} for amount in ("1억", "2억")],
        adds=(0, 0),
        asked=["which_policy"],
    ),
    "a customer known by name only is a question": Case(
        [KIM], known=[{**KIM, "생년월일": ""}], adds=(0, 0), asked=["same_person"]
    ),
    "a name of two customers is a question": Case(
        [KIM],
        known=[{"고객번호": "K1", **KIM}, {"고객번호": "K2", **KIM}],
        adds=(0, 0),
        asked=["same_person"],
    ),
    "one customer number with two birth dates is a question": Case(
        [
            {"고객번호": "1", "고객명": "김", "생년월일": day}
            for day in ("1980-03-04", "1980-05-06")
        ],
        adds=(1, 0),
        asked=["customer_differs"],
    ),
}

READ_AGAIN = {
    "with a number and without": [{}, {"고객번호": "K9"}],
    "with a birth date, then without": [{}, {"생년월일": ""}],
    "without a birth date, then with": [{"생년월일": ""}, {}],
    "with a day, then a year": [{}, {"생년월일": "1985"}],
    "of two days": [{}, {"생년월일": "1985-07-07"}],
    "with a phone and without": [{}, {"휴대폰": "010-1111-2222"}],
    "of two phones": [
        {"생년월일": "", "휴대폰": phone} for phone in ("010-1111-2222", "010-1111-3333")
    ],
    "of one phone, once with a day": [
        {"휴대폰": "010-1111-2222"},
        {"생년월일": "", "휴대폰": "010-1111-2222"},
    ],
    "of two days, once with a number": [{"고객번호": "K1"}, {"생년월일": "1990-01-01"}],
    "of one day, and a number without": [
        {"고객번호": "K1", "생년월일": ""},
        {"생년월일": "1990-01-01"},
    ],
}
"""Two rows of one name: what is said of them else."""


@dataclass(frozen=True)
class Result:
    """What became of one FP's part of a book: customers and policies that it added, records of
    theirs that it changed, and the codes of the rows that were held back."""

    adds: tuple[int, int]
    changed: int
    asked: list[str]


def take_all(
    office: Office, books: dict[str, list[dict[str, str]]], owners: dict[str, Account]
) -> tuple[ImportReport, dict[str, Result]]:
    """Import the books of all cases as one file, told by the FP; the report and each result."""
    db, people = office
    of_line = [case for case, rows in books.items() for _ in rows]
    rows = [{**row, "담당FP": owners[case].username} for case in books for row in books[case]]
    report = take(db, people["admin"], rows)
    asked: dict[str, list[str]] = {case: [] for case in books}
    for row in report.rejects:
        asked[of_line[row.line - 2]] += [problem.code for problem in row.problems]
    return report, {case: Result(*_counts(db, owners[case], report), asked[case]) for case in books}


def _counts(db: Database, fp: Account, report: ImportReport) -> tuple[tuple[int, int], int]:
    said = {"fp": fp.id, "batch": report.batch}
    [row] = db.read(
        """
        select
            (select count(*) from customer where owner_id = $fp and batch_id = $batch) as customers,
            (select count(*) from policy p join customer c on c.id = p.customer_id
                where c.owner_id = $fp and p.batch_id = $batch) as policies,
            (select count(*) from audit a join customer c on c.id = a.customer_id
                where c.owner_id = $fp and a.batch_id = $batch and a.action = 'updated') as changed
        """,
        said,
    )
    return (row["customers"], row["policies"]), row["changed"]


@pytest.fixture(scope="module")
def results(office) -> tuple[ImportReport, dict[str, Result]]:
    """What became of each case: what is known in one import, the books in another."""
    owners = {case: newcomer(office.db) for case in CASES}
    take_all(office, {name: case.known for name, case in CASES.items() if case.known}, owners)
    return take_all(office, {name: case.rows for name, case in CASES.items()}, owners)


@pytest.mark.parametrize("case", CASES)
def test_of_a_book(case, results):
    assert results[1][case] == Result(CASES[case].adds, 0, CASES[case].asked)


def test_all_that_is_held_back_of_the_cases_is_a_question_but_a_masked_name(results):
    report = results[0]
    faults = [row for row in report.rejects if not row.is_question]
    assert [problem.code for row in faults for problem in row.problems] == ["masked_name"]
    assert (report.questions, report.rejected) == (report.held_back - 1, 1)


@pytest.fixture(scope="module")
def twice(office) -> list[tuple[ImportReport, dict[str, Result]]]:
    """What became of each book that is read twice, at first and again."""
    owners = {case: newcomer(office.db) for case in READ_AGAIN}
    row = {"고객번호": "", **KIM, "휴대폰": ""}
    books = {case: [{**row, **said} for said in rows] for case, rows in READ_AGAIN.items()}
    return [take_all(office, books, owners) for _ in range(2)]


@pytest.mark.parametrize("case", READ_AGAIN)
def test_a_book_read_again_means_the_same_people(case, twice):
    (_, first), (_, again) = twice
    assert first[case].adds[0] > 0
    assert again[case] == Result((0, 0), 0, first[case].asked)


def test_books_read_again_add_and_change_no_row(twice):
    (first, _), (again, _) = twice
    assert outcome(again) == (0, 0, first.taken, first.held_back)


# --- Books by themselves ------------------------------------------------------------------------


def test_twins_are_taken_when_the_uploader_says_so(import_rows):
    report = import_rows([{**KIM, **LIFE}] * 3, take_twins=True)
    assert (created(report), report.held_back) == ((1, 3), 0)
    again = import_rows([{**KIM, **LIFE}] * 3, take_twins=True)
    assert outcome(again) == (0, 0, 3, 0)


@pytest.mark.parametrize("number", ["A-1", ""])
def test_a_changed_amount_updates_the_policy(number, import_rows, db):
    row = {**KIM, **LIFE, "증권번호": number}
    import_rows([row])
    report = import_rows([{**row, "가입금액": "2억"}])
    assert outcome(report) == (0, 1, 0, 0)
    stored = db.read("select coverage_amount, ver from policy")
    assert [(int(p["coverage_amount"]), p["ver"]) for p in stored] == [(200_000_000, 2)]


def test_what_a_later_book_leaves_open_stays(import_rows, db):
    import_rows([{**KIM, **LIFE, "증권번호": "A-1", "직업": "교사"}])
    report = import_rows([{**KIM, "증권번호": "A-1", "보험사": "삼성생명", "보종": "생명"}])
    assert outcome(report) == (0, 0, 1, 0)
    assert db.read("select occupation from customer") == [{"occupation": "교사"}]
    assert int(db.read("select coverage_amount from policy")[0]["coverage_amount"]) == 100_000_000


@pytest.mark.parametrize("known", [{"birth_date": "1985-03-02"}, {"phone": "010-1111-2222"}])
def test_a_customer_added_by_hand_is_known_again(known, db, people, import_rows):
    new = NewCustomer(name="김하나", consent_basis="서면", **known)
    profiles.create(db, people["fp1"], new, TODAY)
    report = import_rows([{**KIM, "휴대폰": "010-1111-2222", "고객번호": "K1"}])
    assert outcome(report) == (0, 1, 0, 0)
    found = db.read("select source_key, birth_year from customer")
    assert found == [{"source_key": "K1", "birth_year": 1985}]


def test_two_fps_may_have_the_same_customer_without_seeing_each_others(import_rows, db, people):
    row = {"고객번호": "K1", **KIM, **LIFE, "증권번호": "A-1"}
    assert created(import_rows([row], owner="fp1")) == (1, 1)
    assert created(import_rows([{**row, "가입금액": "2억"}], owner="fp2")) == (1, 1)
    for fp, coverage in (("fp1", 1e8), ("fp2", 2e8)):
        page = customer_list.find(db, people[fp], CustomerFilter(), TODAY)
        assert list(page.rows["coverage"]) == [coverage]


def test_one_book_of_two_fps_keeps_their_same_customer_apart(import_rows):
    row = {"고객번호": "K1", **KIM, **LIFE, "증권번호": "A-1"}
    rows = [{**row, "담당FP": fp} for fp in ("fp1", "fp2")]
    assert created(import_rows(rows, owner="manager1")) == (2, 2)
    assert outcome(import_rows(rows, owner="manager1")) == (0, 0, 2, 0)


def test_every_question_can_be_answered_by_a_person():
    assert {"same_row_again", "number_twice", "same_person", "which_person"} <= QUESTIONS
    assert "not_understood" not in QUESTIONS


USD_POLICY = {
    **KIM, "증권번호": "P-1", "보종": "생명", "가입금액": "$1000", "보험료": "$120",
    "납입주기": "연납", "상태": "해지",
}  # fmt: skip


def test_what_a_later_book_leaves_unsaid_changes_nothing_that_is_known(db, import_rows):
    import_rows([USD_POLICY])
    later = {**KIM, "증권번호": "P-1", "보종": "생명", "가입금액": "2000", "보험료": "240"}
    assert import_rows([later]).updated == 1
    sql = "select coverage_amount, currency, premium_cycle, status from policy"
    assert db.read(sql) == [
        {
            "coverage_amount": 2000,
            "currency": "USD",
            "premium_cycle": "annual",
            "status": "cancelled",
        }
    ]


def test_what_a_later_book_says_does_change_what_is_known(db, import_rows):
    import_rows([USD_POLICY])
    import_rows([{**USD_POLICY, "상태": "유지", "납입주기": "월납"}])
    assert db.read("select premium_cycle, status from policy") == [
        {"premium_cycle": "monthly", "status": "active"}
    ]


def test_rows_of_one_customer_that_disagree_are_told(import_rows):
    rows = [{"고객번호": "1", "고객명": "김", "직업": job} for job in ("교사", "의사")]
    assert ("rows_disagree", 1) in import_rows(rows).notes
    assert import_rows(rows[:1]).notes == []
