"""A gap is explained, its rule tried otherwise on the whole book, published, and judged by."""

import re

from playwright.sync_api import expect
from visitor import CELLS, Visitor

CARD = ".st-key-gap_total_low"


def _explanation(visitor: Visitor) -> str:
    """Open why the total is too low, on a customer's page."""
    card = visitor.page.locator(CARD)
    card.get_by_text("왜", exact=False).first.click()
    visitor.settles()
    return card.inner_text()


def _opens_a_customer_with_that_gap(visitor: Visitor) -> str:
    visitor.opens("/?gap=total_low")
    visitor.clicks_row(0)
    return visitor.page.evaluate("location.pathname + location.search")


def _says_what_is_wanted(visitor: Visitor, amount: str) -> None:
    visitor.page.get_by_label("금액", exact=True).fill(amount)
    visitor.page.get_by_role("button", name="시험", exact=True).click()


def test_a_rule_is_changed_tried_on_the_whole_book_and_published(visitor, server, new_context):
    visitor.opens("/")
    visitor.signs_in("manager1")
    customer = _opens_a_customer_with_that_gap(visitor)
    explained = _explanation(visitor)
    assert "1억" in explained and "생명보험협회 2019-08-07" in explained
    assert "버전 1" in explained

    visitor.opens("/rules?rule=total_low")
    _says_what_is_wanted(visitor, "많이")
    visitor.page.get_by_text("‘많이’을(를) 이해할 수 없습니다").wait_for()
    _says_what_is_wanted(visitor, "1억 5천만")
    visitor.page.get_by_text("시험 중인 변경 1건").wait_for()
    visitor.settles()
    assert "정해진 금액: 1억원 → 정해진 금액: 1억 5,000만원" in visitor.reads()
    printed = visitor.page.locator(".js-plotly-plot .barlayer .point text").all_text_contents()
    assert any(re.fullmatch(r"\+\d+%p", text) for text in printed) and "0" in printed

    other = Visitor(new_context().new_page(), server)
    other.opens("/rules?rule=total_low")
    other.signs_in("fp1")
    assert "1억원" in other.reads() and "1억 5,000만원" not in other.reads()
    assert other.page.get_by_role("button", name="시험", exact=True).count() == 0
    assert other.page.get_by_role("textbox").count() == 0  # no form for an FP, tried or not

    visitor.clicks("바뀐 뒤")
    expect(visitor.page.get_by_text("바뀐 뒤 공백 비율")).to_be_visible()
    visitor.page.get_by_text("게시", exact=True).click()
    visitor.page.get_by_label("변경 이유").fill("물가가 올라서")
    visitor.page.get_by_role("button", name="게시하기").click()
    visitor.page.wait_for_url("**/rules?*rule=total_low*")
    visitor.settles()
    assert "시험 중인 변경" not in visitor.reads() and "버전 2개" in visitor.reads()

    visitor.opens(customer)
    explained = _explanation(visitor)
    assert "버전 2" in explained and "1억 5,000만" in explained
    other.opens("/rules?rule=total_low")
    assert "1억 5,000만원" in other.reads()


def test_a_cell_of_the_gap_map_leads_to_as_many_customers_as_its_hover_counts(visitor):
    visitor.opens("/portfolio?rows=gender&measure=gap")
    visitor.signs_in("fp6")
    cells = visitor.page.locator(".js-plotly-plot .barlayer .point")
    cells.first.wait_for()
    printed = cells.locator("text").all_text_contents()
    cell = cells.nth(next(n for n, text in enumerate(printed) if text not in ("0%", "?")))
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.page.mouse.move(*middle)
    visitor.page.locator(".hoverlayer .hovertext").wait_for()
    hover = visitor.page.locator(".hoverlayer").text_content()
    gap, partial = (re.search(rf"{word}\s*(\d+)명", hover) for word in ("공백", "부족"))
    lacking = int(gap[1]) + int(partial[1])
    visitor.page.mouse.click(*middle)
    visitor.page.wait_for_url(lambda url: "gap=" in url, timeout=15_000)
    visitor.settles()
    assert f"{lacking}명 중" in visitor.reads()
    visitor.clicks("전체 현황으로")
    assert "rows=gender" in visitor.page.url and "measure=gap" in visitor.page.url


def test_a_rule_is_read_and_left_and_another_read(visitor):
    visitor.opens("/rules")
    visitor.signs_in("fp2")
    title = visitor.page.locator("h3").first
    for row in (1, 3, 1):
        grid = visitor.page.locator(CELLS).first
        grid.wait_for()
        box = grid.bounding_box()
        visitor.page.mouse.click(box["x"] + 40, box["y"] + 35 * (row + 1) + 17)
        visitor.page.wait_for_url("**/rules?rule=*", timeout=15_000)
        visitor.settles()
        assert title.is_visible()
        visitor.clicks("보장 기준 목록으로")
        visitor.page.wait_for_timeout(1_000)
        assert "rule=" not in visitor.page.evaluate("location.search")
        assert not title.is_visible()
