"""Files as people have them become header and records; what is no book is refused by its cause."""

import codecs
import csv
import hashlib
import io
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpcore.config import config_files
from fpcore.config.paths import ROOT
from fpcore.errors import UnreadableFile
from fpcore.importing import (
    book_file,
    delimited,
    encoding,
    lanes,
    limits,
    private_files,
    words,
)
from fpcore.importing.book_file import Reading
from fpcore.importing.delimited import Text
from fpcore.importing.layout import look
from fpcore.store import database, opening
from fpcore.store.connecting import IN_MEMORY

WORDS = words.parsed("book_words.toml", config_files.content(words.BOOK_WORDS))
BOOK = "고객명,보험종류\n똠방각하,생명\n펲시,건강\n"
RECORDS = [(2, ["똠방각하", "생명"]), (3, ["펲시", "건강"])]


@pytest.fixture(scope="module")
def db(tmp_path_factory) -> Iterator[database.Database]:
    path = tmp_path_factory.mktemp("[book]'s") / "book*.duckdb"
    db = opening.open_database(str(path), create=True)
    yield db
    db.close()


def stored(db, relation: str, columns: int, line_of_first: int | None) -> list:
    """Give what a relation holds: (line, cells, surplus), where empty is NULL."""
    return [
        (
            line_of_first + number if row["line"] is None else row["line"],
            [row[f"c{place}"] or None for place in range(1, columns + 1)],
            row["surplus"],
        )
        for number, row in enumerate(db.read(f"select * from {relation}"))
    ]


@pytest.fixture
def read(db):
    """Open a file; what was found, and its records as `stored`."""

    def read(source: bytes | Path, **reading) -> SimpleNamespace:
        with book_file.opened(db, "book.csv", source, Reading(**reading)) as file:
            records = stored(db, file.relation, len(file.header), file.line_of_first)
            assert len(records) == file.record_count
        return SimpleNamespace(
            **vars(file),
            is_plain=file.line_of_first is not None,
            rows=[(line, [cell or "" for cell in cells]) for line, cells, _ in records],
            surplus=[surplus for _, _, surplus in records],
        )

    return read


@pytest.fixture
def refusal(read):
    def refusal(source: bytes | Path, **reading) -> tuple[str, dict]:
        with pytest.raises(UnreadableFile) as refused:
            read(source, **reading)
        return refused.value.code, refused.value.particulars

    return refusal


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
def test_every_usual_encoding_is_found_out(read, tmp_path, content, encoding):
    (tmp_path / "고객.csv.gz").write_text(BOOK)  # which no pattern may draw in
    for source in content, tmp_path / "고객*.csv.gz":
        if isinstance(source, Path):
            source.write_bytes(content)
        file = read(source)
        assert (file.encoding, file.header) == (encoding, ["고객명", "보험종류"])
        assert (file.rows, file.is_plain) == (RECORDS, True)
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("encoding", encoding.ENCODINGS)
def test_a_chosen_encoding_is_used(read, encoding):
    assert read(BOOK.encode(encoding), encoding=encoding).rows == RECORDS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_large_file_is_read_piece_by_piece(read, encoding):
    rows = [["가" * (number % 50), f"{number:,}"] for number in range(40_000)]
    out = io.StringIO()
    csv.writer(out).writerows([["이름", "보험료"], *rows])
    file = read(out.getvalue().encode(encoding))
    assert file.rows == list(enumerate(rows, start=2))
    assert (file.is_plain, len(file.head)) == (True, limits.HEAD)


@pytest.mark.parametrize("delimiter", delimited.DELIMITERS)
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"], ids=["crlf", "lf", "cr"])
def test_delimiters_and_line_ends_are_found_out(read, delimiter, newline):
    text = BOOK.replace(",", delimiter).replace("\n", newline)
    file = read(text.encode())
    assert (file.delimiter, file.rows) == (delimiter, RECORDS)
    assert file.is_plain == (newline != "\r")


