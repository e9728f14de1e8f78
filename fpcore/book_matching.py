"""Tell who is who: rows of a book -> persons and policies, known ones and new ones.

All in SQL over the temporary tables of one import. A row that could be two things is a question:
it is held back with its reason, never merged silently and never guessed.
"""

from uuid import UUID

from fpcore.accounts import VISIBLE_OWNERS
from fpcore.database import Cursor
from fpcore.models import Account

QUESTIONS = frozenset(
    {
        "which_person",
        "customer_differs",
        "same_person",
        "same_row_again",
        "number_of_another",
        "number_twice",
        "which_policy",
    }
)
"""The problems that a person can answer; every other one is a fault in the row."""

CUSTOMER_VALUES = (
    "source_key", "name", "birth_year", "birth_date", "gender", "phone", "phone_hash", "email",
    "occupation", "last_contact_on", "notes",
)  # fmt: skip
POLICY_VALUES = (
    "policy_name", "insurer", "policy_number", "type", "coverage_amount", "premium_amount",
    "currency", "premium_cycle", "start_date", "end_date", "status",
)  # fmt: skip


def match(cursor: Cursor, account: Account, owner_id: UUID | None, take_twins: bool) -> None:
    """Make `book_result` (every row's problems and outcome), `book_person` and `book_policy`.

    `owner_id` is whose customers all rows are, or None to go by the owner column. `take_twins`
    is the uploader's word that rows alike in everything are contracts of their own.
    """
    cursor.execute(_MACROS)
    cursor.execute(_OWNED, {"asker": account.id, "owner": owner_id})
    for step in (_NAMED, _PERSON_SEEN, _CONTRACT_SEEN, _CONTRACT_KNOWN):
        cursor.execute(step)
    cursor.execute(_JUDGED, {"take_twins": take_twins})
    for step in (_PERSON, _POLICY, _RESULT):
        cursor.execute(step)


_MACROS = """
create or replace temp macro same_text(t) as regexp_replace(lower(narrow(t)), '\\s+', '', 'g');
create or replace temp macro compatible(a, b) as a is null or b is null or a = b;
create or replace temp macro problem(field_name, reason, shown) as
    [struct_pack(field := field_name, code := reason, text := left(shown, 60))];
create or replace temp macro problem_if(condition, field_name, reason, shown) as
    if(condition, problem(field_name, reason, shown), []);
"""

_OWNED = f"""
create or replace temp table book_owned as
with visible as ({VISIBLE_OWNERS}),
called as (
    select word, min(id) as id, count(distinct id) as accounts
    from (select id, same_text(username) as word from visible
          union select id, same_text(name) from visible)
    group by word
),
owned as (
    select v.*, coalesce($owner, if(called.accounts = 1, called.id, null)) as owner_id
    from book_value v left join called on called.word = same_text(v.owner)
)
select * exclude (problems),
    problems || problem_if(owner_id is null, 'owner', 'owner_unknown', owner) as problems
from owned
"""
"""Each row with whose customer it is: the account called so, if the asker may see it."""

_NAMED = """
create or replace temp table book_named as
with counted as (
    select *,
        count(distinct birth_date) over alike as birth_dates,
        count(distinct phone_hash) over alike as phones
    from book_owned
    where len(problems) = 0
    window alike as (partition by owner_id, source_key, same_text(name), birth_year)
),
keyed as (
    select *,
        case
            when source_key is not null then 'key ' || source_key
            else concat_ws(chr(31), 'name', same_text(name), birth_year,
                if(birth_dates > 1, birth_date, null), if(phones > 1, phone_hash, null))
        end as person_key
    from counted
)
select * exclude (problems),
    problem_if(source_key is null
        and ((birth_dates > 1 and birth_date is null) or (phones > 1 and phone_hash is null)),
        'name', 'which_person', name)
    || problem_if(source_key is not null
        and (same_text(name) <> same_text(first_value(name) over sayings)
            or coalesce(birth_year <> arg_min(birth_year, line) over sayings, false)
            or coalesce(birth_date <> arg_min(birth_date, line) over sayings, false)),
        'source_key', 'customer_differs', source_key) as problems
from keyed
window sayings as (
    partition by owner_id, person_key order by line
    rows between unbounded preceding and unbounded following)
"""
"""The rows without a fault, each with the key of the person whom the file means."""

