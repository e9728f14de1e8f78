"""A customer's circumstances: typed, imported, changed, undone, shown; unknown is never zero."""

from decimal import Decimal

import pytest
from agency import (
    TODAY,
    add_customer,
    codes,
    newcomer,
    outcome,
    refusal,
    row_of,
    take,
)
from pydantic import ValidationError

from fpcore import models, wording
from fpcore.access import audit
from fpcore.customers import profiles
from fpcore.importing import circumstances, headers, undoing, words
from fpcore.importing.loading import Book
from fpcore.importing.report import Doubt, UnknownWord
from fpcore.models import LARGEST_AMOUNT, CustomerChanges
from fpcore.models import circumstances as circumstance_records
from fpcore.models.circumstances import AMOUNTS
from fpcore.person import disclosure, in_words

pytestmark = [pytest.mark.shared_office, pytest.mark.usefixtures("rows_stay_true")]

KNOWN = {
    "monthly_income": Decimal(4_000_000), "income_basis": "gross",
    "living_cost": Decimal(2_500_000), "dependants": 2, "debts": Decimal(100_000_000),
    "housing": "own", "driving": "own_car", "occupation_class": 1,
}  # fmt: skip
OTHERS = {
    "monthly_income": Decimal(0), "income_basis": "net", "living_cost": Decimal(0),
    "dependants": 0, "debts": Decimal(0), "housing": "rent", "driving": "none",
    "occupation_class": 3,
}  # fmt: skip
UNKNOWN = dict.fromkeys(KNOWN)
KOREAN = {
    "월소득": "400만", "소득기준": "세전", "월생활비": "2,500,000원", "부양가족수": "2명",
    "부채": "1억", "주거형태": "자가", "차량": "자차", "상해급수": "1급",
}  # fmt: skip
ENGLISH = {
    "Monthly Income": "4,000,000", "Income basis": "gross", "Living cost": "2500000",
    "Dependents": "2", "Loans": "100,000,000", "Housing": "Own", "Driving": "own car",
    "Occupation class": "1",
}  # fmt: skip
NAMES = {"고객번호": "A1", "고객명": "김하나", "생년월일": "1980-01-02"}


def stored(db, fp) -> list[dict]:
    said = {"fp": fp.id}
    return db.read("from customer where owner_id = $fp order by source_key, created_at", said)


def of(db, fp) -> dict:
    """The circumstances of the one customer of an FP."""
    [row] = stored(db, fp)
    return {name: row[name] for name in KNOWN}


def column(db, fp, name: str) -> list:
    return [row[name] for row in stored(db, fp)]


def book(header: str, texts: list[str], **more: str) -> list[dict[str, str]]:
    return [{**NAMES, "고객번호": f"A{n}", header: text, **more} for n, text in enumerate(texts)]


# --- Typed -------------------------------------------------------------------------------------


def test_every_circumstance_is_tried_here():
    assert set(KNOWN) == set(OTHERS) == set(circumstance_records.NAMES)


@pytest.mark.parametrize("typed", [KNOWN, OTHERS, UNKNOWN, {}])
def test_circumstances_are_kept_as_typed(typed, db, fp):
    added = add_customer(db, fp, **typed)
    kept = profiles.get(db, fp, added, TODAY).model_dump()
    assert {name: kept[name] for name in KNOWN} == UNKNOWN | typed


def test_a_change_is_stored_logged_and_seen_by_the_rules(db, fp):
    added = add_customer(db, fp, **KNOWN)
    profiles.update(db, fp, added, CustomerChanges(debts=0, driving=None), 1, TODAY)
    assert of(db, fp) == KNOWN | {"debts": 0, "driving": None}
    with db.reading() as cursor:
        told = {one.field: (one.old, one.new) for one in audit.changes_since(cursor, added, 1)}
    assert told == {"debts": ("100000000.00", "0"), "driving": ("own_car", None)}
    row = row_of(db, "customer_row", added)
    assert (row["debts"], row["driving"], row["dependants"]) == (0, None, 2)


