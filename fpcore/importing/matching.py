"""Tell who is who: rows of a book -> persons and policies, known ones and new ones.

All in SQL over the temporary tables of one import. A row that could be two things is a question:
it is held back with its reason, never merged silently and never guessed.

`book_problem` (row_no, field, code) grows from step to step; a row in it is not taken. What needs
an exact look (a policy number that comes twice) is first found by its hash: few rows are left.
"""

from collections.abc import Mapping
from uuid import UUID

from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.facts import policy_key
from fpcore.importing.headers import Columns
from fpcore.models import Account
from fpcore.store.database import Cursor

QUESTIONS = frozenset(
    {
        "which_person",
        "customer_differs",
        "same_person",
        "customer_number_unknown",
        "same_row_again",
        "number_of_another",
        "number_twice",
        "which_policy",
        "unit_unclear",
        "date_unclear",
        "not_among",
        "type_missing",
        "owner_unknown",
    }
)
"""The problems that a person can answer; every other one is a fault in the row."""

CUSTOMER_VALUES = (
    "source_key", "name", "birth_year", "birth_date", "gender", "phone", "phone_hash", "email",
    "occupation", "last_contact_on", "notes",
)  # fmt: skip
"""What every book may say of a customer; `customer_values` are those of one book."""

POLICY_VALUES = (
    "policy_name", "insurer", "policy_number", "type", "coverage_amount", "premium_amount",
    "currency", "premium_cycle", "start_date", "end_date", "status",
)  # fmt: skip


def customer_values(columns: Columns) -> tuple[str, ...]:
    """The columns of the table of customers that a book with these columns may fill."""
    return (*CUSTOMER_VALUES, *columns.circumstances)


def match(
    cursor: Cursor,
    account: Account,
    columns: Columns,
    owner_id: UUID | None,
    owner_words: Mapping[str, str],
    take_twins: bool,
) -> None:
    """Make `book_problem` (what is held back), `book_person` (customers to store),
    `book_new_policy` and `book_policy` (known ones) from book_customer and book_contract.

    `owner_id` is whose customers all rows are, or None to go by the owner column; `owner_words`
    says which account (username) a text there means. `take_twins` is the uploader's word that
    rows alike in everything are contracts of their own.
    """
    cursor.execute(_MACROS)
    words = {"texts": list(owner_words), "usernames": list(owner_words.values())}
    cursor.execute(_OWNED, {"asker": account.id, "owner": owner_id, **words})
    for step in (_PROBLEMS, _MENTION, _PERSON_SEEN, _QUESTIONS_OF_PERSONS, _SUSPECT, _KNOWN):
        cursor.execute(step)
    cursor.execute(_CONTRACT_KNOWN)
    cursor.execute(_QUESTIONS_OF_POLICIES, {"take_twins": take_twins})
    person = _person(customer_values(columns))
    for step in (_NAMELESS, _EDITED_BY_HAND, person, _CUSTOMER_OF, _NEW_POLICY, _POLICY):
        cursor.execute(step)


_MACROS = """
create or replace temp macro compatible(a, b) as a is null or b is null or a = b;
"""

_OWNED = f"""
create or replace temp table book_owned as
with visible as (from ({VISIBLE_OWNERS}) where by_name),
called as (
    select word, min(id) as id, count(distinct id) as accounts
    from (select id, same_text(username) as word from visible
          union select id, same_text(name) from visible)
    group by word
),
answered as (
    select same_text(unnest($texts::varchar[])) as word, unnest($usernames::varchar[]) as username
),
owner as (
    select coalesce(a.word, called.word) as word,
        coalesce(v.id, if(called.accounts = 1, called.id, null)) as id
    from called full join answered a using (word)
    left join visible v on v.username = a.username
)
select c.*, coalesce($owner, owner.id) as owner_id, same_text(c.name) as name_key
from book_customer c left join owner on owner.word = same_text(c.owner)
"""
"""Each set of customer cells with whose customer it is: the account called so, if the asker may
see it and its customers' names."""

_PROBLEMS = """
create or replace temp table book_problem as
select row_no, p.field, p.code
from (
    select row_no, unnest(problems) as p from book_contract where problems is not null
    union all
    select t.row_no, unnest(c.problems || if(c.owner_id is null,
        [struct_pack(field := 'owner', code := 'owner_unknown')], [])) as p
    from (select * replace (coalesce(problems, []) as problems) from book_owned
        where problems is not null or owner_id is null) c
    join book_contract t using (customer_no)
)
"""

_FAULTLESS = """
faultless as (
    select customer_no, min(row_no) as row_no
    from book_contract where row_no not in (select row_no from book_problem)
    group by customer_no
),
"""
"""The sets of customer cells of which a row is left, each with the first one."""

