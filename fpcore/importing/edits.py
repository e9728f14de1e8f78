"""What a person edited stays as it is, although a file says something else."""

from collections.abc import Sequence

from fpcore.store.database import Cursor


def find_edits(cursor: Cursor) -> None:
    """Make `book_edited` (record_id, fields): what a person changed since the last import said it.

    Reads `book_person_seen` and `book_contract_known`.
    """
    cursor.execute(_EDITED)


_EDITED = """
create or replace temp table book_edited as
with known as (
    select known_id as id from book_person_seen where known_id is not null
    union all select known_id from book_contract_known where known_id is not null
),
change as (
    select a.record_id, unnest(from_json(a.changes, '[{"field": "VARCHAR"}]')).field as field,
        a.batch_id is null as by_hand, a.done_at
    from audit a join known on known.id = a.record_id
    where a.action = 'updated' and a.record in ('customer', 'policy') and a.changes is not null
),
latest as (
    select record_id, field, arg_max(by_hand, done_at) as by_hand from change
    group by record_id, field
)
select record_id, list(field) as fields from latest where by_hand group by record_id
"""


def unedited(values: Sequence[str], said: str, edited: str) -> str:
    """The SQL of what a file says, without the fields that a person has edited since."""
    return ", ".join(
        f"if(list_contains({edited}.fields, '{'phone' if value == 'phone_hash' else value}'), "
        f"null, {said}.{value}) as {value}"
        for value in values
    )


def kept(values: Sequence[str], said: str, old: str, edited: str) -> str:
    """The SQL of the fields in which the file says something else than what a person wrote."""
    each = ", ".join(
        f"if(list_contains({edited}.fields, '{value}') and {said}.{value} is not null"
        f" and {said}.{value} is distinct from {old}.{value}, '{value}', null)"
        for value in values
        if value != "phone_hash"
    )
    return f"if({edited}.fields is null, [], list_filter([{each}], lambda f: f is not null))"


def differs(values: Sequence[str], old: str, new: str) -> str:
    """The SQL for "the file says something else": what it leaves open changes nothing."""
    return " or ".join(
        f"({new}.{v} is not null and {new}.{v} is distinct from {old}.{v})" for v in values
    )
