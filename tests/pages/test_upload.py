"""The upload page: what a file is taken as, what is asked, what is stored, and the way back."""

import time
from pathlib import Path

import pytest
from agency import TODAY
from screen import texts
from test_book_file import text as cell
from test_book_file import xlsx

from fpcore import wording
from fpcore.access import accounts
from fpcore.customers import policies
from fpcore.importing import history, importer, mappings, words
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter

BOOK = "고객명,생년,동의\n한여름,1990,Y\n한겨울,1991,N\n"
POLICIES = (
    "고객명,생년월일,보험종류,증권번호,보험료,계약상태,동의\n"
    "한여름,1990-01-02,생명,A1,12,정상계속,Y\n"
    "한여름,1990-01-02,건강,A2,4,유지,Y\n"
    "한가을,1991-03-04,생명,A3,9,정상계속,Y\n"
)


@pytest.fixture
def fp2(office):
    return accounts.find(office, "fp2")


def settle(at):
    """Run the page until no job of the account is under way, as the browser does by itself."""
    until = time.monotonic() + 20
    while at.get("progress") and time.monotonic() < until:
        time.sleep(0.1)
        at.run()
    assert not at.exception
    return at


def upload(at, content: bytes | str, name: str = "book.csv"):
    content = content if isinstance(content, bytes) else content.encode()
    at.file_uploader[0].set_value([(name, content, "text/csv")]).run()
    return settle(at)


def field(at, label: str):
    kinds = (at.selectbox, at.radio, at.number_input, at.text_input, at.text_area)
    return next(one for kind in kinds for one in kind if one.label.startswith(label))


def choose(at, label: str, value):
    one = field(at, label)
    one.select_index(0) if value is None else one.set_value(value)  # None is the first of the list
    return settle(at.run())


def click(at, label: str):
    next(one for one in at.button if one.label == label).click()
    return settle(at.run())


def set_column(at, header: str, column: str, value):
    """Change a cell of the table of columns."""
    table = mapping_table(at)
    row = table["header"].tolist().index(header)
    edits = {"edited_rows": {row: {column: value}}, "added_rows": [], "deleted_rows": []}
    held = at.session_state["fp_draft upload"]
    at.session_state[f"columns {held.answers.key}"] = edits
    return settle(at.run())


def mapping_table(at):
    return next(frame.value for frame in at.dataframe if "samples" in frame.value.columns)


def figures(at) -> list[int]:
    """New, changed, already there, open questions, faulty."""
    return [int(metric.value.replace(",", "")) for metric in at.metric]


def kept_file(at) -> Path:
    return at.session_state["fp_draft upload"].file.path


def kept_files(office) -> list[Path]:
    return list(Path(office.path + ".imports").glob("*"))


def names(office, account) -> list[str]:
    found = customer_list.find(office, account, CustomerFilter(), TODAY)
    return sorted(found.rows["name"])


def held_policies(office, account, name: str) -> dict[str, object]:
    rows = customer_list.find(office, account, CustomerFilter(search=name), TODAY).rows
    return {
        policy.policy_number: policy
        for policy in policies.of_customer(office, account, rows["id"][0], TODAY)
    }


def test_nothing_is_stored_before_it_is_confirmed(open_page, office, fp2):
    at = upload(open_page("upload", "fp2"), BOOK)
    assert names(office, fp2) == []
    assert figures(at) == [1, 0, 0, 0, 1]

    at.button(key="confirm").click().run()
    settle(at)
    assert "고객 1명, 계약 0건 추가" in texts(at)
    assert names(office, fp2) == ["한여름"]


def test_the_figures_add_up_to_the_rows(open_page):
    at = upload(open_page("upload", "fp2"), POLICIES)
    assert sum(figures(at)) == 3 and "3줄을 이렇게 읽었습니다" in texts(at)


def test_a_file_without_consent_column_asks_for_the_statement(open_page):
    at = upload(open_page("upload", "fp2"), "고객명,생년\n한여름,1990\n")
    assert "동의 근거를 적으면" in texts(at) and not at.metric
    choose(at, "고객들이 개인정보", "2026-11-20 서면")
    assert figures(at)[0] == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"   ", "빈 파일입니다"),
        (b"PK\x03\x04xxxx", "엑셀 파일을 열 수 없습니다"),
        ("고객명\n김\n".encode(), "열이 하나뿐입니다"),
        ('고객명,동의\n"김,Y\n'.encode(), "따옴표"),
        (b"%PDF-1.7 a,b", "텍스트 파일도 엑셀 파일도 아닙니다"),
    ],
    ids=["blank", "broken workbook", "one column", "cut off", "binary"],
)
def test_a_file_that_is_no_book_is_told_in_one_sentence_and_another_is_taken(
    open_page, content, sentence
):
    at = upload(open_page("upload", "fp1"), content)
    assert len(at.error) == 1 and sentence in at.error[0].value.replace("\\", "")
    upload(at, BOOK)
    assert not at.error and figures(at) == [1, 0, 0, 0, 1]


