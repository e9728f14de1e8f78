"""Who is who: the same person and policy are known again, and what is unclear is asked."""

import pytest
from agency import TODAY, codes, outcome

from fpcore.customers import profiles
from fpcore.importing.matching import QUESTIONS
from fpcore.models import NewCustomer
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter

KIM = {"고객명": "김하나", "생년월일": "1985-03-02"}
LIFE = {"보험사": "삼성생명", "상품명": "든든 종신보험", "가입금액": "1억", "계약일": "2020-05-01"}


def created(report) -> tuple[int, int]:
    return report.customers_created, report.policies_created


def test_a_customer_number_identifies_a_person(import_rows):
    report = import_rows([{"고객번호": "K1", "고객명": "김하나"}] * 2)
    assert created(report) == (1, 0)


def test_two_numbers_are_two_people_even_of_one_name_and_birth(import_rows):
    report = import_rows([{"고객번호": "K1", **KIM}, {"고객번호": "K2", **KIM}])
    assert (created(report), report.held_back) == ((2, 0), 0)


@pytest.mark.parametrize(
    "other", [{"고객명": "이둘"}, {"고객명": "김하나", "생년월일": "1990-01-01"}]
)
def test_a_customer_number_of_two_people_is_a_question(other, import_rows):
    report = import_rows([{"고객번호": "K1", **KIM}, {"고객번호": "K1", **other}])
    assert (codes(report), report.questions) == (["customer_differs"], 1)


def test_one_name_with_two_birth_dates_is_two_people(import_rows):
    days = ("1985-03-02", "1985-07-07", "1990-01-01")
    report = import_rows([{**KIM, "생년월일": day} for day in days])
    assert (created(report), report.held_back) == ((3, 0), 0)


def test_one_name_and_year_with_two_phones_is_two_people(import_rows):
    rows = [
        {"고객명": "김하나", "출생연도": "1985", "휴대폰": phone}
        for phone in ("010-1111-2222", "010-3333-4444", "010 1111 2222")
    ]
    report = import_rows(rows)
    assert (created(report), report.held_back) == ((2, 0), 0)


def test_a_row_that_could_be_either_of_two_people_is_a_question(import_rows):
    rows = [
        {"고객명": "김하나", "출생연도": "1985", "휴대폰": phone}
        for phone in ("010-1111-2222", "010-3333-4444", "")
    ]
    report = import_rows(rows)
    assert (created(report), codes(report)) == ((2, 0), ["which_person"])


def test_a_masked_name_needs_a_customer_number(import_rows):
    report = import_rows([{"고객명": "김*하"}, {"고객명": "김*하", "고객번호": "K9"}])
    assert (created(report), codes(report)) == ((1, 0), ["masked_name"])


def test_a_policy_number_with_other_details_is_a_question(import_rows):
    rows = [{**KIM, **LIFE, "증권번호": "A-1", "가입금액": amount} for amount in ("1억", "2억")]
    report = import_rows(rows)
    assert (created(report), codes(report), report.questions) == ((1, 1), ["number_twice"], 1)


def test_a_policy_number_mentioned_twice_is_one_policy(import_rows):
    report = import_rows([{**KIM, **LIFE, "증권번호": n} for n in ("A-1", "Ａ-1", "a -1")])
    assert (created(report), report.held_back) == ((1, 1), 0)


def test_two_insurers_may_use_one_policy_number(import_rows):
    rows = [{**KIM, **LIFE, "증권번호": "A-1", "보험사": i} for i in ("삼성생명", "한화생명")]
    assert created(import_rows(rows)) == (1, 2)


def test_rows_alike_without_a_number_are_a_question(import_rows):
    report = import_rows([{**KIM, **LIFE}] * 3)
    assert (created(report), codes(report)) == ((1, 1), ["same_row_again"] * 2)
    assert report.questions == 2


def test_twins_are_taken_when_the_uploader_says_so(import_rows):
    report = import_rows([{**KIM, **LIFE}] * 3, take_twins=True)
    assert (created(report), report.held_back) == ((1, 3), 0)
    again = import_rows([{**KIM, **LIFE}] * 3, take_twins=True)
    assert outcome(again) == (0, 0, 3, 0)


@pytest.mark.parametrize("number", ["A-1", ""])
def test_a_changed_amount_updates_the_policy(number, import_rows, db):
    row = {**KIM, **LIFE, "증권번호": number}
    import_rows([row])
    report = import_rows([{**row, "가입금액": "2억"}])
    assert outcome(report) == (0, 1, 0, 0)
    stored = db.read("select coverage_amount, ver from policy")
    assert [(int(p["coverage_amount"]), p["ver"]) for p in stored] == [(200_000_000, 2)]


def test_what_a_later_book_leaves_open_stays(import_rows, db):
    import_rows([{**KIM, **LIFE, "증권번호": "A-1", "직업": "교사"}])
    report = import_rows([{**KIM, "증권번호": "A-1", "보험사": "삼성생명", "보종": "생명"}])
    assert outcome(report) == (0, 0, 1, 0)
    assert db.read("select occupation from customer") == [{"occupation": "교사"}]
    assert int(db.read("select coverage_amount from policy")[0]["coverage_amount"]) == 100_000_000


def test_two_customers_with_one_policy_number_are_a_question(import_rows):
    rows = [{**KIM, **LIFE, "증권번호": "A-1"}, {"고객명": "이둘", **LIFE, "증권번호": "A-1"}]
    report = import_rows(rows)
    assert (created(report), codes(report)) == ((1, 1), ["number_of_another"])