_MENTION = f"""
create or replace temp table book_mention as
with {_FAULTLESS}present as (
    select c.* replace (f.row_no as row_no) from book_owned c join faultless f using (customer_no)
),
alike as (
    select owner_id, name_key, birth_year,
        coalesce(min(birth_date) <> max(birth_date), false) as by_date,
        coalesce(min(phone_hash) <> max(phone_hash), false) as by_phone
    from present where source_key is null
    group by owner_id, name_key, birth_year
)
select p.* exclude (problems),
    case
        when p.source_key is not null then 'key ' || p.source_key
        else concat_ws(chr(31), 'name', p.name_key, p.birth_year,
            if(by_date, p.birth_date, null), if(by_phone, p.phone_hash, null))
    end as person_key,
    coalesce((by_date and birth_date is null) or (by_phone and phone_hash is null), false)
        as is_vague
from present p
left join alike on p.source_key is null and alike.owner_id = p.owner_id
    and alike.name_key = p.name_key
    and alike.birth_year is not distinct from p.birth_year
"""
"""What the file says of a customer in rows without a fault, with the key of the person it means."""

_PERSON_SEEN = """
create or replace temp table book_person_seen as
with seen as (
    select owner_id, person_key, any_value(source_key) as source_key,
        arg_min(name, row_no) as name,
        arg_min(name_key, row_no) as name_key,
        arg_min(birth_year, row_no) as birth_year,
        arg_min(birth_date, row_no) as birth_date,
        arg_min(phone_hash, row_no) as phone_hash,
        min(row_no) as first_row, count(*) as mentions
    from book_mention where not is_vague
    group by owner_id, person_key
),
numbered as (select *, first_row as person_no from seen),
by_key as (
    select person_no, c.id,
        coalesce(same_text(c.name) <> s.name_key, false)
            or coalesce(c.birth_year <> s.birth_year, false) as doubtful
    from numbered s join customer c on c.owner_id = s.owner_id and c.source_key = s.source_key
),
by_name as (
    select person_no, c.id,
        not (compatible(c.birth_date, s.birth_date)
            and compatible(c.phone_hash, s.phone_hash)
            and (c.birth_year is not distinct from s.birth_year
                or coalesce(c.phone_hash = s.phone_hash, false))) as doubtful
    from (from numbered where person_no not in (select person_no from by_key)) s
    join (select *, same_text(name) as name_key from customer) c
        on c.owner_id = s.owner_id and c.name_key = s.name_key
        and compatible(c.birth_year, s.birth_year)
        and compatible(c.birth_date, s.birth_date)
        and (c.source_key is null or s.source_key is null)
),
candidate as (
    select person_no, min(id) filter (not doubtful) as id,
        count(*) filter (not doubtful) as certain
    from (from by_key union all from by_name)
    group by person_no
),
namesake as (
    select distinct a.person_no
    from (from numbered where source_key is null) a join numbered b
        on b.owner_id = a.owner_id and b.name_key = a.name_key and b.person_no <> a.person_no
        and compatible(b.birth_year, a.birth_year)
        and compatible(b.birth_date, a.birth_date)
        and compatible(b.phone_hash, a.phone_hash)
    where b.source_key is not null or (a.birth_year is null and b.birth_year is not null)
)
select s.*,
    if(certain = 1 and namesake.person_no is null, candidate.id, null) as known_id,
    coalesce(certain <> 1, false) or namesake.person_no is not null as doubtful,
    c.withdrawn_on is not null as withdrawn
from numbered s
left join candidate using (person_no)
left join namesake using (person_no)
left join customer c on c.id = candidate.id
"""
"""The persons of the file, each with the customer it is; `doubtful` where that is not certain."""

_QUESTIONS_OF_PERSONS = """
create or replace temp table book_meant as
select m.customer_no, s.person_no, s.known_id, m.is_vague, s.doubtful, s.withdrawn,
    m.source_key is not null and s.mentions > 1 and (
        coalesce(m.name_key <> s.name_key, false)
        or coalesce(m.birth_year <> s.birth_year, false)
        or coalesce(m.birth_date <> s.birth_date, false)) as differs
from book_mention m
left join book_person_seen s on not m.is_vague
    and s.owner_id = m.owner_id and s.person_key = m.person_key;

insert into book_problem
with asked as (
    from book_meant where is_vague or differs or coalesce(doubtful, false)
        or coalesce(withdrawn, false)
),
problem as (
    select row_no, unnest([
        if(is_vague, struct_pack(field := 'name', code := 'which_person'), null),
        if(differs, struct_pack(field := 'source_key', code := 'customer_differs'), null),
        if(doubtful and not differs,
            struct_pack(field := 'name', code := 'same_person'), null),
        if(withdrawn and not differs,
            struct_pack(field := 'consent', code := 'consent_withdrawn'), null)
    ]) as p
    from asked join book_contract using (customer_no)
    where row_no not in (select row_no from book_problem)
)
select row_no, p.field, p.code from problem where p is not null
"""
"""Which person each set of customer cells means, and the rows whose person has to be asked for."""

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
    and t.has_policy and t.row_no not in (select row_no from book_problem);

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
"""The policies that the file may mention more than once: a number identifies one; without it,
product and details do."""

