"""What may not be kept is nowhere: not in the tables, the file's bytes or the rejected rows."""

import re
from datetime import date

import hypothesis.strategies as st
import pytest
from agency import STATEMENT, TODAY, csv_bytes, hire, take
from hypothesis import example, given
from stdnum import luhn
from stdnum.kr import rrn

from fpcore import privacy
from fpcore.customers import profiles
from fpcore.importing import cells, importer
from fpcore.importing.importer import ImportOptions
from fpcore.importing.rejects import rejects_csv
from fpcore.models import NewCustomer
from fpcore.privacy import REMOVED
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY

RESIDENT = ["850302-1234567", "8503022345678", "850302 - 1456789", "９００１０１-2765432"]
CARDS = ["9410-1234-5678-9012", "5409 2610 0000 1234"]
ACCOUNTS = ["110-987-654321", "3333-01-7654321"]
PHONE = "010-9876-5432"
BLOTTED_OUT = {
    "주민번호850302-1234567확인": f"주민번호{REMOVED}확인",
    "850302-5234567 (외국인)": f"{REMOVED} (외국인)",
    "850302-9234567": REMOVED,
    "850302-1******": REMOVED,
    "850302-1＊＊＊＊＊＊": REMOVED,
    "８５０３０２－１２３４５６７": REMOVED,
    "850302–1234567": REMOVED,
    "850302—1234567": REMOVED,
    "850302‐1234567": REMOVED,
    "850302\u20111234567": REMOVED,
    "850302ㅡ1234567": REMOVED,
    "850302 － 1234567": REMOVED,
    "850302\u3000-\u30001234567": REMOVED,
    "850302\u200b-1234567": REMOVED,
    "850302 1234567": REMOVED,
    "850302.1234567": REMOVED,
    "991332-1234567": REMOVED,  # no date, but the form
    "8503021234567": REMOVED,
    "카드 4929123456789012 로 결제": f"카드 {REMOVED} 로 결제",
    "카드9410-1234-5678-9012번": f"카드{REMOVED}번",
    "9410.1234.5678.9012": REMOVED,
    "9410–1234–5678–9012": REMOVED,
    "3712-345678-12345": REMOVED,
    "3712 345678 12345": REMOVED,
    "371234567812345": REMOVED,
    "110-123-456789": REMOVED,
    "국민 123456-01-123456 홍길동": f"국민 {REMOVED} 홍길동",
    "국민-123456-01-123456": f"국민-{REMOVED}",
    "3333-01-1234567": REMOVED,
    "１１０－１２３－４５６７８９": REMOVED,
    "110 - 123 - 456789": REMOVED,
    "352-1234-5678-93": REMOVED,
    "12-34-567890": REMOVED,
    "012-345678-01-011": REMOVED,
    "031-21-123456": REMOVED,
    "010-1234-5678-99": REMOVED,
    "110-010-1234-5678": REMOVED,
    "099-123-4567": REMOVED,
    "계좌: 1101234567890": f"계좌: {REMOVED}",
    "통장 1234567890": f"통장 {REMOVED}",
    "우리은행 홍길동 1002 123 456789": f"우리은행 홍길동 {REMOVED}",
    "농협 352 1234 5678 93": f"농협 {REMOVED}",
    "카뱅 3333011234567": f"카뱅 {REMOVED}",
    "Account no. 12345678901": f"Account no. {REMOVED}",
    "a/c 12345-67890": f"a/c {REMOVED}",
    "IBAN GB29 NWBK 6016 1331 9268 19": f"IBAN GB29 NWBK {REMOVED}",
    "은행 02-123-4567 계좌 1101234567": f"은행 02-123-4567 계좌 {REMOVED}",
    "통장 2020-05-01 110 123 456789": f"통장 {REMOVED}",
}
MASKED = {
    "배우자 010-2222-3333, 자녀 01033334444": "배우자 010-****-3333, 자녀 010-****-4444",
    "０１０－２２２２－３３３３": "010-****-3333",
    "010.2222.3333": "010-****-3333",
    "010 2222 3333": "010-****-3333",
    "(010)2222-3333": "010-****-3333",
    "+82-10-2222-3333": "010-****-3333",
    "+82 (0)10 2222 3333": "010-****-3333",
    "011-222-3333": "011-***-3333",
    "계좌 홍길동 010-2222-3333": "계좌 홍길동 010-****-3333",
}
LEFT_ALONE = [
    "계약 20260101", "증권 1234567890", "증권 1234567890123", "2026-11-22 15:30", "1억 5,000만",
    "02-123-4567", "031 123 4567", "0505-123-4567", "070-1234-5678", "1588-1234",
    "+1-650-253-0000", "2022-04-13~2086-04-13", "2022-04-13 - 2086-04-13", "22-04-13 - 26-04-13",
    "2020-05 - 2025-05", "20200501-20250501", "2026-11-22-001", "사업자 123-45-67890",
    "은행 02-123-4567", "은행 방문 2026-11-22 10:30", "은행 대출 2020-05-01 50000000",
    "농협생명 1234567890", "8503021", "850302-1", "9–1–1", "010-****-3333", REMOVED,
    "01012345678@naver.com", "bank1234567890@naver.com", "110-123-456789@example.com",
]  # fmt: skip
ROWS = [
    {"주민번호": RESIDENT[0]},
    {"주민번호": "850302-1******", "비고": f"주민 {RESIDENT[0]} 확인"},
    {"비고": f"{RESIDENT[1]} 및 카드 {CARDS[0]}, {CARDS[1]}"},
    {"비고": RESIDENT[2], "직업": RESIDENT[3]},
    {"생년월일": RESIDENT[0]},
    {"생년월일": RESIDENT[1]},
    {"카드번호": CARDS[0], "병력": "위암 3기"},
    {"고객명": RESIDENT[0]},
    {"증권번호": RESIDENT[0], "상품명": f"종신 {RESIDENT[0]}", "보험사": CARDS[0]},
    {"휴대폰": PHONE},
    {"휴대폰": PHONE, "성별": RESIDENT[0]},
    {"주민번호": RESIDENT[1], "성별": "무", "비고": f"{RESIDENT[0]} {CARDS[0]}"},
    {"카드번호": CARDS[1], "병력": "위암 3기", "가입금액": RESIDENT[1], "보험료": CARDS[0]},
    {"상태": RESIDENT[1], "계약일": RESIDENT[0], "휴대폰": RESIDENT[0]},
    {"비고": f"국민 {ACCOUNTS[0]}, 배우자 {PHONE}", "직업": ACCOUNTS[1]},
    {"고객명": ACCOUNTS[0], "상품명": ACCOUNTS[1], "보험사": ACCOUNTS[0]},
    {"성별": ACCOUNTS[0], "계약일": ACCOUNTS[1], "기타 메모": f"{ACCOUNTS[0]} {RESIDENT[0]}"},
    {"생년월일": f"{'생' * 50}{RESIDENT[0]}", "가입금액": f"{'일' * 55}{ACCOUNTS[0]}"},
]
FORBIDDEN = [*RESIDENT, *CARDS, *ACCOUNTS]
SECRETS = [re.sub(r"\s", "", text) for text in FORBIDDEN]
SECRETS += ["위암", "1234567", "2345678", "7654321"]
HALVES = ["850302-1", "110-987", "3333-01"]
"""What a number leaves that was cut before it was blotted out."""


