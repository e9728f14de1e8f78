"""What a customer or a policy must be like: each limit, and the same for a form and for a book."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from agency import STATEMENT, TODAY, hire, take
from hypothesis import example, given

from fpcore import checks, wording
from fpcore.customers import profiles
from fpcore.importing.importer import ImportReport
from fpcore.models import LARGEST_AMOUNT, POLICY_AMOUNTS, NewCustomer
from fpcore.models.circumstances import AMOUNTS as CUSTOMER_AMOUNTS
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Database

DAY = timedelta(days=1)
CUSTOMER = {
    "name": "김하나", "birth_date": None, "birth_year": None, "email": None, "occupation": None,
    "last_contact_on": None, "notes": None, "monthly_income": None, "living_cost": None,
    "dependants": None, "debts": None, "occupation_class": None,
}  # fmt: skip
POLICY = {
    "type": "life", "policy_name": None, "insurer": None, "policy_number": None,
    "coverage_amount": None, "premium_amount": None, "currency": "KRW", "start_date": None,
    "end_date": None, "status": "active",
}  # fmt: skip
HEADERS = {
    "name": "고객명", "birth_date": "생년월일", "birth_year": "출생연도", "email": "이메일",
    "occupation": "직업", "last_contact_on": "최근연락일", "notes": "비고", "type": "보험종류",
    "policy_name": "상품명", "insurer": "보험사", "policy_number": "증권번호",
    "coverage_amount": "가입금액", "premium_amount": "보험료", "currency": "통화",
    "start_date": "계약일", "end_date": "만기일", "monthly_income": "월소득",
    "living_cost": "월생활비", "dependants": "부양가족수", "debts": "부채",
    "occupation_class": "상해급수",
}  # fmt: skip
LOCAL_PART = "a" * (254 - len("@example.kr"))
EDGES = [
    ("name", "missing", {"name": None}, {"name": "나"}),
    ("name", "missing", {"name": " "}, {"name": "나"}),
    ("name", "too_long", {"name": "x" * 101}, {"name": "x" * 100}),
    ("occupation", "too_long", {"occupation": "x" * 101}, {"occupation": "x" * 100}),
    ("notes", "too_long", {"notes": "x" * 2001}, {"notes": "x" * 2000}),
    ("email", "too_long",
     {"email": f"a{LOCAL_PART}@example.kr"}, {"email": f"{LOCAL_PART}@example.kr"}),
    ("email", "not_understood", {"email": "kim"}, {"email": "kim@example.com"}),
    ("birth_date", "birth_out_of_range", {"birth_year": 1899}, {"birth_year": 1900}),
    ("birth_date", "birth_out_of_range", {"birth_year": 2027}, {"birth_year": 2026}),
    ("birth_date", "birth_out_of_range",
     {"birth_date": TODAY + DAY, "birth_year": 2026}, {"birth_date": TODAY, "birth_year": 2026}),
    ("birth_year", "birth_disagrees",
     {"birth_date": date(1985, 3, 2), "birth_year": 1986},
     {"birth_date": date(1985, 3, 2), "birth_year": 1985}),
    ("last_contact_on", "in_future", {"last_contact_on": TODAY + DAY}, {"last_contact_on": TODAY}),
    *[
        (field, code, {field: wrong}, {field: right})
        for field in CUSTOMER_AMOUNTS
        for code, wrong, right in (
            ("negative", Decimal("-1"), Decimal(0)),
            ("too_large", LARGEST_AMOUNT + 1, LARGEST_AMOUNT),
            ("not_whole_won", Decimal("1.5"), Decimal("1.0")),
        )
    ],
    ("dependants", "dependants_out_of_range", {"dependants": -1}, {"dependants": 0}),
    ("dependants", "dependants_out_of_range", {"dependants": 21}, {"dependants": 20}),
    ("occupation_class", "class_out_of_range", {"occupation_class": 0}, {"occupation_class": 1}),
    ("occupation_class", "class_out_of_range", {"occupation_class": 4}, {"occupation_class": 3}),
    ("type", "missing", {"type": None}, {"type": "car"}),
    ("insurer", "too_long", {"insurer": "x" * 101}, {"insurer": "x" * 100}),
    ("policy_number", "too_long", {"policy_number": "x" * 101}, {"policy_number": "x" * 100}),
    ("policy_name", "too_long", {"policy_name": "x" * 201}, {"policy_name": "x" * 200}),
    ("currency", "currency_unclear", {"currency": "US"}, {"currency": "USD"}),
    ("end_date", "end_before_start",
     {"start_date": TODAY + DAY, "end_date": TODAY}, {"start_date": TODAY, "end_date": TODAY}),
    *[
        (field, code, {field: wrong, "currency": currency}, {field: right, "currency": currency})
        for field in POLICY_AMOUNTS
        for code, currency, wrong, right in (
            ("negative", "KRW", Decimal("-1"), Decimal(0)),
            ("too_large", "KRW", LARGEST_AMOUNT + 1, LARGEST_AMOUNT),
            ("not_whole_won", "KRW", Decimal("1.5"), Decimal("1.0")),
            ("too_fine", "USD", Decimal("1.005"), Decimal("1.05")),
        )
    ],
]  # fmt: skip
STATUS_EDGES = [
    ("status", "missing", {"status": None}, {"status": "pending"}),
    ("status", "active_but_over", {"end_date": TODAY - DAY}, {"end_date": TODAY}),
    ("status", "expired_but_running",
     {"status": "expired", "end_date": TODAY + DAY}, {"status": "expired", "end_date": TODAY}),
]  # fmt: skip
EMAILS = {
    "kim@example.com": True,
    " kim@example.com ": True,
    "Kim.Ha-Na+fp@Example.CO.KR": True,
    "o'kim@example.com": True,
    "kim@mail.sub.example.co.kr": True,
    "kim@example.info": True,
    "kim@한국.kr": True,
    "kim@xn--3e0b707e.kr": True,
    "홍길동@example.com": True,
    "k" * 64 + "@example.com": True,
    "kim": False,
    "@example.com": False,
    "kim@": False,
    "kim@example": False,
    "kim@localhost": False,
    "kim@example.test": False,
    "kim@example.com.": False,
    "kim@.example.com": False,
    "kim@example..com": False,
    "kim.@example.com": False,
    ".kim@example.com": False,
    "kim..ha@example.com": False,
    "kim@@example.com": False,
    "kim@ha@example.com": False,
    "kim ha@example.com": False,
    "kim@exam ple.com": False,
    "kim@-example.com": False,
    "kim@ab--cd.com": False,
    "kim@exam_ple.com": False,
    "kim@example.123": False,
    "kim@[127.0.0.1]": False,
    '"kim ha"@example.com': False,
    "Kim <kim@example.com>": False,
    "kim@example.com, ha@example.com": False,
    "kim＠example.com": False,
    "kim\u200b@example.com": False,
}
BOTH_KNOW = {(check.field, check.code) for check in (*checks.CUSTOMER, *checks.POLICY)}
BOTH_KNOW -= {("type", "missing")}  # where a book lacks the type, the product's name may say it
BOTH_KNOW -= {("occupation_class", "class_out_of_range")}  # in a book it is a word, and asked for
IN_WON = dict.fromkeys((*POLICY_AMOUNTS, *CUSTOMER_AMOUNTS), 1)


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    opened = opening.open_database(IN_MEMORY)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def fp(db):
    return hire(db)["fp1"]


def of_form(wanted: tuple, values: dict[str, Any]) -> list[checks.Problem]:
    return checks.problems(wanted, values, TODAY)


def found(db: Database, wanted: tuple, values: dict[str, Any]) -> set[tuple[str, str]]:
    return {(field, code) for field, code, _ in of_form(wanted, values)}


def as_row(values: dict[str, Any]) -> dict[str, str]:
    """Write a record as a row of a book."""
    row = {HEADERS[field]: value for field, value in values.items() if field in HEADERS}
    return {
        header: "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
        for header, value in row.items()
    }


def preview(db: Database, fp, records: list[dict[str, Any]]) -> ImportReport:
    rows = [as_row(values) for values in records]
    return take(db, fp, rows, dry_run=True, units=IN_WON)


def of_import(report: ImportReport, records: int) -> list[set[tuple[str, str]]]:
    """(field, code) of each record's problems, of those that a form knows too."""
    problems = {row.line: {(p.field, p.code) for p in row.problems} for row in report.rejects}
    return [problems.get(n + 2, set()) & BOTH_KNOW for n in range(records)]


