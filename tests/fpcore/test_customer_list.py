"""Lists of customers: search, filters, sorting and pages."""

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from agency import TODAY, hire, tables, take
from hypothesis import given

from fpcore.customers import profiles
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.gaps import explanation
from fpcore.models import Gender, PolicyStatus, PolicyType, RowKind
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.customer_list import Sort
from fpcore.portfolio.filters import ANY_GAP, CustomerFilter
from fpcore.rules import records, rulebook
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


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
    db = opening.open_database(IN_MEMORY)
    fp = hire(db)["fp1"]
    assert take(db, fp, BOOK).customers_created == 4
    yield db, fp
    db.close()


def names(book, *options, **wanted) -> list[str]:
    db, fp = book
    return list(customer_list.find(db, fp, CustomerFilter(**wanted), TODAY, *options).rows["name"])


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
    page = customer_list.find(db, fp, CustomerFilter(gender=Gender.F), TODAY)
    assert (page.matching, page.in_scope, page.withdrawn) == (1, 4, 0)


# --- Search ----------------------------------------------------------------------------------

PEOPLE = [
    {"고객명": "김하나", "휴대폰": "010-2345-5678", "이메일": "Hana.Kim@Example.com",
     "보험사": "삼성생명", "증권번호": "LA-2024-0017", "상품명": "종신보험"},
    {"고객명": "곽상수", "휴대폰": "010-5678-2345", "보험사": "한화 손해보험",
     "증권번호": "77 00123", "상품명": "암보험"},
    {"고객명": "이빛나", "휴대폰": "02-345-6789", "이메일": "light@부산.kr"},
    {"고객명": "Lee Hanna", "휴대폰": "+1 650 253 0000", "보험사": "AIA", "상품명": "종신보험"},
]  # fmt: skip


@pytest.fixture(scope="module")
def searched_book():
    """Four customers of fp1 with phones, addresses and policy numbers."""
    db = opening.open_database(IN_MEMORY)
    fp = hire(db)["fp1"]
    assert take(db, fp, PEOPLE).customers_created == 4
    yield db, fp
    db.close()


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("ㄱㅎㄴ", ["김하나"]),
        ("ㅎㄴ", ["김하나"]),
        ("ㄱㅅㅅ", ["곽상수"]),
        ("ㄳㅅ", ["곽상수"]),
        ("ㄳ", ["곽상수"]),
        ("ㄱ", ["곽상수", "김하나"]),
        ("ㅇㅂㄴ", ["이빛나"]),
        ("ㅇㅃㄴ", []),
        ("ㄱ하", []),
        ("하나", ["김하나"]),
        ("LEE h", ["Lee Hanna"]),
        ("5678", ["김하나"]),
        ("2345", ["곽상수"]),
        ("6789", ["이빛나"]),
        ("0000", ["Lee Hanna"]),
        ("678", []),
        ("45678", []),
        ("****", []),
        ("hana.kim@", ["김하나"]),
        ("EXAMPLE.com", ["김하나"]),
        ("@부산", ["이빛나"]),
        ("삼성", ["김하나"]),
        ("삼성 생명", ["김하나"]),
        ("한화손해", ["곽상수"]),
        ("aia", ["Lee Hanna"]),
        ("LA-2024-0017", ["김하나"]),
        ("la20240017", ["김하나"]),
        ("la 2024 0017", ["김하나"]),
        ("24-00", ["김하나"]),
        ("7700123", ["곽상수"]),
        ("77-00123", ["곽상수"]),
        ("삼성생명la20240017", []),
        ("la20240017삼성생명", []),
    ],
)
def test_a_search_looks_in_names_addresses_insurers_numbers_and_the_end_of_the_phone(
    search, expected, searched_book
):
    assert names(searched_book, search=search) == expected


