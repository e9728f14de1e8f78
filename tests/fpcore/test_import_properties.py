"""Whatever a book looks like, nothing of it is lost: every row is stored as meant, or told of.

Books are drawn together with what is meant by them, and written as files in many ways. What must
become of each row is said here a second time, in Python, by whoever put the faults in.
"""

import csv
import io
import itertools
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from unittest.mock import patch
from xml.sax.saxutils import escape

import hypothesis.strategies as st
from agency import STATEMENT, TODAY
from examples import few
from hypothesis import HealthCheck, given

from fpcore.importing import book_file, importer, making, undoing
from fpcore.importing.importer import ImportOptions
from fpcore.importing.matching import QUESTIONS
from fpcore.importing.rejects import rejects_csv
from fpcore.importing.report import ImportReport
from fpcore.kept import comparison
from fpcore.models import WHOLE_LIFE, Account
from fpcore.privacy import REMOVED
from fpcore.store.database import Database

RESIDENT_NUMBER = "850302-1234567"
HELD = ("customer", "policy", "consent", "customer_row")

# --- What is meant -----------------------------------------------------------------------------

GENDERS = {"": None, "남": "M", "여성": "F"}
NOTES = {"": None, "가, 나": "가, 나", '"큰" 집\n2층': '"큰" 집\n2층', "- 없음": "- 없음",
         f"주민 {RESIDENT_NUMBER}": f"주민 {REMOVED}"}  # fmt: skip
TYPES = {"생명": "life", "실손": "health", "자동차": "car", "주택화재": "home", "상해": "accident"}
STATUSES = {"": None, "유지": "active", "해지": "cancelled", "만기": "expired", "청약": "pending"}
CYCLES = {"": None, "월납": "monthly", "3개월납": "quarterly", "연납": "annual", "일시납": "single"}
DAYS = [date(1999, 12, 31), date(2003, 6, 1), date(2020, 3, 6), date(2026, 11, 22)]
ENDS = [date(2026, 11, 21), TODAY, date(2030, 1, 1), date(2070, 2, 28)]
COVERAGES = [0, 150_000_000, 30_000_000, 123_450_000]
DEBTS = [None, 0, 50_000_000, 123_450_000]
DEPENDANTS = {"": None, "미상": None, "0": 0, "2명": 2}
HOUSING = {"": None, "자가": "own", "월세": "rent", "사택": "other"}
PREMIUMS = [48_720, 10_000, 1_234_560]


@dataclass
class Row:
    """A row of a book: its cells by header, what they mean, and what is wrong with them.

    `meant` has the values of customer and policy (of the latter none where it is a customer's
    only row); `right` the cells where it has a fault. `line` is known once it is written.
    """

    cells: dict[str, str]
    owner: str
    customer: dict
    policy: dict | None
    codes: set[str] = field(default_factory=set)
    right: dict[str, str] | None = None
    surplus: str = ""
    is_repeated: bool = False
    line: int = 0

    @property
    def is_taken(self) -> bool:
        return not self.codes

    @property
    def is_question(self) -> bool:
        return bool(self.codes) and self.codes <= QUESTIONS


@dataclass
class Book:
    """`rows` in their order, `earlier` those of them (by place) that an older book has already,
    with another premium where it is said."""

    rows: list[Row]
    headers: list[str]
    has_statement: bool
    units: dict[str, int]
    earlier: list[Row]


def written_day(draw, day: date | None) -> str:
    if day is None:
        return draw(st.sampled_from(["", "-", "미상"]))
    ways = ["%Y-%m-%d", "%Y.%m.%d", "%Y%m%d", "%Y/%m/%d", "%Y년 %m월 %d일", "%Y-%m-%d 00:00:00"]
    return "종신" if day == WHOLE_LIFE else day.strftime(draw(st.sampled_from(ways)))


