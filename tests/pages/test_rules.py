"""The rules page: who may change what, what a change would do, and what is published."""

import re
from datetime import timedelta

import pytest
from agency import TODAY, add_policy
from screen import id_of, texts

from fpcore.access import accounts
from fpcore.customers import profiles
from fpcore.gaps import publishing
from fpcore.models import CustomerChanges
from fpcore.rules import records, rulebook

pytestmark = pytest.mark.usefixtures("stopped_clock")


def field(at, kind: str, label: str):
    """The only field of a kind that has this label."""
    (found,) = [one for one in getattr(at, kind) if one.label == label]
    return found


def click(at, label: str):
    """Click the first button that reads so."""
    return next(one for one in at.button if one.label == label).click().run()


def read(at) -> str:
    """What the page says, as people read it: without what Markdown is escaped by."""
    return texts(at).replace("\\", "")


def tables(at) -> str:
    return "\n".join(table.value.to_string() for table in at.dataframe)


def tries_a_total_of(at, amount: str):
    """Change the amount of total_low and try it, on that rule's page."""
    field(at, "text_input", "금액").set_value(amount)
    return click(at, "시험")


def publishes(at, note: str):
    field(at, "text_input", "변경 이유").set_value(note)
    return click(at, "게시하기")


@pytest.mark.parametrize("rule", [None, "total_low", "+", "nonsense"])
def test_an_fp_reads_the_rules_and_sees_no_form(open_page, rule):
    at = open_page("rules", "fp1", **({"rule": rule} if rule else {}))
    assert not at.exception and not at.error
    assert not at.text_input and not at.number_input
    assert {button.label for button in at.button} <= {"보장 기준 목록으로", "로그아웃"}
    seen = texts(at) + tables(at)
    assert "정해진 금액" in seen and "생명보험협회 2019-08-07" in seen


def test_a_change_is_seen_before_it_counts_and_counts_once_published(open_page, office):
    at = tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "3억")
    seen = read(at)
    assert "시험 중인 변경 1건" in seen
    assert "정해진 금액: 1억원 → 정해진 금액: 3억원" in seen
    (changes,) = [one.value for one in at.dataframe if "바뀌는 고객" in one.value]
    assert changes.values.tolist() == [["총 보장금액", "충족", "알 수 없음", 1]]
    (who,) = [one.value for one in at.dataframe if one.value.columns[0] == "이름"]
    assert who["이름"].tolist() == ["김하늘"]
    assert {metric.label: metric.value for metric in at.metric}["바뀌는 고객"] == "1"
    assert len(rulebook.versions(office)) == len(rulebook.load())  # nothing is stored

    at = publishes(at, "가족 생활비가 올라서")
    assert at.query_params["rule"] == "total_low"
    assert "3억원" in texts(at)
    assert "가족 생활비가 올라서" in tables(at)
    assert "시험 중인" not in texts(click(at, "보장 기준 목록으로"))
    latest = publishing.versions(office, accounts.OPERATOR, "total_low")[-1]
    assert (latest.rule.version, latest.rule.need.amount) == (2, 300_000_000)
    assert latest.note == "가족 생활비가 올라서" and latest.published_by == "manager1"
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"))
    assert "버전 2" in texts(at)


def test_a_rule_is_switched_off(open_page, office):
    at = click(open_page("rules", "manager1", rule="life_missing"), "이 기준 끄기 (시험)")
    assert "끔" in texts(at) and "시험 중인 변경 1건" in texts(at)
    publishes(at, "쓰지 않음")
    assert "life_missing" not in {rule.code for rule in rulebook.rules_on(office, TODAY)}
    assert "꺼짐" in tables(open_page("rules", "fp1"))


