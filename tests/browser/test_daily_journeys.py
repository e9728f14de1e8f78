"""An FP's day in a real browser: keep customers, policies and contacts; consents and erasure."""

import json

from playwright.sync_api import expect
from visitor import TABLE, Visitor


def _open_first_customer(visitor: Visitor, username: str, path: str = "/") -> str:
    """Sign in and open the first customer of the list; the name."""
    visitor.opens(path)
    visitor.signs_in(username)
    visitor.clicks_row(0)
    return visitor.page.locator("h1").inner_text()


def _fills(visitor: Visitor, label: str, value: str) -> None:
    visitor.page.get_by_label(label, exact=True).first.fill(value)


def _chooses(visitor: Visitor, label: str, option: str) -> None:
    visitor.page.get_by_label(label, exact=True).first.click()
    visitor.page.get_by_role("option", name=option).click()
    visitor.page.wait_for_timeout(300)


def _presses(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("button", name=name, exact=True).last.click()
    visitor.settles()


def test_two_people_edit_one_customer_and_nothing_is_lost(visitor, server, new_context):
    name = _open_first_customer(visitor, "fp5", "/?sort=age")
    link = visitor.page.evaluate("location.pathname + location.search")
    visitor.clicks("고객 정보 수정")
    _fills(visitor, "직업", "항해사")

    manager = Visitor(new_context().new_page(), server)
    manager.opens(link)
    manager.signs_in("manager2")
    manager.clicks("고객 정보 수정")
    _fills(manager, "직업", "조종사")
    _presses(manager, "저장")
    expect(manager.page.get_by_text("조종사").first).to_be_visible()

    _presses(visitor, "저장")
    expect(visitor.page.get_by_text("다른 사람이 이 내용을 바꿨습니다")).to_be_visible()
    assert "부산 팀장 · 직업:" in visitor.reads() and "→ 조종사" in visitor.reads()
    assert visitor.page.get_by_label("직업", exact=True).input_value() == "항해사"
    _presses(visitor, "내 것으로 저장")
    manager.opens(link)
    assert manager.page.locator("h1").inner_text() == name
    assert "항해사" in manager.reads()
    assert "조종사" not in manager.reads()  # nobody's words stay beside the other's


def test_a_policy_is_added_edited_ended_and_removed(visitor):
    _open_first_customer(visitor, "fp6", "/?missing=life")
    assert "유지 중인 생명 계약이 없습니다" in visitor.reads()
    visitor.clicks("계약 추가")
    _chooses(visitor, "보험종류", "생명")
    _fills(visitor, "상품명", "든든 종신보험")
    _fills(visitor, "가입금액", "많이")
    _presses(visitor, "계약 추가")
    expect(visitor.page.get_by_text("가입금액: ‘많이’")).to_be_visible()
    assert visitor.page.get_by_label("상품명").input_value() == "든든 종신보험"
    _fills(visitor, "가입금액", "1억 5천만")
    _presses(visitor, "계약 추가")
    expect(visitor.page.get_by_text("1억 5,000만원").first).to_be_visible()
    assert "유지 중인 생명 계약이 없습니다" not in visitor.reads()

    _clicks_policy(visitor, "든든 종신보험")
    _fills(visitor, "가입금액", "2억")
    _presses(visitor, "저장")
    expect(visitor.page.get_by_text("2억원").first).to_be_visible()

    _clicks_policy(visitor, "든든 종신보험")
    visitor.clicks("해지 처리")
    _presses(visitor, "해지 처리")
    expect(visitor.page.get_by_text("유지 중인 생명 계약이 없습니다").first).to_be_visible()

    visitor.page.get_by_text("보장에 넣지 않은 계약").first.click()
    visitor.settles()
    _clicks_policy(visitor, "든든 종신보험", table=-1)
    visitor.clicks("계약 삭제")
    _presses(visitor, "계약 삭제")
    expect(visitor.page.get_by_text("든든 종신보험")).to_have_count(0)


def _clicks_policy(visitor: Visitor, name: str, table: int = 1) -> None:
    """Click the row of a policy; the grid is a canvas with a hidden table of the same rows."""
    grids = visitor.page.locator(TABLE)
    grid = grids.nth(table) if table >= 0 else grids.last
    rows = grid.locator("table tbody tr")
    rows.filter(has_text=name).first.wait_for(state="attached")
    texts = rows.all_text_contents()
    row = next(i for i, text in enumerate(texts) if name in text)
    canvas = grid.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    visitor.page.mouse.click(box["x"] + 40, box["y"] + 35 * (row + 1) + 17)
    visitor.page.get_by_role("button", name="저장", exact=True).wait_for()
    visitor.settles()


def test_a_contact_is_logged_and_the_list_shows_the_next_date(visitor):
    name = _open_first_customer(visitor, "fp7")
    visitor.clicks("상담 기록하기")
    _chooses(visitor, "결과", "약속 잡음")
    visitor.page.get_by_label("비고").last.fill("갱신 상담 ![x](http://evil.example/x.png)")
    _presses(visitor, "기록")
    expect(visitor.page.get_by_text("약속 잡음").first).to_be_visible()
    assert "![x](http://evil.example/x.png)" in visitor.reads()
    assert visitor.page.locator("img[src*=evil]").count() == 0  # shown as typed, never loaded
    assert name in visitor.reads()


def test_a_withdrawn_consent_hides_a_customer_until_it_is_given_again(visitor):
    name = _open_first_customer(visitor, "fp7", "/?sort=age&order=descending")
    link = visitor.page.evaluate("location.pathname + location.search")
    consent = visitor.page.locator(".st-key-consent_collection")
    consent.get_by_role("button", name="철회").click()
    visitor.settles()
    _presses(visitor, "철회")
    expect(visitor.page.get_by_text("동의를 철회한 고객입니다")).to_be_visible()
    assert name not in visitor.reads()

    visitor.opens(f"/?search={name}")
    assert "동의를 철회한 1명은 표시하지 않음" in visitor.reads()
    visitor.opens(link)
    consent.get_by_role("button", name="동의 받기").click()
    visitor.settles()
    visitor.page.get_by_label("동의 근거").first.fill("2026-11-23 서면")
    _presses(visitor, "동의 받기")
    expect(visitor.page.locator("h1")).to_have_text(name)


def test_a_person_gets_their_data_and_is_erased(visitor):
    name = _open_first_customer(visitor, "fp8")
    link = visitor.page.evaluate("location.pathname + location.search")
    visitor.clicks("열람용 내보내기")
    visitor.clicks("파일 만들기")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_text("JSON 내려받기").click()
    document = json.loads(download.value.path().read_text("utf-8"))
    assert document["customer"]["name"] == name and document["consents"]
    with visitor.page.expect_download() as download:
        visitor.page.get_by_text("읽기 좋은 문서 내려받기").click()
    assert name in download.value.path().read_text("utf-8")

    visitor.page.keyboard.press("Escape")
    visitor.clicks("고객 삭제")
    visitor.page.get_by_text("흔적 없이 파기").click()
    visitor.page.get_by_label("확인을 위해 이름을 입력하세요").fill(name)
    visitor.page.keyboard.press("Tab")
    visitor.settles()
    _presses(visitor, "삭제")
    visitor.page.wait_for_url(lambda url: "/customer?" not in url)
    visitor.opens(link)
    assert "고객을 찾을 수 없습니다" in visitor.reads()
    assert name not in visitor.reads()


def test_a_list_is_searched_saved_and_shared(visitor, server, new_context):
    visitor.opens("/")
    visitor.signs_in("fp6")
    visitor.page.get_by_label("검색").fill("ㄱ")
    visitor.page.get_by_label("검색").press("Enter")
    visitor.settles()
    assert "필터에 맞지 않음" in visitor.reads()

    visitor.opens("/?missing=health&gap=life_missing")
    shown = visitor.page.get_by_text("명 중").first.inner_text()
    visitor.clicks("저장한 필터")
    visitor.page.get_by_label("필터 이름", exact=True).fill("생명·건강 없음")
    _presses(visitor, "이 필터 저장")
    visitor.opens("/")
    visitor.clicks("저장한 필터")
    _presses(visitor, "생명·건강 없음")
    assert visitor.page.get_by_text("명 중").first.inner_text() == shown

    link = visitor.page.evaluate("location.pathname + location.search")
    manager = Visitor(new_context().new_page(), server)
    manager.opens(link)
    manager.signs_in("manager2")
    assert "부족: 가족 보장" in manager.reads()
    manager.clicks("저장한 필터")
    assert "생명·건강 없음" not in manager.reads()  # a saved filter is one's own