def written_amount(draw, amount: int | None, unit: int, is_bare: bool = False) -> str:
    """Write won in one of the usual ways, plain numbers in `unit`."""
    if amount is None:
        return draw(st.sampled_from(["", "-", "미제공"]))
    plain = Decimal(amount) / unit
    if is_bare:
        return f"{plain.normalize():f}"
    ways = [f"{plain.normalize():f}", f"{amount:,}원", f"￦{amount}"]
    if amount >= 100_000_000 and amount % 10_000 == 0:
        ways.append(f"{amount // 100_000_000}억 {amount // 10_000 % 10_000:,}만")
    elif amount % 10_000 == 0 and amount:
        ways.append(f"{amount // 10_000:,}만원")
    return draw(st.sampled_from(ways))


@st.composite
def books(draw) -> Book:
    """Draw a book of one or two FPs, faults and all."""
    owners = draw(st.sampled_from([["fp1"], ["fp1", "fp2"]]))
    has_keys, has_cycle, has_consent, is_bare = (
        draw(st.booleans()), draw(st.booleans()), draw(st.booleans()),
        draw(st.integers(0, 3)) == 0,
    )  # fmt: skip
    unit = draw(st.sampled_from([1, 10_000]))
    coverage = "가입금액" if is_bare or unit == 1 else "가입금액(만원)"
    units = {"coverage_amount": 10_000} if is_bare else {}
    unit = 10_000 if is_bare else unit
    headers = "고객명 생년월일 성별 휴대폰 비고 보종 보험사 증권번호 상품명 보험료 상태".split()
    headers += ["계약일", "만기일", coverage]
    headers += ["고객번호"] * has_keys + ["납입주기"] * has_cycle + ["개인정보동의"] * has_consent
    headers += ["담당FP"] * (len(owners) > 1)
    has_circumstances = draw(st.booleans())
    headers += ["부채(만원)", "부양가족수", "주거형태"] * has_circumstances

    rows: list[Row] = []
    for owner, number in itertools.product(owners, range(draw(st.integers(1, 4)))):
        day = draw(st.sampled_from(DAYS[:3]))
        phone = f"0101234{len(rows):04}" if draw(st.booleans()) else None
        gender, note = draw(st.sampled_from(list(GENDERS))), draw(st.sampled_from(list(NOTES)))
        customer = {
            "name": f"{'김이박최'[number]}{'하두세'[draw(st.integers(0, 2))]}나",
            "source_key": f"K-{number}" if has_keys else None,
            "birth_date": day, "birth_year": day.year, "gender": GENDERS[gender],
            "phone": phone and f"010-****-{phone[-4:]}", "notes": NOTES[note],
        }  # fmt: skip
        debts, dependants, housing = (
            draw(st.sampled_from(DEBTS)), draw(st.sampled_from(list(DEPENDANTS))),
            draw(st.sampled_from(list(HOUSING))),
        )  # fmt: skip
        circumstances = {
            "debts": debts, "dependants": DEPENDANTS[dependants], "housing": HOUSING[housing],
        }  # fmt: skip
        customer |= circumstances if has_circumstances else dict.fromkeys(circumstances)
        about = {
            "고객명": customer["name"], "성별": gender, "비고": note, "담당FP": owner,
            "휴대폰": phone or "", "고객번호": f"K-{number}", "개인정보동의": "Y",
            "부양가족수": dependants, "주거형태": housing,
        }  # fmt: skip
        for which in range(max(policies := draw(st.integers(0, 4)), 1)):
            cells = about | {"생년월일": written_day(draw, day)}
            cells["부채(만원)"] = written_amount(draw, debts, 10_000)
            policy = None
            if policies:
                policy, said = draw_policy(
                    draw, f"{owner}{number}{which}", has_cycle, unit, is_bare
                )
                cells |= said | {coverage: said["가입금액"]}
            rows.append(Row({h: cells.get(h, "") for h in headers}, owner, customer, policy))
    rows = draw(st.permutations(rows))
    earlier = draw_earlier(draw, rows) if not is_bare else []
    for place, row in enumerate(rows):
        if is_bare and row.policy and row.policy["coverage_amount"]:
            row.codes.add("unit_unclear")
        if draw(st.integers(0, 2)) == 0:
            put_fault(draw, rows, place, has_consent, earlier)
    taken = [row for row in rows if row.is_taken]
    if taken and not is_bare:
        for row in draw(st.lists(st.sampled_from(taken), max_size=2, unique_by=id)):
            has_number = row.policy is None or row.policy["policy_number"]
            codes = set() if has_number else {"same_row_again"}
            rows.append(replace(row, cells=dict(row.cells), codes=codes, is_repeated=True))
    order = draw(st.permutations(headers))
    return Book(rows, order, not has_consent or draw(st.booleans()), units, earlier)


