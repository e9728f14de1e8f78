"""The policies of a customer: added, changed, ended, removed; what is refused and what is told."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID

import pytest
from agency import (
    TODAY,
    add_customer,
    add_policy,
    codes,
    outcome,
    refusal,
    row_of,
    tables,
    take,
)

from fpcore.customers import consents, coverage, policies
from fpcore.errors import ConsentWithdrawn, EditedMeanwhile, InvalidInput, NotFound
from fpcore.models import (
    WHOLE_LIFE,
    ConsentChannel,
    ConsentKind,
    NewPolicy,
    PolicyChanges,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
)

pytestmark = pytest.mark.shared_office

DAY = timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY
FULL = {
    "type": "health", "policy_name": "안심 암보험", "insurer": "삼성생명", "policy_number": "A-1",
    "coverage_amount": Decimal("30000000"), "premium_amount": Decimal("45000"),
    "premium_cycle": "quarterly", "currency": "KRW", "start_date": date(2020, 1, 1),
    "end_date": date(2040, 1, 1), "status": "active",
}  # fmt: skip


def only(db, fp, customer, valued_on=TODAY):
    (policy,) = policies.of_customer(db, fp, customer, valued_on)
    return policy


def update(db, account, policy, seen_ver=1, **changes):
    return policies.update(db, account, policy, PolicyChanges(**changes), seen_ver, TODAY)


# --- Adding ----------------------------------------------------------------------------------


def test_a_policy_is_kept_as_typed(db, fp, customer):
    added = add_policy(db, fp, customer, **FULL)
    kept = only(db, fp, customer)
    assert {field: getattr(kept, field) for field in FULL} == FULL
    assert (kept.id, kept.customer_id, kept.ver) == (added, customer, 1)
    assert (kept.in_force, kept.why_not) == (True, None)


def test_a_policy_of_which_only_the_type_is_known_is_active_in_won_and_of_unknown_amount(
    db, fp, customer
):
    add_policy(db, fp, customer, type=PolicyType.CAR)
    kept = only(db, fp, customer)
    assert (kept.currency, kept.status, kept.coverage_amount) == ("KRW", PolicyStatus.ACTIVE, None)
    found = coverage.summary(db, fp, customer, TODAY).total
    assert (found.policies, found.coverage, found.unknown) == (1, None, 1)


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"type": None}, "type", "missing"),
        ({"status": None}, "status", "missing"),
        ({"insurer": "가" * 101}, "insurer", "too_long"),
        ({"policy_number": "1" * 101}, "policy_number", "too_long"),
        ({"policy_name": "가" * 201}, "policy_name", "too_long"),
        ({"coverage_amount": -1}, "coverage_amount", "negative"),
        ({"premium_amount": Decimal("-0.5"), "currency": "USD"}, "premium_amount", "negative"),
        ({"coverage_amount": 10**13}, "coverage_amount", "too_large"),
        ({"coverage_amount": 10**30}, "coverage_amount", "too_large"),
        ({"premium_amount": Decimal("1.5")}, "premium_amount", "not_whole_won"),
        ({"currency": None}, "currency", "currency_unclear"),
        ({"currency": "원"}, "currency", "currency_unclear"),
        ({"currency": "KR1"}, "currency", "currency_unclear"),
        ({"start_date": TODAY, "end_date": YESTERDAY, "status": "expired"}, "end_date",
         "end_before_start"),
        ({"end_date": YESTERDAY}, "status", "active_but_over"),
        ({"end_date": TOMORROW, "status": "expired"}, "status", "expired_but_running"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_stored(typed, field, code, db, fp, customer):
    with refusal(db) as refused:
        add_policy(db, fp, customer, **typed)
    assert refused == [(field, code)]


@pytest.mark.parametrize(
    "typed",
    [
        {"end_date": TODAY},
        {"end_date": TODAY, "status": "expired"},
        {"end_date": WHOLE_LIFE},
        {"start_date": TODAY, "end_date": TODAY},
        {"start_date": TOMORROW},
        {"start_date": TOMORROW, "status": "pending"},
        {"end_date": YESTERDAY, "status": "cancelled"},
        {"end_date": TOMORROW, "status": "cancelled"},
        {"coverage_amount": 0, "premium_amount": 9_999_999_999_999},
        {"coverage_amount": Decimal("0.01"), "currency": "usd"},
        {"premium_amount": 5, "premium_cycle": PremiumCycle.PAID_UP},
    ],
)
def test_what_can_be_is_stored(typed, db, fp, customer):
    added = add_policy(db, fp, customer, **typed)
    stored = row_of(db, "policy", added)
    expected = NewPolicy(**{**typed, "type": "life"}).given()
    expected["currency"] = expected.get("currency", "KRW").upper()
    assert {field: stored[field] for field in expected} == expected


@pytest.mark.parametrize("amount", [Decimal("10.129"), Decimal("0.001")])
def test_an_amount_is_stored_as_typed_or_refused_and_never_rounded(amount, db, fp, customer):
    try:
        added = add_policy(db, fp, customer, coverage_amount=amount, currency="USD")
    except InvalidInput:
        assert policies.of_customer(db, fp, customer, TODAY) == []
    else:
        assert row_of(db, "policy", added)["coverage_amount"] == amount


# --- A number twice --------------------------------------------------------------------------


SAME_POLICY = [
    ({"policy_number": "A-1"}, {"policy_number": "A-1"}),
    ({"policy_number": "A-1"}, {"policy_number": "a-1", "type": "car"}),
    ({"policy_number": "A-1", "insurer": "AIA"}, {"policy_number": "A-1", "insurer": "aia"}),
    ({"policy_number": "A 1"}, {"policy_number": "A1"}),
    ({"policy_number": "A-1"}, {"policy_number": "Ａ-1"}),
    ({"policy_number": "A-1", "insurer": "ＡＩＡ　생명"},
     {"policy_number": "Ａ－１", "insurer": "aia생명"}),
    ({"policy_number": "A-1", "insurer": "삼성생명"},
     {"policy_number": "A-1", "insurer": "삼성 생명"}),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), SAME_POLICY)
@pytest.mark.parametrize("same_customer", [True, False])
def test_a_number_of_one_insurer_is_taken_once(first, second, same_customer, db, fp, customer):
    add_policy(db, fp, customer, **first)
    other = customer if same_customer else add_customer(db, fp)
    with refusal(db) as refused:
        add_policy(db, fp, other, **second)
    assert refused == [("policy_number", "policy_number_taken")]


@pytest.mark.parametrize(("first", "second"), SAME_POLICY)
def test_what_a_form_takes_for_the_same_number_an_import_does_too(first, second, db, fp, customer):
    add_policy(db, fp, customer, **first)
    row = {"고객명": "김하나", "증권번호": second["policy_number"], "보험종류": "생명"}
    report = take(db, fp, [{**row, "보험사": second.get("insurer", "")}])
    assert (report.policies_created, report.taken) == (0, 1)


def test_another_insurer_or_another_fp_may_have_the_same_number(db, people, fp, customer):
    add_policy(db, fp, customer, policy_number="A-1", insurer="삼성생명")
    assert add_policy(db, fp, customer, policy_number="A-1", insurer="한화생명")
    assert add_policy(db, fp, customer, policy_number="A-1")
    of_another = add_customer(db, people["fp2"])
    assert add_policy(db, people["fp2"], of_another, policy_number="A-1", insurer="삼성생명")


def test_a_change_may_not_take_a_number_either(db, fp, customer):
    add_policy(db, fp, customer, policy_number="A-1", insurer="삼성생명")
    number_differs = add_policy(db, fp, customer, policy_number="A-2", insurer="삼성생명")
    with refusal(db) as refused:
        update(db, fp, number_differs, policy_number="A-1")
    assert refused == [("policy_number", "policy_number_taken")]
    assert update(db, fp, number_differs, policy_number="A-2", policy_name="새 이름") == 2


def test_a_change_of_the_insurer_may_not_take_a_number_either(db, fp, customer):
    add_policy(db, fp, customer, policy_number="A-1", insurer="삼성생명")
    insurer_differs = add_policy(db, fp, customer, policy_number="A-1", insurer="한화생명")
    with refusal(db) as refused:
        update(db, fp, insurer_differs, insurer="삼성생명")
    assert [code for _, code in refused] == ["policy_number_taken"]


@pytest.mark.parametrize("same_customer", [True, False])
def test_one_number_typed_twice_at_the_same_moment_is_taken_once(same_customer, db, fp, customer):
    other = customer if same_customer else add_customer(db, fp)
    results: list[object] = []

    def add(one: UUID) -> None:
        start.wait()
        try:
            results.append(add_policy(db, fp, one, policy_number="A-1"))
        except InvalidInput as refused:
            results.append(refused.problems[0][1])

    start = Barrier(2)
    typists = [Thread(target=add, args=(one,)) for one in (customer, other)]
    for typist in typists:
        typist.start()
    for typist in typists:
        typist.join()
    assert sum(isinstance(result, UUID) for result in results) == 1
    assert "policy_number_taken" in results


# --- Changing --------------------------------------------------------------------------------


def test_only_the_given_fields_change(db, fp, customer):
    added = add_policy(db, fp, customer, **FULL)
    before = row_of(db, "policy", added)
    assert update(db, fp, added, insurer=None, premium_amount=50_000) == 2
    after = row_of(db, "policy", added)
    differing = {field for field in after if after[field] != before[field]}
    assert differing == {"insurer", "premium_amount", "ver", "updated_at"}
    assert (after["insurer"], after["premium_amount"], after["ver"]) == (None, 50_000, 2)


@pytest.mark.parametrize("changes", [{}, FULL, {"currency": "krw"}, {"insurer": " 삼성생명 "}])
def test_a_change_that_changes_nothing_leaves_no_trace(changes, db, fp, customer):
    added = add_policy(db, fp, customer, **FULL)
    before = tables(db)
    assert update(db, fp, added, **changes) == 1
    assert tables(db) == before


def test_a_change_does_not_complain_about_what_was_wrong_before(db, fp, customer):
    """A book is taken as it is: active, though its end has passed."""
    policy = add_policy(db, fp, customer, start_date=date(2019, 1, 1))
    db.transaction(
        lambda cursor: cursor.execute(
            "update policy set end_date = '2020-01-01' where id = $id", {"id": policy}
        )
    )
    assert update(db, fp, policy, insurer="삼성생명") == 2
    assert update(db, fp, policy, 2, end_date=date(2020, 1, 2)) == 3
    with refusal(db) as refused:
        update(db, fp, policy, 3, start_date=date(2020, 1, 3))
    assert refused == [("end_date", "end_before_start")]
    assert update(db, fp, policy, 3, status="expired") == 4
    with refusal(db) as refused:
        update(db, fp, policy, 4, status="active")
    assert refused == [("status", "active_but_over")]


# --- Two editors -----------------------------------------------------------------------------


def test_a_change_on_top_of_another_is_refused_and_told(db, people, fp, customer):
    added = add_policy(db, fp, customer, **FULL)
    update(db, people["manager1"], added, coverage_amount=40_000_000, insurer="한화생명")
    before = tables(db)
    for refused_one in (
        lambda: update(db, fp, added, 1, policy_name="다른 이름"),
        lambda: policies.end(db, fp, added, TODAY, 1, TODAY),
        lambda: policies.remove(db, fp, added, 1, TODAY),
    ):
        with pytest.raises(EditedMeanwhile) as refused:
            refused_one()
        told = {change.field: (change.old, change.new) for change in refused.value.changes}
        assert told.pop("insurer") == ("삼성생명", "한화생명")
        assert [tuple(map(Decimal, amounts)) for amounts in told.values()] == [
            (30_000_000, 40_000_000)
        ]
        assert {change.by for change in refused.value.changes} == {"manager1"}
        assert (refused.value.ver, tables(db)) == (2, before)
    assert update(db, fp, added, 2, policy_name="다른 이름") == 3


def test_an_import_in_between_is_told_as_well_if_it_brings_something_new(db, people, fp, customer):
    added = add_policy(
        db, fp, customer, policy_number="A-1", insurer="삼성생명", coverage_amount=100_000_000
    )
    row = {"고객명": "김하나", "보종": "생명", "증권번호": "a-1", "보험사": "삼성 생명",
           "가입금액": "1억"}  # fmt: skip
    report = take(db, people["manager1"], [{**row, "보험사": "삼성생명"}], owner_id=fp.id)
    assert (codes(report), report.policies_created, report.customers_created) == ([], 0, 0)
    seen = only(db, fp, customer).ver
    assert seen <= 2  # the number is now written as in the book

    changed = [{**row, "보험사": "삼성생명", "가입금액": "2억", "상태": "해지"}]
    assert outcome(take(db, people["manager1"], changed, owner_id=fp.id)) == (0, 1, 0, 0)
    with pytest.raises(EditedMeanwhile) as refused:
        update(db, fp, added, seen, status="expired")
    told = {change.field: (change.old, change.new, change.by) for change in refused.value.changes}
    old, new, by = told.pop("coverage_amount")
    assert (Decimal(old), Decimal(new), by) == (100_000_000, 200_000_000, "manager1")
    assert told == {"status": ("active", "cancelled", "manager1")}


def test_a_policy_that_somebody_removed_is_not_found(db, people, fp, customer):
    added = add_policy(db, fp, customer)
    policies.remove(db, people["manager1"], added, 1, TODAY)
    for gone in (
        lambda: update(db, fp, added, insurer="삼성생명"),
        lambda: policies.end(db, fp, added, TODAY, 1, TODAY),
        lambda: policies.remove(db, fp, added, 1, TODAY),
    ):
        with pytest.raises(NotFound) as refused:
            gone()
        assert refused.value.code == "policy_not_found"


# --- Ending and removing ---------------------------------------------------------------------


@pytest.mark.parametrize("on", [date(2020, 1, 1), YESTERDAY, TODAY])
def test_a_policy_that_is_ended_is_cancelled_and_no_longer_counts(on, db, fp, customer):
    added = add_policy(db, fp, customer, **FULL)
    assert policies.end(db, fp, added, on, 1, TODAY) == 2
    kept = only(db, fp, customer)
    assert (kept.status, kept.end_date) == (PolicyStatus.CANCELLED, on)
    assert (kept.in_force, kept.why_not) == (False, "cancelled")
    assert coverage.summary(db, fp, customer, TODAY).total.policies == 0
    assert coverage.summary(db, fp, customer, TOMORROW).total.policies == 0


@pytest.mark.parametrize(
    ("on", "problem"),
    [
        (TOMORROW, ("end_date", "in_future")),
        (date(2019, 12, 31), ("end_date", "end_before_start")),
    ],
)
def test_a_policy_ends_between_its_beginning_and_today(on, problem, db, fp, customer):
    added = add_policy(db, fp, customer, **FULL)
    with refusal(db) as refused:
        policies.end(db, fp, added, on, 1, TODAY)
    assert refused == [problem]


def test_the_reason_why_a_policy_does_not_count_is_that_of_the_day(db, fp, customer):
    add_policy(db, fp, customer, start_date=TODAY, end_date=TOMORROW)
    reasons = [
        only(db, fp, customer, day).why_not for day in (YESTERDAY, TODAY, TOMORROW, TOMORROW + DAY)
    ]
    assert reasons == ["not_begun", None, None, "ended"]


def test_policies_in_force_come_first(db, fp, customer):
    for name, typed in (
        ("cancelled", {"status": "cancelled", "start_date": YESTERDAY}),
        ("older", {"start_date": date(2010, 1, 1)}),
        ("undated", {}),
        ("newer", {"start_date": YESTERDAY}),
        ("not begun", {"start_date": TOMORROW}),
    ):
        add_policy(db, fp, customer, policy_name=name, **typed)
    listed = [policy.policy_name for policy in policies.of_customer(db, fp, customer, TODAY)]
    assert listed == ["newer", "older", "undated", "not begun", "cancelled"]


def test_a_removed_policy_is_gone_from_everything_and_another_stays(db, fp, customer):
    gone = add_policy(db, fp, customer, coverage_amount=5)
    stays = add_policy(db, fp, customer, coverage_amount=7)
    policies.remove(db, fp, gone, 1, TODAY)
    assert only(db, fp, customer).id == stays
    assert coverage.summary(db, fp, customer, TODAY).total.coverage == 7


def test_policies_of_whoever_withdrew_their_consent_stay_as_they_are(db, fp, customer):
    added = add_policy(db, fp, customer)
    consents.withdraw(db, fp, customer, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    before = tables(db)
    for refused in (
        lambda: policies.of_customer(db, fp, customer, TODAY),
        lambda: add_policy(db, fp, customer),
        lambda: update(db, fp, added, insurer="삼성생명"),
        lambda: policies.end(db, fp, added, TODAY, 1, TODAY),
        lambda: policies.remove(db, fp, added, 1, TODAY),
    ):
        with pytest.raises(ConsentWithdrawn):
            refused()
    assert tables(db) == before


@pytest.mark.parametrize("wrong", ["", "x", "00000000-0000-0000-0000-000000000000", "' or true --"])
def test_a_policy_that_is_not_there_is_not_found(wrong, db, fp, customer):
    with pytest.raises(NotFound) as refused:
        update(db, fp, wrong, insurer="삼성생명")
    assert refused.value.code == "policy_not_found"
    with pytest.raises(NotFound) as refused:
        policies.of_customer(db, fp, wrong, TODAY)
    assert refused.value.code == "customer_not_found"


@pytest.mark.parametrize("field", ["policy_name", "insurer", "policy_number"])
def test_the_words_of_a_policy_keep_no_forbidden_number(field, db, fp, customer):
    added = add_policy(db, fp, customer, **{field: "900101-1234567"})
    assert "1234567" not in str(row_of(db, "policy", added))
    update(db, fp, added, **{field: "해당 900101-2345678"})
    assert "2345678" not in str(row_of(db, "policy", added))