HOSTILE = [
    "%", "_", "\\", "'", '"', "';--", "' or ''='", "$search", "$1", "{search}", "%s", ".*", "(",
    "[", "\\d", "-", "--", "- -", "/*", "\n", "a\nb", "\t;", "\0'", "\ud800'", "ㄱ" * 1000,
    "ㄳ" * 3, "x" * 100_000, "\u202egnp", "🙂", "<script>", "null", "NaN", "٠١٢٣", "１２３４",
    "\ufdfd",
]  # fmt: skip


@pytest.mark.parametrize("search", HOSTILE)
def test_a_hostile_search_finds_nobody_and_breaks_nothing(search, searched_book):
    before = tables(searched_book[0])
    found = names(searched_book, search=search)
    assert found == ([] if search.strip() else names(searched_book))
    assert tables(searched_book[0]) == before


@given(search=st.text(max_size=20))
def test_no_search_is_an_error(search, searched_book):
    db, fp = searched_book
    page = customer_list.find(db, fp, CustomerFilter(search=search), TODAY)
    assert (page.in_scope, len(page.rows)) == (4, page.matching)


@given(part=st.data())
def test_any_part_of_what_is_stored_finds_it(part, searched_book):
    person = part.draw(st.sampled_from(PEOPLE))
    headers = [header for header in ("고객명", "이메일", "보험사", "증권번호") if header in person]
    text = person[part.draw(st.sampled_from(headers))]
    begin = part.draw(st.integers(0, len(text) - 1))
    search = text[begin : part.draw(st.integers(begin + 1, len(text)))]
    assert person["고객명"] in names(searched_book, search=search) or not search.strip(" -")


# --- Filters ---------------------------------------------------------------------------------

DAYS = [
    {"고객명": "가", "보종": "생명", "상태": "유지", "계약일": day(-900), "만기일": day(0)},
    {"고객명": "가", "보종": "건강", "상태": "유지", "계약일": day(-900), "만기일": day(30)},
    {"고객명": "나", "보종": "생명", "상태": "유지", "계약일": day(-900), "만기일": day(-1)},
    {"고객명": "다", "보종": "생명", "상태": "만기", "계약일": day(-900), "만기일": day(-9)},
    {"고객명": "라", "보종": "생명", "상태": "해지"},
    {"고객명": "마", "보종": "생명", "상태": "청약", "최근연락일": day(-31)},
    {"고객명": "바", "보종": "생명", "상태": "유지", "계약일": day(1), "만기일": day(7)},
    {"고객명": "사", "보종": "생명", "상태": "유지", "만기일": "종신", "최근연락일": day(-29)},
    {"고객명": "아", "보종": "생명", "상태": "유지", "만기일": day(5), "최근연락일": day(0)},
]  # fmt: skip


@pytest.fixture(scope="module")
def book_of_days():
    """Eight customers of fp1 with policies that end and begin around today."""
    db = opening.open_database(IN_MEMORY)
    fp = hire(db)["fp1"]
    assert take(db, fp, DAYS).taken == len(DAYS)
    yield db, fp
    db.close()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"status": PolicyStatus.ACTIVE}, "가사아"),
        ({"status": PolicyStatus.EXPIRED}, "나다"),
        ({"status": PolicyStatus.CANCELLED}, "라"),
        ({"status": PolicyStatus.PENDING}, "마"),
        ({"not_contacted_for": 30}, "가나다라마바"),
        ({"not_contacted_for": 1}, "가나다라마바사"),
        ({"not_contacted_for": 32}, "가나다라바"),
        ({"not_contacted_for": 10**6}, "가나다라바"),
        ({"holding": PolicyType.LIFE, "not_contacted_for": 7}, "가사"),
    ],
)
def test_filters_by_status_and_by_the_last_contact(wanted, expected, book_of_days):
    assert "".join(names(book_of_days, **wanted)) == expected