def test_a_manager_says_whose_customers_they_are(open_page, office, fp2):
    at = upload(open_page("upload", "manager1"), "고객명,동의\n한여름,Y\n")
    choose(at, "누구의 고객인가요?", fp2.id)
    at.button(key="confirm").click().run()
    settle(at)
    assert names(office, fp2) == ["한여름"]


def test_a_column_is_taken_as_what_a_person_says(open_page, office, fp2):
    at = upload(open_page("upload", "fp2"), "고객명,가,별칭,동의\ny,x,한여름,Y\n")
    assert figures(at)[0] == 1
    set_column(at, "별칭", "field", "name")
    table = mapping_table(at).set_index("header")["field"]
    assert table.to_dict() == {
        "별칭": "name",
        "가": "unused",
        "고객명": "unused",
        "동의": "consent",
    }
    at.button(key="confirm").click().run()
    settle(at)
    assert names(office, fp2) == ["한여름"]


def test_a_file_without_a_name_column_says_so_at_the_table(open_page):
    at = upload(open_page("upload", "fp2"), "별칭,a\n한여름,1\n")
    assert "고객 이름이나 고객번호 열이 없습니다" in at.warning[0].value and not at.error
    set_column(at, "별칭", "field", "name")
    assert not at.warning and field(at, "고객들이 개인정보")


def test_a_column_that_may_not_be_kept_cannot_be_chosen(open_page):
    at = upload(open_page("upload", "fp2"), "고객명,주민번호,동의\n한여름,900101-1234567,Y\n")
    assert "주민번호" not in mapping_table(at)["header"].tolist()
    assert "보관하지 않는 열" in texts(at) and "1234567" not in str(at)


def test_a_saved_mapping_is_found_again_and_can_be_left(open_page, office, fp2):
    book = "별칭,고객명,동의\n한여름,y,Y\n"
    at = upload(open_page("upload", "fp2"), book)
    set_column(at, "별칭", "field", "name")
    field(at, "열 설정 이름").set_value("우리 양식")
    click(at, "저장")
    assert [one.name for one in mappings.of_account(office, fp2)] == ["우리 양식"]

    at = upload(open_page("upload", "fp2"), book)
    assert mapping_table(at)["field"].tolist() == ["name", "unused", "consent"]
    choose(at, "열 설정", None)
    assert mapping_table(at)["field"].tolist() == ["unused", "name", "consent"]
    colleague = upload(open_page("upload", "fp1"), book)
    assert mapping_table(colleague)["field"].tolist() == ["unused", "name", "consent"]


def test_a_unit_is_asked_once_and_its_answer_holds_for_all_rows(open_page, office, fp2):
    at = upload(open_page("upload", "fp2"), POLICIES.replace("정상계속", "유지"))
    assert figures(at) == [0, 0, 0, 3, 0]
    unit = field(at, "보험료: 숫자만 적힌 금액의 단위")
    assert any("120,000원" in option or "40,000원" in option for option in unit.options)
    assert mapping_table(at).set_index("header")["unit"]["보험료"] == 0  # stands for "?"
    unit.set_value(10_000)
    click(at, "이 답으로 다시 보기")
    assert figures(at) == [3, 0, 0, 0, 0]
    assert mapping_table(at).set_index("header")["unit"]["보험료"] == 10_000

    at.button(key="confirm").click().run()
    settle(at)
    amounts = {n: p.premium_amount for n, p in held_policies(office, fp2, "한여름").items()}
    assert amounts == {"A1": 120_000, "A2": 40_000}


def test_a_unit_may_be_said_in_the_table(open_page):
    at = upload(open_page("upload", "fp2"), POLICIES.replace("정상계속", "유지"))
    set_column(at, "보험료", "unit", 1_000)
    assert figures(at) == [3, 0, 0, 0, 0]
    set_column(at, "보험료", "unit", 0)
    assert figures(at) == [0, 0, 0, 3, 0]


def test_an_unknown_word_is_explained_once(open_page, office, fp2):
    book = POLICIES.replace(",12,", ",12만원,").replace(",4,", ",4만원,").replace(",9,", ",9만원,")
    at = upload(open_page("upload", "fp2"), book)
    assert figures(at) == [1, 0, 0, 2, 0]
    field(at, "상태 ‘정상계속’의 뜻").set_value("active")
    click(at, "이 답으로 다시 보기")
    assert figures(at) == [3, 0, 0, 0, 0]
    click(at, "다시 답하기")
    assert figures(at) == [1, 0, 0, 2, 0]


