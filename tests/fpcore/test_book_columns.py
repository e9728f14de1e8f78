"""Headers of real books are taken as the fields that they mean, and some never kept."""

import csv
import io

import pytest
from agency import STATEMENT, TODAY

from fpcore.errors import UnreadableFile
from fpcore.importing import book_file, headers, importer
from fpcore.importing.headers import Columns
from fpcore.importing.importer import ImportOptions
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY


def recognized(header: list[str], *rows: list[str], chosen=None) -> Columns:
    """What the columns of a file with this header and these rows are taken as."""
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    db = opening.open_database(IN_MEMORY)
    reading = book_file.Reading(header_line=1)
    with book_file.opened(db, "book.csv", out.getvalue().encode(), reading) as file:
        columns = headers.recognize(file, chosen)
    db.close()
    return columns


def fields(*header: str) -> dict[str, str | None]:
    """What each header is taken as, beside a name column."""
    columns = recognized(["고객명", *header]).all
    return {column.header: column.field for column in columns[1:]}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("생년월일", "birth_date"),
        ("생년월일(6자리)", "birth_date"),
        ("출생연도", "birth_year"),
        ("성별", "gender"),
        ("H.P", "phone"),
        ("ＨＰ", "phone"),
        ("E-Mail", "email"),
        ("Date of Birth", "birth_date"),
        ("year-of-birth", "birth_year"),
        ("최근 연락일", "last_contact_on"),
        ("개인정보 수집·이용 동의", "consent"),
        ("consent_given", "consent"),
        ("담당 FP", "owner"),
        ("보험 회사", "insurer"),
        ("증권No.", "policy_number"),
        ("Policy No", "policy_number"),
        ("상품명", "policy_name"),
        ("보종", "type"),
        ("장기/자동차/일반", "type"),
        ("보험가입금액", "coverage_amount"),
        ("Sum Insured", "coverage_amount"),
        ("월보험료(원)", "premium_amount"),
        ("납방", "premium_cycle"),
        ("통화", "currency"),
        ("책임개시일", "start_date"),
        ("expiry date", "end_date"),
        ("계약상태", "status"),
    ],
)
def test_a_header_is_taken_as_the_field_that_it_means(header, field):
    assert fields(header)[header] == field


@pytest.mark.parametrize("header", ["환산보험료", "수정보험료", "결혼여부", "소득", "주소"])
def test_sales_figures_and_unknown_headers_are_not_used(header):
    assert fields(header)[header] is None


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("보험료(만원)", 10_000),
        ("보험료 (천원)", 1_000),
        ("보험료[단위: 만원]", 10_000),
        ("보험료（백만원）", 1_000_000),
        ("보험료(원)", 1),
        ("보험료", None),
    ],
)
def test_the_unit_stands_in_the_header(header, unit):
    column = recognized(["이름", header]).of("premium_amount")
    assert (column.header, column.unit) == (header, unit)


@pytest.mark.parametrize(
    "header", [("이름", "계약자", "고객명"), ("고객명", "이름"), ("피보험자", "고객명")]
)
def test_of_two_headers_for_one_field_the_more_usual_is_used(header):
    columns = recognized(list(header))
    assert columns.of("name").header == "고객명"
    assert [column.field for column in columns.all].count("name") == 1


DROPPED = "주민번호 주민등록번호 카드번호 결제계좌 계좌번호 병력 가족력 card_number SSN".split()


@pytest.mark.parametrize("header", DROPPED)
def test_columns_that_may_not_be_kept_are_dropped(header):
    columns = recognized(["고객명", header, "보종"])
    assert [column.header for column in columns.kept] == ["고객명", "보종"]


def test_a_book_without_names_is_refused_with_what_was_found(db, people):
    said = ImportOptions(consent_basis=STATEMENT)
    content = "증권번호,보종,주민번호,850302-1234567\nA-1,생명,x,y\n".encode()
    with pytest.raises(UnreadableFile) as refused:
        importer.preview(db, people["fp1"], "b.csv", content, said, TODAY)
    assert refused.value.code == "file_no_name_column"
    assert refused.value.particulars["found"] == "증권번호, 보종, ******-*******"
    assert "고객명" in refused.value.particulars["accepted"]


@pytest.mark.parametrize(
    ("header", "cycle"),
    [
        ("월보험료", "monthly"),
        ("연보험료", "annual"),
        ("annual_premium", "annual"),
        ("보험료", None),
    ],
)
def test_a_premium_header_can_say_how_often_it_is_paid(header, cycle):
    assert recognized(["이름", header]).premium_cycle == cycle