def test_a_rule_is_added_with_conditions_and_a_title(open_page, office):
    at = open_page("rules", "admin", rule="+")
    field(at, "selectbox", "보장").set_value("accident").run()
    field(at, "selectbox", "필요한 것을 정하는 방법").set_value("fixed").run()
    field(at, "text_input", "이름").set_value("**우리** 상해")
    field(at, "text_input", "금액").set_value("5천만")
    field(at, "number_input", "나이 (부터)").set_value(20)
    field(at, "text_input", "근거").set_value(records.NO_SOURCE)
    field(at, "selectbox", "근거 등급").set_value("D")
    at = click(at, "시험")
    assert r"\*\*우리\*\* 상해" in texts(at)
    publishes(at, "상해를 따로 봄")
    (made,) = [rule for rule in rulebook.rules_on(office, TODAY) if rule.coverage == "accident"]
    assert (made.title, made.need.amount, made.grade) == ("**우리** 상해", 50_000_000, "D")
    assert [one.model_dump() for one in made.when] == [
        {"word": "age_between", "from_age": 20, "to_age": None}
    ]
    for page in ("rules", "portfolio", "customers"):
        at = open_page(page, "fp1")
        assert not at.exception and not at.error


def test_a_dropped_draft_leaves_nothing(open_page, office):
    before = rulebook.versions(office)
    at = tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "3억")
    at = click(at, "모두 버리기")
    assert "시험 중인" not in texts(at)
    assert rulebook.versions(office) == before
    at.query_params["rule"] = "total_low"
    assert field(at.run(), "text_input", "금액").value == "100,000,000"


def test_what_was_tried_is_nobody_elses(open_page, office):
    tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "3억")
    assert "시험 중인" not in texts(open_page("rules", "admin"))


@pytest.mark.parametrize(
    ("rule", "kind", "label", "typed", "message"),
    [
        ("total_low", "text_input", "금액", "많이", "금액: ‘많이’을"),
        ("total_low", "text_input", "금액", "-5", "금액: 0보다 커야"),
        ("total_low", "text_input", "금액", "", "금액: 값이 없습니다"),
        ("total_low", "text_input", "근거", " ", "근거: 값이 없습니다"),
        ("total_low", "number_input", "나이 (부터)", 999, "나이 (부터): 120 이하"),
        ("premium_share", "number_input", "적정: 소득의 몇 %까지", 90, "구간은 low"),
        ("death_benefit", "number_input", "생활비 (년)", 51, "생활비 (년): 50 이하"),
    ],
)
def test_a_bad_value_is_told_and_not_tried(open_page, rule, kind, label, typed, message):
    at = open_page("rules", "manager1", rule=rule)
    field(at, kind, label).set_value(typed)
    at = click(at, "시험")
    assert any(message in error.value.replace("\\", "") for error in at.error)
    assert at.query_params["rule"] == rule


@pytest.mark.parametrize("rule", [one.code for one in rulebook.load()])
def test_a_form_gives_back_the_rule_that_it_was_filled_with(open_page, rule):
    at = click(open_page("rules", "manager1", rule=rule), "시험")
    assert [info.value for info in at.info] == ["바뀐 것이 없습니다."]
    assert not at.error


def test_a_choice_takes_the_place_of_the_way_it_stood_beside(open_page, office):
    at = open_page("rules", "manager1", rule="death_benefit")
    field(at, "selectbox", "필요한 것을 정하는 방법").set_value("income_multiple").run()
    assert field(at, "selectbox", "근거 등급").value == "C"
    publishes(click(at, "시험"), "소득으로 봄")
    (made,) = [rule for rule in rulebook.rules_on(office, TODAY) if rule.code == "death_benefit"]
    assert made.need.word == "income_multiple"
    assert [choice.need.word for choice in made.choices] == ["living_cost", "dime"]


def test_lines_by_age_are_changed_in_their_table(open_page, office):
    at = open_page("rules", "manager1", rule="health_by_age")
    at.session_state["rule health_by_age by_age amounts"] = {
        "edited_rows": {1: {"amount": "9천만"}}, "added_rows": [], "deleted_rows": [2],
    }  # fmt: skip
    at = click(at, "시험")
    assert "0세부터 3,000만원, 40세부터 9,000만원" in read(at)


