"""Make the report of an import from its temporary tables, once matching has made them."""

from dataclasses import replace

from fpcore.importing import answerable, changes, rejects
from fpcore.importing.book_file import BookFile
from fpcore.importing.headers import Columns
from fpcore.importing.matching import QUESTIONS
from fpcore.importing.report import ImportReport
from fpcore.models import WON
from fpcore.store import database
from fpcore.store.database import Cursor


def report(cursor: Cursor, file: BookFile, columns: Columns, is_preview: bool) -> ImportReport:
    """Count and list what the tables of this import say. Samples are for a preview only."""
    counts = database.rows(cursor, _COUNTS, {"questions": sorted(QUESTIONS)})[0]
    dropped = sum(column.dropped for column in columns.all)
    notes = database.rows(cursor, _NOTES, {"dropped_columns": dropped})[0]
    gone, gone_count = changes.gone(cursor)
    return ImportReport(
        batch=None,
        file=replace(file, head=[]),
        columns=columns,
        notes=[(code, count) for code, count in notes.items() if count],
        doubts=answerable.doubts(cursor, columns),
        unknown_words=answerable.unknown_words(cursor, columns),
        samples=rejects.samples(cursor, file, columns) if is_preview else {},
        changes=changes.changed(cursor, columns),
        kept=changes.kept(cursor, columns),
        gone=gone,
        gone_count=gone_count,
        rejects=rejects.of_import(cursor, file, columns),
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