@pytest.mark.parametrize(
    ("text", "delimiter", "row"),
    [
        ('"이름, 성명";"금액"\n"김, 하나";"1,000"\n', ";", ["김, 하나", "1,000"]),
        ("이름;금액\n김;1,000\n이;2,000\n", ";", ["김", "1,000"]),
        ("이름|시각\n김|12:30:10\n", "|", ["김", "12:30:10"]),
        ("'이름','금액'\n'김','1,000'\n'이','0'\n", ",", ["김", "1,000"]),
        ("이름,비고\nO'Brien,'70s\n", ",", ["O'Brien", "'70s"]),
    ],
)
def test_the_delimiter_is_not_misled(read, text, delimiter, row):
    file = read(text.encode())
    assert (file.delimiter, file.rows[0]) == (delimiter, (2, row))


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"], ids=["crlf", "lf", "cr"])
def test_a_record_is_numbered_by_the_line_on_which_it_begins(read, newline):
    lines = ["이름,비고", '김,"첫 줄', "둘째", '셋째"', "", "이,없음", ",", '박,"""인용"""']
    assert read(newline.join(lines).encode()).rows == [
        (2, ["김", newline.join(["첫 줄", "둘째", "셋째"])]),
        (6, ["이", "없음"]),
        (8, ["박", '"인용"']),
    ]


def test_a_header_of_brackets_only_is_read_at_once(read):
    brackets, began = "(" * 60_000, time.process_time()
    assert read(f"{brackets},보종(단위{' :' * 10_000}\n김,생명\n".encode()).header[0] == brackets
    assert time.process_time() - began < 2


def test_blank_lines_above_the_header_are_passed_over(read):
    file = read("\n,,\n이름,보종\n김,생명\n".encode())
    assert (file.header_line, file.rows) == (3, [(4, ["김", "생명"])])


@pytest.mark.parametrize(
    ("lines", "header_line", "titles"),
    [
        (["고객 명부", "", "2026년,11월,", "고객명,보험료(만원),번호", "김,3,x"], 4, 2),
        (["고객 명부,작성자,김", "고객명,보험료,비고", "김,3,x"], 2, 1),
        (["명부", "가,나,다", "김,3,x"], 2, 1),
        (["명부", "가,나", "김,3,x", "이,4,y"], 3, 2),
        (['"이름","보험', '종류"', "김,생명"], 1, 0),
        (['명부 5"', "이름,보종", "김,생명"], 2, 1),
    ],
)
def test_the_header_is_found_under_titles(read, lines, header_line, titles):
    file = read("\n".join([*lines, "박,5"]).encode())
    assert (file.header_line, len(file.titles)) == (header_line, titles)
    assert file.rows[-1][0] == len(lines) + 1
    assert file.rows[-1][1][:2] == ["박", "5"]


def test_a_line_break_in_a_header_becomes_a_blank_and_titles_one_text(read):
    file = read('명부, ,11월\n\n"고객\n 명",보종\n김,생명\n이,건강\n'.encode())
    assert (file.titles, file.header) == (["명부 11월"], ["고객 명", "보종"])
    assert (file.is_plain, file.rows) == (True, [(5, ["김", "생명"]), (6, ["이", "건강"])])


def test_the_header_line_can_be_said(read, refusal):
    content = "이름,보종\n\n가,나\n김,생명\n".encode()
    file = read(content, header_line=3)
    assert (file.header, file.titles, file.rows) == (
        ["가", "나"],
        ["이름 보종"],
        [(4, ["김", "생명"])],
    )
    for line in 0, 2, 5:
        assert refusal(content, header_line=line) == ("file_no_header_line", {"line": line})


def test_headers_may_be_empty_or_the_same(read):
    file = read("이름,,이름,,\n김,1,2,,\n".encode())
    assert (file.header, file.rows) == (["이름", "", "이름"], [(2, ["김", "1", "2"])])
    assert read("이름,보종\n".encode()).record_count == 0