def named(edge: tuple) -> str:
    return f"{edge[0]}-{edge[1]}"


@pytest.mark.parametrize("edge", EDGES + STATUS_EDGES, ids=named)
def test_a_record_just_beyond_a_limit_is_refused_and_one_at_it_is_not(edge, db):
    field, code, wrong, right = edge
    record = {**CUSTOMER, **POLICY}
    every_check = (*checks.CUSTOMER, *checks.POLICY, *checks.POLICY_STATUS)
    assert found(db, every_check, {**record, **wrong}) == {(field, code)}
    assert found(db, every_check, {**record, **right}) == set()


def test_every_check_has_its_edge_and_its_words():
    every_check = (*checks.CUSTOMER, *checks.POLICY, *checks.POLICY_STATUS)
    assert {(c.field, c.code) for c in every_check} == {edge[:2] for edge in EDGES + STATUS_EDGES}
    for check in every_check:
        for language in wording.LANGUAGES:
            assert wording.say_problem(language, check.field, check.code, {"text": "x"})


def test_a_book_is_held_to_the_same_edges(db, fp):
    known = [edge for edge in EDGES if edge[:2] in BOTH_KNOW]
    wrong = [{**CUSTOMER, **POLICY, **edge[2]} for edge in known]
    right = [{**CUSTOMER, **POLICY, **edge[3]} for edge in known]
    assert of_import(preview(db, fp, wrong), len(known)) == [{edge[:2]} for edge in known]
    assert of_import(preview(db, fp, right), len(known)) == [set()] * len(known)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"coverage_amount": Decimal("1e40")}, "1" + "0" * 40),
        ({"coverage_amount": Decimal("-1.50")}, "-1.50"),
        ({"name": "가" * 200}, "가" * 60),
        ({"birth_date": date(1899, 12, 31), "birth_year": 1899}, "1899-12-31"),
        ({"birth_year": 1899}, "1899"),
        ({"type": None}, ""),
    ],
)
def test_what_was_typed_is_quoted(values, text, db):
    problems = of_form(checks.CUSTOMER + checks.POLICY, {**CUSTOMER, **POLICY, **values})
    assert problems[0][2] == {"text": text}