def draw_policy(draw, number: str, has_cycle: bool, unit: int, is_bare: bool) -> tuple[dict, dict]:
    """Draw a policy: (what is meant, cells)."""
    said = {
        name: draw(st.sampled_from(list(words)))
        for name, words in (("보종", TYPES), ("상태", STATUSES), ("납입주기", CYCLES))
    }
    coverage = draw(st.sampled_from([None, *COVERAGES]))
    premium = draw(st.sampled_from([None, *PREMIUMS]))
    begin, end = draw(st.sampled_from([None, *DAYS])), draw(st.sampled_from([None, *ENDS]))
    if begin is None and draw(st.booleans()):
        end = WHOLE_LIFE
    if begin and end and begin > end:
        begin = None
    cycle = CYCLES[said["납입주기"]] if has_cycle else "monthly"
    if (premium is None and not CYCLES[said["납입주기"]]) or (not has_cycle and premium is None):
        cycle = None
    is_over = end is not None and end < TODAY
    meant = {
        "policy_number": f"P-{number}" if draw(st.booleans()) else None,
        "policy_name": f"상품 {number}", "insurer": draw(st.sampled_from(["삼성생명", "현대해상"])),
        "type": TYPES[said["보종"]], "coverage_amount": coverage, "premium_amount": premium,
        "premium_cycle": cycle, "start_date": begin, "end_date": end, "currency": "KRW",
        "status": STATUSES[said["상태"]] or ("expired" if is_over else "active"),
    }  # fmt: skip
    said |= {
        "보험사": meant["insurer"], "증권번호": meant["policy_number"] or "",
        "상품명": meant["policy_name"],
        "가입금액": written_amount(draw, coverage, unit, is_bare),
        "보험료": written_amount(draw, premium, 1), "계약일": written_day(draw, begin),
        "만기일": written_day(draw, end),
    }  # fmt: skip
    return meant, said


def draw_earlier(draw, rows: list[Row]) -> list[Row]:
    """Draw some of the rows as they were in an older book: with a number, another premium too."""
    numbered = [row for row in rows if row.policy and row.policy["policy_number"]]
    known = [row for row in numbered if row.policy["premium_amount"]]
    earlier = []
    if known and draw(st.integers(0, 3)):
        for row in draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique_by=id)):
            policy = {**row.policy, "premium_amount": draw(st.sampled_from(PREMIUMS))}
            cells = {**row.cells, "보험료": str(policy["premium_amount"])}
            earlier.append(replace(row, cells=cells, policy=policy, codes=set()))
    return earlier


