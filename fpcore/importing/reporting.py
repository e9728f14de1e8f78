"""Tell what becomes of a book: every row with one outcome, and all that a person should know.

Reads the temporary tables of one import, once matching has made them.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from fpcore import privacy
from fpcore.checks import LONGEST_QUOTE
from fpcore.importing import loading
from fpcore.importing.book_file import BookFile
from fpcore.importing.headers import AMOUNTS, Columns
from fpcore.importing.matching import POLICY_VALUES, QUESTIONS, customer_values
from fpcore.models import LONGEST_NAME, WON
from fpcore.sheets import no_formula
from fpcore.store import database
from fpcore.store.database import Cursor

MOST_HELD_BACK = 100_000
"""So many of the rows that are held back are given with their cells; all are counted."""

MOST_LISTED = 200
LONGEST_WORD = 2 * LONGEST_NAME  # of what an answer is about, and has to say again
SAMPLES = 5


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken: the field, a code and the text found there."""

    field: str
    code: str
    text: str | None


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not taken: its line in the file, its cells, and every reason."""

    line: int
    cells: list[str]
    problems: list[Problem]

    @property
    def is_question(self) -> bool:
        """Whether answers would let the row in."""
        return all(problem.code in QUESTIONS for problem in self.problems)


@dataclass(frozen=True)
class Change:
    """What an update changes: a field of a customer or of a policy, before and after."""

    record: str
    customer: str
    policy: str | None
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class KeptEdit:
    """A field that stays as a person wrote it, although the file says something else."""

    record: str
    customer: str
    policy: str | None
    field: str


@dataclass(frozen=True)
class GonePolicy:
    """A policy of an earlier import that this file no longer has."""

    customer_id: UUID
    customer: str
    insurer: str | None
    policy: str | None


@dataclass(frozen=True)
class UnknownWord:
    """A text that no table knows, and how many rows have it."""

    field: str
    text: str
    rows: int


@dataclass(frozen=True)
class Doubt:
    """A column that can be read in two ways (`unit_unclear`, `date_unclear`), with examples."""

    field: str
    code: str
    rows: int
    samples: list[str]


@dataclass(frozen=True)
class ImportReport:
    """What became, or would become, of a file.

    Rows: `rows` = `created` + `updated` + `unchanged` + `rejected` + `questions`; the latter two
    are held back. `batch` is None for a preview. `notes` are (code, count): what was understood
    without being said in the file, and what of it may not be kept. `samples` are (line, cells) of
    the first rows that are created, updated and unchanged. The lists hold the first of what is
    counted beside them.
    """

    batch: UUID | None
    file: BookFile
    columns: Columns
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    questions: int
    customers_created: int
    policies_created: int
    notes: list[tuple[str, int]]
    doubts: list[Doubt]
    unknown_words: list[UnknownWord]
    samples: dict[str, list[tuple[int, list[str]]]] = field(repr=False)
    changes: list[Change] = field(repr=False)
    kept: list[KeptEdit] = field(repr=False)
    gone: list[GonePolicy] = field(repr=False)
    gone_count: int
    rejects: list[RejectedRow] = field(repr=False)

    @property
    def taken(self) -> int:
        """The rows that are, or would be, in the database afterwards."""
        return self.created + self.updated + self.unchanged

    @property
    def held_back(self) -> int:
        """The rows that are not taken: faulty ones and questions."""
        return self.rejected + self.questions


def report(cursor: Cursor, file: BookFile, columns: Columns, is_preview: bool) -> ImportReport:
    """Count and list what the tables of this import say. Samples are for a preview only."""
    counts = database.rows(cursor, _COUNTS, {"questions": sorted(QUESTIONS)})[0]
    dropped = sum(column.dropped for column in columns.all)
    notes = database.rows(cursor, _NOTES, {"dropped_columns": dropped})[0]
    gone = database.rows(cursor, _GONE, {"most": MOST_LISTED})
    changes = database.rows(cursor, _changes(columns), {"most": MOST_LISTED})
    kept = database.rows(cursor, _kept(columns), {"most": MOST_LISTED})
    return ImportReport(
        batch=None,
        file=replace(file, head=[]),
        columns=columns,
        notes=[(code, count) for code, count in notes.items() if count],
        doubts=_doubts(cursor, columns),
        unknown_words=_unknown_words(cursor, columns),
        samples=_samples(cursor, file, columns) if is_preview else {},
        changes=[Change(**row) for row in changes],
        kept=[KeptEdit(**row) for row in kept],
        gone=[GonePolicy(**{k: v for k, v in row.items() if k != "all_gone"}) for row in gone],
        gone_count=gone[0]["all_gone"] if gone else 0,
        rejects=_rejects(cursor, file, columns),
        **counts,
    )


_COUNTS = """
with held as (
    select row_no, bool_and(code in $questions) as is_question from book_problem group by row_no
),
made as (
    select (select count(*) from book_person where is_new) as customers,
        (select count(*) from book_new_policy) as policies
),
total as (
    select (select count(*) from book_contract) as rows,
        (select count(*) from held where not is_question) as rejected,
        (select count(*) from held where is_question) as questions,
        policies + (
            select count(*) from book_person p anti join book_new_policy n using (row_no)
            where p.is_new) as created,
        (select count(*) from (
            select row_no from book_policy where is_changed
            union select row_no from book_person where is_changed
                and row_no not in (select row_no from book_new_policy)
            except select row_no from book_person where is_new)) as updated,
        customers, policies
    from made
)
select rows, created, updated, rows - rejected - questions - created - updated as unchanged,
    rejected, questions, customers as customers_created, policies as policies_created
