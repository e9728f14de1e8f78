"""Tell which policy each row of a book means: one that is there, or a new one.

A policy that could be two things is a question. What needs an exact look (a policy number that
comes twice) is first found by its hash: few rows are left.
"""

from fpcore.facts import policy_key
from fpcore.importing import edits
from fpcore.importing.stored import POLICY_VALUES
from fpcore.store import database
from fpcore.store.database import Cursor


def find_contracts(cursor: Cursor) -> None:
    """Make `book_repeat` and `book_contract_known` from `book_contract` and the persons.

    * `book_repeat`: the policies that the file may mention more than once. A number identifies
      one; without it, product and details do. By way of `book_suspect`.
    * `book_contract_known`: the rows whose policy is there already (`known_id`), and those for
      which more than one could be meant (`unclear`). By way of `book_known_policy`, the policies
      of these owners, and `book_seen_policy`, those of the file to compare with them.
    """
    repeats = (_SUSPECT, _REPEAT) if database.value(cursor, _IS_ANY_TWICE) else (_NO_REPEAT,)
    for step in (*repeats, _KNOWN, _SEEN, _CONTRACT_KNOWN):
        cursor.execute(step)


def ask_about_contracts(cursor: Cursor, take_twins: bool) -> None:
    """Add to `book_problem` the rows whose policy has to be asked for.

    Reads `book_repeat` and `book_contract_known`. `take_twins` is the uploader's word that rows
    alike in everything are contracts of their own.
    """
    cursor.execute(_QUESTIONS, {"take_twins": take_twins})


def choose_contracts(cursor: Cursor) -> None:
    """Make `book_new_policy`, a view, and `book_policy`: the policies to add and to compare.

    Reads `book_contract`, `book_customer_of`, `book_problem`, `book_repeat`, `book_edited` and
    `book_contract_known`. One row each, however often the file mentions a number. What the file
    does not say and the importer only assumes changes nothing that is known: a book without a
    status column makes no cancelled policy active again.
    """
    cursor.execute(_NEW_POLICY)
    cursor.execute(_POLICY)


_IS_ANY_TWICE = """
select count(number_hash) > count(distinct number_hash)
    or count(detail_hash) > count(distinct detail_hash)
from book_contract
"""

_SUSPECT = f"""
create or replace temp table book_suspect as
with numbered as (
    select number_hash from book_contract where number_hash is not null
    group by number_hash having count(*) > 1
),
detailed as (
    select detail_hash from book_contract where detail_hash is not null
    group by detail_hash having count(*) > 1
)
select t.row_no, t.has_policy, m.person_no, m.known_id as customer_id, s.owner_id,
    {policy_key.columns("t")},
    concat_ws(chr(31), product_key, detail_key, t.status, t.premium_cycle) as everything
from book_contract t
join book_meant m using (customer_no)
join book_person_seen s using (person_no)
where (t.number_hash in (from numbered) or t.detail_hash in (from detailed))
    and t.has_policy and t.row_no not in (select row_no from book_problem)
"""

_REPEAT = """
create or replace temp table book_repeat as
select row_no, number is not null and row_no <> first_value(row_no) over numbered as is_again,
    first_value(person_no) over numbered <> person_no as of_another,
    first_value(person_no) over numbered = person_no
        and first_value(everything) over numbered <> everything as differs,
    if(number is null,
        row_number() over (partition by person_no, product_key, detail_key order by row_no),
        1) as copy,
    number is not null as has_number
from book_suspect
window numbered as (
    partition by owner_id, insurer_key, number order by row_no
    rows between unbounded preceding and unbounded following)
"""

_NO_REPEAT = """
create or replace temp table book_repeat (
    row_no bigint, is_again boolean, of_another boolean, differs boolean, copy bigint,
    has_number boolean)
"""

_KNOWN = f"""
create or replace temp table book_known_policy as
select p.id, p.customer_id, c.owner_id, {policy_key.columns("p")}
from policy p join customer c on c.id = p.customer_id
where c.owner_id in (select distinct owner_id from book_person_seen)
"""

_SEEN = f"""
create or replace temp table book_seen_policy as
select t.row_no, s.owner_id, m.known_id as customer_id, {policy_key.columns("t")},
    coalesce(r.copy, 1) as copy
from book_contract t
join book_meant m using (customer_no)
join book_person_seen s using (person_no)
left join book_repeat r using (row_no)
where t.has_policy and (select count(*) from book_known_policy) > 0
    and t.row_no not in (select row_no from book_problem)
"""