@pytest.fixture(scope="module")
def careless_book(tmp_path_factory):
    """A book full of what may not be kept, in a database file: its report and the file."""
    path = tmp_path_factory.mktemp("privacy") / "fp.duckdb"
    db = opening.open_database(str(path), create=True)
    rows = [{"고객명": f"고객{n}", "보종": "생명", **row} for n, row in enumerate(ROWS)]
    fp = hire(db)["fp1"]
    report = take(db, fp, rows)
    assert (report.taken, report.rejected) != (0, 0)
    yield db, path, report
    db.close()


def stored_text(db) -> str:
    names = [row["table_name"] for row in db.read("select table_name from duckdb_tables()")]
    return "\n".join(db.frame(f"select * from {name}").to_csv() for name in names)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_forbidden_number_is_in_any_table(secret, careless_book):
    db, _, _ = careless_book
    assert secret not in re.sub(r"\s", "", stored_text(db))


@pytest.mark.parametrize("secret", [*FORBIDDEN, "위암", PHONE, PHONE.replace("-", "")])
def test_no_forbidden_number_is_in_the_bytes_of_the_file(secret, careless_book):
    db, path, _ = careless_book
    db.read("force checkpoint")
    content = path.read_bytes()
    assert "고객10".encode() in content or "고객0".encode() in content
    assert secret.encode() not in content
    wal = path.with_name(path.name + ".wal")
    assert not wal.exists() or secret.encode() not in wal.read_bytes()


