"""Managers change rules: a version more, with day and reason, that judges everybody from then."""

from datetime import date, timedelta

import pytest
from agency import (
    TODAY,
    add_customer,
    add_policy,
    at_once,
    disable,
    forged,
    refusal,
    tables,
    unpacked,
)

from fpcore import wording
from fpcore.errors import InvalidInput, NotAllowed
from fpcore.gaps import explanation, publishing, scopes, trials
from fpcore.kept import customer_rows, rule_sets
from fpcore.models import GapState, Role, RowKind
from fpcore.rules import records, rulebook
from fpcore.rules.amounts import Fixed
from fpcore.rules.records import Rule
from fpcore.store import database

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
BORN = date(1980, 1, 1)
WHY = "본사 지침 2026-11"


def of_code(db, code: str, day: date = TODAY) -> Rule:
    (rule,) = [rule for rule in rulebook.rules_on(db, day) if rule.code == code]
    return rule


def changed(db, code: str = "total_low", **values) -> Rule:
    """A shipped rule with other values, from today on."""
    return of_code(db, code).model_copy(update={"valid_from": TODAY, **values})


def own(coverage: str = "other", **values) -> Rule:
    """A rule of the manager's own: something of this coverage is held."""
    said = {
        "code": f"own_{coverage}", "coverage": coverage, "severity": 1, "valid_from": TODAY,
        "need": {"word": "holds"}, "source": records.NO_SOURCE, "grade": "D",
        "title": "우리 기준", **values,
    }  # fmt: skip
    return records.checked(said)


def publish(db, account, rule: Rule, note: str = WHY) -> Rule:
    return publishing.publish(db, account, rule, note, TODAY)


def kept_states(db, customer, day: date = TODAY) -> dict[str, GapState]:
    """The states as they are kept with the customer's row."""
    (row,) = db.read("select rule_set, states from customer_row where id = $id", {"id": customer})
    rules = rulebook.rules_on(db, day)
    with db.reading() as cursor:
        assert rule_sets.number_of(cursor, rules) == row["rule_set"], "judged by other rules"
    found = unpacked(row["states"], len(rules))
    return {rule.code: state for rule, state in zip(rules, found, strict=True)}


def judged_states(db, account, customer, day: date = TODAY) -> dict[str, GapState]:
    found = explanation.of_customer(db, account, customer, day).gaps
    return {gap.rule.code: gap.state for gap in found}


# --- Publishing ---------------------------------------------------------------------------------


def test_a_published_rule_judges_everybody_at_once_with_its_new_version(db, people):
    fp, manager = people["fp1"], people["manager1"]
    one = add_customer(db, fp, birth_date=BORN)
    add_policy(db, fp, one, coverage_amount=60_000_000)
    before = explanation.of_customer(db, fp, one, TODAY).of("total_low")
    assert (before.state, before.short, before.rule.version) == ("partial", 40_000_000, 1)
    made = publish(db, manager, changed(db, need=Fixed(amount=50_000_000), severity=3))
    assert (made.code, made.version, made.valid_to) == ("total_low", 2, None)
    after = explanation.of_customer(db, fp, one, TODAY).of("total_low")
    assert (after.state, after.short, after.rule) == ("covered", 0, made)
    assert kept_states(db, one) == judged_states(db, fp, one)
    (count,) = [count for count in scopes.of_scope(db, fp, TODAY).counts if count.rule == made]
    assert count.states[GapState.COVERED] == 1


def test_every_version_stays_with_who_when_and_why(db, people):
    first = publish(db, people["manager1"], changed(db, need=Fixed(amount=5)), "처음")
    started = database.utc_now()
    publish(db, people["manager2"], changed(db, need=Fixed(amount=6)), "  둘째 ")
    filed, older, newer = publishing.versions(db, people["fp1"], "total_low")
    assert (filed.rule.version, filed.published_by, filed.published_at) == (1, None, None)
    assert filed.rule == records.in_use(rulebook.load(), TODAY)[-1]
    assert (older.rule, older.note, older.published_by) == (first, "처음", "manager1")
    assert (newer.rule.version, newer.note, newer.published_by) == (3, "둘째", "manager2")
    assert older.published_at <= started <= newer.published_at
    others = {one.rule.code for one in publishing.versions(db, people["fp1"])}
    assert len(others) == 12