def put_fault(draw, rows: list[Row], place: int, has_consent: bool, earlier: list[Row]) -> None:
    """Put a fault into a row, and note which code must be told."""
    row = rows[place]
    is_alone = sum(other.customer is row.customer for other in [*rows, *earlier]) == 1
    faults: list[tuple[dict[str, str], str]] = [
        ({"고객명": "", **({"고객번호": ""} if "고객번호" in row.cells else {})}, "missing"),
        ({"생년월일": "2001-02-30"}, "not_understood"),
        ({"생년월일": "2026-11-23"}, "birth_out_of_range"),
        ({"성별": "글쎄"}, "not_among"),
        ({"휴대폰": "12345"}, "not_understood"),
    ]
    if has_consent:
        faults += [
            ({"개인정보동의": "N"}, "consent_refused"),
            ({"개인정보동의": "?!가"}, "not_among"),
        ]
    if "담당FP" in row.cells:
        faults += [({"담당FP": "fp3"}, "owner_unknown"), ({"담당FP": "퇴사자"}, "owner_unknown")]
    if "부채(만원)" in row.cells:
        faults += [
            ({"부채(만원)": "많음"}, "not_understood"), ({"부채(만원)": "-1"}, "negative"),
            ({"부채(만원)": "$50,000"}, "not_in_won"), ({"주거형태": "동굴"}, "not_among"),
            ({"부양가족수": "21명"}, "dependants_out_of_range"),
        ]  # fmt: skip
    if "고객번호" not in row.cells:
        faults.append(({"고객명": "김*나"}, "masked_name"))
    elif is_alone:
        faults.append(({"고객명": ""}, "customer_number_unknown"))
    if row.policy:
        faults += [
            ({"상태": "어떻게"}, "not_among"), ({"보종": "무엇"}, "not_among"),
            ({"계약일": "2020-13-45"}, "not_understood"), ({"보험료": "-48720"}, "negative"),
            ({"보험료": "48720.5"}, "not_whole_won"), ({"보험료": "많음"}, "not_understood"),
            ({"계약일": "2031-01-01", "만기일": "2030-12-31"}, "end_before_start"),
            ({"surplus": "남는 칸"}, "too_many_cells"),
        ]  # fmt: skip
        strangers = [
            ({"증권번호": other.policy["policy_number"], "보험사": other.policy["insurer"]},
             "number_of_another")
            for other in rows[:place]
            if other.policy and other.policy["policy_number"] and other.is_taken
            and other.customer is not row.customer and other.owner == row.owner
        ]  # fmt: skip
        if strangers and draw(st.booleans()):
            faults = strangers
    wrong, code = draw(st.sampled_from(faults))
    if code == "number_of_another" and row.codes:  # is not looked for in a row held back already
        return
    row.right, row.surplus = dict(row.cells), wrong.pop("surplus", "")
    row.cells |= wrong
    row.codes.add(code)


# --- Files -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Style:
    """How a book is written."""

    encoding: str | None  # None: a workbook
    delimiter: str
    newline: str
    quoting: int
    titles: int
    empty_columns: tuple[int, ...]
    has_totals: bool
    empty_rows: bool


STYLES = st.builds(
    Style,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949", None]),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    titles=st.integers(0, 2),
    empty_columns=st.lists(st.integers(0, 2), max_size=2).map(tuple),
    has_totals=st.booleans(),
    empty_rows=st.booleans(),
)


def write(book: Book, style: Style) -> bytes:
    """Write a book as a file; each of its rows is told its line."""
    if style.encoding is None:  # in a sheet, a cell beyond the others has a column without a name
        for row in book.rows:
            row.surplus = ""
            row.codes.discard("too_many_cells")
    headers = list(book.headers)
    for place in style.empty_columns:
        headers.insert(place, "")
    records: list[tuple[list[str], Row | None]] = [
        (["우리 지점 명부", f"{number}"][: 2 - number], None) for number in range(style.titles)
    ]
    records.append((headers, None))
    for number, row in enumerate(book.rows):
        cells = [row.cells.get(header, "") for header in headers]
        if style.empty_rows and number % 2:
            records.append(([""] * len(cells) if number % 4 == 1 else [], None))
        records.append((cells + [row.surplus] * bool(row.surplus), row))
    if style.has_totals:
        place = next(i for i, header in enumerate(headers) if header)
        total = [
            "합계" if i == place else "9,999,999" if header == "보험료" else ""
            for i, header in enumerate(headers)
        ]
        records.append((total, None))
    return write_workbook(records) if style.encoding is None else write_text(records, style)


def write_text(records: list[tuple[list[str], Row | None]], style: Style) -> bytes:
    lines, text = 1, ""
    for cells, row in records:
        out = io.StringIO()
        dialect = {"delimiter": style.delimiter, "lineterminator": style.newline}
        csv.writer(out, quoting=style.quoting, **dialect).writerow(cells)
        if row is not None:
            row.line = lines
        lines += out.getvalue().count("\n" if "\n" in style.newline else "\r")
        lines += sum(cell.count("\n") for cell in cells if style.newline == "\r")
        text += out.getvalue()
    return text.encode(style.encoding)


