"""What the pages show, and to whom."""

import pytest
from agency import TODAY
from screen import id_of, listed, texts

from fpcore.access import accounts
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter

PAGES = ("customers", "customer", "portfolio", "rules", "upload")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("username", ["fp1", "fp2", "manager1", "admin"])
def test_every_page_runs_for_everybody_in_both_languages(open_page, page, locale, username):
    at = open_page(page, username, locale)
    assert not at.exception and not at.error


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_a_sign_in(open_page, page):
    at = open_page(page, None)
    assert len(at.title) == 1 and not at.dataframe and not at.metric
    assert [field.label for field in at.text_input] == ["아이디", "비밀번호"]


def test_fp_sees_own_customers_only(open_page):
    assert listed(open_page("customers", "fp1"))[:1] == ["김하늘"]
    assert listed(open_page("customers", "fp2")) == []
    assert len(listed(open_page("customers", "manager1"))) == 3
    assert listed(open_page("customers", "manager2")) == []


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"search": "하늘"}, ["김하늘"]),
        ({"gender": "M"}, ["박구름"]),
        ({"gender": "unknown", "age_to": "40"}, ["이바다"]),
        ({"age_from": "40"}, ["김하늘"]),
        ({"holding": "car"}, ["박구름"]),
        ({"missing": "life"}, ["박구름", "이바다"]),
        ({"row_kind": "age_band", "row": "unknown"}, ["박구름"]),
        ({"sort": "policies", "order": "descending"}, ["김하늘", "박구름", "이바다"]),
        ({"gender": "x", "page": "-7", "row_kind": "x"}, ["김하늘", "박구름", "이바다"]),
        ({"page": "9" * 30}, ["김하늘", "박구름", "이바다"]),
        ({"page": "77"}, ["김하늘", "박구름", "이바다"]),
    ],
)  # fmt: skip
def test_the_address_says_which_customers_are_listed(open_page, parameters, names):
    found = listed(open_page("customers", "fp1", **parameters))
    assert [name.split()[0] for name in found] == names


def test_a_changed_filter_changes_the_address(open_page):
    at = open_page("customers", "fp1", page="1")
    at.selectbox[0].set_value("M").run()
    assert at.query_params["gender"] == "M" and "page" not in at.query_params
    assert listed(at) == ["박구름"]


def test_a_click_on_a_row_opens_that_customer(open_page, office):
    at = open_page("customers", "fp1", search="구름")
    key = "list search=%EA%B5%AC%EB%A6%84"
    at.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(0, "이름")]}}
    at.run()
    assert at.title[0].value == "박구름"


def test_list_says_how_many_are_hidden_and_why(open_page):
    at = open_page("customers", "fp1", holding="car")
    assert "1명 중 1명 표시 · 전체 3명 중 2명은 필터에 맞지 않음" in texts(at)
    assert any("자동차 가입" in button.label for button in at.button)


def test_customer_page_shows_unknown_amounts_as_unknown(open_page, office):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    assert "총 보장금액 알 수 없음" in texts(at)
    assert "금액을 모르는 계약이 있음" in texts(at)
    assert "0원" not in texts(at)


def test_customer_page_shows_a_known_part_as_at_least(open_page, office):
    assert "2억원 이상" in texts(open_page("customer", "fp1", id=id_of(office, "김하늘")))


@pytest.mark.parametrize("asker", ["fp2", "fp3", "manager2"])
def test_foreign_customer_reads_as_not_found(open_page, office, asker):
    at = open_page("customer", asker, id=id_of(office, "김하늘"))
    assert [error.value for error in at.error] == [r"고객을 찾을 수 없습니다\."]
    assert "김하늘" not in texts(at)


@pytest.mark.parametrize("stray", ["abc", "' or 1=1 --", "0" * 500])
def test_senseless_id_reads_as_not_found(open_page, stray):
    at = open_page("customer", "fp1", id=stray)
    assert [error.value for error in at.error] == [r"고객을 찾을 수 없습니다\."]


def test_name_with_markdown_is_shown_as_typed(open_page, office):
    at = open_page("customer", "fp1", id=id_of(office, "이바다"))
    assert at.title[0].value.startswith(r"이바다 \!\[x\]\(http\:\/\/evil")


