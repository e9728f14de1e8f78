"""Every row of a book has exactly one outcome, whatever stands in it."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import hypothesis.strategies as st
from agency import STATEMENT, TODAY, codes, hire, outcome, take
from examples import few
from hypothesis import HealthCheck, given

from fpcore.importing import book_file, importer
from fpcore.importing.importer import ImportOptions
from fpcore.importing.rejects import rejects_csv
from fpcore.store import database, opening
from fpcore.store.connecting import IN_MEMORY, SqlError

HEADERS = (
    "고객번호 고객명 생년월일 휴대폰 성별 동의 보험사 증권번호 상품명 보종 가입금액 보험료 만기일"
    " 상태"
).split()
GOOD = {
    "고객번호": ["", "", "K1", "K2", "K3"],
    "고객명": ["김하나", "이둘", "박셋", "남궁 넷", "Kim Five"],
    "생년월일": ["1985-03-02", "900101", "2001.12.31", ""],
    "휴대폰": ["010-1111-2222", "010-3333-4444", "010-1234-****", ""],
    "성별": ["남", "여", ""],
    "동의": ["Y", "동의", ""],
    "보험사": ["삼성생명", "현대해상", ""],
    "증권번호": ["", "", "A-1", "A-2", "B 7"],
    "상품명": ["든든 종신보험", "안심 자동차보험", ""],
    "보종": ["생명", "건강", ""],
    "가입금액": ["1억 5천", "3,000만", "-", ""],
    "보험료": ["48,728원", "$69", ""],
    "만기일": ["종신", "100세", "2030-01-01", ""],
    "상태": ["유지", "해지", ""],
}
FAULTY = [*'김*용 N -1 1.5 200306 2099-01-01 =1+1 " a,b'.split(), "줄\n바꿈", "x" * 101]
ANYTHING = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
CELLS = [st.sampled_from(GOOD[header]) for header in HEADERS]


@st.composite
def row(draw) -> list[str]:
    """Draw a row: usual cells, at times a fault in one, cells too few or too many."""
    cells = [draw(cell) for cell in CELLS]
    if draw(st.integers(0, 3)) == 0:
        fault = draw(st.one_of(st.sampled_from(FAULTY), ANYTHING))
        cells[draw(st.integers(0, len(cells) - 1))] = fault
    length = draw(st.sampled_from([len(cells)] * 8 + [1, 5, len(cells) + 2]))
    return [*cells, "", draw(ANYTHING)][:length]


@st.composite
def books(draw) -> list[list[str]]:
    """Draw a book of different rows and repeated ones."""
    rows = draw(st.lists(row(), min_size=1, max_size=14))
    again = draw(st.lists(st.sampled_from(rows), max_size=4))
    return draw(st.permutations(rows + again))


def content_of(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([HEADERS, *rows])
    return out.getvalue().encode()


def tables(db: database.Database) -> list[list[dict]]:
    names = ("customer", "policy", "consent", "import_batch")
    return [db.read(f"select * from {name} order by id") for name in names]


@few(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=books(), statement=st.sampled_from([STATEMENT, None]), twins=st.booleans())
def test_rows_read_are_rows_taken_and_rejected(rows, statement, twins):
    said = ImportOptions(consent_basis=statement, take_twins=twins)
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire_one(db)
        before = tables(db)
        args = (db, fp, "book.csv", content_of(rows), said, TODAY)

        preview = importer.preview(*args)
        assert tables(db) == before

        report = importer.import_book(*args)
        expected = sum(any(cell.strip() for cell in cells) for cells in rows)
        assert report.rows == expected == sum(outcome(report))
        assert report.taken + report.rejected + report.questions == report.rows
        assert len(report.rejects) == report.held_back
        assert all(rejected.problems for rejected in report.rejects)
        assert counts(preview) == counts(report)
        assert numbered_policies_taken(args[3], report) <= numbered_policies_stored(db)
        customers, policies, consents, batches = tables(db)
        assert (len(customers), len(policies)) == (
            report.customers_created, report.policies_created,
        )  # fmt: skip
        assert len(consents) == len(customers)
        assert [(batch["state"], batch["row_count"]) for batch in batches] == [
            ("done", report.rows)
        ]

        again = importer.import_book(*args)
        assert outcome(again) == (0, 0, report.taken, report.held_back)
        assert rejected_lines(again) == rejected_lines(report)
        assert tables(db)[:3] == [customers, policies, consents]


def numbered_policies_taken(content: bytes, report) -> set[tuple[str, str]]:
    """(customer, policy number) of the rows that were taken, where both are usual ones."""
    rejected = set(rejected_lines(report))
    in_memory = opening.open_database(IN_MEMORY)
    with closing(in_memory) as db, book_file.opened(db, "book.csv", content) as file:
        head = file.head
    taken = [
        dict(zip(HEADERS, cells, strict=False)) for line, cells in head if line not in rejected
    ]
    pairs = {(row.get("고객명"), row.get("증권번호")) for row in taken}
    return {pair for pair in pairs if pair[0] in GOOD["고객명"] and pair[1] in GOOD["증권번호"][2:]}


def numbered_policies_stored(db) -> set[tuple[str, str]]:
    found = db.read(
        "select c.name, p.policy_number from policy p join customer c on c.id = p.customer_id"
    )
    return {(row["name"], row["policy_number"]) for row in found}


def hire_one(db):
    return hire(db)["fp1"]


def counts(report) -> tuple:
    return (
        outcome(report), report.rows, report.questions, report.customers_created,
        report.policies_created, report.notes, report.rejects,
    )  # fmt: skip


def rejected_lines(report) -> list[int]:
    return [rejected.line for rejected in report.rejects]


def test_a_customer_without_a_policy_has_a_row_of_their_own(import_rows, db):
    report = import_rows([{"고객명": "김하나", "보종": "", "가입금액": "-"}])
    assert (report.customers_created, report.policies_created) == (1, 0)


def test_rows_of_one_customer_become_one_customer(import_rows):
    rows = [{"고객명": "김하나", "생년월일": "1985-03-02", "보종": t} for t in ("생명", "건강", "")]
    report = import_rows(rows)
    assert (report.customers_created, report.policies_created) == (1, 2)
    assert outcome(report)[3] == 0


def test_too_many_cells_are_a_fault_and_empty_ones_are_not(db, people):
    content = "고객명,보종\n김하나,생명,,\n이둘,생명,5000\n".encode()
    said = ImportOptions(consent_basis=STATEMENT)
    report = importer.import_book(db, people["fp1"], "b.csv", content, said, TODAY)
    assert (report.taken, codes(report)) == (1, ["too_many_cells"])


def test_what_was_understood_without_being_said_is_noted(import_rows):
    report = import_rows(
        [
            {"고객명": "김", "상품명": "든든 종신보험", "가입금액": "1억", "보험료": ""},
            {"고객명": "이", "상품명": "안심 자동차보험", "가입금액": "", "보험료": "$10"},
        ]
    )
    assert dict(report.notes) == {
        "type_from_name": 2, "coverage_unknown": 1, "premium_unknown": 1, "other_currency": 1,
        "monthly_assumed": 1,
    }  # fmt: skip


def test_the_owner_column_says_whose_customers_they_are(db, import_rows):
    rows = [{"고객명": "김", "담당FP": "fp1"}, {"고객명": "이", "담당FP": "FP2"}]
    report = import_rows(rows, owner="manager1")
    found = db.read("select username from customer c join account a on a.id = c.owner_id")
    assert report.rejected == 0
    assert {row["username"] for row in found} == {"fp1", "fp2"}


def test_an_error_while_storing_stores_nothing(db, people, monkeypatch, import_rows):
    before = tables(db)[:3]
    monkeypatch.setattr(importer, "_TOUCHED_CUSTOMERS", "select no_such_column")
    try:
        import_rows([{"고객명": "김", "보종": "생명"}])
    except SqlError:
        *stored, batches = tables(db)
        assert stored == before
        assert [batch["state"] for batch in batches] == ["failed"]
    else:
        raise AssertionError("the import went through")


def test_a_rejects_file_can_be_opened_and_runs_no_formulas(import_rows):
    rows = [
        {"고객명": "", "비고": cell, "병력": "비밀", "가입금액": "-1"}
        for cell in ('=HYPERLINK("http://x")', "+1+1", "@SUM(A1)", "-2+3", "\t=1", "-5,000")
    ]
    report = import_rows(rows)
    written = rejects_csv(report, ["=reason"] * len(rows))
    assert written.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
    assert lines[0] == ["고객명", "비고", "가입금액", "line", "reason"]
    assert [line[1] for line in lines[1:]] == [
        '\'=HYPERLINK("http://x")', "'+1+1", "'@SUM(A1)", "'-2+3", "'\t=1", "-5,000",
    ]  # fmt: skip
    assert lines[1][2:] == ["-1", "2", "'=reason"]


def test_a_header_of_a_rejects_file_runs_no_formula(import_rows):
    report = import_rows([{"고객명": "", "=1+1": "x"}])
    assert b",=1+1" not in rejects_csv(report, ["reason"])


def test_two_uploads_of_one_book_at_once_store_it_once(db, people):
    book = [
        {**dict(zip(HEADERS, [""] * len(HEADERS), strict=True)), "고객명": "김하나", "동의": "Y"}
    ]
    with ThreadPoolExecutor(4) as uploads:
        reports = list(uploads.map(lambda _: take(db, people["fp1"], book), range(4)))
    assert sorted(report.customers_created for report in reports) == [0, 0, 0, 1]
    assert db.read("select count(*) as n from customer")[0]["n"] == 1