def test_a_policy_number_of_a_customer_already_stored_is_a_question(import_rows):
    import_rows([{**KIM, **LIFE, "증권번호": "A-1"}])
    report = import_rows([{"고객명": "이둘", **LIFE, "증권번호": "A-1"}])
    assert (created(report), codes(report)) == ((0, 0), ["number_of_another"])


def test_a_changed_policy_among_several_alike_is_a_question(import_rows):
    import_rows([{**KIM, **LIFE, "가입금액": amount} for amount in ("1억", "2억")])
    report = import_rows([{**KIM, **LIFE, "가입금액": "3억"}])
    assert (created(report), codes(report)) == ((0, 0), ["which_policy"])


@pytest.mark.parametrize("known", [{"birth_date": "1985-03-02"}, {"phone": "010-1111-2222"}])
def test_a_customer_added_by_hand_is_known_again(known, db, people, import_rows):
    new = NewCustomer(name="김하나", consent_basis="서면", **known)
    profiles.create(db, people["fp1"], new, TODAY)
    report = import_rows([{**KIM, "휴대폰": "010-1111-2222", "고객번호": "K1"}])
    assert outcome(report) == (0, 1, 0, 0)
    found = db.read("select source_key, birth_year from customer")
    assert found == [{"source_key": "K1", "birth_year": 1985}]


def test_a_customer_known_by_name_only_is_a_question(import_rows):
    import_rows([{**KIM, "생년월일": ""}])
    report = import_rows([KIM])
    assert (created(report), codes(report), report.questions) == ((0, 0), ["same_person"], 1)


def test_a_name_of_two_customers_is_a_question(import_rows):
    import_rows([{"고객번호": "K1", **KIM}, {"고객번호": "K2", **KIM}])
    assert codes(import_rows([KIM])) == ["same_person"]


def test_two_fps_may_have_the_same_customer_without_seeing_each_others(import_rows, db, people):
    row = {"고객번호": "K1", **KIM, **LIFE, "증권번호": "A-1"}
    assert created(import_rows([row], owner="fp1")) == (1, 1)
    assert created(import_rows([{**row, "가입금액": "2억"}], owner="fp2")) == (1, 1)
    for fp, coverage in (("fp1", 1e8), ("fp2", 2e8)):
        page = customer_list.find(db, people[fp], CustomerFilter(), TODAY)
        assert list(page.rows["coverage"]) == [coverage]


def test_one_book_of_two_fps_keeps_their_same_customer_apart(import_rows):
    row = {"고객번호": "K1", **KIM, **LIFE, "증권번호": "A-1"}
    rows = [{**row, "담당FP": fp} for fp in ("fp1", "fp2")]
    assert created(import_rows(rows, owner="manager1")) == (2, 2)
    assert outcome(import_rows(rows, owner="manager1")) == (0, 0, 2, 0)


@pytest.mark.parametrize(
    "rows",
    [
        [{}, {"고객번호": "K9"}],
        [{}, {"생년월일": ""}],
        [{"생년월일": ""}, {}],
        [{}, {"생년월일": "1985"}],
        [{}, {"생년월일": "1985-07-07"}],
        [{}, {"휴대폰": "010-1111-2222"}],
        [{"생년월일": "", "휴대폰": phone} for phone in ("010-1111-2222", "010-1111-3333")],
        [{"휴대폰": "010-1111-2222"}, {"생년월일": "", "휴대폰": "010-1111-2222"}],
        [{"고객번호": "K1"}, {"생년월일": "1990-01-01"}],
        [{"고객번호": "K1", "생년월일": ""}, {"생년월일": "1990-01-01"}],
    ],
)
def test_a_book_read_again_means_the_same_people(rows, import_rows):
    book = [{"고객번호": "", **KIM, "휴대폰": "", **row} for row in rows]
    first = import_rows(book)
    assert outcome(import_rows(book)) == (0, 0, first.taken, first.held_back)


def test_every_question_can_be_answered_by_a_person():
    assert {"same_row_again", "number_twice", "same_person", "which_person"} <= QUESTIONS
    assert "not_understood" not in QUESTIONS


USD_POLICY = {
    **KIM, "증권번호": "P-1", "보종": "생명", "가입금액": "$1000", "보험료": "$120",
    "납입주기": "연납", "상태": "해지",
}  # fmt: skip


def test_what_a_later_book_leaves_unsaid_changes_nothing_that_is_known(db, import_rows):
    import_rows([USD_POLICY])
    later = {**KIM, "증권번호": "P-1", "보종": "생명", "가입금액": "2000", "보험료": "240"}
    assert import_rows([later]).updated == 1
    sql = "select coverage_amount, currency, premium_cycle, status from policy"
    assert db.read(sql) == [
        {
            "coverage_amount": 2000,
            "currency": "USD",
            "premium_cycle": "annual",
            "status": "cancelled",
        }
    ]


def test_what_a_later_book_says_does_change_what_is_known(db, import_rows):
    import_rows([USD_POLICY])
    import_rows([{**USD_POLICY, "상태": "유지", "납입주기": "월납"}])
    assert db.read("select premium_cycle, status from policy") == [
        {"premium_cycle": "monthly", "status": "active"}
    ]


def test_rows_of_one_customer_that_disagree_are_told(import_rows):
    rows = [{"고객번호": "1", "고객명": "김", "직업": job} for job in ("교사", "의사")]
    assert ("rows_disagree", 1) in import_rows(rows).notes
    assert import_rows(rows[:1]).notes == []


def test_one_customer_number_with_two_birth_dates_is_a_question(import_rows):
    rows = [
        {"고객번호": "1", "고객명": "김", "생년월일": day} for day in ("1980-03-04", "1980-05-06")
    ]
    assert codes(import_rows(rows)) == ["customer_differs"]