@pytest.mark.parametrize("secret", [*FORBIDDEN, *HALVES, "위암"])
def test_no_forbidden_number_is_among_the_rejected_rows_or_reasons(secret, careless_book):
    _, _, report = careless_book
    reasons = [" ".join(p.text or "" for p in row.problems) for row in report.rejects]
    assert secret not in " ".join(reasons)
    assert secret not in rejects_csv(report, reasons).decode("utf-8-sig")
    assert secret not in " ".join(sum((c.samples for c in report.columns.all), ()))


def test_a_number_in_a_cell_too_many_is_neither_quoted_nor_written(db, people):
    row = csv_bytes([{"고객명": "김", "보종": "생명"}]).decode("utf-8-sig").strip()
    content = f"{row},{'가' * 50}{RESIDENT[0]}\n".encode()
    said = ImportOptions(consent_basis=STATEMENT)
    report = importer.preview(db, people["fp1"], "book.csv", content, said, TODAY)
    problem = report.rejects[0].problems[0]
    assert (problem.code, problem.text) == ("too_many_cells", f"{'가' * 50}{REMOVED}"[:60])
    assert "850302" not in rejects_csv(report, [problem.text]).decode()


CLEANED = {**BLOTTED_OUT, **MASKED, **{text: text for text in LEFT_ALONE}}


@pytest.fixture(scope="module")
def kept_of_books():
    """The notes of CLEANED as two imports leave them: what is stored, and what is written of
    rejected rows."""
    db = opening.open_database(IN_MEMORY)
    fp = hire(db)["fp1"]
    rows = [{"고객명": f"고객{n}", "비고": text} for n, text in enumerate(CLEANED)]
    assert take(db, fp, rows).rejected == 0
    stored = {row["name"]: row["notes"] for row in db.read("select name, notes from customer")}
    report = take(db, fp, [{**row, "성별": "무"} for row in rows])
    written = rejects_csv(report, [""] * len(rows)).decode("utf-8-sig")
    db.close()
    return [stored[row["고객명"]] for row in rows], [
        line.split(",", 2)[1] if '"' not in line else line.split('"')[1]
        for line in written.splitlines()[1:]
    ]


@pytest.mark.parametrize("number", range(len(CLEANED)), ids=[ascii(text) for text in CLEANED])
def test_a_text_is_scrubbed_alike_in_a_form_in_a_book_and_among_its_rejects(number, kept_of_books):
    text, clean = list(CLEANED.items())[number]
    assert privacy.scrubbed(text) == clean
    stored, written = kept_of_books
    assert stored[number] == clean
    assert written[number].removeprefix("'") == clean


DIGITS = st.text("0123456789０５", min_size=1, max_size=8)
SIGNS = st.sampled_from([*" -–ㅡ－.·/()+*＊@\n\u3000\u200b", " 계좌 ", "은행", "a/c", "010-", "가"])
NUMBERS = st.sampled_from([*BLOTTED_OUT, *MASKED])


@pytest.fixture(scope="module")
def memory():
    db = opening.open_database(IN_MEMORY)
    yield db
    db.close()


@given(text=st.lists(DIGITS | SIGNS | NUMBERS, max_size=8).map("".join))
@example(text="850302-1******")
@example(text="850302-1＊＊＊＊＊＊")
@example(text="(010)222-3333")
@example(text="계좌1234567890")
@example(text="850302 - 1234567")
def test_what_sql_does_not_suspect_holds_nothing_to_scrub(text, memory):
    suspected = memory.read(
        "select regexp_matches($text, $usual) and length($text) >= 10 as usual,"
        " regexp_matches($text, $number) as number",
        {"text": text, "usual": privacy.SUSPICIOUS, "number": privacy.SUSPICIOUS_NUMBER},
    )[0]
    assert suspected["usual"] or privacy.scrubbed(text) == text
    assert suspected["number"] or privacy.scrubbed(text, "policy_number") == text