def test_a_book_is_quoted_as_it_is_written(db, fp):
    rows = [
        {"고객명": "가", "생년월일": "1890. 1. 1", "보험종류": "생명", "가입금액": "-5,000원"},
        {"고객명": "나", "보험종류": "생명", "통화": "WON", "보험료": "1천만원", "가입금액": "$5"},
        {"고객명": "다", "출생연도": "1890년", "이메일": "kim@ha@b.kr"},
    ]
    problems = [row.problems for row in take(db, fp, rows, dry_run=True).rejects]
    assert [[(p.code, p.text) for p in row] for row in problems] == [
        [("birth_out_of_range", "1890. 1. 1"), ("negative", "-5,000원")],
        [("currency_unclear", "WON $5 1천만원")],
        [("birth_out_of_range", "1890년"), ("not_understood", "kim@ha@b.kr")],
    ]


def test_a_row_without_a_policy_is_not_held_to_what_a_policy_must_be_like(db, fp):
    row = {"고객명": "가", "통화": "원", "보험사": "x" * 101, "보험종류": ""}
    assert take(db, fp, [row], dry_run=True).rejects == []


@pytest.fixture(scope="module")
def addresses_of_a_book(db, fp) -> set[str]:
    """The e-mail addresses of EMAILS that an import refuses."""
    rows = [{"고객명": f"고객{n}", "이메일": email} for n, email in enumerate(EMAILS)]
    report = take(db, fp, rows, dry_run=True)
    assert {(p.field, p.code) for row in report.rejects for p in row.problems} == {
        ("email", "not_understood")
    }
    return {list(EMAILS)[row.line - 2] for row in report.rejects}