def test_saving_the_same_again_leaves_no_trace(db, fp):
    added = add_customer(db, fp, **KNOWN)
    assert profiles.update(db, fp, added, CustomerChanges(**KNOWN), 1, TODAY) == 1


def test_each_circumstance_that_cannot_be_is_told_and_nothing_is_stored(db, fp):
    wrong = {
        "monthly_income": -1, "living_cost": LARGEST_AMOUNT + 1, "debts": Decimal("1.5"),
        "dependants": 10**20, "occupation_class": 4,
    }  # fmt: skip
    with refusal(db) as problems:
        add_customer(db, fp, **wrong)
    assert problems == [
        ("monthly_income", "negative"), ("living_cost", "too_large"), ("debts", "not_whole_won"),
        ("dependants", "dependants_out_of_range"), ("occupation_class", "class_out_of_range"),
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["housing", "driving", "income_basis", "dependants"])
def test_a_word_that_is_none_is_refused(field):
    with pytest.raises(ValidationError):
        CustomerChanges(**{field: "gehört"})


# --- Imported ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [KOREAN, ENGLISH])
def test_a_book_tells_circumstances(cells, db, fp):
    report = take(db, fp, [{**NAMES, **cells}])
    assert (outcome(report), codes(report)) == ((1, 0, 0, 0), [])
    assert of(db, fp) == KNOWN
    assert row_of(db, "customer_row", stored(db, fp)[0]["id"])["living_cost"] == 2_500_000


NOT_KNOWN = ["", "-", "없음", "미상", "모름", "?"]
ZERO = {"월소득": "0", "월생활비": "0원", "부양가족수": "0", "부채": "0만"}


@pytest.fixture(scope="module")
def unsaid(office) -> dict[str, dict]:
    """What is stored of rows of one book that say one text in every cell, or zero, by that text."""
    fp = newcomer(office.db)
    texts = {text: dict.fromkeys(KOREAN, text) for text in NOT_KNOWN} | {"zero": ZERO}
    rows = [{**NAMES, "고객번호": f"A{n}", **texts[text]} for n, text in enumerate(texts)]
    assert take(office.db, fp, rows).created == len(rows)
    return dict(zip(texts, stored(office.db, fp), strict=True))


@pytest.mark.parametrize("text", NOT_KNOWN)
def test_what_a_book_does_not_know_is_unknown_and_not_zero(text, unsaid):
    assert unsaid[text].items() >= UNKNOWN.items()


def test_a_book_may_say_zero(unsaid):
    zero = {name: OTHERS[name] for name in (*AMOUNTS, "dependants")}
    assert unsaid["zero"].items() >= (UNKNOWN | zero).items()


MEANINGS = {
    "주거": ("housing", {"전세": "rent", "월세": "rent", "자택": "own", "부모님 집": "other"}),
    "차량보유": ("driving", {"보유": "own_car", "운전함": "drives", "미운전": "none"}),
    "위험등급": ("occupation_class", {"비위험": 1, "중위험": 2, "고위험": 3, "상해 2급": 2}),
    "income_basis": ("income_basis", {"after tax": "net", "세후": "net", "세전": "gross"}),
    "부양가족": ("dependants", {"2인": 2, "２ 명": 2, "0": 0, "20명": 20}),
}


@pytest.fixture(scope="module")
def worded(office) -> list[dict]:
    """What is stored of one book with a column for each of MEANINGS, which begin in its first
    row."""
    fp = newcomer(office.db)
    columns = {header: [*meanings] for header, (_, meanings) in MEANINGS.items()}
    rows = [
        {**NAMES, "고객번호": f"A{n}", **{h: texts[n] for h, texts in columns.items() if texts[n:]}}
        for n in range(max(map(len, columns.values())))
    ]
    assert codes(take(office.db, fp, rows)) == []
    return stored(office.db, fp)


@pytest.mark.parametrize("header", MEANINGS)
def test_words_of_circumstances(header, worded):
    field, meanings = MEANINGS[header]
    assert [row[field] for row in worded][: len(meanings)] == list(meanings.values())


