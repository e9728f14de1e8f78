"""Nobody is stored without a consent; what was agreed to is kept, and a withdrawal hides all."""

from datetime import timedelta

import pytest
from agency import (
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    codes,
    log_contact,
    outcome,
    refusal,
    row_of,
    tables,
)

from fpcore.customers import consents, contacts, coverage, policies, profiles
from fpcore.errors import ConsentWithdrawn, InvalidInput, NotFound, UnreadableFile
from fpcore.gaps import explanation, scopes
from fpcore.models import ConsentChannel, ConsentKind, CustomerChanges, NewCustomer, RowKind
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.filters import CustomerFilter

pytestmark = pytest.mark.shared_office

COLLECTION, MARKETING = ConsentKind.COLLECTION, ConsentKind.MARKETING
PHONE, PAPER = ConsentChannel.PHONE, ConsentChannel.PAPER
DAY = timedelta(days=1)


def given(db, fp) -> dict[str, str]:
    found = db.read(
        "select c.name, s.basis from consent s join customer c on c.id = s.customer_id"
        " where c.owner_id = $fp",
        {"fp": fp.id},
    )
    return {row["name"]: row["basis"] for row in found}


def found(db, fp, **wanted):
    return customer_list.find(db, fp, CustomerFilter(**wanted), TODAY)


@pytest.mark.parametrize("statement", [None, "", "  "])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_book_without_any_consent_is_refused(statement, dry_run, import_rows, db, fp):
    with pytest.raises(UnreadableFile) as refused:
        import_rows(
            [{"고객명": "김하나", "보종": "생명"}], consent_basis=statement, dry_run=dry_run
        )
    assert refused.value.code == "file_without_consent"
    assert found(db, fp).in_scope == 0


def test_the_uploaders_statement_is_kept_with_each_customer_and_the_file(import_rows, db, fp):
    import_rows([{"고객명": "김하나", "보종": "생명"}, {"고객명": "이둘"}])
    assert given(db, fp) == {"김하나": STATEMENT, "이둘": STATEMENT}
    batches = db.read(
        "select consent_basis from import_batch where imported_by = $fp", {"fp": fp.id}
    )
    assert batches == [{"consent_basis": STATEMENT}]


def test_the_answer_in_the_consent_column_is_kept_in_its_words(import_rows, db, fp):
    import_rows([{"고객명": "김하나", "개인정보동의": "동의함"}], consent_basis=None)
    assert given(db, fp) == {"김하나": "개인정보동의: 동의함"}


@pytest.mark.parametrize("statement", [None, STATEMENT])
def test_a_refused_consent_outweighs_the_uploaders_statement(statement, import_rows, db, fp):
    rows = [{"고객명": "김하나", "동의": "Y"}, {"고객명": "이둘", "동의": "N"}]
    report = import_rows(rows, consent_basis=statement)
    assert (outcome(report), codes(report)) == ((1, 0, 0, 1), ["consent_refused"])
    assert set(given(db, fp)) == {"김하나"}


def test_an_empty_consent_cell_needs_the_statement(import_rows):
    rows = [{"고객명": "김하나", "동의": ""}]
    assert codes(import_rows(rows, consent_basis=None)) == ["consent_missing"]
    assert outcome(import_rows(rows)) == (1, 0, 0, 0)


def test_a_consent_that_cannot_be_understood_is_none(import_rows):
    assert codes(import_rows([{"고객명": "김", "동의": "아마도"}])) == ["not_among"]


def test_a_customer_added_by_hand_has_their_consent(db, people):
    added = add_customer(db, people["fp1"], consent_basis=" 전화 동의 ")
    (kept,) = consents.of_customer(db, people["fp1"], added)
    assert (kept.kind, kept.basis, kept.channel, kept.given_on) == (
        COLLECTION, "전화 동의", ConsentChannel.FORM, TODAY,
    )  # fmt: skip
    assert kept.text_version == consents.texts()["version"]
    assert (kept.withdrawn_on, kept.withdrawn_channel) == (None, None)


def test_each_kind_is_kept_apart_with_the_day_and_the_way(db, people):
    kinds = {COLLECTION, ConsentKind.HEALTH, MARKETING}
    added = add_customer(
        db, people["fp1"], consent_kinds=kinds, consent_channel="paper",
        consent_given_on=TODAY - 3 * DAY,
    )  # fmt: skip
    kept = consents.of_customer(db, people["fp1"], added)
    assert {one.kind for one in kept} == kinds
    assert {(one.channel, one.given_on) for one in kept} == {(PAPER, TODAY - 3 * DAY)}


@pytest.mark.parametrize("basis", ["", "  ", None])
def test_a_customer_cannot_be_added_without_consent(basis, db, people):
    with refusal(db) as refused:
        add_customer(db, people["fp1"], consent_basis=basis)
    assert refused == [("consent_basis", "missing")]


def test_a_form_that_says_nothing_of_a_consent_adds_nobody(db, fp):
    with pytest.raises(InvalidInput):
        profiles.create(db, fp, NewCustomer(name="박셋"), TODAY)
    assert found(db, fp).in_scope == 0


