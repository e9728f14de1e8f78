"""What may not be kept is nowhere: not in the tables, the file's bytes or the rejected rows."""

import re

import pytest
from agency import STATEMENT, TODAY, hire, take

from fpcore import book_import, customers, database, privacy
from fpcore.models import NewCustomer

RESIDENT = ["850302-1234567", "8503022345678", "850302 - 1456789", "９００１０１-2765432"]
CARDS = ["9410-1234-5678-9012", "5409 2610 0000 1234"]
CARD_WITHOUT_BLANKS = "4929123456789012"
PHONE = "010-9876-5432"
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
]
SECRETS = [re.sub(r"\s", "", text) for text in (*RESIDENT, *CARDS)] + ["위암", "1234567", "2345678"]


@pytest.fixture(scope="module")
def careless_book(tmp_path_factory):
    """A book full of what may not be kept, in a database file: its report and the file."""
    path = tmp_path_factory.mktemp("privacy") / "fp.duckdb"
    db = database.open_database(str(path), create=True)
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


@pytest.mark.parametrize("secret", [*RESIDENT, *CARDS, "위암", PHONE, PHONE.replace("-", "")])
def test_no_forbidden_number_is_in_the_bytes_of_the_file(secret, careless_book):
    db, path, _ = careless_book
    db.read("force checkpoint")
    content = path.read_bytes()
    assert "고객10".encode() in content or "고객0".encode() in content
    assert secret.encode() not in content
    wal = path.with_name(path.name + ".wal")
    assert not wal.exists() or secret.encode() not in wal.read_bytes()


@pytest.mark.parametrize("secret", [*RESIDENT, *CARDS, "위암"])
def test_no_forbidden_number_is_among_the_rejected_rows_or_reasons(secret, careless_book):
    _, _, report = careless_book
    reasons = [" ".join(p.text or "" for p in row.problems) for row in report.rejects]
    assert secret not in " ".join(reasons)
    assert secret not in book_import.rejects_csv(report, reasons).decode("utf-8-sig")
    assert secret not in " ".join(report.examples)


def test_a_card_number_written_without_blanks_is_blotted_out_too():
    assert CARD_WITHOUT_BLANKS not in privacy.without_forbidden_numbers(
        f"카드 {CARD_WITHOUT_BLANKS} 로 결제"
    )


@pytest.mark.parametrize(
    "text", ["계약 20260101", "증권 1234567890", "010-1234-5678", "2026-11-22 15:30", "1억 5,000만"]
)
def test_other_numbers_are_left_alone(text):
    assert privacy.without_forbidden_numbers(text) == text


def test_a_statement_of_consent_is_kept_without_a_resident_number(db, people):
    take(db, people["fp1"], [{"고객명": "김", "보종": "생명"}],
         consent_basis=f"{STATEMENT} {RESIDENT[0]}")  # fmt: skip
    assert RESIDENT[0] not in stored_text(db)


def test_a_customer_added_by_hand_leaves_no_forbidden_number(db, people):
    new = NewCustomer(
        name=f"김 {RESIDENT[0]}", notes=RESIDENT[1], occupation=CARDS[0], phone=PHONE,
        consent_basis=f"서면 {RESIDENT[0]}",
    )  # fmt: skip
    customers.create(db, people["fp1"], new, TODAY)
    stored = stored_text(db)
    assert [secret for secret in (*RESIDENT, *CARDS, PHONE) if secret in stored] == []


@pytest.mark.parametrize(
    "text",
    ["010-9876-5432", "01098765432", "010 9876 5432", "1098765432", "+82 10-9876-5432",
     "+82-010-9876-5432", "０１０-9876-5432", "02-123-4567", "031-123-4567", "+1 650-253-0000"],
)  # fmt: skip
def test_a_phone_typed_and_one_imported_have_the_same_hash_and_mask(text, db, import_rows):
    import_rows([{"고객명": "김하나", "휴대폰": text}])
    digits = privacy.phone_digits(text)
    assert db.read("select phone, phone_hash from customer") == [
        {
            "phone": privacy.masked_phone(digits),
            "phone_hash": privacy.phone_hash(db.secret, digits),
        }
    ]


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