from total
"""

_NOTES = f"""
with taken as (
    select * from book_contract where row_no not in (select row_no from book_problem)
)
select
    count(*) filter (type_from_name) as type_from_name,
    count(*) filter (cycle_assumed) as monthly_assumed,
    count(*) filter (has_policy and coverage_amount is null) as coverage_unknown,
    count(*) filter (has_policy and premium_amount is null) as premium_unknown,
    count(*) filter (has_policy and currency <> '{WON}') as other_currency,
    (select count(*) from book_person where rows_disagree) as rows_disagree,
    (select count(*) from taken t join book_customer c using (customer_no)
        where c.from_resident_number) as resident_numbers,
    (select count(distinct row_no) from book_forbidden) as forbidden_numbers,
    (select count(*) from book_row where is_total) as total_rows,
    (select $dropped_columns) as dropped_columns
from taken
"""
"""What a person should know of the rows that are taken, each with its count; and of the whole
file, what of it is not kept."""


# --- rows of the file ----------------------------------------------------------------------------


def _cells_of(
    cursor: Cursor, file: BookFile, row_nos: Iterable[int]
) -> dict[int, tuple[int, list[str]]]:
    """Read rows of the file again: number -> (line, cells, those beyond the header last)."""
    wanted = sorted(set(row_nos))
    if not wanted:
        return {}
    cells = ", ".join(f"coalesce(c{i + 1}, '')" for i in range(len(file.header)))
    found = cursor.execute(
        f"""
        select row_no, {loading.line_of(file)} as line, [{cells}], surplus
        from (select *, row_number() over () - 1 as row_no
            from (from {file.relation} limit {wanted[-1] + 1}))
        where row_no in (select unnest($wanted::bigint[])) order by row_no
        """,
        {"wanted": wanted},
    ).fetchall()
    return {
        row_no: (line, [*cells, surplus] if surplus else cells)
        for row_no, line, cells, surplus in found
    }


def _rejects(cursor: Cursor, file: BookFile, columns: Columns) -> list[RejectedRow]:
    found = cursor.execute(
        """
        select row_no, list(struct_pack(field := field, code := code)) as problems
        from book_problem group by row_no order by row_no limit $most
        """,
        {"most": MOST_HELD_BACK},
    ).fetchall()
    rows = _cells_of(cursor, file, [row_no for row_no, _ in found])
    return [
        RejectedRow(
            *rows[row_no],
            [
                Problem(**p, text=_quoted(p, rows[row_no][1], columns))
                for p in _in_order(problems, columns)
            ],
        )
        for row_no, problems in found
    ]


def _in_order(problems: list[dict], columns: Columns) -> list[dict]:
    """Each problem once, as the columns stand in the file."""

    def place(problem: dict) -> tuple[int, str]:
        column = columns.of(problem["field"])
        return (column.position if column else -1, problem["code"])

    return sorted((p for i, p in enumerate(problems) if p not in problems[:i]), key=place)


_QUOTED = {
    "type_missing": ("policy_name",),
    "currency_unclear": ("currency", "coverage_amount", "premium_amount"),
    "birth_out_of_range": ("birth_date", "birth_year"),
    "consent_withdrawn": ("name",),
    "customer_number_unknown": ("source_key",),
}
"""Whose cells are quoted with a problem, where it is not the problem's own field."""