_KNOWN = f"""
create or replace temp table book_known_policy as
select p.id, p.customer_id, c.owner_id, {policy_key.columns("p")}
from policy p join customer c on c.id = p.customer_id
where c.owner_id in (select distinct owner_id from book_person_seen);

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
"""The policies that are there already of these owners, and those of the file to compare; the
latter are none where the former are."""

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
"""The rows whose policy is there already, and those for which more than one could be meant."""

_QUESTIONS_OF_POLICIES = """
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

_NAMELESS = """
insert into book_problem
with left_over as (
    select m.row_no, meant.person_no, said.name, s.known_id
    from book_contract m
    join book_meant meant using (customer_no)
    join book_mention said using (customer_no)
    join book_person_seen s using (person_no)
    where (select count(*) from book_mention where name is null) > 0
        and m.row_no not in (select row_no from book_problem)
),
nameless as (
    select person_no from left_over group by person_no
    having count(name) = 0 and count(known_id) = 0
)
select row_no, 'name', 'customer_number_unknown'
from left_over where person_no in (select person_no from nameless)
"""
"""A number without a name stands for a customer who is there, or named on another row."""

_EDITED_BY_HAND = """
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
"""What a person changed since the last import said it: that stays as it is."""


def _said(values: tuple[str, ...], said: str, edited: str) -> str:
    """The SQL of what a file says, without the fields that a person has edited since."""
    return ", ".join(
        f"if(list_contains({edited}.fields, '{'phone' if value == 'phone_hash' else value}'), "
        f"null, {said}.{value}) as {value}"
        for value in values
    )


def _kept(values: tuple[str, ...], said: str, old: str, edited: str) -> str:
    """The SQL of the fields in which the file says something else than what a person wrote."""
    each = ", ".join(
        f"if(list_contains({edited}.fields, '{value}') and {said}.{value} is not null"
        f" and {said}.{value} is distinct from {old}.{value}, '{value}', null)"
        for value in values
        if value != "phone_hash"
    )
    return f"if({edited}.fields is null, [], list_filter([{each}], lambda f: f is not null))"


def _differs(values: tuple[str, ...], old: str, new: str) -> str:
    """The SQL for "the file says something else": what it leaves open changes nothing."""
    return " or ".join(
        f"({new}.{v} is not null and {new}.{v} is distinct from {old}.{v})" for v in values
    )


def _person(values: tuple[str, ...]) -> str:
    """The SQL for `book_person`, the customers to store: of each field the first value that the
    file gives.

    `rows_disagree` where a later row gives another one, which is told and not stored; `kept` are
    the fields in which a person's edit stays although the file says something else.
    """
    first_said = ", ".join(f"arg_min({v}, row_no) as {v}" for v in values)
    rows_disagree = " or ".join(f"min({v}) <> max({v})" for v in values)
    return f"""
create or replace temp table book_person as
with {_FAULTLESS}taken as (
    select m.* replace (f.row_no as row_no), s.person_no, s.known_id, s.mentions
    from book_mention m join faultless f using (customer_no)
    join book_meant using (customer_no) join book_person_seen s using (person_no)
),
said as (
    select person_no, any_value(owner_id) as owner_id, any_value(known_id) as known_id,
        min(row_no) as row_no, {first_said},
        arg_min(consent_basis, row_no) as consent_basis,
        coalesce({rows_disagree}, false) as rows_disagree
    from taken where mentions > 1 group by person_no
    union all
    select person_no, owner_id, known_id, row_no, {", ".join(values)}, consent_basis,
        false
    from taken where mentions = 1
),
unedited as (
    select said.person_no, said.owner_id, said.known_id, said.row_no, said.consent_basis,
        said.rows_disagree, {_said(values, "said", "e")},
        {_kept(values, "said", "old", "e")} as kept
    from said left join book_edited e on e.record_id = said.known_id
    left join customer old on old.id = said.known_id
)
select said.*, coalesce(said.known_id, uuidv7()) as id, said.known_id is null as is_new,
    said.known_id is not null and ({_differs(values, "c", "said")}) as is_changed
from (from unedited order by row_no) said
left join customer c on c.id = said.known_id
"""


_CUSTOMER_OF = """
create or replace temp table book_customer_of as
select m.customer_no, p.id as customer_id
from book_meant m join book_person p using (person_no)
"""
"""The customer, new or known, whom each set of customer cells means."""

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
"""The policies to add, one row each, however often the file mentions its number."""

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
    select k.row_no, k.customer_id, k.known_id, {_said(POLICY_VALUES, "k", "e")},
        {_kept(POLICY_VALUES, "k", "old", "e")} as kept
    from known k left join book_edited e on e.record_id = k.known_id
    join policy old on old.id = k.known_id
)
select said.*, said.known_id as id, ({_differs(POLICY_VALUES, "old", "said")}) as is_changed
from said join policy old on old.id = said.known_id
"""
"""The policies that are there already, with what the file says of them.

What the file does not say and the importer only assumes changes nothing that is known: a book
without a status column makes no cancelled policy active again.
"""