@pytest.mark.parametrize("cells", [["", ""], ["", " 여분 ", "둘"]])
def test_cells_beyond_the_header_are_kept(read, cells):
    file = read(("이름,보종\n" + "김,생명," + ",".join(cells)).encode())
    assert file.rows == [(2, ["김", "생명"])]
    assert file.surplus == ["여분 둘" if any(cells) else None]
    assert file.head == [(2, ["김", "생명", *cells])]


def test_records_shorter_or_longer_than_the_header_are_kept(read):
    file = read(b"name,type,notes\na\nb,life,x,extra\n")
    assert file.rows == [(2, ["a", "", ""]), (3, ["b", "life", "x"])]
    assert (file.surplus, file.head[0]) == ([None, "extra"], (2, ["a"]))
    assert read(b"name,type,notes\na,life\n").rows == [(2, ["a", "life", ""])]


def test_quotes_within_a_cell_without_quotes_are_kept(read):
    rows = [['5"모니터', '그는 "네" 했다'], ['5"', ' "x"']]
    content = "이름,비고\n" + "\n".join(map(",".join, rows))
    assert read(content.encode()).rows == [(2, rows[0]), (3, rows[1])]


@pytest.mark.parametrize(
    ("change", "is_plain"),
    [
        (lambda book: book, True),
        (lambda book: book.rstrip(b"\n"), True),
        (lambda book: book + b"\n\n", True),
        (lambda book: book.replace(b"\n", b"\r\n"), True),
        (lambda book: b"\n\n" + book, True),
        (lambda book: book + b'"a ""b"", c",""\n', True),
        (lambda book: book + b"\n" + b"a,b\n", False),
        (lambda book: book + b",\n", False),
        (lambda book: book + ' ,"\u3000"\n'.encode(), False),
        (lambda book: book + b"a,b\r\n", False),
        (lambda book: book + b"a,b\rc,d\n", False),
        (lambda book: book + b'a,"b\nc"\n', False),
        (lambda book: book + b'a,"b\rc"\nd,e\n', False),
        (lambda book: book + b'a,5"\n', False),
        (lambda book: book + b'a,5"x5"\n', False),
        (lambda book: book + b'a, "b"\n', False),
        (lambda book: book + b"a\n", False),
        (lambda book: book + b"a,b,c\n", False),
        (lambda book: book + b"a," + b"x" * 99_997 + b"\n", True),
        (lambda book: book + b"a," + b"x" * 99_998 + b"\n", False),
        (lambda book: book + b"," * 2000 + b"x\n", False),
        (lambda book: b"name,type\n" + b"a,b\n" * 65_536 + b"\nc,d", False),
    ],
)
def test_only_a_simple_file_is_read_by_duckdb(read, db, tmp_path, change, is_plain):
    """Whichever reads it, what it holds is what the csv module says."""
    content = change(BOOK.encode() * 3)
    file = read(content)
    text = content.decode()
    records = [
        cells for cells in csv.reader(io.StringIO(text, newline="")) if "".join(cells).strip()
    ]
    assert file.is_plain == is_plain
    assert [cells for _, cells in file.rows] == [[*cells, ""][:2] for cells in records[1:]]


LANES = st.one_of(
    st.text(st.sampled_from([",", ",", '"', "\n", "\n", "a", "b", " ", "\r", "가", "\u3000", "'"])),
    st.lists(
        st.sampled_from(
            [
                *(
                    "a,b",
                    "가,나",
                    '"a","b"',
                    '"a,""b""", ',
                    ",x",
                    '"",""',
                    ",",
                    "a",
                    "a,b,",
                    "a,b,c",
                ),
                *("", '"a" ,b', 'a, "b"', 'a,5"', '"a\nb",c', "a,b\r", "x" * 70_000 + ",y", "\\,#"),
            ]
        ),
        min_size=1,
    ).map("\n".join),
)