@pytest.mark.parametrize(
    ("header", "field", "texts", "won"),
    [
        ("월소득(만원)", "monthly_income", ["400", "0", "350.5"], [4_000_000, 0, 3_505_000]),
        ("부채 (단위: 천원)", "debts", ["50,000", "1억"], [50_000_000, 100_000_000]),
        ("연봉(만원)", "monthly_income", ["5,000", "6000", "1"], [4_166_667, 5_000_000, 833]),
        ("연소득", "monthly_income", ["5천만원", "₩12,000,000"], [4_166_667, 1_000_000]),
    ],
)
def test_amounts_are_read_in_the_unit_of_their_header(header, field, texts, won, db, fp):
    report = take(db, fp, book(header, texts), units={})
    assert (codes(report), report.doubts) == ([], [])
    assert column(db, fp, field) == won


def test_an_income_a_month_comes_before_one_a_year(db, fp):
    rows = book("월소득", ["300만", "", "-"], 연봉="6000만")
    assert take(db, fp, rows).held_back == 0
    assert column(db, fp, "monthly_income") == [3_000_000, 5_000_000, 5_000_000]


SMALL = {
    "월소득": ("monthly_income", "400", 4_000_000), "연소득": ("annual_income", "4800", 4_000_000),
    "생활비": ("living_cost", "250", 2_500_000), "대출잔액": ("debts", "5,000", 50_000_000),
}  # fmt: skip


@pytest.mark.parametrize("header", SMALL)
def test_a_unit_in_doubt_is_asked_once(header, db, fp):
    field, text, won = SMALL[header]
    rows = book(header, [text, text, "3천만", ""])
    report = take(db, fp, rows, units={})
    assert codes(report) == ["unit_unclear"] * 2
    assert report.doubts == [Doubt(field, "unit_unclear", 2, [text])]
    assert (report.created, report.questions) == (2, 2)
    report = take(db, fp, rows, units={field: 10_000})
    assert (outcome(report), report.doubts) == ((2, 0, 2, 0), [])
    name = "monthly_income" if field == "annual_income" else field
    assert column(db, fp, name) == [
        won,
        won,
        2_500_000 if field == "annual_income" else 30_000_000,
        None,
    ]


@pytest.mark.parametrize("header", SMALL)
def test_a_unit_is_not_asked_where_the_numbers_are_of_usual_size(header, db, fp):
    rows = book(header, ["3,000,000", "60000000", "500"])
    assert take(db, fp, rows, units={}).doubts == []


NOT_UNDERSTOOD = [
    ("월소득", "monthly_income", "많음", "not_understood"),
    ("월소득", "monthly_income", "$4,000", "not_in_won"),
    ("연소득", "annual_income", "-1200만", "not_understood"),
    ("연소득", "annual_income", "-12000000", "negative"),
    ("연소득", "annual_income", "99999999999999", "too_large"),
    ("부채", "debts", "-1", "negative"),
    ("부채", "debts", "10000000000000", "too_large"),
    ("월생활비", "living_cost", "1234567.5", "not_whole_won"),
    ("부양가족수", "dependants", "여럿", "not_understood"),
    ("부양가족수", "dependants", "2.5", "not_understood"),
    ("부양가족수", "dependants", "어머니, 딸", "not_understood"),
    ("부양가족수", "dependants", "21명", "dependants_out_of_range"),
    ("부양가족수", "dependants", "-1", "dependants_out_of_range"),
    ("부양가족수", "dependants", "999999", "dependants_out_of_range"),
    ("주거형태", "housing", "동굴", "not_among"),
    ("차량", "driving", "쏘나타", "not_among"),
    ("상해급수", "occupation_class", "4급", "not_among"),
    ("소득구분", "income_basis", "대략", "not_among"),
]


