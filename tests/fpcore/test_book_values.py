"""Cells as people write them become values, or a reason; nothing unknown becomes zero."""

from datetime import date, timedelta

import pytest
from agency import TODAY, hire, take

from fpcore.models import WHOLE_LIFE
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY


class Refused(str):
    """The code by which a row is refused."""


UNCLEAR = Refused("not_understood")
NOT_KNOWN = Refused("not_among")
AMOUNTS = {
    "5,000만원": 50_000_000,
    "1억 5천": 150_000_000,
    "1억5천만": 150_000_000,
    "1억 5,000만": 150_000_000,
    "9억 6,410만": 964_100_000,
    "3,000만": 30_000_000,
    "2천5백만": 25_000_000,
    "3천만원": 30_000_000,
    "1.5억": 150_000_000,
    "100만": 1_000_000,
    "1억": 100_000_000,
    "1억 2,345만 6,789원": 123_456_789,
    "₩187,150": 187_150,
    "￦187,150": 187_150,
    "48,728원": 48_728,
    "일금 100원": UNCLEAR,
    "５，０００만": 50_000_000,
    "１２３４": 1_234,
    " 1 000 ": 1_000,
    "1000.00": 1_000,
    "0": 0,
    "-": None,
    "": None,
    "–": None,
    "미제공": None,
    "보험료미제공": None,
    "N/A": None,
    "5만원/일": UNCLEAR,
    "abc": UNCLEAR,
    "1,5000만": UNCLEAR,
    "1억,5000만": UNCLEAR,
    "1,50,000": UNCLEAR,
    "억": UNCLEAR,
    "만원": UNCLEAR,
    "1e9": UNCLEAR,
    "100~200": UNCLEAR,
    "-5,000": Refused("negative"),
    "1.5": Refused("not_whole_won"),
    "69,10": Refused("not_whole_won"),
    "99999999999999": Refused("too_large"),
}
FOREIGN_AMOUNTS = {
    "$69": (69, "USD"),
    "US$ 1,234.50": (1234.5, "USD"),
    "USD 69": (69, "USD"),
    "69 USD": (69, "USD"),
    "€69,10": (69.1, "EUR"),
    "1.234,56 €": (1234.56, "EUR"),
    "100달러": (100, "USD"),
    "¥1000": (1000, "JPY"),
    "₩1000": (1000, "KRW"),
    "1000": (1000, "KRW"),
}
BIRTHS = {
    "1985-03-02": date(1985, 3, 2),
    "1985.03.02": date(1985, 3, 2),
    "1985. 3. 2.": date(1985, 3, 2),
    "1985/3/2": date(1985, 3, 2),
    "19850302": date(1985, 3, 2),
    "850302": date(1985, 3, 2),
    "85.3.2": date(1985, 3, 2),
    "85-03-02": date(1985, 3, 2),
    "1985년 3월 2일": date(1985, 3, 2),
    "１９８５．０３．０２": date(1985, 3, 2),
    str((date(1985, 3, 2) - date(1899, 12, 30)).days): date(1985, 3, 2),
    "1985-03-02 00:00:00": date(1985, 3, 2),
    "1985-03-02T00:00": date(1985, 3, 2),
    "050302": date(2005, 3, 2),
    "850302-1": date(1985, 3, 2),
    "850302-1******": date(1985, 3, 2),
    "050302-3234567": date(2005, 3, 2),
    TODAY.isoformat(): TODAY,
    "2000-02-29": date(2000, 2, 29),
    "1985": None,
    "": None,
    "미상": None,
    "1985-02-31": UNCLEAR,
    "2001-02-29": UNCLEAR,
    "851301": UNCLEAR,
    "삼월": UNCLEAR,
    (TODAY + timedelta(days=1)).isoformat(): Refused("birth_out_of_range"),
    "1899-12-31": Refused("birth_out_of_range"),
}
STARTS = {
    "2020-05-01": date(2020, 5, 1),
    "2020.5.1": date(2020, 5, 1),
    "20200501": date(2020, 5, 1),
    "200513": date(2020, 5, 13),
    "43952": date(2020, 5, 1),
    "2020-05-01 09:30:00": date(2020, 5, 1),
    "2020년 5월 1일": date(2020, 5, 1),
    "-": None,
    "200306": date(2020, 3, 6),  # as the column has 200513, which is no month
    "2020-02-31": UNCLEAR,
    "곧": UNCLEAR,
}
ENDS = {
    "2086-04-13": date(2086, 4, 13),
    "9999-12-31": WHOLE_LIFE,
    "9999.12.31": WHOLE_LIFE,
    "9999세": WHOLE_LIFE,
    "종신": WHOLE_LIFE,
    "종신만기": WHOLE_LIFE,
    "whole life": WHOLE_LIFE,
    "100세": date(2085, 3, 2),
    "80세만기": date(2065, 3, 2),
    "": None,
    "만기": UNCLEAR,
}
GENDERS = {
    "남": "M",
    "남자": "M",
    "M": "M",
    "male": "M",
    "1": "M",
    "3": "M",
    "여": "F",
    "여성": "F",
    "F": "F",
    "2": "F",
    "4": "F",
    "기타": "O",
    "": None,
    "무": NOT_KNOWN,
}
STATUSES = {
    "유지": "active",
    "정상": "active",
    "납입완료": "active",
    "(납입완료)": "active",
    "납입면제": "active",
    "연체": "active",
    "부활": "active",
    "In Force": "active",
    "실효": "cancelled",
    "해지*": "cancelled",
    "임의해지": "cancelled",
    "만기": "expired",
    "만기소멸": "expired",
    "청약": "pending",
    "심사중": "pending",
    "": "active",
    "글쎄": NOT_KNOWN,
}
CYCLES = {
    "월납": "monthly",
    "매월": "monthly",
    "3개월납": "quarterly",
    "6개월납": "semiannual",
    "연납": "annual",
    "Yearly": "annual",
    "일시납": "single",
    "납입완료": "paid_up",
    "가끔": NOT_KNOWN,
}
TYPES = {
    "생명": "life",
    "종신보험": "life",
    "Term Life": "life",
    "건강": "health",
    "실손의료비": "health",
    "암보험": "health",
    "자동차": "car",
    "AUTO": "car",
    "화재": "home",
    "주택화재": "home",
    "상해": "accident",
    "운전자": "accident",
    "운전자보험": "accident",
    "기타": "other",
    "연금": "other",
    "우주여행자": "other",
    "무엇": NOT_KNOWN,
}
PRODUCTS = {
    "무배당 든든 종신보험": "life",
    "다이렉트 자동차보험": "car",
    "실손의료비보험(4세대)": "health",
    "무배당 참좋은 암보험": "health",
    "안전운전 운전자보험": "accident",
    "My Term Life 2020": "life",
    "삼성화재 실손": "health",
    "삼성생명 암": "health",
    "한화생명 연금": "other",
    "주택화재 종합": "home",
    "Cardinal Plan": Refused("type_missing"),
    "알수없는상품": Refused("type_missing"),
}
PHONES = {
    "010-1234-5678": "010-****-5678",
    "01012345678": "010-****-5678",
    "1012345678": "010-****-5678",
    "+82 10-1234-5678": "010-****-5678",
    "02-123-4567": "02-***-4567",
    "031 123 4567": "031-***-4567",
    "010-1234-****": "010-1234-****",
    "010*1234*5678": UNCLEAR,
    "": None,
    "1234": UNCLEAR,
    "전화 없음요": UNCLEAR,
}
EMAILS = {"kim@example.com": "kim@example.com", "": None, "kim": UNCLEAR, "a b@c.kr": UNCLEAR}
CONTACTS = {
    "2026-11-22": TODAY,
    "20261101": date(2026, 11, 1),
    "": None,
    "2026-11-23": Refused("in_future"),
    "어제": UNCLEAR,
}