_PERSON_SEEN = """
create or replace temp table book_person_seen as
with seen as (
    select owner_id, person_key, any_value(source_key) as source_key,
        arg_min(name, line) as name,
        arg_min(birth_year, line) as birth_year,
        arg_min(birth_date, line) as birth_date,
        arg_min(phone_hash, line) as phone_hash
    from book_named
    where len(problems) = 0
    group by owner_id, person_key
),
by_key as (
    select seen.owner_id, person_key, c.id,
        same_text(c.name) <> same_text(seen.name)
            or coalesce(c.birth_year <> seen.birth_year, false) as doubtful
    from seen join customer c on c.owner_id = seen.owner_id and c.source_key = seen.source_key
),
by_name as (
    select seen.owner_id, person_key, c.id,
        not (compatible(c.birth_date, seen.birth_date)
            and compatible(c.phone_hash, seen.phone_hash)
            and (c.birth_year is not distinct from seen.birth_year
                or coalesce(c.phone_hash = seen.phone_hash, false))) as doubtful
    from seen join customer c
        on c.owner_id = seen.owner_id and same_text(c.name) = same_text(seen.name)
        and compatible(c.birth_year, seen.birth_year)
        and compatible(c.birth_date, seen.birth_date)
        and (c.source_key is null or seen.source_key is null)
    where not exists (
        from by_key where by_key.owner_id = seen.owner_id and by_key.person_key = seen.person_key)
),
candidate as (
    select owner_id, person_key, min(id) filter (not doubtful) as id,
        count(*) filter (not doubtful) as certain
    from (from by_key union all from by_name)
    group by owner_id, person_key
),
namesake as (
    select distinct a.owner_id, a.person_key, true as is_doubtful
    from seen a join seen b
        on b.owner_id = a.owner_id and b.person_key <> a.person_key
        and same_text(b.name) = same_text(a.name)
        and compatible(b.birth_year, a.birth_year)
        and compatible(b.birth_date, a.birth_date)
        and compatible(b.phone_hash, a.phone_hash)
    where a.source_key is null
        and (b.source_key is not null or (a.birth_year is null and b.birth_year is not null))
)
select seen.owner_id, seen.person_key,
    if(certain = 1 and is_doubtful is null, candidate.id, null) as known_id,
    coalesce(certain <> 1, false) or coalesce(is_doubtful, false) as doubtful,
    c.withdrawn_on is not null as withdrawn
from seen
left join candidate using (owner_id, person_key)
left join namesake using (owner_id, person_key)
left join customer c on c.id = candidate.id
"""
"""The persons of the file, each with the customer it is; `doubtful` where that is not certain."""

_CONTRACT_SEEN = """
create or replace temp table book_contract_seen as
with contract as (
    select n.line, n.owner_id, n.person_key, p.known_id as customer_id,
        upper(regexp_replace(narrow(n.policy_number), '\\s+', '', 'g')) as number,
        coalesce(same_text(n.insurer), '') as insurer_key,
        concat_ws(chr(31), n.type, coalesce(same_text(n.policy_name), ''),
            coalesce(same_text(n.insurer), ''), coalesce(n.start_date::varchar, '')) as product_key,
        concat_ws(chr(31), coalesce(n.coverage_amount::varchar, ''),
            coalesce(n.premium_amount::varchar, ''),
            coalesce(n.end_date::varchar, '')) as detail_key,
        concat_ws(chr(31), product_key, detail_key, n.status, n.premium_cycle) as everything
    from book_named n join book_person_seen p using (owner_id, person_key)
    where n.has_policy and len(n.problems) = 0 and not p.doubtful
)
select *,
    if(number is null,
        row_number() over (partition by owner_id, person_key, number, product_key, detail_key
            order by line), 1) as copy,
    first_value(line) over numbered as first_line,
    first_value(person_key) over numbered as first_person,
    first_value(everything) over numbered as first_everything
from contract
window numbered as (partition by owner_id, insurer_key, number order by line)
"""
"""The policies of the file: a number identifies one; without it, product and details do."""

_CONTRACT_KNOWN = """
create or replace temp table book_contract_known as
with known as (
    select p.id, p.customer_id, c.owner_id,
        upper(regexp_replace(narrow(p.policy_number), '\\s+', '', 'g')) as number,
        coalesce(same_text(p.insurer), '') as insurer_key,
        concat_ws(chr(31), p.type, coalesce(same_text(p.policy_name), ''),
            coalesce(same_text(p.insurer), ''), coalesce(p.start_date::varchar, '')) as product_key,
        concat_ws(chr(31), coalesce(p.coverage_amount::decimal(24, 6)::varchar, ''),
            coalesce(p.premium_amount::decimal(24, 6)::varchar, ''),
            coalesce(p.end_date::varchar, '')) as detail_key
    from policy p join customer c on c.id = p.customer_id
    where c.owner_id in (select distinct owner_id from book_owned)
),
by_number as (
    select seen.line, min(known.id) as id,
        bool_or(known.customer_id is distinct from seen.customer_id) as of_another
    from book_contract_seen seen join known
        on known.owner_id = seen.owner_id and known.number = seen.number
        and known.insurer_key = seen.insurer_key
    group by seen.line
),
known_copy as (
    select *,
        row_number() over (partition by customer_id, product_key, detail_key order by id) as copy
    from known where number is null
),
by_detail as (
    select seen.line, k.id
    from book_contract_seen seen join known_copy k
        on k.customer_id = seen.customer_id and k.product_key = seen.product_key
        and k.detail_key = seen.detail_key and k.copy = seen.copy
    where seen.number is null
),
open_seen as (
    select *, count(*) over (partition by customer_id, product_key) as contracts
    from book_contract_seen
    where number is null and customer_id is not null and line not in (select line from by_detail)
),
open_known as (
    select *, count(*) over (partition by customer_id, product_key) as contracts
    from known_copy where id not in (select id from by_detail)
),
by_product as (
    select s.line, if(s.contracts = 1 and k.contracts = 1, k.id, null) as id
    from open_seen s join open_known k
        on k.customer_id = s.customer_id and k.product_key = s.product_key
)
select line, id as known_id, of_another, false as unclear from by_number
union all select line, id, false, false from by_detail
union all select line, min(id), false, bool_or(id is null) from by_product group by line
"""
"""The rows whose policy is there already, and those for which more than one could be meant."""