def test_circumstances_are_asked_for_and_taken(open_page, office, fp2):
    book = '고객명,생년,대출잔액,주거,부양가족수,동의\n한여름,1990,"5,000",쉐어하우스,2명,Y\n'
    at = upload(open_page("upload", "fp2"), book)
    assert figures(at) == [0, 0, 0, 1, 0]
    field(at, "부채: 숫자만 적힌 금액의 단위").set_value(10_000)
    field(at, "주거 ‘쉐어하우스’의 뜻").set_value("other")
    click(at, "이 답으로 다시 보기")
    assert figures(at) == [1, 0, 0, 0, 0]
    at.button(key="confirm").click().run()
    settle(at)
    [held] = office.read("select debts, housing, dependants from customer where name = '한여름'")
    assert held == {"debts": 50_000_000, "housing": "other", "dependants": 2}


def test_six_digits_are_asked_once(open_page, office, fp2):
    book = (
        "고객명,생년,보험종류,증권번호,계약일,동의\n"
        "한여름,1990,생명,A1,200306,Y\n한가을,1991,생명,A2,200311,Y\n"
    )
    at = upload(open_page("upload", "fp2"), book)
    assert figures(at) == [0, 0, 0, 2, 0]
    days = at.radio[0]
    assert any("2003년 06월" in option for option in days.options)
    days.set_value("ymd")
    click(at, "이 답으로 다시 보기")
    assert figures(at) == [2, 0, 0, 0, 0]


def test_a_wrong_encoding_is_told_and_the_right_one_is_taken(open_page):
    at = upload(open_page("upload", "fp2"), BOOK.encode("cp949"))
    assert "CP949" in texts(at)
    choose(at, "인코딩", "utf-8")
    assert len(at.error) == 1 and not at.metric
    choose(at, "인코딩", "cp949")
    assert not at.error and figures(at) == [1, 0, 0, 0, 1]


def test_the_header_line_may_be_said(open_page):
    at = upload(open_page("upload", "fp2"), "명부,2026\n" + BOOK)
    assert "제목은 2번째 줄. 그 위의 1줄은 읽지 않음" in texts(at)
    choose(at, "제목이 있는 줄", 1)
    assert mapping_table(at)["header"].tolist()[:2] == ["명부", "2026"]
    choose(at, "제목이 있는 줄", 99)
    assert len(at.error) == 1
    choose(at, "제목이 있는 줄", 2)
    assert not at.error and figures(at) == [1, 0, 0, 0, 1]


def test_a_workbook_is_taken_and_its_sheet_chosen(open_page):
    def sheet(name):
        said = {"A1": "고객명", "B1": "동의", "A2": name, "B2": "Y"}
        return {place: cell(value) for place, value in said.items()}

    at = open_page("upload", "fp2")
    upload(at, xlsx({"가": sheet("한여름"), "나": sheet("한겨울")}), "book.xlsx")
    assert "‘가’ 시트" in texts(at) and figures(at) == [1, 0, 0, 0, 0]
    choose(at, "시트", "나")
    assert mapping_table(at)["samples"][0] == "한겨울"


def test_an_import_is_undone_and_what_was_edited_since_stays(open_page, office, fp2):
    at = upload(open_page("upload", "fp2"), "고객명,생년,동의\n한여름,1990,Y\n한겨울,1991,Y\n")
    at.button(key="confirm").click().run()
    settle(at)
    batch = history.of_account(office, fp2)[0]
    office.transaction(lambda c: c.execute("update customer set ver = 2 where name = '한겨울'"))

    at.button(key=f"undo {batch.id}").click().run()
    assert "지워집니다: 고객 1명" in texts(at)
    at.button(key=f"undo {batch.id}").click()  # AppTest runs the whole page, not the dialog alone
    at.button(key="undo").click()
    settle(at.run())
    assert names(office, fp2) == ["한겨울"]
    assert "되돌렸습니다. 지움: 고객 1명" in texts(at)
    assert any("한겨울" in frame.value.to_string() for frame in at.dataframe)
    assert "완료: 고객" not in texts(at) and not any(b.label == "되돌리기" for b in at.button)