@pytest.mark.parametrize("kind", ConsentKind)
def test_there_is_a_text_for_every_kind_of_consent(kind):
    assert {language: bool(consents.texts()[language][kind]) for language in ("ko", "en")} == {
        "ko": True, "en": True,
    }  # fmt: skip


# --- Given and withdrawn later ---------------------------------------------------------------


@pytest.fixture
def customer(db, fp):
    """A customer with a policy, a contact, and the consents to collection and marketing."""
    added = add_customer(
        db, fp, name="김하늘", consent_kinds=[COLLECTION, MARKETING], birth_year=1980
    )
    add_policy(db, fp, added, coverage_amount=5, currency="EUR")
    log_contact(db, fp, added)
    return added


def holding(db, fp, customer) -> set[str]:
    kept = consents.of_customer(db, fp, customer)
    return {consent.kind.value for consent in kept if consent.withdrawn_on is None}


def give(db, fp, customer, kind=COLLECTION, basis=STATEMENT, given_on=TODAY):
    consents.give(db, fp, customer, kind, basis, PAPER, given_on, TODAY)


def withdraw(db, fp, customer, kind=COLLECTION, today=TODAY):
    consents.withdraw(db, fp, customer, kind, PHONE, today)


@pytest.mark.parametrize("kind", [ConsentKind.THIRD_PARTY, ConsentKind.HEALTH])
def test_a_consent_can_be_given_later_and_withdrawn_by_itself(kind, db, fp, customer):
    give(db, fp, customer, kind, given_on=TODAY - DAY)
    assert holding(db, fp, customer) == {"collection", "marketing", kind.value}
    withdraw(db, fp, customer, kind)
    assert holding(db, fp, customer) == {"collection", "marketing"}
    (ended,) = [one for one in consents.of_customer(db, fp, customer) if one.withdrawn_on]
    assert (ended.kind, ended.basis, ended.channel) == (kind, STATEMENT, PAPER)
    assert (ended.given_on, ended.withdrawn_on, ended.withdrawn_channel) == (
        TODAY - DAY, TODAY, PHONE,
    )  # fmt: skip
    assert profiles.get(db, fp, customer, TODAY).withdrawn_on is None


def test_a_withdrawal_of_marketing_shows_in_the_list_and_hides_nobody(db, fp, customer):
    assert list(found(db, fp).rows["marketing"]) == [True]
    withdraw(db, fp, customer, MARKETING)
    assert list(found(db, fp).rows["marketing"]) == [False]
    give(db, fp, customer, MARKETING)
    assert list(found(db, fp).rows["marketing"]) == [True]


def test_a_consent_given_twice_is_withdrawn_at_once(db, fp, customer):
    give(db, fp, customer, MARKETING)
    withdraw(db, fp, customer, MARKETING)
    assert holding(db, fp, customer) == {"collection"}


@pytest.mark.parametrize("kind", [ConsentKind.HEALTH, ConsentKind.THIRD_PARTY])
def test_what_was_not_given_cannot_be_withdrawn(kind, db, fp, customer):
    before = tables(db)
    with pytest.raises(NotFound) as refused:
        withdraw(db, fp, customer, kind)
    assert (refused.value.code, tables(db)) == ("consent_not_found", before)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"basis": " "}, ("basis", "missing")),
        ({"basis": "가" * 2001}, ("basis", "too_long")),
        ({"basis": "서면 \ud800"}, ("basis", "control_character")),
        ({"given_on": TODAY + DAY}, ("given_on", "in_future")),
    ],
)
def test_a_consent_that_cannot_be_is_not_kept(given, problem, db, fp, customer):
    with refusal(db) as refused:
        give(db, fp, customer, **given)
    assert refused == [problem]


# --- Without the consent to collection -------------------------------------------------------


def test_a_withdrawal_ends_all_consents_and_starts_the_days_to_destruction(db, fp, customer):
    withdraw(db, fp, customer)
    assert holding(db, fp, customer) == set()
    stored = row_of(db, "customer", customer)
    assert (stored["withdrawn_on"], stored["destroy_by"]) == (TODAY, TODAY + 10 * DAY)


def test_nothing_of_whoever_withdrew_is_shown_any_more(db, fp, customer):
    withdraw(db, fp, customer)
    days = {"withdrawn_on": TODAY.isoformat(), "destroy_by": (TODAY + 10 * DAY).isoformat()}
    for read in (
        lambda: profiles.get(db, fp, customer, TODAY),
        lambda: profiles.update(db, fp, customer, CustomerChanges(name="x"), 2, TODAY),
        lambda: policies.of_customer(db, fp, customer, TODAY),
        lambda: contacts.of_customer(db, fp, customer),
    ):
        with pytest.raises(ConsentWithdrawn) as refused:
            read()
        assert refused.value.particulars == days
    for read in (coverage.summary, explanation.of_customer):
        with pytest.raises((NotFound, ConsentWithdrawn)):
            read(db, fp, customer, TODAY)
    assert heatmaps.figures(db, fp, RowKind.FP, TODAY).empty
    assert heatmaps.figures(db, fp, RowKind.FP, TODAY, "EUR").empty
    assert scopes.of_scope(db, fp, TODAY).customers == 0
    for wanted in ({}, {"search": "김하늘"}, {"search": "ㄱㅎㄴ"}, {"gender": "unknown"}):
        assert len(found(db, fp, **wanted).rows) == found(db, fp, **wanted).matching == 0


