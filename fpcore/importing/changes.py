"""List what a file changes of what is there, what stays as a person wrote it, and what is gone."""

from collections.abc import Iterable

from fpcore.access import audit
from fpcore.facts import policy_key
from fpcore.importing.fields import AMOUNTS
from fpcore.importing.headers import Columns
from fpcore.importing.report import MOST_LISTED, Change, GonePolicy, KeptEdit
from fpcore.importing.stored import POLICY_VALUES, customer_values
from fpcore.store import database
from fpcore.store.database import Cursor


def changed(cursor: Cursor, columns: Columns) -> list[Change]:
    """List the first changes, in the order of the file."""
    rows = database.rows(cursor, _changes(columns), {"most": MOST_LISTED})
    return [Change(**row) for row in rows]


def kept(cursor: Cursor, columns: Columns) -> list[KeptEdit]:
    """List the first fields that stay as a person wrote them, in the order of the file."""
    rows = database.rows(cursor, _kept(columns), {"most": MOST_LISTED})
    return [KeptEdit(**row) for row in rows]


def gone(cursor: Cursor) -> tuple[list[GonePolicy], int]:
    """List the first policies of earlier imports that this file no longer has; how many in all."""
    rows = database.rows(cursor, _GONE, {"most": MOST_LISTED})
    count = rows[0]["all_gone"] if rows else 0
    return [GonePolicy(**{k: v for k, v in row.items() if k != "all_gone"}) for row in rows], count


def changed_fields(values: Iterable[str]) -> str:
    """The SQL of what an import changes of a record `old`: a list of (field, old, new) as text."""
    exact = {name: f"said.{name}::decimal(18, 2)::varchar" for name in AMOUNTS}
    return audit.changed_in_sql(values, "old", "said", given_only=True, as_text=exact)


def _told(what: str, where: str, columns: Columns) -> str:
    """The SQL that lists customers and policies of the file that are there already."""
    of_customer = changed_fields(customer_values(columns))
    of_policy = changed_fields(POLICY_VALUES)
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


_GONE = f"""
with insurer as (
    select distinct {policy_key.same_text_or_none("t.insurer::varchar")} as insurer_key
    from book_contract t where t.has_policy
),
held as (
    select {policy_key.same_number("policy_number")} as number from book_contract
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
