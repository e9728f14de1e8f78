"""What people do, in a real browser; each journey also watches that one thing does not happen."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect
from visitor import ROOT, Visitor, start_server

from fpcore.store.opening import open_database

BOOK = (
    "고객번호,고객명,생년월일,성별,보험사,증권번호,상품명,보험종류,가입금액,월보험료,계약상태,동의\r\n"
    'J1,여정하,1984-05-06,여,삼성생명,J-1,든든 종신보험,생명,3억,"120,000",유지,Y\r\n'
    'J1,여정하,1984-05-06,여,현대해상,J-2,실손의료비보험,건강,"5,000만원",45000,해지,Y\r\n'
    "J2,똠방각,1990,남,,,,,,,,Y\r\n"
    ",이름없는줄,1990,남,,,,,,,,N\r\n"
)


def _search(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_label("검색").fill(name)
    visitor.page.get_by_label("검색").press("Enter")
    visitor.settles()


def test_fp_uploads_a_book_and_sees_its_customer(visitor, tmp_path):
    book = tmp_path / "명부.csv"
    book.write_bytes(BOOK.encode("cp949"))
    visitor.opens("/upload")
    visitor.signs_in("fp1")
    visitor.page.locator("input[type=file]").set_input_files(book)
    visitor.page.get_by_text("이렇게 읽었습니다").wait_for()
    visitor.settles()
    assert "4줄, CP949" in visitor.reads()

    visitor.clicks("3줄 넣기")
    visitor.page.get_by_text("완료: 고객 2명, 계약 2건 추가").wait_for()
    visitor.clicks("고객 목록으로")
    _search(visitor, "여정하")
    assert "1명 중 1명 표시" in visitor.reads()

    visitor.clicks_row(0)
    seen = visitor.reads()
    assert "3억원" in seen and "120,000원" in seen
    assert "보장에 넣지 않은 계약 1건" in seen
    assert "유지 중인 건강 계약이 없습니다" in seen
    assert "3억 5,000만원" not in seen  # the cancelled policy counts for nothing

    visitor.clicks("목록으로")
    assert "“여정하”" in visitor.reads()


def test_rejected_rows_come_back_with_their_reasons(visitor, tmp_path):
    book = tmp_path / "book.csv"
    book.write_bytes(BOOK.encode("utf-8-sig"))
    visitor.opens("/upload")
    visitor.signs_in("fp2")
    visitor.page.locator("input[type=file]").set_input_files(book)
    with visitor.page.expect_download() as download:
        visitor.page.get_by_text("이유와 함께 내려받기").click()
    rejects = download.value.path().read_text("utf-8-sig")
    assert "이름없는줄" in rejects and "동의하지 않았습니다" in rejects
    assert "여정하" not in rejects


def test_fp_adds_a_customer_after_mending_what_was_refused(visitor):
    visitor.opens("/")
    visitor.signs_in("fp5")
    visitor.clicks("고객 추가")
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="이름").fill("봄이슬")
    dialog.get_by_role("textbox", name="휴대폰").fill("010-12")
    dialog.get_by_role("textbox", name="동의 근거").fill("2026-11-20 서면")
    dialog.get_by_role("button", name="추가").click()
    dialog.get_by_text("휴대폰: ‘010-12’을(를) 이해할 수 없습니다").wait_for()
    assert (
        dialog.get_by_role("textbox", name="이름").input_value() == "봄이슬"
    )  # nothing typed is lost

    dialog.get_by_role("textbox", name="휴대폰").fill("010-1234-5678")
    dialog.get_by_role("button", name="추가").click()
    dialog.wait_for(state="detached")
    _search(visitor, "봄이슬")
    assert "1명 중 1명 표시" in visitor.reads()
    visitor.clicks_row(0)
    assert "010-****-5678" in visitor.reads() and "1234-5678" not in visitor.reads()


def test_manager_goes_from_a_cell_to_its_customers_and_back(visitor):
    visitor.opens("/portfolio?rows=fp&measure=lacking")
    visitor.signs_in("manager1")
    lacking = visitor.clicks_cell(0)
    assert f"{lacking}명 중" in visitor.reads()  # the list has as many as the cell says

    visitor.clicks_row(2)
    assert "유지 중인 생명 계약이 없습니다" in visitor.reads()
    visitor.clicks("목록으로")
    assert f"{lacking}명 중" in visitor.reads()
    visitor.clicks("전체 현황으로")
    assert "rows=fp" in visitor.page.url and "measure=lacking" in visitor.page.url
    assert "부산" not in visitor.reads()  # the other team's


@pytest.mark.parametrize(
    ("rows", "measure"),
    [("age_band", "holding"), ("insurer", "coverage"), ("occupation_class", "adequacy")],
)
def test_a_cell_leads_to_its_customers_and_back_with_all_as_it_was(rows, measure, visitor):
    address = f"/portfolio?rows={rows}&measure={measure}"
    visitor.opens(address)
    visitor.signs_in("manager1")
    behind = visitor.clicks_cell(20)
    assert behind > 0
    assert f"{behind:,}명 중" in visitor.reads()  # the list has as many as the cell says
    listed = visitor.page.evaluate("location.search")

    visitor.clicks_row(0)
    assert "/customer" in visitor.page.evaluate("location.pathname")
    visitor.clicks("목록으로")
    assert f"{behind:,}명 중" in visitor.reads()
    visitor.clicks("전체 현황으로")
    search = visitor.page.evaluate("location.search")
    assert (f"rows={rows}" in search and f"measure={measure}" in search) or rows == "age_band"

    visitor.opens("/" + listed)  # the address alone shows the same list
    assert f"{behind:,}명 중" in visitor.reads()


def test_a_heatmap_leaves_as_csv_workbook_and_picture(visitor, tmp_path):
    visitor.opens("/portfolio?rows=gender&measure=coverage")
    visitor.signs_in("manager1")
    for label, ending in (("CSV", b"\xef\xbb\xbf"), ("엑셀", b"PK")):
        button = visitor.page.get_by_role("button", name=label)
        with visitor.page.expect_download() as started:
            button.click()
        assert Path(started.value.path()).read_bytes().startswith(ending)
        visitor.settles()
    visitor.page.locator(".js-plotly-plot").hover()
    with visitor.page.expect_download() as started:
        visitor.page.locator(".modebar-btn").first.click()
    assert Path(started.value.path()).read_bytes().startswith(b"\x89PNG")


def _customer_of(visitor: Visitor, username: str) -> str:
    visitor.opens("/")
    visitor.signs_in(username)
    visitor.clicks_row(0)
    return visitor.page.evaluate("location.pathname + location.search")


def test_deep_link_leads_to_its_customer_after_the_sign_in(visitor, server, new_context):
    link = _customer_of(visitor, "fp1")
    name = visitor.page.locator("h1").inner_text()

    stranger = Visitor(new_context().new_page(), server)
    stranger.opens(link)
    assert name not in stranger.reads()
    stranger.signs_in("fp1")
    assert stranger.page.locator("h1").inner_text() == name


def test_fp_does_not_reach_another_fps_customer_by_address(visitor, server, new_context):
    link = _customer_of(visitor, "fp1")
    name = visitor.page.locator("h1").inner_text()

    colleague = Visitor(new_context().new_page(), server)
    colleague.opens(link)
    colleague.signs_in("fp2")
    assert "고객을 찾을 수 없습니다" in colleague.reads()
    assert name not in colleague.reads()


@pytest.mark.parametrize("path", ["/", "/customer?id=1", "/portfolio", "/upload"])
def test_first_visitor_of_a_fresh_server_gets_no_further_than_the_form(path, new_context, tmp_path):
    process, address = start_server(_empty_database(tmp_path))
    try:
        visitor = Visitor(new_context().new_page(), address)
        visitor.opens(path)
        assert "로그인" in visitor.reads()
        assert not re.search("고객|명부|현황", visitor.reads())
    finally:
        process.terminate()
        process.wait(timeout=20)


def _empty_database(tmp_path):
    path = tmp_path / "fp.duckdb"
    open_database(str(path), create=True).close()
    return path


def test_command_says_that_the_running_app_holds_the_database(tmp_path):
    database = _empty_database(tmp_path)
    process, _ = start_server(database)
    try:
        told = subprocess.run(
            [sys.executable, "-m", "fpcore", "gaps"],
            cwd=ROOT,
            env={**os.environ, "FP_DATABASE": str(database)},
            capture_output=True,
            text=True,
        )
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert told.returncode == 1 and not told.stdout
    assert f"the app is running and holds it (process {process.pid})" in told.stderr


def test_sign_in_survives_a_reload_and_ends_with_the_sign_out(visitor):
    visitor.opens("/portfolio")
    visitor.signs_in("fp3")
    visitor.opens("/portfolio")
    assert "강남 FP3" in visitor.reads()
    visitor.clicks("로그아웃")
    visitor.opens("/portfolio")
    assert "강남 FP3" not in visitor.reads()
    assert visitor.page.locator("input[type=password]").is_visible()


def test_wrong_password_is_told_in_one_sentence(visitor):
    visitor.opens("/")
    visitor.page.get_by_label("아이디").fill("fp1")
    visitor.page.locator("input[type=password]").fill("wrong")
    visitor.page.locator("input[type=password]").press("Enter")
    visitor.page.get_by_text("아이디 또는 비밀번호가 맞지 않습니다").wait_for()
    assert visitor.page.locator(".st-key-sign_out").count() == 0


def test_language_changes_by_a_click_and_stays(visitor, server, new_context):
    visitor.opens("/portfolio")
    visitor.signs_in("fp4")
    visitor.clicks("English")
    assert "Whole book" in visitor.reads()
    visitor.opens("/portfolio")
    assert "Whole book" in visitor.reads()
    assert "전체 현황" not in visitor.reads()


def test_language_changes_there_and_back_where_a_page_ends_early(visitor):
    visitor.opens("/upload")
    visitor.signs_in("fp3")
    for language, title in (("English", "Upload a book"), ("한국어", "명부 올리기")) * 2:
        visitor.clicks(language)
        assert visitor.page.locator("h1").inner_text() == title
    visitor.page.wait_for_timeout(1_000)
    assert visitor.page.locator("h1").inner_text() == "명부 올리기"


def test_a_filter_changes_there_and_back_and_follows_the_browsers_buttons(visitor):
    visitor.opens("/?search=zzzz")
    visitor.signs_in("fp3")
    search = visitor.page.get_by_label("검색")
    for typed in ("yyyy", "zzzz", "yyyy"):
        search.fill(typed)
        search.press("Enter")
        visitor.settles()
        assert search.input_value() == typed and f"search={typed}" in visitor.page.url
    visitor.page.go_back()
    visitor.settles()
    assert search.input_value() == "zzzz"
    visitor.opens("/portfolio")
    for chosen, address in (("성별", "rows=gender"), ("연령대", ""), ("성별", "rows=gender")):
        visitor.page.get_by_role("radio", name=chosen, exact=True).click()
        visitor.settles()
        query = visitor.page.evaluate("location.search")
        assert address in query and (address or "rows=" not in query)
        assert visitor.page.get_by_role("radio", name=chosen, exact=True).is_checked()


def test_the_list_is_found_by_its_name_too(visitor):
    visitor.opens("/customers?search=zzzz")
    visitor.signs_in("fp3")
    expect(visitor.page.get_by_label("검색")).to_have_value("zzzz")
    assert visitor.page.evaluate("location.pathname + location.search") == "/?search=zzzz"


def test_english_browser_is_greeted_in_english(server, new_context):
    visitor = Visitor(new_context(locale="en-GB").new_page(), server)
    visitor.opens("/")
    assert "Password" in visitor.reads() and "비밀번호" not in visitor.reads()


def test_uploads_are_refused_without_a_sign_in(server):
    request = urllib.request.Request(f"{server}/_stcore/upload_file/x/y", b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 401