def test_no_currency_is_offered_that_only_hidden_policies_are_in(db, fp, customer):
    assert coverage.currencies(db, fp) == ["KRW", "EUR"]
    withdraw(db, fp, customer)
    assert coverage.currencies(db, fp) == ["KRW"]


def test_a_list_counts_whom_it_hides(db, fp, customer):
    add_customer(db, fp, name="이둘")
    withdraw(db, fp, customer)
    page = found(db, fp)
    assert (list(page.rows["name"]), page.matching) == (["이둘"], 1)
    assert (page.in_scope, page.withdrawn) == (2, 1)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("김하늘", "김*늘"), ("김솔", "김*"), ("김", "*"), ("남궁민수", "남**수"),
        ("Lee Hanna", "L** H****"),
    ],
)  # fmt: skip
def test_those_who_withdrew_are_listed_masked_the_most_urgent_first(name, masked, db, fp):
    later = add_customer(db, fp, name="박셋")
    earlier = add_customer(db, fp, name=name)
    withdraw(db, fp, later)
    withdraw(db, fp, earlier, today=TODAY - 3 * DAY)
    first, second = consents.withdrawn(db, fp)
    assert (first.id, first.masked_name, first.owner) == (earlier, masked, fp.username)
    assert (first.withdrawn_on, first.destroy_by) == (TODAY - 3 * DAY, TODAY + 7 * DAY)
    assert (second.id, second.destroy_by) == (later, TODAY + 10 * DAY)


def test_a_consent_given_again_brings_everything_back(db, fp, customer):
    before = profiles.get(db, fp, customer, TODAY)
    withdraw(db, fp, customer)
    give(db, fp, customer)
    again = profiles.get(db, fp, customer, TODAY)
    assert (again.withdrawn_on, again.destroy_by, again.name) == (None, None, before.name)
    assert len(policies.of_customer(db, fp, customer, TODAY)) == 1
    assert len(contacts.of_customer(db, fp, customer)) == 1
    assert coverage.summary(db, fp, customer, TODAY).total.policies == 1
    assert (found(db, fp).matching, found(db, fp).withdrawn) == (1, 0)
    assert consents.withdrawn(db, fp) == []
    # the other consents ended with the withdrawal and are given apart
    assert holding(db, fp, customer) == {"collection"}
    assert list(found(db, fp).rows["marketing"]) == [False]


def test_no_other_consent_is_taken_from_whoever_withdrew(db, fp, customer):
    withdraw(db, fp, customer)
    with pytest.raises(ConsentWithdrawn):
        give(db, fp, customer, ConsentKind.HEALTH)
    with pytest.raises(ConsentWithdrawn):
        profiles.get(db, fp, customer, TODAY)


def test_a_consent_from_before_the_withdrawal_does_not_end_it(db, fp, customer):
    withdraw(db, fp, customer)
    day_before = TODAY - timedelta(days=1)
    with pytest.raises(InvalidInput) as refused:
        consents.give(
            db, fp, customer, ConsentKind.COLLECTION, STATEMENT, ConsentChannel.PAPER, day_before,
            TODAY,
        )  # fmt: skip
    (problem,) = refused.value.problems
    assert problem[:2] == ("given_on", "before_withdrawal")
    with pytest.raises(ConsentWithdrawn):
        profiles.get(db, fp, customer, TODAY)


def test_a_book_does_not_bring_back_whoever_withdrew(db, fp, customer, import_rows):
    withdraw(db, fp, customer)
    before = tables(db)
    same = {"고객명": "김하늘", "출생연도": "1980"}
    rows = [same, {**same, "직업": "의사"}, {**same, "보종": "건강", "증권번호": "N-1"}]
    report = import_rows(rows)
    assert (codes(report), outcome(report)) == (["consent_withdrawn"] * 3, (0, 0, 0, 3))
    after = tables(db)
    assert {name for name in after if after[name] != before[name]} == {"import_batch"}
    # and the others of the file are taken
    assert outcome(import_rows([*rows, {**same, "고객명": "이둘"}])) == (1, 0, 0, 3)
    assert list(found(db, fp).rows["name"]) == ["이둘"]


def test_whoever_agreed_to_an_older_text_is_told_that_one():
    old, new = consents.texts("2026-11"), consents.texts()
    assert old["version"] == "2026-11" < new["version"]
    for language, income in (("ko", "소득"), ("en", "income")):
        assert income not in old[language]["collection"]["items"]
        assert income in new[language]["collection"]["items"]
    assert consents.texts("2019-01") is None