TABLES = {
    "가입금액": ("coverage_amount", AMOUNTS, {"보험종류": "생명"}),
    "보험료": ("premium_amount", AMOUNTS, {"보험종류": "생명"}),
    "생년월일": ("birth_date", BIRTHS, {}),
    "계약일": ("start_date", STARTS, {"보험종류": "생명"}),
    "만기일": ("end_date", ENDS, {"보험종류": "생명", "생년월일": "1985-03-02"}),
    "성별": ("gender", GENDERS, {}),
    "계약상태": ("status", STATUSES, {"보험종류": "생명"}),
    "납입주기": ("premium_cycle", CYCLES, {"보험종류": "생명", "보험료": "1000"}),
    "보험종류": ("type", TYPES, {"가입금액": "1000"}),
    "상품명": ("type", PRODUCTS, {"가입금액": "1000"}),
    "휴대폰": ("phone", PHONES, {}),
    "이메일": ("email", EMAILS, {}),
    "최근연락일": ("last_contact_on", CONTACTS, {}),
}
CASES = [
    (header, field, text, expected, {**also, header: text})
    for header, (field, table, also) in TABLES.items()
    for text, expected in table.items()
] + [
    ("가입금액", ("coverage_amount", "currency"), text, expected,
     {"보험종류": "생명", "가입금액": text})
    for text, expected in FOREIGN_AMOUNTS.items()
]  # fmt: skip


def records_of(db) -> dict[str, dict]:
    """Read what is stored of each customer and their one policy, by name."""
    found = db.read(
        """
        select c.name as customer, c.birth_date, c.birth_year, c.gender, c.phone, c.email,
            c.last_contact_on, p.*
        from customer c left join policy p on p.customer_id = c.id
        """
    )
    return {row["customer"]: row for row in found}


@pytest.fixture(scope="module")
def read_cells():
    """All cases through one import: case number -> what is stored, or why it was refused."""
    db = opening.open_database(IN_MEMORY)
    rows = [{"고객명": f"고객{n}", **case[-1]} for n, case in enumerate(CASES)]
    report = take(db, hire(db)["fp1"], rows)
    stored = records_of(db)
    refused = {row.line - 2: {p.code for p in row.problems} for row in report.rejects}
    db.close()
    return {n: refused.get(n) or stored.get(f"고객{n}") for n in range(len(CASES))}