def test_a_rule_of_a_managers_own_is_read_by_its_title(db, people):
    fp = people["fp1"]
    one = add_customer(db, fp, birth_date=BORN)
    publish(db, people["manager1"], own())
    gap = explanation.of_customer(db, fp, one, TODAY).of("own_other")
    assert (gap.rule.title, gap.rule.version, gap.state) == ("우리 기준", 1, "gap")
    add_policy(db, fp, one, type="other")
    assert kept_states(db, one)["own_other"] == "covered"


def test_a_rule_is_switched_off_and_on_again(db, people):
    fp, manager = people["fp1"], people["manager1"]
    one = add_customer(db, fp, birth_date=BORN)
    rule = changed(db, "health_missing")
    publish(db, manager, rule.model_copy(update={"is_off": True}), "안 씀")
    assert "health_missing" not in judged_states(db, fp, one)
    assert kept_states(db, one) == judged_states(db, fp, one)
    assert len(kept_states(db, one)) == 11
    back = publish(db, manager, rule, "다시 씀")
    assert (back.version, back.is_off) == (3, False)
    assert judged_states(db, fp, one)["health_missing"] == "gap"
    assert kept_states(db, one) == judged_states(db, fp, one)
    told = [(one.rule.version, one.rule.is_off, one.note)
            for one in publishing.versions(db, fp, "health_missing")]  # fmt: skip
    assert told == [(1, False, None), (2, True, "안 씀"), (3, False, "다시 씀")]


def test_a_coming_version_is_there_to_see_and_judges_from_its_day_on(db, people):
    fp, manager = people["fp1"], people["manager1"]
    one = add_customer(db, fp, birth_date=BORN)
    add_policy(db, fp, one, coverage_amount=60_000_000)
    publish(db, manager, changed(db, need=Fixed(amount=50_000_000), valid_from=TODAY + WEEK))
    days = {day: explanation.of_customer(db, fp, one, day).of("total_low")
            for day in (TODAY, TODAY + WEEK - DAY, TODAY + WEEK)}  # fmt: skip
    assert [gap.rule.version for gap in days.values()] == [1, 1, 2]
    assert kept_states(db, one)["total_low"] == "partial"
    assert [one.rule.valid_from for one in publishing.versions(db, fp, "total_low")][1:] == [
        TODAY + WEEK
    ]
    customer_rows.roll_forward(db, TODAY + WEEK)
    assert kept_states(db, one, TODAY + WEEK)["total_low"] == "covered"


def test_a_version_for_an_earlier_day_than_a_coming_one_takes_its_place(db, people):
    """The highest version that has begun holds: who publishes last decides for later days too."""
    manager = people["manager1"]
    publish(db, manager, changed(db, need=Fixed(amount=5), valid_from=TODAY + WEEK))
    publish(db, manager, changed(db, need=Fixed(amount=6), valid_from=TODAY + DAY))
    amounts = [of_code(db, "total_low", day).need.amount
               for day in (TODAY, TODAY + DAY, TODAY + WEEK)]  # fmt: skip
    assert amounts == [100_000_000, 6, 6]


# --- What is refused ----------------------------------------------------------------------------


def told(refused) -> list[str]:
    return [wording.say_problem(language, *problem)
            for problem in refused.value.problems for language in wording.LANGUAGES]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "note", "expected"),
    [
        ({"valid_from": TODAY - DAY}, WHY, [("valid_from", "in_past")]),
        ({}, "", [("rule_note", "missing")]),
        ({}, "  ", [("rule_note", "missing")]),
        ({}, None, [("rule_note", "missing")]),
        ({}, "가" * 301, [("rule_note", "too_long")]),
        ({"valid_from": TODAY - DAY}, "", [("valid_from", "in_past"), ("rule_note", "missing")]),
    ],
)
def test_a_publication_needs_a_day_to_come_and_a_reason(values, note, expected, office):
    db, people = office
    with refusal(db) as refused:
        publish(db, people["manager1"], changed(db, **values), note)
    assert refused == expected