def _quoted(problem: dict, cells: list[str], columns: Columns) -> str | None:
    """What the row says there: scrubbed before it is shortened, lest half a number be left."""
    if problem["field"] == "row":
        return privacy.scrubbed(cells[-1])[:LONGEST_QUOTE]
    said = [
        privacy.scrubbed(cells[column.position], name)
        for name in _QUOTED.get(problem["code"], (problem["field"],))
        if (column := columns.of(name)) and cells[column.position].strip()
    ]
    text = " ".join(said) if problem["code"] == "currency_unclear" else next(iter(said), "")
    return text[:LONGEST_QUOTE] or None


_SAMPLED = {
    "created": "select row_no from book_new_policy union all "
    "select row_no from book_person where is_new",
    "updated": "select row_no from book_policy where is_changed union all "
    "select row_no from book_person where is_changed",
    "unchanged": "select row_no from book_policy where not is_changed and row_no not in ("
    "select row_no from book_person where is_new or is_changed)",
}


def _samples(
    cursor: Cursor, file: BookFile, columns: Columns
) -> dict[str, list[tuple[int, list[str]]]]:
    """Give the first rows of each outcome, with the cells that are kept, scrubbed."""
    wanted = {
        outcome: [
            row_no
            for (row_no,) in cursor.execute(
                f"select distinct row_no from ({sql}) order by row_no limit {SAMPLES}"
            ).fetchall()
        ]
        for outcome, sql in _SAMPLED.items()
    }
    rows = _cells_of(cursor, file, [row_no for row_nos in wanted.values() for row_no in row_nos])
    return {
        outcome: [(rows[n][0], _kept_cells(columns, rows[n][1])) for n in row_nos]
        for outcome, row_nos in wanted.items()
    }


def _kept_cells(columns: Columns, cells: list[str]) -> list[str]:
    return [privacy.scrubbed(cells[column.position], column.field) for column in columns.kept]


def rejects_csv(report: ImportReport, reasons: list[str]) -> bytes:
    """Write the rows held back as CSV (UTF-8 with BOM, for Excel): as they were, with the reasons.

    `reasons` is one text a row; cells beyond the header follow it. Columns that may not be kept
    are left out, and forbidden numbers blotted out of the others; a cell that Excel would run as a
    formula is quoted. A phone stays in its own column, to be corrected.
    """
    kept = report.columns.kept
    out = io.StringIO()
    writer = csv.writer(out, delimiter=report.file.delimiter or ",")
    headers = [privacy.scrubbed(column.header) for column in kept]
    writer.writerow(map(no_formula, [*headers, "line", "reason"]))
    for row, reason in zip(report.rejects, reasons, strict=True):
        surplus = map(privacy.scrubbed, row.cells[len(report.columns.all) :])
        cells = _kept_cells(report.columns, row.cells)
        writer.writerow(map(no_formula, [*cells, str(row.line), reason, *surplus]))
    return out.getvalue().encode("utf-8-sig")


# --- what can be answered once for all rows ------------------------------------------------------


def _doubts(cursor: Cursor, columns: Columns) -> list[Doubt]:
    found = cursor.execute(
        "select field, code, count(*) from book_problem "
        "where code in ('unit_unclear', 'date_unclear') group by field, code order by field"
    ).fetchall()
    return [
        Doubt(name, code, rows, [text for text, _ in _texts(cursor, name, code, name)][:SAMPLES])
        for name, code, rows in found
    ]


_WORDS = {
    ("status", "not_among"): "status",
    ("premium_cycle", "not_among"): "premium_cycle",
    ("type", "not_among"): "type",
    ("type", "type_missing"): "policy_name",
    ("gender", "not_among"): "gender",
    ("consent", "not_among"): "consent",
    ("income_basis", "not_among"): "income_basis",
    ("housing", "not_among"): "housing",
    ("driving", "not_among"): "driving",
    ("occupation_class", "not_among"): "occupation_class",
    ("owner", "owner_unknown"): "owner",
}
"""The problems that are a word unknown, and the column in which it stands."""