def test_what_cannot_be_understood_holds_its_row_back_and_no_other(db, fp):
    rows = [
        {**NAMES, "고객번호": f"A{n}", header: text}
        for n, (header, _, text, _) in enumerate(NOT_UNDERSTOOD)
    ]
    report = take(db, fp, [*rows, {**NAMES, "고객번호": "B", "고객명": "이둘"}])
    found = [(one.field, one.text, one.code) for row in report.rejects for one in row.problems]
    assert found == [(field, text, code) for _, field, text, code in NOT_UNDERSTOOD]
    assert (report.created, column(db, fp, "name")) == (1, ["이둘"])
    for language in wording.LANGUAGES:
        for row in report.rejects:
            assert row.problems[0].text in wording.say_reasons(language, row.problems)


def test_plain_amounts_of_a_book_in_another_currency_are_not_taken_for_won(db, fp):
    report = take(db, fp, book("월소득", ["4000", "4,000,000원", "400만"]), currency="USD")
    assert codes(report) == ["not_in_won"]
    assert column(db, fp, "monthly_income") == [4_000_000, 4_000_000]


WORDS = [("housing", "주거", "동굴", "other"), ("driving", "차량", "미보유", "drives"),
         ("income_basis", "소득기준", "실급여", "net"),
         ("occupation_class", "직업급수", "나군", "2")]  # fmt: skip


@pytest.mark.parametrize(("field", "header", "text", "value"), WORDS)
def test_an_unknown_word_is_asked_once(field, header, text, value, db, fp):
    rows = book(header, [text, f" {text}", ""])
    report = take(db, fp, rows)
    assert report.unknown_words == [UnknownWord(field, text, 2)]
    assert (report.created, report.questions) == (1, 2)
    report = take(db, fp, rows, words={field: {text: value}})
    assert (outcome(report), report.unknown_words) == ((2, 0, 1, 0), [])
    assert [str(one) for one in column(db, fp, field)[:2]] == [value, value]


def test_an_answer_that_is_no_value_is_none(db, fp):
    report = take(db, fp, book("주거", ["동굴"]), words={"housing": {"동굴": "cave"}})
    assert codes(report) == ["not_among"]


def test_rows_that_disagree_are_told_and_the_first_said_holds(db, fp):
    policy = {"보종": "생명", "가입금액": "1억"}
    rows = [
        {**NAMES, **policy, "증권번호": "N1", "부채": "", "주거": "자가"},
        {**NAMES, **policy, "증권번호": "N2", "부채": "1억", "주거": "자가"},
        {**NAMES, **policy, "증권번호": "N3", "부채": "2억", "주거": ""},
    ]
    report = take(db, fp, rows)
    assert (report.created, dict(report.notes)["rows_disagree"]) == (3, 1)
    assert of(db, fp) == UNKNOWN | {"debts": 100_000_000, "housing": "own"}


def test_columns_are_told_by_their_headers_alone(db, fp):
    rows = [
        {**NAMES, "고객번호": f"A{n}", "가": "자가", "나": "자차", "다": "2명"} for n in range(4)
    ]
    assert take(db, fp, rows).columns.fields[3:] == (None, None, None)


# --- Imported again, and undone ------------------------------------------------------------------


def test_a_later_book_changes_what_it_says_and_nothing_else(db, fp):
    take(db, fp, [{**NAMES, **KOREAN}])
    report = take(db, fp, [{**NAMES, "부채": "5천만", "주거형태": "-", "차량": "없음"}])
    assert outcome(report) == (0, 1, 0, 0)
    [change] = report.changes
    assert (change.field, change.old, change.new) == ("debts", "100000000.00", "50000000.00")
    assert of(db, fp) == KNOWN | {"debts": 50_000_000}
    assert outcome(take(db, fp, [{**NAMES, "직업": "교사"}])) == (0, 1, 0, 0)
    assert of(db, fp) == KNOWN | {"debts": 50_000_000}


def test_the_same_book_again_changes_nothing(db, fp):
    take(db, fp, [{**NAMES, **KOREAN, "연봉": "1억"}])
    assert outcome(take(db, fp, [{**NAMES, **KOREAN, "연봉": "1억"}])) == (0, 0, 1, 0)