def test_a_reason_keeps_no_number_that_no_note_may_keep(office):
    db, people = office
    publish(db, people["manager1"], own(), "800101-1234567 요청")
    assert "1234567" not in str(tables(db)["gap_rule"])
    assert "요청" in publishing.versions(db, people["fp1"], "own_other")[0].note


def test_a_second_rule_about_a_coverage_is_refused_and_named(office):
    db, people = office
    second = own("life", code="second_life")
    with refusal(db) as refused:
        publish(db, people["manager1"], second)
    assert refused == [("coverage", "coverage_taken")]
    with pytest.raises(InvalidInput) as tried:
        publishing.draft(rulebook.rules_on(db, TODAY), second)
    assert all("life_missing" in said for said in told(tried))
    without = publishing.draft(rulebook.rules_on(db, TODAY), second, without="life_missing")
    assert "second_life" in {rule.code for rule in without}


def test_a_second_rule_that_would_clash_only_later_is_refused_now(db, people):
    manager = people["manager1"]
    off = changed(db, "life_missing", is_off=True)
    publish(db, manager, off)
    publish(db, manager, changed_again(off, is_off=False, valid_from=TODAY + WEEK))
    with refusal(db) as refused:
        publish(db, manager, own("life", code="second_life"))
    assert refused == [("coverage", "coverage_taken")]


def changed_again(rule: Rule, **values) -> Rule:
    return rule.model_copy(update=values)


def test_no_more_rules_are_published_than_can_be_kept(db, people, monkeypatch):
    monkeypatch.setattr(records, "MOST_RULES", 12)
    with refusal(db) as refused:
        publish(db, people["manager1"], own())
    assert refused == [("rule", "too_many_rules")]
    publish(db, people["manager1"], changed(db, is_off=True))
    publish(db, people["manager1"], own())


@pytest.mark.parametrize(
    "asker", ["fp1", "disabled", "demoted", "fp as admin", "disabled as admin"]
)
def test_only_managers_publish_and_try_drafts(asker, db, people):
    add_customer(db, people["fp1"])
    me = people["fp1"] if asker.startswith("fp") else people["manager1"]
    if asker.startswith("disabled"):
        disable(db, "manager1")
    if asker == "demoted":
        db.transaction(lambda cursor: cursor.execute(
            "update account set role = 'fp' where username = 'manager1'"))  # fmt: skip
        assert me.role is Role.MANAGER, "the session still says so"
    me = forged(me) if asker.endswith("admin") else me
    rules, before = rulebook.rules_on(db, TODAY), tables(db)
    tries = [
        lambda: publish(db, me, changed(db, need=Fixed(amount=5))),
        lambda: scopes.of_scope(db, me, TODAY, rules),
        lambda: scopes.heatmap(db, me, RowKind.FP, TODAY, rules),
        lambda: trials.compare(db, me, RowKind.FP, TODAY, rules),
        lambda: trials.changed_customers(db, me, TODAY, rules, "total_low"),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed) as refused:
            attempt()
        assert refused.value.code == "manager_only"
    assert tables(db) == before


def test_a_disabled_account_does_not_even_read_the_rules(db, people):
    disable(db, "fp1")
    for read in (
        lambda: publishing.in_use(db, people["fp1"], TODAY),
        lambda: publishing.versions(db, people["fp1"]),
        lambda: publishing.fault(db, people["fp1"]),
    ):
        with pytest.raises(NotAllowed):
            read()
    assert publishing.in_use(db, people["fp2"], TODAY) == rulebook.rules_on(db, TODAY)


# --- Drafts -------------------------------------------------------------------------------------