def _unknown_words(cursor: Cursor, columns: Columns) -> list[UnknownWord]:
    return [
        UnknownWord(name, privacy.scrubbed(text)[:LONGEST_WORD], rows)
        for (name, code), column in _WORDS.items()
        if columns.of(column)
        for text, rows in _texts(cursor, name, code, column)
    ]


def _texts(cursor: Cursor, name: str, code: str, column: str) -> list[tuple[str, int]]:
    """The texts of a column in the rows with this problem, each with its count."""
    source = "join book_row x on x.row_no = p.row_no"
    if column in loading.ABOUT_CUSTOMER:
        source = """
            join book_contract t using (row_no) join book_customer c using (customer_no)
            join book_cells x on x.id_1 = c.id_1 and x.id_2 = c.id_2"""
    return cursor.execute(
        f"""
        select trim(x.{column}::varchar) as text, count(*) as rows
        from book_problem p {source}
        where p.field = $field and p.code = $code and trim(x.{column}::varchar) <> ''
        group by all order by rows desc, text limit $most
        """,
        {"field": name, "code": code, "most": MOST_LISTED},
    ).fetchall()


# --- what changes, stays or is gone --------------------------------------------------------------


def changed_fields(table: str, values: Iterable[str]) -> str:
    """The SQL of what an import changes of a record `old`: a list of (field, old, new) as text.

    The hash of a phone is no field of its own.
    """

    def written(value: str) -> str:
        exact = "::decimal(18, 2)" if value in AMOUNTS else ""
        return f"said.{value}{exact}::varchar"

    each = ",\n    ".join(
        f"if(said.{v} is not null and said.{v} is distinct from old.{v}, "
        f"struct_pack(field := '{v}', old := old.{v}::varchar, new := {written(v)}), null)"
        for v in values
        if v != "phone_hash"
    )
    return f"list_filter([\n    {each}], lambda change: change is not null)"


def _told(what: str, where: str, columns: Columns) -> str:
    """The SQL that lists customers and policies of the file that are there already."""
    of_customer = changed_fields("customer", customer_values(columns))
    of_policy = changed_fields("policy", POLICY_VALUES)
    return f"""
select 'customer' as record, old.name as customer, null::varchar as policy, said.row_no,
    {what.format(changed=of_customer)} as told
from book_person said join customer old on old.id = said.id where {where}
union all
select 'policy', c.name, coalesce(old.policy_name, old.policy_number), said.row_no,
    {what.format(changed=of_policy)}
from book_policy said join policy old on old.id = said.id
join customer c on c.id = old.customer_id where {where}
"""


def _changes(columns: Columns) -> str:
    return f"""
select record, customer, policy, told.field as field, told.old as old, told.new as new
from (select * exclude (told), unnest(told) as told
    from ({_told("{changed}", "said.is_changed", columns)}
        order by row_no, policy nulls first limit $most))
order by row_no, policy nulls first, field limit $most
"""


def _kept(columns: Columns) -> str:
    return f"""
select record, customer, policy, told as field
from (select * exclude (told), unnest(told) as told
    from ({_told("said.kept", "len(said.kept) > 0", columns)}))
order by row_no, policy nulls first, field limit $most
"""


_GONE = """
with insurer as (
    select distinct same_text_or_none(t.insurer::varchar) as insurer_key
    from book_contract t where t.has_policy
),
held as (
    select same_number(policy_number) as number from book_contract
    where policy_number is not null and row_no in (select row_no from book_problem)
),
gone as (
    select p.id, p.customer_id, c.name as customer, p.insurer,
        coalesce(p.policy_number, p.policy_name) as policy
    from book_known_policy k join policy p on p.id = k.id join customer c on c.id = k.customer_id
    where p.batch_id is not null and p.status in ('active', 'pending') and c.withdrawn_on is null
        and k.insurer_key in (from insurer)
        and k.id not in (select known_id from book_contract_known where known_id is not null)
        and (k.number is null or k.number not in (select number from held))
)
select customer_id, customer, insurer, policy, count(*) over () as all_gone
from gone order by customer, policy limit $most
"""