_CONTRACT_KNOWN = """
create or replace temp table book_contract_known as
with by_number as (
    select seen.row_no, min(known.id) as id,
        bool_or(known.customer_id is distinct from seen.customer_id) as of_another
    from book_seen_policy seen join book_known_policy known
        on known.owner_id = seen.owner_id and known.number = seen.number
        and known.insurer_key = seen.insurer_key
    group by seen.row_no
),
known_copy as (
    select *,
        row_number() over (partition by customer_id, product_key, detail_key order by id) as copy
    from book_known_policy where number is null
),
by_detail as (
    select seen.row_no, k.id
    from book_seen_policy seen join known_copy k
        on k.customer_id = seen.customer_id and k.product_key = seen.product_key
        and k.detail_key = seen.detail_key and k.copy = seen.copy
    where seen.number is null
),
open_seen as (
    select *, count(*) over (partition by customer_id, product_key) as contracts
    from book_seen_policy
    where number is null and customer_id is not null
        and row_no not in (select row_no from by_detail)
),
open_known as (
    select *, count(*) over (partition by customer_id, product_key) as contracts
    from known_copy where id not in (select id from by_detail)
),
by_product as (
    select s.row_no, if(s.contracts = 1 and k.contracts = 1, k.id, null) as id
    from open_seen s join open_known k
        on k.customer_id = s.customer_id and k.product_key = s.product_key
)
select row_no, id as known_id, of_another, false as unclear from by_number
union all select row_no, id, false, false from by_detail
union all select row_no, min(id), false, bool_or(id is null) from by_product group by row_no
"""

_QUESTIONS = """
insert into book_problem
with asked as (
    select coalesce(r.row_no, k.row_no) as row_no,
        coalesce(k.of_another, false) or coalesce(r.has_number and r.of_another, false)
            as of_another,
        coalesce(r.has_number and r.differs, false) as differs,
        coalesce(r.copy > 1 and k.known_id is null and not $take_twins, false) as is_twin,
        coalesce(k.unclear, false) as unclear
    from book_repeat r full join book_contract_known k using (row_no)
),
problem as (
    select row_no, unnest([
        if(of_another, struct_pack(field := 'policy_number', code := 'number_of_another'), null),
        if(differs, struct_pack(field := 'policy_number', code := 'number_twice'), null),
        if(is_twin, struct_pack(field := 'policy_name', code := 'same_row_again'), null),
        if(unclear, struct_pack(field := 'policy_name', code := 'which_policy'), null)
    ]) as p
    from asked where of_another or differs or is_twin or unclear
)
select row_no, p.field, p.code from problem where p is not null
"""

_MEANT_POLICY = """
from book_contract t
join book_customer_of of using (customer_no)
{joined}
where t.has_policy and t.row_no not in (select row_no from book_problem)
    and t.row_no not in (select row_no from book_repeat where is_again)
"""

_WITH_KNOWN = """
join book_contract_known k on k.row_no = t.row_no
join policy old on old.id = k.known_id
"""

_NEW_POLICY = f"""
create or replace temp view book_new_policy as
select t.row_no, of.customer_id,
    {", ".join(f"t.{value}" for value in POLICY_VALUES)}
{_MEANT_POLICY.format(joined="anti join book_contract_known k on k.row_no = t.row_no")}
"""

_POLICY = f"""
create or replace temp table book_policy as
with known as (
    select t.row_no, of.customer_id, k.known_id, t.* exclude (row_no) replace (
        if(t.currency_assumed, old.currency, t.currency) as currency,
        if(t.cycle_assumed, coalesce(old.premium_cycle, t.premium_cycle::varchar), t.premium_cycle)
            as premium_cycle,
        if(t.status_assumed, old.status, t.status) as status)
    {_MEANT_POLICY.format(joined=_WITH_KNOWN)}
),
said as (
    select k.row_no, k.customer_id, k.known_id, {edits.unedited(POLICY_VALUES, "k", "e")},
        {edits.kept(POLICY_VALUES, "k", "old", "e")} as kept
    from known k left join book_edited e on e.record_id = k.known_id
    join policy old on old.id = k.known_id
)
select said.*, said.known_id as id, ({edits.differs(POLICY_VALUES, "old", "said")}) as is_changed
from said join policy old on old.id = said.known_id
"""