@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[f"{case[0]}={case[2] or 'empty'}" for case in CASES]
)
def test_a_cell_is_read_as_people_write_it(number, read_cells):
    _, field, _, expected, _ = CASES[number]
    found = read_cells[number]
    if isinstance(expected, Refused):
        assert found == {expected}
    else:
        assert isinstance(found, dict), f"refused: {found}"
        if isinstance(field, tuple):
            assert (float(found[field[0]]), found[field[1]]) == expected
        else:
            assert found[field] == expected


def test_a_year_in_the_birth_date_column_is_the_birth_year(import_rows, db):
    import_rows([{"고객명": "김하나", "생년월일": "1985"}])
    assert records_of(db)["김하나"]["birth_year"] == 1985


def test_a_unit_in_the_header_counts_for_plain_numbers_only(import_rows, db):
    import_rows(
        [
            {"고객명": name, "보종": "생명", "가입금액(만원)": text, "보험료(천원)": "30"}
            for name, text in (("가", "3000"), ("나", "1억"), ("다", "1,500만원"), ("라", "0.5"))
        ],
        units={},
    )
    found = records_of(db)
    assert [int(found[name]["coverage_amount"]) for name in "가나다라"] == [
        30_000_000, 100_000_000, 15_000_000, 5_000,
    ]  # fmt: skip
    assert found["가"]["premium_amount"] == 30_000


def test_a_resident_number_gives_birth_date_and_gender(import_rows, db):
    numbers = ["850302-1234567", "8503022234567", "050302-3******", "050302-4234567"]
    import_rows([{"고객명": f"고객{n}", "주민번호": text} for n, text in enumerate(numbers)])
    found = records_of(db)
    assert [(found[f"고객{n}"]["birth_date"], found[f"고객{n}"]["gender"]) for n in range(4)] == [
        (date(1985, 3, 2), "M"), (date(1985, 3, 2), "F"),
        (date(2005, 3, 2), "M"), (date(2005, 3, 2), "F"),
    ]  # fmt: skip


def test_a_header_says_how_often_premiums_are_paid(import_rows, db):
    import_rows([{"고객명": "김하나", "보종": "생명", "annual_premium": "120000"}])
    assert records_of(db)["김하나"]["premium_cycle"] == "annual"


def test_two_currencies_in_one_row_are_no_guess(import_rows):
    report = import_rows(
        [{"고객명": "김하나", "보종": "생명", "가입금액": "$1000", "보험료": "₩1000"}]
    )
    assert [p.code for p in report.rejects[0].problems] == ["currency_unclear"]


def test_a_policy_that_ends_before_it_starts_is_refused(import_rows):
    row = {"고객명": "김하나", "보종": "생명", "계약일": "2020-05-02", "만기일": "2020-05-01"}
    report = import_rows([row, {**row, "만기일": "2020-05-02"}])
    assert [(r.line, r.problems[0].code) for r in report.rejects] == [(2, "end_before_start")]


def test_a_past_end_without_a_status_is_expired(import_rows, db):
    import_rows(
        [
            {"고객명": "어제", "보종": "생명", "만기일": "2026-11-21"},
            {"고객명": "오늘", "보종": "생명", "만기일": "2026-11-22"},
        ]
    )
    found = records_of(db)
    assert (found["어제"]["status"], found["오늘"]["status"]) == ("expired", "active")


def test_a_status_of_paid_up_says_that_nothing_more_is_paid(import_rows, db):
    import_rows([{"고객명": "김", "보종": "생명", "보험료": "1000", "상태": "납입완료"}])
    assert records_of(db)["김"]["premium_cycle"] == "paid_up"


def test_birth_year_and_birth_date_must_agree(import_rows):
    report = import_rows([{"고객명": "김", "생년월일": "1985-03-02", "출생연도": "1986"}])
    assert [p.code for p in report.rejects[0].problems] == ["birth_disagrees"]


def test_all_faults_of_a_row_are_told_at_once(import_rows):
    report = import_rows([{"고객명": "", "성별": "무", "보종": "무엇", "가입금액": "abc"}])
    assert {(p.field, p.code) for p in report.rejects[0].problems} == {
        ("name", "missing"),
        ("gender", "not_among"),
        ("type", "not_among"),
        ("coverage_amount", "not_understood"),
    }


@pytest.mark.parametrize(
    ("header", "longest"), [("고객명", 100), ("직업", 100), ("상품명", 200), ("비고", 2000)]
)
def test_overlong_texts_are_refused_not_cut(header, longest, import_rows):
    rows = [
        {"고객명": name, "보종": "생명", header: name[:1] + "x" * (length - 1)}
        for name, length in (("가", longest), ("나", longest + 1))
    ]
    report = import_rows(rows)
    assert [(row.line, row.problems[0].code) for row in report.rejects] == [(3, "too_long")]