@given(
    born=st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    sign=st.integers(0, 9),
    place=st.integers(0, 96),
    rest=st.integers(0, 999),
    written=st.sampled_from(["{}-{}", "{}{}", "{} - {}", "{}–{}", "{} {}", "{}\u2011{}"]),
    has_check_digit=st.booleans(),
)
@example(born=date(2000, 2, 29), sign=0, place=0, rest=0, written="{}-{}", has_check_digit=True)
def test_every_resident_number_is_blotted_out(born, sign, place, rest, written, has_check_digit):
    digits = f"{born:%y%m%d}{sign}{place:02}{rest:03}"
    number = digits + rrn.calc_check_digit(digits) if has_check_digit else digits + "0"
    is_day = f"{born:%y%m%d}" != "000229" or sign in (3, 4, 7, 8)  # of 2000, no other century
    assert rrn.is_valid(number) or not (has_check_digit and is_day)
    text = f"주민{written.format(number[:6], number[6:])}확인"
    assert privacy.scrubbed(text) == f"주민{REMOVED}확인"


@given(
    start=st.sampled_from(["4", "5", "9", "37"]),
    rest=st.text("0123456789", min_size=14, max_size=14),
    gap=st.sampled_from(["", "-", " ", "–"]),
)
def test_every_card_number_is_blotted_out(start, rest, gap):
    sizes = (4, 6, 5) if start == "37" else (4, 4, 4, 4)
    digits = (start + rest)[: sum(sizes) - 1]
    number = digits + luhn.calc_check_digit(digits)
    assert luhn.is_valid(number)
    groups = [number[sum(sizes[:i]) : sum(sizes[: i + 1])] for i in range(len(sizes))]
    assert privacy.scrubbed(f"카드{gap.join(groups)}.") == f"카드{REMOVED}."


def test_numbers_that_are_asked_for_stay_in_their_fields(import_rows, db):
    row = {"고객번호": "110-123-456789", "증권번호": "9410-1234-5678-9012"}
    import_rows([{"고객명": "김", "보종": "생명", **row}])
    stored = db.read(
        "select source_key, policy_number from customer c join policy p on p.customer_id = c.id"
    )
    assert stored == [{"source_key": row["고객번호"], "policy_number": row["증권번호"]}]


def test_what_must_be_corrected_stays_in_the_rejected_rows(import_rows):
    kept = ["010-9876-5432", "110-123-456789", "099-123-4567"]
    report = import_rows([
        {"고객명": "김", "보종": "무엇", "휴대폰": kept[0], "증권번호": kept[1]},
        {"고객명": "이", "보종": "생명", "휴대폰": kept[2], "증권번호": RESIDENT[0]},
        {"고객명": "박", "보종": "생명", "증권번호": kept[1], "가입금액": "1"},
        {"고객명": "박", "보종": "생명", "증권번호": kept[1], "가입금액": "2"},
    ])  # fmt: skip
    reasons = [" ".join(p.text or "" for p in row.problems) for row in report.rejects]
    assert reasons == ["무엇", kept[2], kept[1]]
    written = rejects_csv(report, reasons).decode("utf-8-sig")
    assert [text for text in kept if text not in written] == []
    assert RESIDENT[0] not in written


def test_the_report_counts_what_is_not_kept(import_rows):
    report = import_rows([
        {"고객명": "가", "주민번호": RESIDENT[0], "카드번호": CARDS[0], "성별": "남"},
        {"고객명": "나", "생년월일": RESIDENT[0]},
        {"고객명": "다", "비고": f"국민 {ACCOUNTS[0]}", "직업": CARDS[0]},
        {"고객명": "라", "비고": CARDS[0], "성별": "무"},
        {"고객명": "마", "비고": f"배우자 {PHONE}"},
        {"고객명": "바", "이메일": "무", "주민번호": RESIDENT[0]},
    ])  # fmt: skip
    assert dict(report.notes) == {
        "resident_numbers": 2, "forbidden_numbers": 2, "dropped_columns": 2
    }  # fmt: skip


def test_the_report_counts_nothing_where_nothing_was_taken_out(import_rows):
    report = import_rows([{"고객명": "가", "생년월일": "850302-1", "비고": PHONE, "휴대폰": PHONE}])
    assert report.notes == []


def test_a_statement_of_consent_is_kept_without_a_resident_number(db, people):
    take(db, people["fp1"], [{"고객명": "김", "보종": "생명"}],
         consent_basis=f"{STATEMENT} {RESIDENT[0]}")  # fmt: skip
    assert RESIDENT[0] not in stored_text(db)


