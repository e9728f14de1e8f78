"""A small book is read by plans that are kept, a large one in place: both must read alike."""

from dataclasses import replace
from itertools import islice, zip_longest

import pytest
from agency import hire, take
from random_book import random_book

from fpcore.importing import making
from fpcore.kept import customer_rows
from fpcore.store import connecting, opening

TEXTS = {
    "고객명": ["김하나", "이*영", "나", "-", "  박 둘 ", "ＬＥＥ", "김하나 850302-1234567"],
    "고객번호": ["C-1", "", "ｃ－２", "1" * 120, "9010101234567", "-", "없음", "C 3"],
    "생년월일": [
        "1985-03-02", "850302", "850302-1234567", "85.3.2", "1985년 3월 2일", "２００１-01-01",
        "31108", "2999-01-01", "1985", "모름", "19850230", "00.1.1", "850302-1******", "880302-5",
    ],
    "출생연도": ["", "1985", "1985년", "85", "９０", "1850", "2030"],
    "성별": ["남", "여자", "F", "", "외계인", "Ｍ"],
    "휴대폰": [
        "010-1234-5678", "+82 10 1234 5678", "1012345678", "02-123-4567", "010-****-5678", "123",
        "010-12345-678 김", "０１０１２３４５６７８", "없음",
    ],
    "이메일": ["a@example.com", "a@b", "@", "a.b-c@d.co.kr", "x" * 300 + "@a.com", "a@b.museum"],
    "직업": ["교사", "-", "의" * 200, "4111 1111 1111 1111"],
    "최근연락일": ["2026-01-02", "260102", "202601", "2030-01-01", "어제", "46000"],
    "메모": ["좋은 분", "계좌 110-123-456789", "=1+1", "메" * 3000, ""],
    "동의": ["예", "아니오", "Y", "글쎄", ""],
    "연소득": ["5천만", "6000", "1억", "USD 5,000", "모름", "-5", ""],
    "생활비": ["250만원", "300", "abc", "", "0"],
    "부양가족": ["2명", "3", "많음", "-1", ""],
    "주거": ["자가", "전세", "월세", "성", ""],
    "보험사": ["삼성생명", "ＡＩＡ생명", "DB 손보", "-", "", "카드 4111111111111111"],
    "상품명": ["무배당 종신보험", "암보험", "삼성화재 운전자", "Whole Life", "실손", "모를것",
              "", "Car plan"],
    "증권번호": ["A-1", "Ａ-1", "a 1", "", "850302-1234567", "B,2", "12345678", "-", "'=9"],
    "보험종류": ["생명", "건강", "life", "우주", "", "자동차"],
    "가입금액": ["1억", "1,000만원", "3억5천", "5000", "0", "-1", "1.234,56", "$100", "많음",
              "12.345"],
    "보험료": ["3만원", "30,000", "25.5", "€10", "", "십만", "１２０００"],
    "납입주기": ["월납", "연납", "가끔", ""],
    "통화": ["KRW", "usd", "", "원화", "ＵＳＤ"],
    "계약일": ["2020-01-02", "200306", "20.1.2", "2020년1월2일", "200313", "44000", "언젠가", ""],
    "만기일": ["80세", "종신", "2050-01-01", "999912", "9999-12-31", "130세만기", "", "200313",
              "내년"],
    "상태": ["유지", "해지", "납입완료", "이상함", ""],
}  # fmt: skip


def every_text(turn: int) -> list[dict[str, str]]:
    """Each text of every column, in rows that differ from turn to turn."""
    columns = []
    for place, texts in enumerate(TEXTS.values()):
        by = (turn * (place + 1)) % len(texts)
        columns.append((texts[by:] + texts[:by]) * (2 + turn))
    return [
        {name: text or "" for name, text in zip(TEXTS, row, strict=True)}
        for row in islice(zip_longest(*columns), 40)
    ]


BOOKS = {
    **{f"every text, {turn}": every_text(turn) for turn in range(4)},
    "usual": random_book(3, rows=60),
    "names only": [{"고객명": f"고객{number}", "성별": ""} for number in range(5)],
    "numbers only": [{"고객번호": "C-1", "성별": ""}, {"고객번호": "C-2", "성별": "남"}],
    "no policies": [{"고객명": "김하나", "월소득": "300만원", "차량": "있음"}],
    "units unclear": [{"고객명": "김하나", "보험종류": "생명", "가입금액": "5000", "보험료": "3"}],
    "all months": [
        {"고객명": "김하나", "보험종류": "생명", "계약일": "200306", "만기일": "209912"}
    ],
    "twice": [{"고객명": "김하나", "보험종류": "생명"}] * 2,
    "total": [{"고객명": "김하나", "보험종류": "생명"}, {"고객명": "합계", "가입금액": "5"}],
}
OPTIONS = {
    "plain": {"units": {}},
    "told": {
        "units": {"coverage_amount": 10_000, "premium_amount": 1, "annual_income": 10_000},
        "six_digits": {"start_date": "ym", "end_date": "ymd"},
        "words": {
            "type": {"우주": "home"},
            "status": {"이상함": "active"},
            "gender": {"외계인": "F"},
        },
        "currency": "USD",
        "consent_basis": None,
    },
}


@pytest.fixture
def ways(monkeypatch):
    """Read the same books in both ways, each into a database of its own: what came of it."""

    def run(*books, **options):
        told, stored = [], []
        for few in (1000, -1):
            monkeypatch.setattr(making, "FEW_ROWS", few)
            monkeypatch.setattr(customer_rows, "FEW_CUSTOMERS", few)
            db = opening.open_database(connecting.IN_MEMORY)
            monkeypatch.setattr(db, "secret", b"s" * 32)
            people = hire(db)
            told.append([outcome(take(db, people["admin"], rows, **options)) for rows in books])
            stored.append(
                {table: contents(db, table, columns) for table, columns in STORED.items()}
            )
            db.close()
        return told, stored

    return run


STORED = {
    "customer": "* exclude (id, owner_id, batch_id, created_at, updated_at)",
    "policy": "* exclude (id, customer_id, batch_id, created_at, updated_at)",
    "consent": "kind, basis, given_on, channel",
    "customer_row": "* exclude (id, owner_id) replace ("
    "list_sort(string_split(words, chr(10))) as words, list_sort(spans) as spans)",
    "audit": "action, record, ver, changes",
}


def contents(db, table: str, columns: str) -> list[str]:
    """The rows of a table, without ids and times, in an order of their own."""
    return sorted(map(str, db.read(f"select {columns} from {table}")))


def outcome(report):
    """What a report tells that is the same whenever and wherever a book is imported."""
    file = replace(report.file, relation="", name="")
    return replace(report, batch=None, file=file, gone=[])


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("book", BOOKS)
def test_a_small_book_is_read_as_a_large_one(book, options, ways):
    said = {"consent_basis": "서면", **OPTIONS[options]}
    if said["consent_basis"] is None and "동의" not in BOOKS[book][0]:
        said["consent_basis"] = "서면"
    told, stored = ways(BOOKS[book], **said)
    assert told[0] == told[1]
    assert stored[0] == stored[1]
    assert told[0][0].rows == len(BOOKS[book]) - (book == "total")


def test_a_small_book_changes_what_is_there_as_a_large_one(ways):
    rows = random_book(5, rows=60)
    later = [{**row, "보험료": "77000", "직업": "농부"} for row in rows[:30]] + every_text(1)[:20]
    told, stored = ways(rows, later)
    assert told[0] == told[1]
    assert stored[0] == stored[1]
    assert told[0][1].updated > 0