def test_the_next_end_is_that_of_a_policy_in_force_and_unknown_ones_come_last(book_of_days):
    db, fp = book_of_days
    ascending = names(book_of_days, Sort.NEXT_END, False)
    descending = names(book_of_days, Sort.NEXT_END, True)
    assert (ascending[:2], descending[:2]) == (["가", "아"], ["아", "가"])
    assert ascending[2:] == descending[2:] == ["나", "다", "라", "마", "바", "사"]
    rows = customer_list.find(db, fp, CustomerFilter(), TODAY, Sort.NEXT_END).rows
    ends = [str(end)[:10] for end in rows["next_end_on"][:3]]
    assert ends == [day(0), day(5), "NaT"]


RULES = [rule.code for rule in records.in_use(rulebook.load(), TODAY)]
WITH_A_GAP = (
    "life_missing", "health_missing", "total_low", "driver_missing", "health_by_age",
)  # fmt: skip


def test_a_filter_by_gap_finds_whom_the_rules_find_one_by_one(random_agency):
    db, people = random_agency
    fp = people["fp1"]

    def ids(**wanted) -> set:
        page = customer_list.find(db, fp, CustomerFilter(**wanted), TODAY, page_size=1000)
        return set(page.rows["id"])

    short: dict[str, set] = {code: set() for code in RULES}
    for one in ids():
        for held in explanation.of_customer(db, fp, one, TODAY).gaps:
            if held.state in ("gap", "partial"):
                short[held.rule.code].add(one)
    assert {code: ids(gap=code) for code in RULES} == short
    assert all(short[code] for code in WITH_A_GAP)
    assert ids(gap=ANY_GAP) == set().union(*short.values())
    assert ids(gap="no_such_rule") == ids(gap="' or true --") == set()


def test_an_unknown_amount_is_no_gap(db, people, import_rows):
    import_rows(
        [
            {"고객명": "모름", "보종": "생명", "가입금액": ""},
            {"고객명": "모름", "보종": "건강", "가입금액": ""},
            {"고객명": "적음", "보종": "생명", "가입금액": "5000만"},
        ]
    )
    found = {gap: names((db, people["fp1"]), gap=gap) for gap in (*RULES, ANY_GAP)}
    short = {"health_missing", "total_low", ANY_GAP}
    assert found == {gap: ["적음"] if gap in short else [] for gap in (*RULES, ANY_GAP)}


def test_on_a_day_without_rules_nobody_has_a_gap(small_book):
    db, fp = small_book
    long_ago = TODAY.replace(year=1999)
    assert rulebook.rules_on(db, long_ago) == ()
    page = customer_list.find(db, fp, CustomerFilter(gap=ANY_GAP), long_ago)
    assert (page.matching, page.in_scope) == (0, 4)


@pytest.mark.parametrize("kind", RowKind)
def test_the_rows_of_a_heatmap_share_out_everybody(kind, small_book):
    db, fp = small_book
    rows = list(heatmaps.figures(db, fp, kind, TODAY)["row"].unique())
    shares = [names((db, fp), row_kind=kind, row=row) for row in rows]
    assert all(shares)
    everybody = [name for share in shares for name in share]
    if kind is RowKind.INSURER:  # of whose customers some have others, too
        everybody = set(everybody)
    assert sorted(everybody) == sorted(names((db, fp)))
    assert names((db, fp), row_kind=kind, row="no such row'") == []


def test_a_customer_who_is_changed_or_deleted_is_listed_so_at_once(db, people, import_rows):
    import_rows([{"고객명": "김하나", "보종": "생명"}])
    fp, book = people["fp1"], (db, people["fp1"])
    one = profiles.identify(db, fp, "김하나")
    profiles.update(db, fp, one, profiles.CustomerChanges(name="이둘"), 1, TODAY)
    assert (names(book, search="ㄱㅎㄴ"), names(book, search="ㅇㄷ")) == ([], ["이둘"])
    profiles.delete(db, fp, one, profiles.removal(db, fp, one))
    assert names(book) == []
