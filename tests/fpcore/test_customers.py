"""Lists of customers: filters, sorting and pages; adding one by hand."""

from datetime import date, timedelta

import pytest
from agency import STATEMENT, TODAY, hire, take

from fpcore import customers, database
from fpcore.coverage import UNKNOWN_ROW
from fpcore.customers import CustomerFilter, Sort
from fpcore.errors import InvalidInput
from fpcore.models import Gender, NewCustomer, PolicyType

BOOK = [
    {"고객명": "하늘", "생년월일": "1980-11-22", "성별": "여", "이메일": "sky@example.com",
     "상품명": "종신보험", "가입금액": "3억", "보험료": "9000", "최근연락일": "2026-01-01"},
    {"고객명": "가람", "생년월일": "1980-11-23", "성별": "남", "상품명": "종신보험",
     "가입금액": "1억", "보험료": "20000", "최근연락일": "2026-05-05"},
    {"고객명": "Kim", "출생연도": "1960", "상품명": "암보험"},
    {"고객명": "나래_100%"},
]  # fmt: skip


@pytest.fixture(scope="module")
def small_book():
    """Four customers of fp1."""
    db = database.open_database(database.IN_MEMORY)
    fp = hire(db)["fp1"]
    assert take(db, fp, BOOK).customers_created == 4
    yield db, fp
    db.close()


def names(small_book, *options, **wanted) -> list[str]:
    db, fp = small_book
    return list(customers.find(db, fp, CustomerFilter(**wanted), TODAY, *options).rows["name"])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["가람", "나래_100%", "하늘", "Kim"]),
        ({"search": "하"}, ["하늘"]),
        ({"search": " SKY@ "}, ["하늘"]),
        ({"search": "kim"}, ["Kim"]),
        ({"search": "%"}, ["나래_100%"]),
        ({"search": "_"}, ["나래_100%"]),
        ({"search": "' or 1=1 --"}, []),
        ({"search": "\0\ud800"}, ["가람", "나래_100%", "하늘", "Kim"]),
        ({"gender": Gender.M}, ["가람"]),
        ({"gender": UNKNOWN_ROW}, ["나래_100%", "Kim"]),
        ({"age_from": 46}, ["하늘", "Kim"]),
        ({"age_to": 45}, ["가람"]),
        ({"age_from": 45, "age_to": 46}, ["가람", "하늘"]),
        ({"holding": PolicyType.LIFE}, ["가람", "하늘"]),
        ({"missing": PolicyType.LIFE}, ["나래_100%", "Kim"]),
        ({"holding": PolicyType.HEALTH, "missing": PolicyType.LIFE}, ["Kim"]),
    ],
)
def test_a_list_holds_whom_the_filter_wants(wanted, expected, small_book):
    assert names(small_book, **wanted) == expected


@pytest.mark.parametrize(
    ("sort", "ascending", "descending"),
    [
        (Sort.AGE, ["가람", "하늘", "Kim"], ["Kim", "하늘", "가람"]),
        (Sort.LAST_CONTACT, ["하늘", "가람"], ["가람", "하늘"]),
        (Sort.COVERAGE, ["나래_100%", "가람", "하늘", "Kim"], ["하늘", "가람", "나래_100%", "Kim"]),
        (Sort.PREMIUM, ["나래_100%", "하늘", "가람", "Kim"], ["가람", "하늘", "나래_100%", "Kim"]),
    ],
)
def test_unknown_values_come_last_either_way(sort, ascending, descending, small_book):
    assert names(small_book, sort, False)[: len(ascending)] == ascending
    assert names(small_book, sort, True)[: len(descending)] == descending


@pytest.mark.parametrize("sort", Sort)
def test_pages_hold_everybody_once(sort, small_book):
    pages = [names(small_book, sort, False, page, 3) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [3, 1, 0]
    assert sorted(pages[0] + pages[1]) == sorted(names(small_book))


def test_a_page_tells_how_many_fit_and_how_many_there_are(small_book):
    db, fp = small_book
    page = customers.find(db, fp, CustomerFilter(gender=Gender.F), TODAY)
    assert (page.matching, page.in_scope) == (1, 4)


def add(db, people, **typed):
    new = NewCustomer(**{"name": "김하나", "consent_basis": STATEMENT, **typed})
    return customers.create(db, people["fp1"], new, TODAY)


def test_a_customer_is_kept_as_typed_with_the_phone_masked(db, people):
    added = add(
        db, people, birth_date=date(1985, 3, 2), gender=Gender.F, phone="+82 10 1234 5678",
        email="kim@example.com", occupation=" 교사 ", notes="첫 상담",
    )  # fmt: skip
    kept = customers.get(db, people["fp1"], added, TODAY)
    assert (kept.birth_year, kept.age, kept.gender, kept.phone) == (
        1985, 41, Gender.F, "010-****-5678",
    )  # fmt: skip
    assert (kept.email, kept.occupation, kept.notes) == ("kim@example.com", "교사", "첫 상담")
    assert (kept.owner, kept.ver) == ("fp1", 1)


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"phone": "1234"}, "phone", "not_understood"),
        ({"phone": "전화"}, "phone", "not_understood"),
        ({"birth_date": TODAY + timedelta(days=1)}, "birth_date", "birth_out_of_range"),
        ({"birth_year": TODAY.year + 1}, "birth_date", "birth_out_of_range"),
        ({"birth_date": date(1899, 12, 31)}, "birth_date", "birth_out_of_range"),
        ({"birth_date": date(1985, 3, 2), "birth_year": 1986}, "birth_year", "birth_disagrees"),
        ({"last_contact_on": TODAY + timedelta(days=1)}, "last_contact_on", "in_future"),
    ],
)
def test_what_cannot_be_is_not_stored(typed, field, code, db, people):
    with pytest.raises(InvalidInput) as refused:
        add(db, people, **typed)
    assert [problem[:2] for problem in refused.value.problems] == [(field, code)]
    assert db.read("select * from customer") == []