@pytest.mark.parametrize(("email", "well_formed"), EMAILS.items())
def test_an_address_has_one_verdict_in_a_form_and_in_a_book(
    email, well_formed, db, addresses_of_a_book
):
    typed = NewCustomer(name="김", email=email)
    problems = found(db, checks.CUSTOMER, {**CUSTOMER, "email": typed.email})
    assert problems == (set() if well_formed else {("email", "not_understood")})
    assert (email not in addresses_of_a_book) == well_formed


@given(st.from_regex(checks.SURELY_AN_EMAIL, fullmatch=True))
@example("a" * 32 + "." + "b" * 31 + "@" + f"{'c' * 20}-{'d' * 20}." * 3 + "com")
def test_an_address_of_which_sql_is_sure_is_accepted_by_the_library_too(email):
    assert checks.email_is_well_formed(email)


def test_an_address_is_stored_as_it_was_written(db, fp):
    email = "Kim.HaNa+FP@Example.COM"
    new = NewCustomer(name="김폼", email=f" {email} ", consent_basis=STATEMENT)
    profiles.create(db, fp, new, TODAY)
    take(db, fp, [{"고객명": "김책", "이메일": f" {email} "}])
    assert db.read("select distinct email from customer") == [{"email": email}]


def _texts(longest: int) -> st.SearchStrategy:
    return st.sampled_from([None, "가", "abc", "x" * longest, "x" * (longest + 1)])


DATES = st.none() | st.dates(date(1880, 1, 1), date(2040, 12, 31))
AMOUNTS = (
    st.none()
    | st.decimals(-1000, 10**11, places=3)
    | st.integers(-1000, 10**11).map(Decimal)
    | st.sampled_from([Decimal(0), LARGEST_AMOUNT, LARGEST_AMOUNT + 1])
)
RECORDS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["김하나", "", " ", "x" * 100, "x" * 101]),
        "birth_date": DATES,
        "birth_year": st.none() | st.integers(1880, 2040),
        "email": st.none() | st.sampled_from([email.strip() for email in EMAILS]),
        "occupation": _texts(100),
        "last_contact_on": DATES,
        "notes": _texts(2000),
        "monthly_income": AMOUNTS,
        "living_cost": AMOUNTS,
        "dependants": st.none() | st.integers(-2, 30),
        "debts": AMOUNTS,
        "occupation_class": st.none() | st.integers(1, 3),
        "type": st.sampled_from(["life", "health", "car", "home", "accident", "other"]),
        "policy_name": _texts(200),
        "insurer": _texts(100),
        "policy_number": _texts(100),
        "coverage_amount": AMOUNTS,
        "premium_amount": AMOUNTS,
        "currency": st.sampled_from(["KRW", "KRW", "USD", "US", "WON1"]),
        "start_date": DATES,
        "end_date": DATES,
    }
)


@given(records=st.lists(RECORDS, min_size=1, max_size=12))
def test_a_form_and_a_book_find_the_same_problems(records, db, fp):
    for record in records:
        if record["birth_date"] and record["birth_year"] is None:
            record["birth_year"] = record["birth_date"].year
    in_forms = [found(db, checks.CUSTOMER + checks.POLICY, record) for record in records]
    assert of_import(preview(db, fp, records), len(records)) == in_forms