def test_a_rule_cannot_be_published_without_a_note_or_for_a_day_that_has_passed(open_page, office):
    at = tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "3억")
    field(at, "date_input", "적용일").set_value(TODAY - timedelta(days=1))
    at = click(at, "게시하기")
    told = " ".join(error.value for error in at.error)
    assert "변경 이유: 값이 없습니다" in told and "지난 날짜" in told
    assert len(rulebook.versions(office)) == len(rulebook.load())


def test_a_version_to_come_is_listed_and_warned_of(open_page, office):
    manager = accounts.find(office, "manager1")
    (old,) = [rule for rule in rulebook.rules_on(office, TODAY) if rule.code == "total_low"]
    later = old.model_copy(update={"valid_from": TODAY + timedelta(days=40), "severity": 3})
    publishing.publish(office, manager, later, "내년부터", TODAY)
    assert "2027-01-01부터 버전 2" in tables(open_page("rules", "fp1"))
    at = tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "3억")
    assert any("이미 게시된 버전 2" in warning.value for warning in at.warning)


def test_a_fault_of_the_rule_file_is_told_while_the_last_good_one_is_used(
    open_page, office, tmp_path, monkeypatch
):
    rulebook.keep_good_file(office)
    broken = tmp_path / "gap_rules.toml"
    broken.write_text(rulebook.RULES.read_text().replace('"health"', '"wealth"'))
    monkeypatch.setattr(rulebook, "RULES", broken)
    for page, view in (("rules", {}), ("portfolio", {"view": "gaps"})):
        at = open_page(page, "fp1", **view)
        (told,) = [error.value for error in at.error]
        assert "wealth" in told and "마지막으로 문제없던 파일" in told
        assert "진단비" in tables(at)


def test_a_click_on_a_rule_opens_it(open_page):
    at = open_page("rules", "fp1")
    at.session_state["rules"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "기준")]}}
    at.run()
    assert at.query_params["rule"] == "car_missing"
    assert "차가 있는 고객" in read(at)


def test_facts_change_what_a_trial_finds(open_page, office):
    fp = accounts.find(office, "fp1")
    customer = id_of(office, "박구름")
    profiles.update(office, fp, customer, CustomerChanges(birth_year=1990), 1, TODAY)
    add_policy(office, fp, customer, type="life", coverage_amount=200_000_000)
    at = tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "50만")
    assert "상태가 바뀌는 고객이 없습니다" in texts(at)


def test_a_manager_without_customers_tries_a_rule_too(open_page):
    at = tries_a_total_of(open_page("rules", "manager2", rule="total_low"), "3억")
    assert not at.exception and not at.error
    assert "시험 중인 변경 1건" in texts(at) and "아직 보여 드릴 것이 없습니다" in texts(at)


def test_the_pages_speak_english_while_a_rule_is_tried(open_page):
    at = open_page("rules", "manager1", "en-US", rule="total_low")
    field(at, "text_input", "Amount").set_value("300,000,000")
    at = click(at, "Try it")
    assert "₩100,000,000 → a fixed amount: ₩300,000,000" in read(at)
    assert not re.search("[가-힣]{2}", texts(at).replace("김하늘", "")) and not at.exception


def test_what_somebody_else_published_meanwhile_is_told(open_page, office):
    at = tries_a_total_of(open_page("rules", "manager1", rule="total_low"), "3억")
    (old,) = [rule for rule in rulebook.rules_on(office, TODAY) if rule.code == "total_low"]
    theirs = old.model_copy(update={"valid_from": TODAY, "severity": 3})
    publishing.publish(office, accounts.find(office, "admin"), theirs, "더 급함", TODAY)
    at.run()
    assert any("버전 2" in warning.value for warning in at.warning)


def test_a_rule_that_was_clicked_is_left_again(open_page):
    at = open_page("rules", "fp1")
    at.session_state["rules"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "기준")]}}
    at.run()
    assert at.query_params["rule"]
    at = click(at, "보장 기준 목록으로")
    assert "rule" not in at.query_params and len(at.dataframe) == 1