_JUDGED = """
create or replace temp table book_judged as
select o.line, o.cells, o.has_policy, s.first_line, k.known_id,
    o.problems
    || coalesce(n.problems, [])
    || problem_if(coalesce(p.doubtful, false), 'name', 'same_person', o.name)
    || problem_if(coalesce(p.withdrawn, false), 'consent', 'consent_withdrawn', o.name)
    || problem_if(coalesce(k.of_another or (s.number is not null
        and s.first_person <> s.person_key), false),
        'policy_number', 'number_of_another', o.policy_number)
    || problem_if(coalesce(s.number is not null and s.first_person = s.person_key
        and s.first_everything <> s.everything, false),
        'policy_number', 'number_twice', o.policy_number)
    || problem_if(coalesce(s.copy > 1 and k.known_id is null and not $take_twins, false),
        'policy_name', 'same_row_again', o.policy_name)
    || problem_if(coalesce(k.unclear, false), 'policy_name', 'which_policy', o.policy_name)
    as problems
from book_owned o
left join book_named n using (line)
left join book_person_seen p on p.owner_id = n.owner_id and p.person_key = n.person_key
left join book_contract_seen s using (line)
left join book_contract_known k using (line)
"""
"""Every row of the file with all its problems; a row without any will be taken."""


def _differs(values: tuple[str, ...], old: str, new: str) -> str:
    """The SQL for "the file says something else": what it leaves open changes nothing."""
    return " or ".join(
        f"({new}.{v} is not null and {new}.{v} is distinct from {old}.{v})" for v in values
    )


_FIRST_SAID = ", ".join(f"arg_min({v}, line) as {v}" for v in CUSTOMER_VALUES)
_ROWS_DISAGREE = " or ".join(f"count(distinct {v}) > 1" for v in CUSTOMER_VALUES)

_PERSON = f"""
create or replace temp table book_person as
with taken as (
    select n.*
    from book_named n join book_judged j using (line)
    where len(j.problems) = 0
),
said as (
    select owner_id, person_key, min(line) as line, {_FIRST_SAID},
        arg_min(consent_basis, line) as consent_basis, {_ROWS_DISAGREE} as rows_disagree
    from taken group by owner_id, person_key
)
select said.*, coalesce(p.known_id, uuidv7()) as id, p.known_id is null as is_new,
    p.known_id is not null and ({_differs(CUSTOMER_VALUES, "c", "said")}) as is_changed
from said
join book_person_seen p using (owner_id, person_key)
left join customer c on c.id = p.known_id
"""
"""The customers to store: of each field the first value that the file gives.

`rows_disagree` where a later row gives another one, which is told and not stored.
"""

_POLICY = f"""
create or replace temp table book_policy as
with said as (
    select n.line, n.policy_name, n.insurer, n.policy_number, n.type, n.coverage_amount,
        n.premium_amount, n.start_date, n.end_date,
        if(n.currency_assumed, coalesce(known.currency, n.currency), n.currency) as currency,
        if(n.cycle_assumed, coalesce(known.premium_cycle, n.premium_cycle), n.premium_cycle)
            as premium_cycle,
        if(n.status_assumed, coalesce(known.status, n.status), n.status) as status,
        person.id as customer_id, j.known_id,
        row_number() over (
            partition by if(j.first_line is null or n.policy_number is null, n.line, j.first_line),
                n.policy_number is null
            order by n.line) as mention
    from book_named n
    join book_judged j using (line)
    join book_person person on person.owner_id = n.owner_id and person.person_key = n.person_key
    left join policy known on known.id = j.known_id
    where n.has_policy and len(j.problems) = 0
)
select said.*, coalesce(said.known_id, uuidv7()) as id, said.known_id is null as is_new,
    said.known_id is not null and ({_differs(POLICY_VALUES, "old", "said")}) as is_changed
from said left join policy old on old.id = said.known_id
where mention = 1
"""
"""The policies to store, one row each, however often the file mentions its number.

What the file does not say and the importer only assumes changes nothing that is known: a book
without a status column makes no cancelled policy active again.
"""

_RESULT = """
create or replace temp table book_result as
select j.line, j.cells, j.problems,
    case
        when len(j.problems) > 0 then 'rejected'
        when person.is_new or policy.is_new then 'created'
        when person.is_changed or policy.is_changed then 'updated'
        else 'unchanged'
    end as outcome
from book_judged j
left join book_person person on person.line = j.line
left join book_policy policy on policy.line = j.line
"""
"""What becomes of every row of the file: exactly one outcome each."""