def write_workbook(records: list[tuple[list[str], Row | None]]) -> bytes:
    """Write the one sheet of an Excel workbook; whole numbers as numbers."""
    lines = []
    for number, (cells, row) in enumerate(records, start=1):
        if row is not None:
            row.line = number
        lines.append(f'<row r="{number}">{"".join(map(_cell, cells))}</row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{document}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{document}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{document}"><sheets>'
        '<sheet name="명부" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}'
        "</sheetData></worksheet>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in parts.items():
            file.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return content.getvalue()


def _cell(text: str) -> str:
    if text.isdigit() and str(int(text)) == text:
        return f"<c><v>{text}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


# --- What must become of it --------------------------------------------------------------------


def emptied(db: Database) -> None:
    """Take out what a failed example left."""

    def work(cursor):
        for table in (*HELD, "customer_before", "policy_before", "audit", "import_batch"):
            cursor.execute(f"delete from {table}")

    db.transaction(work)


def held(db: Database) -> dict[str, list[dict]]:
    """All that is held of customers."""
    return {table: db.read(f"from {table} order by id") for table in HELD}


def stored(db: Database) -> tuple[Counter, Counter]:
    """What is stored of customers and of policies, in the words of `meant`."""
    customers = db.read("select c.*, username from customer c join account a on a.id = c.owner_id")
    policies = db.read(
        "select p.*, username, c.name as customer from policy p "
        "join customer c on c.id = p.customer_id join account a on a.id = c.owner_id"
    )
    return (
        Counter((one["username"], *(one[name] for name in CUSTOMER)) for one in customers),
        Counter(
            (one["username"], one["customer"], *(one[name] for name in POLICY)) for one in policies
        ),
    )


CUSTOMER = (
    "name source_key birth_date birth_year gender phone notes debts dependants housing"
).split()
POLICY = (
    "policy_number policy_name insurer type coverage_amount premium_amount premium_cycle "
    "start_date end_date currency status"
).split()


def meant(rows: list[Row]) -> tuple[Counter, Counter]:
    """What these rows mean: each customer once, each policy once."""
    customers = {(row.owner, *row.customer.values()): _ordered(row) for row in rows}
    policies = {
        (row.owner, row.policy["policy_name"]): (
            row.owner, row.customer["name"], *(row.policy[name] for name in POLICY),
        )
        for row in rows if row.policy
    }  # fmt: skip
    return Counter(customers.values()), Counter(policies.values())


def _ordered(row: Row) -> tuple:
    return (row.owner, *(row.customer[name] for name in CUSTOMER))


def told(report: ImportReport) -> dict:
    """All that a report says of the rows; of a preview that is what the import will say."""
    names = (
        "rows created updated unchanged rejected questions customers_created policies_created "
        "notes doubts unknown_words changes kept gone_count rejects"
    ).split()
    return {name: getattr(report, name) for name in names}


def held_back(report: ImportReport) -> list[tuple[set[str], bool]]:
    return [({p.code for p in row.problems}, row.is_question) for row in report.rejects]


@few(3, suppress_health_check=list(HealthCheck))
@given(book=books(), style=STYLES, is_small=st.booleans())
def test_every_row_is_stored_as_meant_or_told_of(book, style, is_small, office):
    """Read as a small book or as a large one, by whichever lane: all the same."""
    few_rows, other = (1000, -1) if is_small else (-1, 1000)
    with patch.object(making, "FEW_ROWS", few_rows):
        is_stored_or_told_of(book, style, other, office.db, office.people["manager1"])


def is_stored_or_told_of(book: Book, style: Style, other: int, db: Database, manager: Account):
    emptied(db)
    batches = []
    owner = None
    if "담당FP" not in book.headers:
        owner = db.read("select id from account where username = 'fp1'")[0]["id"]
    said = ImportOptions(consent_basis=STATEMENT if book.has_statement else None, owner_id=owner)

    def run(content: bytes, **answers) -> ImportReport:
        args = (db, manager, "book.csv", content, said.model_copy(update=answers), TODAY)
        report = importer.import_book(*args)
        batches.append(report.batch)
        parts = report.created, report.updated, report.unchanged, report.rejected
        assert report.rows == sum(parts) + report.questions
        assert len(report.rejects) == report.held_back
        assert comparison.differences(db, TODAY) == []
        return report

    plain = replace(style, titles=0, empty_columns=(), has_totals=False, empty_rows=False)
    if book.earlier:
        run(write(replace(book, rows=book.earlier), plain))
        assert stored(db) == meant(book.earlier)

    content = write(book, style)
    args = (db, manager, "book.csv", content, said, TODAY)
    preview = importer.preview(*args)
    with (
        patch.object(book_file, "plain_lane", lambda *_: None),
        patch.object(making, "FEW_ROWS", other),
    ):
        assert told(importer.preview(*args)) == told(preview)
    report = run(content)
    assert told(report) == told(preview)
    taken = [row for row in book.rows if row.is_taken]
    wrong = [row for row in book.rows if not row.is_taken]
    assert [(row.line, codes, row.is_question) for row, (codes, _) in zip(
        report.rejects, held_back(report), strict=True)
    ] == [(row.line, row.codes, row.is_question) for row in wrong]  # fmt: skip
    assert report.rows == len(book.rows)
    assert report.rejected == sum(not row.is_question for row in wrong)
    assert dict(report.notes).get("total_rows", 0) == style.has_totals
    assert dict(report.notes).get("forbidden_numbers", 0) == sum(
        RESIDENT_NUMBER in str(row.cells) for row in book.rows
    )
    assert stored(db) == meant([*book.earlier, *taken])
    assert (report.created, report.updated) == expected_changes(book, taken)

    after = held(db)
    again = run(content)
    assert (again.created, again.updated, again.unchanged) == (0, 0, len(taken))
    assert held(db) == after
    assert again.rejects == report.rejects

    # What is held back is written to a file, uploaded as it is, corrected and uploaded again.
    reasons = ["; ".join(problem.code for problem in row.problems) for row in report.rejects]
    rejects = rejects_csv(report, reasons)
    assert RESIDENT_NUMBER.encode() not in rejects
    if wrong:
        once_more = run(rejects)
        expected = [(row.codes, row.is_question) for row in wrong]
        expected = [one for one in expected if one[0] != {"same_row_again"}]  # known by now
        assert held_back(once_more) == expected
        assert held(db) == after
        run(corrected(rejects, wrong, report), units=book.units)
    assert stored(db) == meant([*book.earlier, *book.rows])

    for batch in reversed(batches):
        assert undoing.undo(db, manager, batch, TODAY).left_count == 0
        assert comparison.differences(db, TODAY) == []
    assert held(db) == {table: [] for table in HELD}


def expected_changes(book: Book, taken: list[Row]) -> tuple[int, int]:
    """(rows created, rows updated): an older book knows some of their policies and customers."""
    known = {row.policy["policy_name"]: row.policy for row in book.earlier}
    customers = {_ordered(row) for row in book.earlier}
    created = updated = 0
    for row in taken:
        if row.is_repeated:
            continue
        if row.policy is None:
            created += _ordered(row) not in customers
        elif row.policy["policy_name"] not in known:
            created += 1
        else:
            updated += row.policy != known[row.policy["policy_name"]]
    return created, updated


def corrected(rejects: bytes, wrong: list[Row], report: ImportReport) -> bytes:
    """Put right in a file of rejects what was wrong, as a person would."""
    delimiter = report.file.delimiter or ","
    header, *lines = csv.reader(io.StringIO(rejects.decode("utf-8-sig")), delimiter=delimiter)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    for cells, row in zip(lines, wrong, strict=True):
        for place, name in enumerate(header):
            if row.right and name and row.right.get(name) != row.cells.get(name):
                cells[place] = row.right[name]
        writer.writerow(cells[: len(header)])
    return out.getvalue().encode()