def test_an_import_runs_on_while_its_page_is_left_and_nobody_else_sees_it(open_page, office, fp2):
    at = upload(open_page("upload", "fp2"), BOOK)
    with office.one_import:  # as another import would
        at.button(key="confirm").click().run()
        assert at.get("progress") and "한여름" not in names(office, fp2)
        assert not open_page("upload", "fp1").get("progress")
        returned = open_page("upload", "fp2")
        assert returned.get("progress")
        assert open_page("customers", "fp2").title[0].value == "고객"
    settle(returned)
    assert "고객 1명, 계약 0건 추가" in texts(returned) and names(office, fp2) == ["한여름"]
    colleague = open_page("upload", "fp1")
    assert "고객 1명, 계약 0건 추가" not in texts(colleague)


def test_an_import_says_that_it_waits_for_another(open_page, office):
    first, second = (upload(open_page("upload", who), BOOK) for who in ("fp1", "fp2"))
    with office.one_import:
        for at, says in ((first, "넣는 중. 여는 중"), (second, "먼저 시작한 업로드를 기다리는 중")):
            at.button(key="confirm").click().run()
            assert says in at.get("progress")[0].proto.text
    for at in (first, second):
        assert "고객 1명, 계약 0건 추가" in texts(settle(at))


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_step_of_an_import_has_its_words(language):
    steps = {**importer._STEPS_OF_PLAN, **importer._STEPS_OF_STORE}
    said = {wording.say(language, f"upload.step_{name.partition(':')[0]}") for name in steps}
    assert len(said) == len({name.partition(":")[0] for name in steps})


def test_an_import_is_cancelled_and_stores_nothing(open_page, office, fp2):
    at = upload(open_page("upload", "fp2"), BOOK)
    with office.one_import:
        at.button(key="confirm").click().run()
        at.button(key="cancel import").click().run()
    settle(at)
    assert "아무것도 저장하지 않았습니다" in texts(at) and names(office, fp2) == []
    at.button(key="confirm").click().run()  # the file is still there
    settle(at)
    assert names(office, fp2) == ["한여름"]


def test_a_failed_import_says_that_nothing_was_stored_and_leaves_the_page_usable(
    open_page, office, fp2
):
    at = upload(open_page("upload", "fp2"), BOOK)
    kept_file(at).unlink()
    at.button(key="confirm").click().run()
    settle(at)
    assert len(at.error) == 1 and "아무것도 저장하지 않았습니다" in texts(at)
    upload(at, BOOK)
    at.button(key="confirm").click().run()
    settle(at)
    assert names(office, fp2) == ["한여름"]


def test_a_file_is_kept_for_this_user_only_and_goes_when_it_is_not_needed(open_page, office):
    at = upload(open_page("upload", "fp2"), BOOK)
    first = kept_file(at)
    assert first.stat().st_mode & 0o777 == 0o600
    assert first.parent.stat().st_mode & 0o777 == 0o700
    upload(at, BOOK.replace("한여름", "한봄"))
    assert kept_files(office) == [kept_file(at)] and not first.exists()
    click(at, "버리기")
    assert kept_files(office) == []
    upload(at, BOOK)
    at.button(key="confirm").click().run()
    settle(at)
    assert kept_files(office) == []


def test_what_changes_is_shown_before_it_is_stored(open_page, office, fp2):
    book = POLICIES.replace("정상계속", "유지").replace(",12,", ",12만원,")
    at = upload(open_page("upload", "fp2"), book)
    field(at, "보험료: 숫자만").set_value(10_000)
    click(at, "이 답으로 다시 보기")
    at.button(key="confirm").click().run()
    settle(at)
    upload(at, book.replace("12만원", "15만원"))
    field(at, "보험료: 숫자만").set_value(10_000)
    click(at, "이 답으로 다시 보기")
    assert figures(at) == [0, 1, 2, 0, 0]
    changes = next(f.value for f in at.dataframe if "바뀐 뒤" in f.value.columns)
    assert changes[["지금", "바뀐 뒤"]].values.tolist() == [["120,000", "150,000"]]


def test_a_fault_of_the_words_is_told_while_the_last_good_ones_are_used(
    open_page, office, tmp_path, monkeypatch
):
    words.keep_good_file(office)
    broken = tmp_path / "book_words.toml"
    broken.write_text(words.BOOK_WORDS.read_text("utf-8").replace("성별", "고객 이름"), "utf-8")
    monkeypatch.setattr(words, "BOOK_WORDS", broken)
    for locale, last_good in {"ko-KR": "마지막으로 문제없던 낱말", "en-US": "last words"}.items():
        at = upload(open_page("upload", "fp1", locale), BOOK)
        (told,) = [error.value for error in at.error]
        assert "columns\\.gender" in told and last_good in told
        assert mapping_table(at)["field"].tolist() == ["name", "birth_year", "consent"]