@given(text=LANES)
def test_both_lanes_give_the_same(db, text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lanes")
    source = Text(folder / "book.csv", ",")
    source.path.write_bytes(b"name,type\n" + text.encode())
    try:
        layout = look(source, WORDS)
    except UnreadableFile:
        return
    plain = lanes.plain_lane(db, source, layout, folder)
    try:
        careful = lanes.careful_lane(source, layout, folder)
    except UnreadableFile:
        assert plain is None
        return
    if plain is not None:
        results = [
            stored(db, relation, len(layout.header), line) for _, relation, line in (plain, careful)
        ]
        assert plain[0] == careful[0]
        assert results[0] == results[1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \r\n\t\n ", "file_empty"),
        (b",,\n,,\n", "file_empty"),
        ("\ufeff\n \n".encode("utf-8"), "file_empty"),
        ("\ufeff".encode("utf-8"), "file_empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06", "file_binary"),
        ("이름,보종\n김\0,생명\n".encode(), "file_binary"),
        ("이름,보종\n김\0,생명\n".encode("utf-16"), "file_binary"),
        (b"name,type\n" + b"kim,life\n" * 1000 + b"\0\0\0", "file_binary"),
        (b"%PDF-1.7\n1 0 obj\n", "file_binary"),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "file_workbook_broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_workbook_broken"),
        (b"\xff\xfa,\x80\n", "file_encoding_unknown"),
        (BOOK.encode("cp949") + b"\xb0", "file_encoding_unknown"),
        (BOOK.encode("utf-16") + b"\xb0", "file_encoding_unknown"),
        ("이름\n김\n".encode(), "file_one_column"),
        ("시각\n12:30\n9\n".encode(), "file_one_column"),
        ("이름,,\n김,,\n".encode(), "file_one_column"),
        ('이름,비고\n김,"끝이 없'.encode(), "file_quote_broken"),
        ('이름,비고\n김,"따옴표" 뒤\n'.encode(), "file_quote_broken"),
        ('이름,비고\n김,"따옴표" \n'.encode(), "file_quote_broken"),
        (b",".join(b"c%d" % i for i in range(501)), "file_too_wide"),
    ],
)
def test_what_is_no_book_is_refused_by_its_cause(refusal, content, code):
    assert refusal(content)[0] == code


def test_a_wrong_chosen_encoding_is_refused(refusal):
    content = "고객명,보종\n김,생명\n"
    assert refusal(content.encode("cp949"), encoding="utf-8")[0] == "file_not_in_encoding"
    assert refusal(content.encode("utf-16") + b"x", encoding="utf-16")[0] == "file_not_in_encoding"


def test_a_file_over_the_limit_is_refused(refusal, monkeypatch):
    monkeypatch.setattr(book_file, "LARGEST_FILE", len(BOOK.encode()) - 1)
    assert refusal(BOOK.encode())[0] == "file_too_large"


@pytest.mark.parametrize(("length", "fits"), [(100_000, True), (100_001, False)])
def test_a_cell_over_the_limit_is_refused(read, refusal, length, fits):
    content = b"name,notes\nkim," + b"x" * length + b"\n"
    if fits:
        assert read(content).record_count == 1
    else:
        assert refusal(content) == ("file_cell_too_long", {"line": 2, "longest": 100_000})


def test_an_overlong_cell_far_down_is_refused_with_its_line(refusal):
    content = b"name,notes\n" + b"a,b\n" * 1000 + b'kim,"' + b"x\n" * 60_000 + b'"\n'
    assert refusal(content) == ("file_cell_too_long", {"line": 1002, "longest": 100_000})
    content = b"name,notes\n" + b"a,b\n" * 1000 + b'kim,"x" \n'
    assert refusal(content) == ("file_quote_broken", {"line": 1002, "longest": 100_000})


def test_a_file_that_changes_while_it_is_read_is_refused(read, refusal, tmp_path, monkeypatch):
    path = tmp_path / "book.csv"
    path.write_text(BOOK)
    look = book_file.look

    def look_late(*given):
        with open(path, "a") as file:
            file.write("김,생명\n")
        return look(*given)

    monkeypatch.setattr(book_file, "look", look_late)
    assert refusal(path)[0] == "file_changed"


