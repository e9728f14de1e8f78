"""What a book leaves open is asked once a column or a word, and never guessed; two books go
together by the customers' numbers."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from agency import STATEMENT, TODAY, codes, csv_bytes, outcome, row_of, tables, take

from fpcore import privacy, wording
from fpcore.customers import consents, policies, profiles
from fpcore.importing import importer
from fpcore.importing.importer import ImportOptions
from fpcore.importing.rejects import rejects_csv
from fpcore.importing.report import Doubt, UnknownWord
from fpcore.kept import comparison
from fpcore.models import (
    WHOLE_LIFE,
    ConsentChannel,
    ConsentKind,
    CustomerChanges,
    PolicyChanges,
)


def book(header: str, texts: list[str], **more: str) -> list[dict[str, str]]:
    """A policy with a number for each text of one column, each of another customer."""
    return [
        {"고객명": f"고객{n}", "보종": "생명", "증권번호": f"P{n}", **more, header: text}
        for n, text in enumerate(texts)
    ]


def column(db, name: str) -> list:
    """A column of the policies in the order of their numbers."""
    return [row["x"] for row in db.read(f"select {name} as x from policy order by policy_number")]


# --- Units -------------------------------------------------------------------------------------

COVERAGES = ["3000", "5,000", "1억", "48,728원", "$69", "-", "1500.5만원"]


def test_the_unit_of_a_column_is_asked_once_and_not_guessed(db, fp):
    report = take(db, fp, book("가입금액", COVERAGES), units={})
    assert codes(report) == ["unit_unclear"] * 2
    assert report.doubts == [Doubt("coverage_amount", "unit_unclear", 2, ["3000", "5,000"])]
    assert (report.created, report.questions, report.rejected) == (5, 2, 0)
    assert column(db, "coverage_amount") == [
        Decimal(100_000_000), Decimal(48_728), Decimal(69), None, Decimal(15_005_000),
    ]  # fmt: skip
    assert column(db, "currency") == ["KRW", "KRW", "USD", "KRW", "KRW"]


@pytest.mark.parametrize("unit", [1, 1_000, 10_000])
def test_the_answer_holds_for_plain_numbers_only(db, fp, unit):
    rows = book("가입금액", COVERAGES)
    take(db, fp, rows, units={})
    report = take(db, fp, rows, units={"coverage_amount": unit})
    assert outcome(report) == (2, 0, 5, 0)
    assert report.doubts == []
    assert column(db, "coverage_amount") == [
        3000 * unit, 5000 * unit, 100_000_000, 48_728, 69, None, 15_005_000,
    ]  # fmt: skip


def test_each_column_is_asked_for_by_itself(db, fp):
    rows = book("보험료", ["30", "40"], 가입금액="3000")
    report = take(db, fp, rows, units={"coverage_amount": 10_000})
    assert [(one.field, one.rows) for one in report.doubts] == [("premium_amount", 2)]
    assert column(db, "policy_number") == []


def test_a_unit_in_the_header_and_numbers_of_usual_size_need_no_answer(db, fp):
    rows = book("가입금액(만원)", ["3000", "1억"], 보험료="48728")
    report = take(db, fp, rows, units={})
    assert (report.created, report.doubts) == (2, [])
    assert column(db, "coverage_amount") == [30_000_000, 100_000_000]
    assert column(db, "premium_amount") == [48_728] * 2


# --- Six digits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts, expected",
    [
        (["200306", "200513"], [date(2020, 3, 6), date(2020, 5, 13)]),
        (["200306", "203013"], None),
        (["200306", "201500"], None),
        (["200306", "199912"], [date(2003, 6, 1), date(1999, 12, 1)]),
        (["201512", "209912"], [date(2015, 12, 1), date(2099, 12, 1)]),
        (["200306", "2020-03-06"], None),
        (["200513", "199912"], [date(2020, 5, 13), date(1999, 12, 1)]),
    ],
)
def test_six_digits_are_read_as_the_whole_column_can_be(db, fp, texts, expected):
    report = take(db, fp, book("계약일", texts))
    assert ("date_unclear" in codes(report)) == (expected is None)
    if expected:
        assert column(db, "start_date") == expected


@pytest.mark.parametrize("way, expected", [("ym", date(2003, 6, 1)), ("ymd", date(2020, 3, 6))])
def test_dates_that_can_be_both_are_asked_for_once(db, fp, way, expected):
    rows = book("계약일", ["200306", "200306", "2024-02-29"])
    report = take(db, fp, rows)
    assert report.doubts == [Doubt("start_date", "date_unclear", 2, ["200306"])]
    assert (report.created, report.questions) == (1, 2)
    report = take(db, fp, rows, six_digits={"start_date": way})
    assert outcome(report) == (2, 0, 1, 0)
    assert column(db, "start_date") == [expected, expected, date(2024, 2, 29)]


def test_the_end_of_a_whole_life_has_six_digits_too(db, fp):
    report = take(db, fp, book("만기일", ["203012", "999912", "99991231", "종신"]))
    assert report.held_back == 0, codes(report)
    assert column(db, "end_date") == [date(2030, 12, 1), *[WHOLE_LIFE] * 3]


# --- Words -------------------------------------------------------------------------------------

WORDS = [
    ("계약상태", "status", "유지됨", "cancelled", "status"),
    ("보종", "type", "무배당", "car", "type"),
    ("납입주기", "premium_cycle", "격주납", "quarterly", "premium_cycle"),
]


@pytest.mark.parametrize("header, name, text, value, stored", WORDS)
def test_an_unknown_word_is_counted_and_explained_once(db, fp, header, name, text, value, stored):
    known = "생명" if name == "type" else ""
    rows = book(header, [text, f" {text}", text, known], 보험료="50000")
    report = take(db, fp, rows)
    assert report.unknown_words == [UnknownWord(name, text, 3)]
    assert (report.created, report.questions) == (1, 3)
    report = take(db, fp, rows, words={name: {text: value}})
    assert outcome(report) == (3, 0, 1, 0)
    assert report.unknown_words == []
    assert column(db, stored)[:3] == [value] * 3


def test_a_product_whose_type_nobody_knows_is_explained_by_its_name(db, fp):
    rows = [{"고객명": f"고객{n}", "상품명": "무지개 2호", "증권번호": f"P{n}"} for n in range(2)]
    report = take(db, fp, rows)
    assert report.unknown_words == [UnknownWord("type", "무지개 2호", 2)]
    report = take(db, fp, rows, words={"type": {"무지개 2호": "home"}})
    assert (report.created, column(db, "type")) == (2, ["home", "home"])


def test_an_unknown_type_that_the_product_tells_is_noted(db, fp):
    report = take(db, fp, book("보종", ["장기", "생명", ""], 상품명="암보험"))
    assert column(db, "type") == ["health", "life", "health"]
    assert dict(report.notes)["type_from_name"] == 2


def test_words_of_customers_are_counted_by_rows(db, people):
    manager, fp = people["manager1"], people["fp1"]
    rows = [
        {**row, "성별": "수컷", "동의": "글쎄", "담당FP": "김 팀장", "고객명": "김하나"}
        for row in book("보험료", ["50000"] * 3)
    ]
    report = take(db, manager, rows, consent_basis=None)
    assert Counter({(one.field, one.text): one.rows for one in report.unknown_words}) == {
        ("gender", "수컷"): 3, ("consent", "글쎄"): 3, ("owner", "김 팀장"): 3,
    }  # fmt: skip
    assert (report.questions, report.rejected) == (3, 0)
    words_said = {"gender": {"수컷": "M"}, "consent": {"글쎄": "yes"}, "owner": {"김 팀장": "fp1"}}
    report = take(db, manager, rows, consent_basis=None, words=words_said)
    assert (report.customers_created, report.policies_created) == (1, 3)
    [one] = db.read("from customer")
    assert (one["gender"], one["owner_id"]) == ("M", fp.id)
    assert db.read("select basis from consent") == [{"basis": "동의: 글쎄"}]


def test_an_owner_out_of_scope_is_no_answer(db, people):
    rows = book("담당FP", ["김 팀장"])
    report = take(db, people["manager1"], rows, words={"owner": {"김 팀장": "fp3"}})
    assert codes(report) == ["owner_unknown"]


# --- Premiums ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header, cycles, expected",
    [
        ("보험료", ["월납", "연납", "일시납", "3개월납", "", "납입완료"],
         ["monthly", "annual", "single", "quarterly", None, "paid_up"]),
        ("연보험료", ["월납", ""], ["monthly", "annual"]),
        ("월보험료", ["", "일시납"], ["monthly", "single"]),
    ],
)  # fmt: skip
def test_how_often_a_premium_is_paid_is_kept_with_it(db, fp, header, cycles, expected):
    take(db, fp, book("납입주기", cycles, **{header: "100,000"}))
    assert column(db, "premium_cycle") == expected
    assert column(db, "premium_amount") == [100_000] * len(cycles)


@pytest.mark.parametrize(
    "header, said, expected",
    [("연보험료", {}, "annual"), ("보험료", {}, "monthly"), ("보험료", {"premium_cycle": "annual"},
      "annual"), ("월보험료", {"premium_cycle": "annual"}, "monthly")],
)  # fmt: skip
def test_without_a_column_of_cycles_the_header_or_the_uploader_says_it(
    db, fp, header, said, expected
):
    take(db, fp, book(header, ["100,000"]), **said)
    assert column(db, "premium_cycle") == [expected]


# --- Columns without a telling header ----------------------------------------------------------


def test_columns_are_told_by_their_values(db, fp):
    rows = [
        {"가": f"김하{sign}", "나": f"010-2345-678{n}", "다": f"p{n}@naver.com", "라": insurer,
         "마": "유지", "바": "생명", "증권번호": f"P{n}"}
        for n, (sign, insurer) in enumerate(
            [("나", "삼성생명"), ("두", "현대해상"), ("세", "한화생명")]
        )
    ]  # fmt: skip
    report = take(db, fp, rows)
    assert report.columns.fields == (
        "name", "phone", "email", "insurer", "status", "type", "policy_number",
    )  # fmt: skip
    assert report.created == 3
    assert column(db, "insurer") == ["삼성생명", "현대해상", "한화생명"]
    assert [one["email"] for one in db.read("from customer order by name")] == [
        "p0@naver.com", "p1@naver.com", "p2@naver.com",
    ]  # fmt: skip


FORBIDDEN = {
    "rrn": ["850302-1234567", "900101-2345678", "770707-1111111"],
    "rrn_plain": ["8503021234567", "9001012345678", "7707071111111"],
    "card": ["4111-1111-1111-1111", "5500-0000-0000-0004", "4111 1111 1111 1112"],
    "account": ["123-456789-01-234", "110-234-567890-1", "333-22-1234567-8"],
}


@pytest.mark.parametrize("kind", FORBIDDEN)
@pytest.mark.parametrize("fields", [None, ("name", "notes", "type", "policy_number")])
def test_nothing_of_a_column_of_forbidden_numbers_is_kept(db, fp, kind, fields):
    rows = [
        {"고객명": f"고객{n}" if n else "", "참조": number, "보종": "생명", "증권번호": f"P{n}"}
        for n, number in enumerate(FORBIDDEN[kind])
    ]
    said = ImportOptions(consent_basis=STATEMENT, fields=fields)
    for run in (importer.preview, importer.import_book):
        report = run(db, fp, "b.csv", csv_bytes(rows), said, TODAY)
        assert report.columns.all[1].dropped == (kind != "account")  # looks like a policy's number
        assert codes(report) == ["missing"]
        written = rejects_csv(report, ["missing"]).decode()
        told = f"{report.samples} {report.notes} {report.columns} {written}"
        assert [number for number in FORBIDDEN[kind] if number in told] == []
    held = str(tables(db))
    assert [number for number in FORBIDDEN[kind] if number in held] == []
    born = db.read("select birth_date from customer where name = '고객1'")[0]["birth_date"]
    assert born == (date(1990, 1, 1) if kind in ("rrn", "rrn_plain") else None)


def test_notes_that_hold_a_forbidden_number_are_kept_without_it(db, fp):
    rows = book("보종", ["생명"] * 4, 비고="주민 850302-1234567, 저녁에 전화")
    report = take(db, fp, rows)
    assert {one["notes"] for one in db.read("from customer")} == {
        f"주민 {privacy.REMOVED}, 저녁에 전화"
    }
    assert dict(report.notes)["forbidden_numbers"] == 4


# --- A second book -----------------------------------------------------------------------------


def policy(number: str, **cells: str) -> dict[str, str]:
    return {"고객번호": "A1", "고객명": "김하나", "직업": "교사", "비고": "처음", "보종": "생명",
            "보험사": "한화생명", "증권번호": number, "가입금액": "1억", "보험료": "50000원",
            "상태": "유지", **cells}  # fmt: skip


def test_a_book_a_year_later(db, fp):
    first = [policy("N1"), policy("N2"), policy("N3"), policy("N4", 상태="해지")]
    take(db, fp, first)
    [one] = db.read("select id from customer")
    numbers = {row["policy_number"]: row for row in db.read("from policy")}
    profiles.update(db, fp, one["id"], CustomerChanges(occupation="의사"), 1, TODAY)
    policies.update(db, fp, numbers["N2"]["id"], PolicyChanges(premium_amount=Decimal(1)), 1, TODAY)
    untouched = [row_of(db, "policy", numbers[n]["id"]) for n in ("N3", "N4")]

    second = [
        policy("N1", 가입금액="2억", 상태="해지", 비고="새", 직업="간호사"),
        policy("N2", 비고="새", 직업="간호사", 보험료="60000원"),
        policy("N5", 비고="새", 직업="간호사"),
    ]
    plan = take(db, fp, second, dry_run=True)
    report = take(db, fp, second)
    assert (plan.changes, plan.kept, plan.gone) == (report.changes, report.kept, report.gone)
    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    assert {(c.record, c.policy, c.field, c.old, c.new) for c in report.changes} == {
        ("customer", None, "notes", "처음", "새"),
        ("policy", "N1", "coverage_amount", "100000000.00", "200000000.00"),
        ("policy", "N1", "status", "active", "cancelled"),
    }
    assert {(k.record, k.customer, k.policy, k.field) for k in report.kept} == {
        ("customer", "김하나", None, "occupation"),
        ("policy", "김하나", "N2", "premium_amount"),
    }
    assert [(gone.customer, gone.policy) for gone in report.gone] == [("김하나", "N3")]
    assert report.gone_count == 1
    assert [row_of(db, "policy", numbers[n]["id"]) for n in ("N3", "N4")] == untouched
    now = row_of(db, "customer", one["id"])
    assert (now["occupation"], now["notes"]) == ("의사", "새")
    assert row_of(db, "policy", numbers["N2"]["id"])["premium_amount"] == 1
    changed = row_of(db, "policy", numbers["N1"]["id"])
    assert (changed["coverage_amount"], changed["status"]) == (200_000_000, "cancelled")
    assert comparison.differences(db, TODAY) == []


def test_what_the_second_book_leaves_open_stays(db, fp):
    take(db, fp, [policy("N1", 상태="해지", 납입주기="연납")])
    said = "고객번호 고객명 보종 보험사 증권번호 보험료".split()
    report = take(db, fp, [{header: policy("N1")[header] for header in said}])
    assert outcome(report) == (0, 0, 1, 0)
    [held] = db.read("from policy")
    assert (held["status"], held["premium_cycle"]) == ("cancelled", "annual")
    assert held["coverage_amount"] == 100_000_000


# --- Two files, joined by the customers' numbers ------------------------------------------------

PEOPLE = [
    {"고객번호": "A1", "고객명": "김하나", "생년월일": "1980-01-02", "비고": "가"},
    {"고객번호": "A2", "고객명": "이둘", "생년월일": "1990-05-06", "비고": "나"},
]
POLICIES = [
    {"고객번호": "A2", "증권번호": "N1", "보종": "건강", "보험료": "30000원"},
    {"고객번호": "A1", "증권번호": "N2", "보종": "생명", "보험료": "40000원"},
    {"고객번호": "A1", "증권번호": "N3", "보종": "자동차", "보험료": "50000원"},
]


def test_policies_go_by_number_to_customers_of_another_file(db, fp):
    take(db, fp, PEOPLE)
    people = db.read("from customer order by source_key")
    report = take(db, fp, [*POLICIES, {**POLICIES[0], "고객번호": "A9", "증권번호": "N4"}])
    assert (report.policies_created, report.customers_created) == (3, 0)
    assert codes(report) == ["customer_number_unknown"]
    assert report.questions == 1
    [problem] = report.rejects[0].problems
    assert problem.text == "A9"
    joined = db.read(
        "select policy_number, name from policy p join customer c on c.id = p.customer_id"
        " order by policy_number"
    )
    assert [tuple(row.values()) for row in joined] == [
        ("N1", "이둘"), ("N2", "김하나"), ("N3", "김하나"),
    ]  # fmt: skip
    assert [
        (row["name"], row["birth_date"], row["notes"], row["ver"])
        for row in db.read("from customer order by source_key")
    ] == [(row["name"], row["birth_date"], row["notes"], row["ver"]) for row in people]
    assert outcome(take(db, fp, POLICIES)) == (0, 0, 3, 0)
    assert comparison.differences(db, TODAY) == []


def test_a_number_without_a_name_means_one_s_own_customer_only(db, people):
    take(db, people["fp2"], PEOPLE)
    report = take(db, people["fp1"], POLICIES)
    assert codes(report) == ["customer_number_unknown"] * 3
    assert db.read("from policy") == []


def test_policies_without_a_name_column_by_owner(db, people):
    both = [{**row, "담당FP": fp} for fp in ("fp1", "fp2") for row in PEOPLE]
    take(db, people["manager1"], both)
    rows = [{**row, "담당FP": fp, "증권번호": f"{row['증권번호']}-{fp}"}
            for fp in ("fp1", "fp2") for row in POLICIES]  # fmt: skip
    report = take(db, people["manager1"], rows)
    assert (report.created, report.held_back) == (6, 0)
    found = db.read(
        "select username, policy_number from policy p join customer c on c.id = p.customer_id"
        " join account a on a.id = c.owner_id"
    )
    assert all(row["policy_number"].endswith(row["username"]) for row in found)


def test_a_customer_who_withdrew_is_not_reached_by_number(db, fp):
    take(db, fp, PEOPLE)
    [who] = db.read("select id from customer where source_key = 'A1'")
    consents.withdraw(db, fp, who["id"], ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    report = take(db, fp, POLICIES)
    assert codes(report) == ["consent_withdrawn"] * 2
    assert (report.created, report.rejected) == (1, 2)


def test_the_number_unknown_is_told_in_words():
    for language in ("ko", "en"):
        text = wording.say_problem(
            language, "source_key", "customer_number_unknown", {"text": "A9"}
        )
        assert "A9" in text


def test_a_long_name_of_a_product_is_answered_as_it_is_told(import_rows):
    product = "알 수 없는 " + "긴이름" * 40
    row = {"고객명": "김하나", "상품명": product, "증권번호": "A-1"}
    [word] = import_rows([row], dry_run=True).unknown_words
    assert (word.field, word.text, word.rows) == ("type", product, 1)
    answered = import_rows([row], words={"type": {word.text: "life"}})
    assert (answered.policies_created, answered.questions) == (1, 0)
