"""Files as people have them become header and records; what is no book is refused by its cause."""

import codecs

import pytest

from fpcore import book_file
from fpcore.errors import UnreadableFile

BOOK = "고객명,보험종류\n똠방각하,생명\n펲시,건강\n"
RECORDS = [(2, ["똠방각하", "생명"]), (3, ["펲시", "건강"])]


def read(content: bytes, encoding: str | None = None) -> book_file.BookFile:
    return book_file.read("book.csv", content, encoding)


def refusal(content: bytes, encoding: str | None = None) -> str:
    with pytest.raises(UnreadableFile) as refused:
        list(read(content, encoding).records())
    return refused.value.code


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (BOOK.encode(), "utf-8"),
        (BOOK.encode("utf-8-sig"), "utf-8"),
        (BOOK.encode("cp949"), "cp949"),
        (codecs.BOM_UTF16_LE + BOOK.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + BOOK.encode("utf-16-be"), "utf-16"),
        (BOOK.encode("utf-16-le"), "utf-16-le"),
        (BOOK.encode("utf-16-be"), "utf-16-be"),
    ],
    ids=["utf-8", "utf-8-bom", "cp949", "utf-16-le-bom", "utf-16-be-bom", "utf-16-le", "utf-16-be"],
)
def test_every_usual_encoding_is_found_out(content, encoding):
    file = read(content)
    assert (file.encoding, file.header) == (encoding, ["고객명", "보험종류"])
    assert list(file.records()) == RECORDS


@pytest.mark.parametrize("encoding", book_file.ENCODINGS)
def test_a_chosen_encoding_is_used(encoding):
    assert list(read(BOOK.encode(encoding), encoding).records()) == RECORDS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"], ids=["crlf", "lf", "cr"])
def test_delimiters_and_line_ends_are_found_out(delimiter, newline):
    text = BOOK.replace(",", delimiter).replace("\n", newline)
    file = read(text.encode())
    assert file.delimiter == delimiter
    assert list(file.records()) == RECORDS


def test_the_delimiter_is_not_misled_by_commas_within_quotes():
    file = read('"이름, 성명";"금액"\n"김, 하나";"1,000"\n'.encode())
    assert (file.delimiter, list(file.records())) == (";", [(2, ["김, 하나", "1,000"])])


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"], ids=["crlf", "lf", "cr"])
def test_a_record_is_numbered_by_the_line_on_which_it_begins(newline):
    lines = ["이름,비고", '김,"첫 줄', "둘째", '셋째"', "", "이,없음", ",", '박,"""인용"""']
    records = list(read(newline.join(lines).encode()).records())
    assert [line for line, _ in records] == [2, 6, 8]
    assert records[0][1] == ["김", newline.join(["첫 줄", "둘째", "셋째"])]
    assert records[2][1] == ["박", '"인용"']


def test_blank_lines_above_the_header_are_passed_over():
    file = read("\n,,\n이름,보종\n김,생명\n".encode())
    assert (file.header_line, list(file.records())) == (3, [(4, ["김", "생명"])])


def test_records_shorter_or_longer_than_the_header_are_kept_as_they_are():
    records = [cells for _, cells in read(b"name,type,notes\na\nb,life,x,extra\n").records()]
    assert records == [["a"], ["b", "life", "x", "extra"]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \r\n\t\n ", "file_empty"),
        ("\ufeff\n \n".encode("utf-8"), "file_empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06", "file_binary"),
        ("이름,보종\n김\0,생명\n".encode(), "file_binary"),
        (b"name,type\n" + b"kim,life\n" * 1000 + b"\0\0\0", "file_binary"),
        (b"%PDF-1.7\n1 0 obj\n", "file_binary"),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "file_is_xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_is_xlsx"),
        (b"\xff\xfa,\x80\n", "file_encoding_unknown"),
        ("이름\n김\n".encode(), "file_one_column"),
        ("이름,,\n김,,\n".encode(), "file_one_column"),
        ("이름,보종,이름\n".encode(), "file_header_twice"),
        ("고객명,보종,고객 명\n".encode(), "file_header_twice"),
        (b"Name,type,NAME \n", "file_header_twice"),
        ('이름,비고\n김,"끝이 없'.encode(), "file_quote_broken"),
        ('이름,비고\n김,"따옴표" 뒤\n'.encode(), "file_quote_broken"),
        (b",".join(b"c%d" % i for i in range(501)), "file_too_wide"),
    ],
)
def test_what_is_no_book_is_refused_by_its_cause(content, code):
    assert refusal(content) == code


def test_a_wrong_chosen_encoding_is_refused():
    assert refusal("고객명,보종\n김,생명\n".encode("cp949"), "utf-8") == "file_not_in_encoding"


def test_a_file_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(book_file, "LARGEST_FILE", len(BOOK.encode()) - 1)
    assert refusal(BOOK.encode()) == "file_too_large"


@pytest.mark.parametrize(("length", "fits"), [(100_000, True), (100_001, False)])
def test_a_cell_over_the_limit_is_refused(length, fits):
    content = b"name,notes\nkim," + b"x" * length + b"\n"
    if fits:
        assert len(list(read(content).records())) == 1
    else:
        assert refusal(content) == "file_cell_too_long"


def test_an_overlong_cell_is_refused_with_its_line():
    with pytest.raises(UnreadableFile) as refused:
        list(read(b'name,notes\na,b\nkim,"' + b"x\n" * 60_000 + b'"\n').records())
    assert refused.value.particulars["line"] == 3