def imports(db) -> Path:
    return Path(db.path + ".imports")


@pytest.mark.parametrize("content", [BOOK.encode("cp949"), BOOK.encode() + b",\n"])
def test_what_is_kept_meanwhile_is_private_and_removed(db, content):
    def open_and_fail():
        with book_file.opened(db, "book.csv", content):
            paths = [imports(db), *imports(db).rglob("*")]
            assert len(paths) == 4
            for path in paths:
                mode = 0o700 if path.is_dir() else 0o600
                assert stat.S_IMODE(path.stat().st_mode) == mode
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        open_and_fail()
    assert list(imports(db).iterdir()) == []


def test_nothing_is_left_of_a_refused_file(db, refusal):
    assert refusal(('이름,비고\n김,"끝').encode("cp949"))[0] == "file_quote_broken"
    assert list(imports(db).iterdir()) == []


def test_a_sweep_removes_what_a_killed_process_left(db):
    (imports(db) / "left").mkdir(parents=True)
    (imports(db) / "left" / "upload").touch()
    private_files.sweep(db)
    assert not imports(db).exists()
    private_files.sweep(db)


def test_a_database_in_memory_needs_no_folder_beside_it():
    db = opening.open_database(IN_MEMORY)
    with book_file.opened(db, "book.csv", BOOK.encode()) as file:
        assert db.read(f"select c1 from {file.relation} limit 1") == [{"c1": "똠방각하"}]
    private_files.sweep(db)
    db.close()
    assert not os.path.exists(":memory:.imports")


XML = '<?xml version="1.0" encoding="UTF-8"?>'
OFFICE = "http://schemas.openxmlformats.org"
PARTS = f"{OFFICE}/officeDocument/2006/relationships"
SHEETS = f"{OFFICE}/spreadsheetml/2006/main"
STYLES = "<cellXfs>" + "".join(f'<xf numFmtId="{code}"/>' for code in (0, 14, 22)) + "</cellXfs>"
DATE, DATE_TIME = 1, 2  # places in STYLES


