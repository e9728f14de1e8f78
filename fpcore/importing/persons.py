"""Tell who is who: the customers of a book -> persons, known ones and new ones.

A person who could be two customers is a question: it is held back with its reason, never merged
silently and never guessed.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.facts.policy_key import same_text
from fpcore.importing import edits
from fpcore.models import Account
from fpcore.store.database import Cursor


def find_owners(
    cursor: Cursor, account: Account, owner_id: UUID | None, answered: Mapping[str, str]
) -> None:
    """Make `book_owned` from `book_customer`: whose customer each set of cells is (`owner_id`).

    The account called so, if the asker may see it and its customers' names; NULL for any other.
    `owner_id` is whose all rows are, or None to go by the owner column; `answered` says which
    account (username) a text there means.
    """
    words = {"texts": list(answered), "usernames": list(answered.values())}
    cursor.execute(_OWNED, {"asker": account.id, "owner": owner_id, **words})


def note_problems(cursor: Cursor) -> None:
    """Make `book_problem` (row_no, field, code) from what `book_contract` and `book_owned` hold.

    It grows from step to step; a row in it is not taken.
    """
    cursor.execute(_PROBLEMS)


def find_persons(cursor: Cursor) -> None:
    """Make `book_mention`, `book_person_seen` and `book_meant` from `book_owned`.

    * `book_mention`: what a row without a fault says of a customer, with the key of the person.
    * `book_person_seen`: each person, and the customer it is (`known_id`); `doubtful` where that
      is not certain.
    * `book_meant`: which person each set of customer cells means.
    """
    for step in (_COMPATIBLE, _MENTION, _PERSON_SEEN, _MEANT):
        cursor.execute(step)


def ask_about_persons(cursor: Cursor) -> None:
    """Add to `book_problem` the rows of `book_meant` whose person has to be asked for."""
    cursor.execute(_QUESTIONS)


def refuse_nameless(cursor: Cursor) -> None:
    """Add to `book_problem` the rows of unknown customers who are named on no row.

    A number without a name stands for a customer who is there, or named on another row.
    """
    cursor.execute(_NAMELESS)


def choose_persons(cursor: Cursor, values: Sequence[str]) -> None:
    """Make `book_person`, the customers to store, and `book_customer_of`: whom cells mean.

    Reads `book_mention`, `book_person_seen`, `book_meant`, `book_edited` and `book_problem`. Of
    each field of `values` it holds the first value that the file gives. `rows_disagree` where a
    later row gives another one, which is told and not stored; `kept` are the fields in which a
    person's edit stays although the file says something else.
    """
    cursor.execute(_person(values))
    cursor.execute(_CUSTOMER_OF)


_COMPATIBLE = """
create or replace temp macro compatible(a, b) as a is null or b is null or a = b
"""

_OWNED = f"""
create or replace temp table book_owned as
with visible as (from ({VISIBLE_OWNERS}) where by_name),
called as (
    select word, min(id) as id, count(distinct id) as accounts
    from (select id, {same_text("username")} as word from visible
          union select id, {same_text("name")} from visible)
    group by word
),
answered as (
    select {same_text("text")} as word, username
    from (select unnest($texts::varchar[]) as text, unnest($usernames::varchar[]) as username)
),
owner as (
    select coalesce(a.word, called.word) as word,
        coalesce(v.id, if(called.accounts = 1, called.id, null)) as id
    from called full join answered a using (word)
    left join visible v on v.username = a.username
)
select c.*, coalesce($owner, owner.id) as owner_id, {same_text("c.name")} as name_key
from book_customer c left join owner on owner.word = {same_text("c.owner")}
"""

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

_PERSON_SEEN = f"""
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
        coalesce({same_text("c.name")} <> s.name_key, false)
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
    join (select *, {same_text("name")} as name_key from customer) c
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

_MEANT = """
create or replace temp table book_meant as
select m.customer_no, s.person_no, s.known_id, m.is_vague, s.doubtful, s.withdrawn,
    m.source_key is not null and s.mentions > 1 and (
        coalesce(m.name_key <> s.name_key, false)
        or coalesce(m.birth_year <> s.birth_year, false)
        or coalesce(m.birth_date <> s.birth_date, false)) as differs
from book_mention m
left join book_person_seen s on not m.is_vague
    and s.owner_id = m.owner_id and s.person_key = m.person_key
"""

_QUESTIONS = """
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


def _person(values: Sequence[str]) -> str:
    """The SQL for `book_person`."""
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
        said.rows_disagree, {edits.unedited(values, "said", "e")},
        {edits.kept(values, "said", "old", "e")} as kept
    from said left join book_edited e on e.record_id = said.known_id
    left join customer old on old.id = said.known_id
)
select said.*, coalesce(said.known_id, uuidv7()) as id, said.known_id is null as is_new,
    said.known_id is not null and ({edits.differs(values, "c", "said")}) as is_changed
from (from unedited order by row_no) said
left join customer c on c.id = said.known_id
"""


_CUSTOMER_OF = """
create or replace temp table book_customer_of as
select m.customer_no, p.id as customer_id
from book_meant m join book_person p using (person_no)
"""