def test_a_draft_changes_adds_or_leaves_out_one_rule_and_stores_nothing(db, people):
    rules = rulebook.rules_on(db, TODAY)
    before = tables(db)
    other = changed(db, need=Fixed(amount=5))
    assert {rule.code: rule for rule in publishing.draft(rules, other)} == {
        **{rule.code: rule for rule in rules}, "total_low": other,
    }  # fmt: skip
    assert len(publishing.draft(rules, own())) == 13
    assert len(publishing.draft(rules, without="total_low")) == 11
    assert len(publishing.draft(rules, changed(db, is_off=True))) == 11
    assert publishing.draft(rules) == rules
    assert [rule.code for rule in publishing.draft(rules, own())] == sorted(
        [*(rule.code for rule in rules), "own_other"]
    )
    assert tables(db) == before


def test_what_a_draft_shows_is_what_publishing_it_does(db, people):
    fp, manager = people["fp1"], people["manager1"]
    for held in (None, 30_000_000, 60_000_000):
        one = add_customer(db, fp, birth_date=BORN)
        add_policy(db, fp, one, type="health", coverage_amount=held)
    rule = changed(db, need=Fixed(amount=50_000_000))
    draft = publishing.draft(rulebook.rules_on(db, TODAY), rule)
    shown = trials.compare(db, manager, RowKind.FP, TODAY, draft)
    assert (shown.customers, shown.changes.to_dict("records")) == (
        1, [{"code": "total_low", "before": "partial", "after": "covered", "customers": 1}],
    )  # fmt: skip
    listed = trials.changed_customers(db, manager, TODAY, draft, "total_low")
    publish(db, manager, rule)
    then = scopes.heatmap(db, manager, RowKind.FP, TODAY)
    assert then.to_csv() == shown.after.to_csv()
    by_rule = db.read("select customer_id from gap_change where cause = 'rule'")
    assert {row["customer_id"] for row in by_rule} == set(listed["id"])


# --- Two at the same moment ---------------------------------------------------------------------


@pytest.mark.parametrize("_", range(5))
def test_two_who_publish_one_rule_at_once_make_two_versions(_, db, people):
    one = add_customer(db, people["fp1"], birth_date=BORN)
    made = at_once(*[
        lambda name=name, amount=amount: publish(
            db, people[name], changed(db, need=Fixed(amount=amount)))
        for name, amount in (("manager1", 5), ("manager2", 6), ("admin", 7))
    ])  # fmt: skip
    assert sorted(rule.version for rule in made) == [2, 3, 4]
    latest = max(made, key=lambda rule: rule.version)
    assert of_code(db, "total_low") == latest
    assert kept_states(db, one) == judged_states(db, people["fp1"], one)


@pytest.mark.parametrize("_", range(5))
def test_two_who_publish_a_rule_about_one_coverage_at_once_do_not_both(_, db, people):
    made = at_once(
        lambda: publish(db, people["manager1"], own("other", code="mine")),
        lambda: publish(db, people["manager2"], own("other", code="yours")),
    )
    refused = [one for one in made if isinstance(one, InvalidInput)]
    assert (len(refused), len([one for one in made if isinstance(one, Rule)])) == (1, 1)
    assert not records.clashes(rulebook.rules_on(db, TODAY))


def test_the_first_who_are_judged_by_new_rules_at_once_are_all_judged(db, people):
    """Each would make the new set of rules: the same set with the same number."""
    ids = at_once(*[lambda: add_customer(db, people["fp1"], birth_date=BORN)] * 4)
    assert not [one for one in ids if isinstance(one, Exception)]
    for one in ids:
        assert kept_states(db, one) == judged_states(db, people["fp1"], one)
    assert len(db.read("select * from gap_rule_set")) == 1


def test_whoever_publishes_while_customers_are_edited_judges_all_of_them(db, people):
    fp = people["fp1"]
    ids = [add_customer(db, fp, birth_date=BORN) for _ in range(3)]
    results = at_once(
        lambda: publish(db, people["manager1"], changed(db, need=Fixed(amount=5))),
        *(lambda one=one: add_policy(db, fp, one, coverage_amount=7) for one in ids),
    )
    assert not [one for one in results if isinstance(one, Exception)]
    customer_rows.roll_forward(db, TODAY)  # whoever was edited meanwhile is kept as of before
    for one in ids:
        assert judged_states(db, fp, one)["total_low"] == "covered"
        assert kept_states(db, one) == judged_states(db, fp, one)