def test_a_customer_added_by_hand_leaves_no_forbidden_number(db, people):
    new = NewCustomer(
        name=f"김 {RESIDENT[0]}", notes=RESIDENT[1], occupation=CARDS[0], phone=PHONE,
        consent_basis=f"서면 {RESIDENT[0]} {ACCOUNTS[0]}",
    )  # fmt: skip
    profiles.create(db, people["fp1"], new, TODAY)
    stored = stored_text(db)
    assert [secret for secret in (*FORBIDDEN, PHONE) if secret in stored] == []


PHONES = {
    "010-9876-5432": "01098765432",
    "01098765432": "01098765432",
    "010 9876 5432": "01098765432",
    "010.9876.5432": "01098765432",
    "010–9876–5432": "01098765432",
    "1098765432": "01098765432",
    "+82 10-9876-5432": "01098765432",
    "+82-010-9876-5432": "01098765432",
    "+821098765432": "01098765432",
    "82-10-9876-5432": "01098765432",
    "０１０-9876-5432": "01098765432",
    "010-9876-5432 (본인)": "01098765432",
    "엄마 010-9876-5432": "01098765432",
    "Tel. 010-9876-5432": "01098765432",
    "011-123-4567": "0111234567",
    "02-123-4567": "021234567",
    "(02) 1234-5678": "0212345678",
    "02)1234-5678": "0212345678",
    "02-123-4567 ext. 12": "021234567",
    "031-123-4567": "0311234567",
    "064-723-4567": "0647234567",
    "070-1234-5678": "07012345678",
    "080-123-4567": "0801234567",
    "0505-123-4567": "05051234567",
    "1588-1234": "15881234",
    "+1 650-253-0000": "+16502530000",
    "099-123-4567": None,
    "060-123-4567": None,
    "02-0123-4567": None,
    "010-5999-1234": None,
    "010-9876-54321": None,
    "010*9876*5432": None,
    "010-9876-5432 / 010-1111-2222": None,
    "010-9876-5432, 02-123-4567": None,
    "02-123-4567 내선 12": None,
    "1 650 253 0000": None,
    "+82": None,
    "1234": None,
    "전화 안 받음": None,
    "850302-1******": None,
    "8503021******": None,
}


@pytest.fixture(scope="module")
def phones_of_a_book():
    """The phones of PHONES as an import stores them, by their place; and the secret."""
    db = opening.open_database(IN_MEMORY)
    rows = [{"고객명": f"고객{n}", "휴대폰": text} for n, text in enumerate(PHONES)]
    report = take(db, hire(db)["fp1"], rows)
    assert {(p.field, p.code) for row in report.rejects for p in row.problems} == {
        ("phone", "not_understood")
    }
    found = db.read("select name, phone, phone_hash from customer")
    yield {row["name"]: (row["phone"], row["phone_hash"]) for row in found}, db.secret
    db.close()


@pytest.mark.parametrize("number", range(len(PHONES)), ids=[ascii(text) for text in PHONES])
def test_a_phone_typed_and_one_imported_are_understood_alike(number, phones_of_a_book):
    text, digits = list(PHONES.items())[number]
    stored, secret = phones_of_a_book
    assert privacy.phone_digits(text) == digits
    assert stored.get(f"고객{number}") == (
        (privacy.masked_phone(digits), privacy.phone_hash(secret, digits)) if digits else None
    )


@given(text=st.from_regex(privacy.SURELY_A_PHONE, fullmatch=True))
@example(text="010-5969-0000")
@example(text="+82 01090000000")
@example(text="1010000000")
def test_a_phone_of_which_sql_is_sure_is_understood_alike_by_the_library(text, memory):
    digits = privacy.phone_digits(text)
    assert digits is not None
    with memory.reading() as cursor:
        cursor.execute(cells.macros(["unknown"]))
        found = cursor.execute("select phone_digits($text)", {"text": text}).fetchone()
    assert found == (digits,)


def test_a_masked_phone_is_no_proof_of_a_person(db, import_rows):
    import_rows([{"고객명": "김하나", "휴대폰": "010-****-5678"}])
    assert db.read("select phone_hash from customer") == [{"phone_hash": None}]


def test_a_phone_hash_depends_on_the_secret():
    hashes = {privacy.phone_hash(secret, "01098765432") for secret in (b"a" * 32, b"b" * 32)}
    assert len(hashes) == 2


def test_the_secret_is_not_in_the_database_file(careless_book):
    db, path, _ = careless_book
    content = path.read_bytes()
    assert db.secret not in content
    assert db.secret.hex().encode() not in content