def xlsx(sheets: dict[str, dict[str, str]], hidden: tuple[str, ...] = ()) -> bytes:
    """Write a workbook: cells as {"B3": the XML of a cell behind its place}."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:

        def write(name, element, namespace, inner):
            file.writestr(name, f'{XML}<{element} xmlns="{namespace}">{inner}</{element}>')

        def relations(*targets):
            return "".join(
                f'<Relationship Id="r{i}" Type="{PARTS}/{kind}" Target="{target}"/>'
                for i, (kind, target) in enumerate(targets)
            )

        write("[Content_Types].xml", "Types", f"{OFFICE}/package/2006/content-types", "")
        package = f"{OFFICE}/package/2006/relationships"
        write(
            "_rels/.rels",
            "Relationships",
            package,
            relations(("officeDocument", "xl/workbook.xml")),
        )
        targets = [("worksheet", f"worksheets/sheet{i}.xml") for i in range(len(sheets))]
        write(
            "xl/_rels/workbook.xml.rels",
            "Relationships",
            package,
            relations(*targets, ("styles", "styles.xml")),
        )
        write("xl/styles.xml", "styleSheet", SHEETS, STYLES)
        names = "".join(
            f'<sheet name="{name}" sheetId="{i + 1}" r:id="r{i}" xmlns:r="{PARTS}"'
            f' state="{"hidden" if name in hidden else "visible"}"/>'
            for i, name in enumerate(sheets)
        )
        write("xl/workbook.xml", "workbook", SHEETS, f"<sheets>{names}</sheets>")
        for i, cells in enumerate(sheets.values()):
            inner = "".join(
                f'<row r="{place.strip("ABCDEFXYZ")}"><c r="{place}" {cell}</c></row>'
                for place, cell in cells.items()
            )
            write(
                f"xl/worksheets/sheet{i}.xml",
                "worksheet",
                SHEETS,
                f"<sheetData>{inner}</sheetData>",
            )
    return content.getvalue()


def text(value: str) -> str:
    return f't="inlineStr"><is><t xml:space="preserve">{value}</t></is>'


def number(value: str, style: int = 0) -> str:
    return f's="{style}"><v>{value}</v>'


SMALL = {"A1": text("이름"), "B1": text("보종"), "A2": text("김"), "B2": text("생명")}


def test_a_sheet_is_read_with_its_rows_as_lines(read):
    content = xlsx({"명부": {"B3": text("고객\n명"), "C3": text("보종"), "B5": text("김, 하나")}})
    file = read(content)
    assert (file.header, file.header_line) == (["고객 명", "보종"], 3)
    assert file.rows == [(5, ["김, 하나", ""])]
    assert (file.encoding, file.delimiter, file.sheets, file.sheet) == (
        None,
        None,
        ("명부",),
        "명부",
    )


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (text("  두\n줄 "), "  두\n줄 "),
        (number("46348", DATE), "2026-11-22"),
        ('t="d"><v>2026-11-22T00:00:00</v>', "2026-11-22"),
        (number("46348.5", DATE_TIME), "2026-11-22 12:00:00"),
        ('t="d"><v>2026-11-22</v>', "2026-11-22"),
        (number("36000000"), "36000000"),
        (number("3.3000000000000003"), "3.3"),
        (number("1E-7"), "0.0000001"),
        (number("1E+16"), "10000000000000000"),
        (number("12345678901234568"), "12345678901234568"),
        (number("-12.5"), "-12.5"),
        ('t="b"><v>1</v>', "Y"),
        ('t="b"><v>0</v>', "N"),
        ('t="e"><v>#N/A</v>', ""),
        (">", ""),
    ],
)
def test_cells_of_a_sheet_become_text(read, cell, said):
    content = xlsx({"명부": {**SMALL, "A2": cell, "B2": text("x")}})
    assert read(content).rows == [(2, [said, "x"])]


def test_the_sheet_is_the_first_visible_one_that_is_a_table_or_the_one_named(
    read, refusal, tmp_path
):
    other = {**SMALL, "A2": text("이")}
    sheets = {"표지": {"A1": text("명부")}, "숨은": SMALL, "첫째": SMALL, "-둘째": other}
    path = tmp_path / "명부.xlsx"
    path.write_bytes(xlsx(sheets, hidden=("숨은",)))
    file = read(path)
    assert (file.sheets, file.sheet) == (("표지", "첫째", "-둘째"), "첫째")
    assert (file.rows, file.is_plain) == ([(2, ["김", "생명"])], True)
    assert read(path, sheet="-둘째").rows == [(2, ["이", "생명"])]
    assert refusal(path, sheet="표지")[0] == "file_one_column"
    for sheet in "숨은", "없는", "":
        assert refusal(path, sheet=sheet) == ("file_no_such_sheet", {"sheet": sheet})


def test_a_workbook_that_shows_nothing_is_empty(refusal):
    assert refusal(xlsx({"빈": {}}))[0] == "file_empty"
    assert refusal(xlsx({"숨은": SMALL}, hidden=("숨은",)))[0] == "file_empty"


def test_a_sheet_too_wide_for_the_memory_ends_only_its_own_process(refusal):
    """From the first cell to the farthest there are 17 thousand million."""
    assert (
        refusal(xlsx({"명부": {**SMALL, "XFD1048576": number("1")}}))[0] == "file_workbook_broken"
    )


def test_a_damaged_workbook_is_refused(refusal):
    content = xlsx({"명부": SMALL})
    assert refusal(content[: len(content) // 2])[0] == "file_workbook_broken"


def test_the_process_that_reads_a_workbook_starts_with_little():
    heavy = "duckdb numpy pandas pyarrow pydantic streamlit".split()
    program = (
        f"import sys, fpcore.importing.workbook; sys.exit(bool(set({heavy}) & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
