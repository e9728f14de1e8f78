"""A book as an office has it: uploaded, asked about, corrected, uploaded again, and undone."""

import csv
import io
import re

from playwright.sync_api import expect
from visitor import FIGURE, Visitor

BOOK = (
    "2026년 11월 고객명부,,,,,,,,,\n"
    "강남지점 작성,,,,,,,,,\n"
    '고객번호,고객명,생년월일,주민번호,보험사,증권번호,보험종류,"월\n보험료",계약상태,동의\n'
    "B1,가온누리,1984-05-06,840506-2******,삼성생명,T-1,생명,12,유지,Y\n"
    "B1,가온누리,1984-05-06,840506-2******,현대해상,T-2,건강,4.5,정상계속,Y\n"
    "B2,나래별,1990-13-40,,한화생명,T-3,생명,8,유지,Y\n"
    "B3,다솜찬,1979-02-03,790203-1******,한화생명,T-4,생명,10,정상계속,Y\n"
    ",합계,,,,,,34.5,,\n"
)


def _uploads(visitor: Visitor, path) -> None:
    visitor.page.locator("input[type=file]").set_input_files(path)
    visitor.page.get_by_text("줄을 이렇게 읽었습니다").wait_for()
    visitor.settles()


def _says_what_is_asked(visitor: Visitor) -> None:
    """Answer what a plain number stands for and what the unknown status means."""
    visitor.page.get_by_text("(만원)").click()
    status = visitor.page.get_by_role("combobox", name=re.compile("정상계속"))
    if status.count():
        status.click()
        visitor.page.get_by_role("option", name="유지", exact=True).click()
    visitor.clicks("이 답으로 다시 보기")


def _imports(visitor: Visitor, button: str, outcome: str) -> None:
    visitor.page.get_by_role("button", name=button).click()
    visitor.page.get_by_text(outcome).first.wait_for()
    visitor.settles()


def _figures(visitor: Visitor) -> list[str]:
    return visitor.page.locator(FIGURE).all_inner_texts()


def _finds(visitor: Visitor, name: str) -> bool:
    visitor.opens(f"/?search={name}")
    return "1명 중 1명 표시" in visitor.reads()


def _corrected(rejects: str) -> str:
    """The rows that were held back, as somebody mends them in Excel."""
    header, row = list(csv.reader(io.StringIO(rejects)))
    row[header.index("생년월일")] = "1990-12-30"
    out = io.StringIO()
    csv.writer(out).writerows([header, row])
    return out.getvalue()


def _bytes_of_uploads(visitor) -> int:
    """How much of uploaded files Streamlit holds in memory."""
    metrics = visitor.page.request.get(f"{visitor.address}/_stcore/metrics").text()
    assert "st_session_state" in metrics
    return sum(map(int, re.findall(r'\{cache_type="UploadedFileManager",.*\} (\d+)', metrics)))


def test_a_book_is_asked_about_corrected_uploaded_again_and_undone(visitor, tmp_path):
    book = tmp_path / "11월 명부.csv"
    book.write_bytes(BOOK.replace("\n", "\r\n").encode("cp949"))
    visitor.opens("/upload")
    visitor.signs_in("fp2")
    before = _bytes_of_uploads(visitor)
    _uploads(visitor, book)
    held = _bytes_of_uploads(visitor) - before
    assert held < 200 < book.stat().st_size  # no more than a note of where on the disk it is
    seen = visitor.reads()
    assert "CP949, 열 구분 쉼표, 제목은 3번째 줄" in seen and "강남지점 작성" in seen
    assert "보관하지 않는 열" in seen and "******" not in seen
    assert _figures(visitor) == ["0", "0", "0", "3", "1"]
    _says_what_is_asked(visitor)
    expect(visitor.page.get_by_role("button", name="3줄 넣기")).to_be_visible()
    assert _figures(visitor) == ["3", "0", "0", "0", "1"]

    _imports(visitor, "3줄 넣기", "고객 2명, 계약 3건 추가")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_text("이유와 함께 내려받기").click()
    rejects = download.value.path().read_text("utf-8-sig")
    assert "나래별" in rejects and "1990-13-40" in rejects and "가온누리" not in rejects
    assert "주민번호" not in rejects

    mended = tmp_path / "고친 줄.csv"
    mended.write_text(_corrected(rejects), "utf-8-sig")
    _uploads(visitor, mended)
    _says_what_is_asked(visitor)
    _imports(visitor, "1줄 넣기", "고객 1명, 계약 1건 추가")
    assert _finds(visitor, "나래별") and _finds(visitor, "가온누리")
    visitor.clicks_row(0)
    assert "165,000원" in visitor.reads()  # 12만원 and 4.5만원 a month

    visitor.opens("/upload")
    visitor.page.get_by_role("button", name="되돌리기", exact=True).first.click()
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_text("지워집니다: 고객 1명, 계약 1건").wait_for()
    dialog.get_by_role("button", name="되돌리기 실행").click()
    visitor.page.get_by_text("되돌렸습니다. 지움: 고객 1명, 계약 1건").wait_for()
    visitor.settles()
    assert not _finds(visitor, "나래별")
    assert _finds(visitor, "가온누리") and _finds(visitor, "다솜찬")