def test_what_a_person_wrote_stays(db, fp):
    take(db, fp, [{**NAMES, **KOREAN}])
    [one] = stored(db, fp)
    mine = {"monthly_income": Decimal(5_000_000), "dependants": 0, "housing": "rent"}
    profiles.update(db, fp, one["id"], CustomerChanges(**mine), 1, TODAY)
    report = take(db, fp, [{**NAMES, **KOREAN, "부채": "3억"}])
    assert {kept.field for kept in report.kept} == {"monthly_income", "dependants", "housing"}
    assert of(db, fp) == KNOWN | mine | {"debts": 300_000_000}


def test_undoing_an_import_puts_circumstances_back(db, fp):
    take(db, fp, [{**NAMES, **KOREAN}])
    changed = {
        "월소득": "0", "소득기준": "세후", "월생활비": "0", "부양가족수": "0", "부채": "0",
        "주거형태": "월세", "차량": "미운전", "상해급수": "3급",
    }  # fmt: skip
    report = take(db, fp, [{**NAMES, **changed}])
    assert of(db, fp) == OTHERS
    undone = undoing.undo(db, fp, report.batch, TODAY)
    assert (undone.customers_restored, undone.left) == (1, [])
    assert of(db, fp) == KNOWN


def test_undoing_an_import_makes_what_was_unknown_unknown_again(db, fp):
    take(db, fp, [NAMES])
    report = take(db, fp, [{**NAMES, **KOREAN}])
    assert of(db, fp) == KNOWN
    undoing.undo(db, fp, report.batch, TODAY)
    assert of(db, fp) == UNKNOWN


# --- Shown ---------------------------------------------------------------------------------------


def test_an_export_holds_circumstances_as_numbers_and_in_words(db, fp):
    added = add_customer(db, fp, **KNOWN)
    profiles.update(db, fp, added, CustomerChanges(debts=30_000_000), 1, TODAY)
    document = disclosure.export(db, fp, added, TODAY)
    assert {name: document["customer"][name] for name in KNOWN} == {
        **KNOWN, "monthly_income": 4_000_000, "living_cost": 2_500_000, "debts": 30_000_000,
    }  # fmt: skip
    facts = dict(in_words.parts(document, "ko")[0].records[0])
    say = wording.catalogue("ko")
    assert {name: facts[say[f"field.{name}"]] for name in KNOWN} == {
        "monthly_income": "4,000,000원", "income_basis": "세전", "living_cost": "2,500,000원",
        "dependants": "2", "debts": "30,000,000원", "housing": "자가", "driving": "자동차 있음",
        "occupation_class": say["occupation_class.1"],
    }  # fmt: skip
    page = in_words.page(document, "en")
    assert "Debts: ₩100,000,000 → ₩30,000,000" in page


def test_an_export_says_what_is_not_known(db, fp):
    document = disclosure.export(db, fp, add_customer(db, fp, dependants=0), TODAY)
    facts = dict(in_words.parts(document, "en")[0].records[0])
    say = wording.catalogue("en")
    assert facts[say["field.debts"]] == in_words.EMPTY
    assert facts[say["field.dependants"]] == "0"


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_word_of_circumstances_is_there(language):
    said = wording.catalogue(language)
    keys = [f"occupation_class.{number}" for number in models.OCCUPATION_CLASSES]
    keys += [f"help.{name}" for name in KNOWN]
    keys += [f"accepted.{c.field}" for c in circumstances.CHECKS if c.code == "not_among"]
    assert [key for key in keys if key not in said] == []


def test_a_book_without_circumstances_has_none_of_their_tables(db, fp):
    with db.reading() as cursor:
        columns = headers.Columns((headers.Column(0, "고객명", "name"),))
        circumstances.read_circumstances(
            cursor, Book(columns, words.book_words(db), is_small=False), None
        )
        found = cursor.execute("from duckdb_tables() where table_name = 'book_circumstance'")
        assert found.fetchall() == []