CONSENT = {"동의 근거": "2026-11-20 서면"}


def _fill_in(at, **typed: str):
    """Type into the dialog and send it off.

    Its opener is clicked again because AppTest runs the whole page, not the dialog alone.
    """
    at.button[0].click().run()
    for field in (*at.text_input, *at.text_area, *at.number_input):
        if field.label in typed:
            field.set_value(typed[field.label])
    at.button[0].click()
    return next(button for button in at.button if button.label == "추가").click().run()


def test_customer_is_added_with_consent(open_page, office):
    _fill_in(open_page("customers", "fp2"), 이름="새고객", 휴대폰="010-1234-5678", **CONSENT)
    fp2 = accounts.find(office, "fp2")
    rows = customer_list.find(office, fp2, CustomerFilter(), TODAY).rows
    assert rows[["name", "phone", "owner"]].values.tolist() == [["새고객", "010-****-5678", "fp2"]]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({**CONSENT}, "이름: 값이 없습니다"),
        ({"이름": "새고객"}, "동의 근거: 값이 없습니다"),
        ({"이름": "새고객", "휴대폰": "12", **CONSENT}, "휴대폰: ‘12’을"),
        ({"이름": "새고객", "이메일": "a@", **CONSENT}, "이메일: ‘a"),
        ({"이름": "새고객", "출생연도": 1899, **CONSENT}, "생년월일: ‘1899’"),
        ({"이름": "새고객", "출생연도": 2990, **CONSENT}, "생년월일: "),
        ({"이름": "가" * 101, **CONSENT}, "이름: 너무 깁니다"),
        ({"이름": "가\x00나", **CONSENT}, "이름: 표시할 수 없는 문자"),
    ],
)
def test_bad_entry_is_told_beside_its_field_and_stores_nothing(open_page, office, typed, message):
    at = _fill_in(open_page("customers", "fp2"), **typed)
    assert any(message in error.value for error in at.error)
    assert (
        customer_list.find(office, accounts.find(office, "fp2"), CustomerFilter(), TODAY).matching
        == 0
    )


def test_what_one_person_was_shown_is_not_kept_for_another(open_page):
    assert len(listed(open_page("customers", "fp1"))) == 3
    assert listed(open_page("customers", "fp3")) == []


@pytest.mark.parametrize("page", ["upload", "customer"])
def test_the_language_changes_there_and_back_where_a_page_ends_early(open_page, page):
    at = open_page(page, "fp1")
    for chosen, word in (("en", "Sign out"), ("ko", "로그아웃"), ("en", "Sign out")):
        at.segmented_control[0].set_value(chosen).run()
        assert at.button(key="sign_out").label == word
        assert at.segmented_control[0].value == chosen


def test_a_filter_changes_there_and_back_where_the_page_ends_early(open_page):
    at = open_page("customers", "fp2")  # who has no customers
    for chosen in ("M", "F", "M", "F"):
        at.selectbox[0].set_value(chosen).run()
        assert at.query_params["gender"] in (chosen, [chosen])
        assert at.selectbox[0].value == chosen
    at.text_input[0].set_value("김").run()
    at.text_input[0].set_value("").run()
    at.text_input[0].set_value("김").run()
    assert at.query_params["search"] in ("김", ["김"])


def test_who_is_disabled_while_a_page_is_drawn_gets_the_sign_in_form(open_page, monkeypatch):
    found = [accounts.find]  # for the frame; the page asks again

    def find_once(db, username):
        return found.pop()(db, username) if found else None

    monkeypatch.setattr(accounts, "find", find_once)
    at = open_page("upload", "fp1")
    assert not at.exception and not at.error
    assert [field.label for field in at.text_input] == ["아이디", "비밀번호"]


@pytest.mark.parametrize(
    ("kind", "row", "named"), [("gender", "M", "남"), ("age_band", "40", "40"), ("since", "3", "3")]
)
def test_the_row_of_a_heatmap_that_a_list_is_of_is_named(open_page, kind, row, named):
    at = open_page("customers", "fp1", row_kind=kind, row=row)
    assert not at.exception and not at.error
    assert any(named in button.label for button in at.button)
