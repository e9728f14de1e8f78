"""Make the database of a large agency, drawn by the hash of row numbers: the same every time.

Nobody in it is real. What customer_row holds is left to fpcore.kept.customer_rows.
"""

from datetime import date
from itertools import pairwise
from pathlib import Path

from fpcore.kept import customer_rows
from fpcore.store import database, opening
from fpcore.store.database import Cursor, Database

TODAY = date(2026, 11, 22)
POLICIES_EACH = 5
TEAMS = 40
FEWEST, MOST, MEAN = 100, 2000, 500
"""Customers of an FP."""

INSURERS = """
    삼성생명 한화생명 교보생명 신한라이프 KB라이프 동양생명 흥국생명 라이나생명 AIA생명 NH농협생명
    삼성화재 현대해상 DB손해보험 KB손해보험 메리츠화재 한화손해보험 롯데손해보험 흥국화재 MG손해보험
    NH농협손해보험
""".split()
_SURNAMES = """
    김김김김김김김김김김이이이이이이이박박박박최최최정정정강강조윤장임한
    오서신권황안송류홍전고문손양배백허노남심
"""
_FIRST_SYLLABLES = """
    지민서수예하도시은윤유주현준동승재상성영정미경혜선
    소다나채가건길태우진기병종광명순옥춘석호원규보인창백희홍
"""
_SECOND_SYLLABLES = """
    민지서수은윤연우준현호진영희숙자순미정경선원빈율린
    아후훈식철동도길구규석성태혁환일라나별솔리름림한찬웅주
"""
_PARTS_OF_NAMES = (_SURNAMES, _FIRST_SYLLABLES, _SECOND_SYLLABLES)
_OCCUPATIONS = """
    사무직 공무원 은행원 교사 교수 연구원 학원강사 보육교사 간호사 의사 약사 변호사 디자이너 영업직
    소프트웨어개발자 사회복지사 자영업 주부 은퇴 요리사 미용사 요양보호사 판매원 생산직 경찰관
    직업군인 경비원 버스기사 택시기사 소방관 농업인 건설현장직 전기기사 화물차기사 택배기사
""".split()
_MAIL_WORDS = "haneul bada sunny green moon river happy star blue maple coffee hiker".split()
_TYPES = "health health health life life car car accident accident home other".split()
_SPECIAL = {
    "health": " 실손",
    "accident": " 운전자",
    "life": " 연금",
    "car": "",
    "home": "",
    "other": "",
}
"""What a quarter of the products' names tell beyond their type."""
_CYCLES = [*["monthly"] * 8, "annual", "annual", "quarterly", "single", "paid_up"]


def make(path: Path, size: int) -> Database:
    """Make a database file with `size` customers: an admin, a manager a team, FPs team by team."""
    db = opening.open_database(str(path), create=True)

    def fill(cursor: Cursor) -> None:
        params = {"now": database.utc_now(), "today": TODAY}
        _agency(cursor, size, params)
        for sql in (_CUSTOMERS, _POLICIES, _CONSENTS, _CONTACTS):
            said = {key: value for key, value in params.items() if f"${key}" in sql}
            cursor.execute(sql, said)

    db.transaction(fill)
    customer_rows.roll_forward(db, TODAY)
    return db


def planners(size: int) -> list[tuple[int, int]]:
    """Give the row numbers of each FP's customers: their first, and the next FP's first.

    FPs come in the order of how many they have: most have few, few have many.
    """
    number = max(2, round(size / MEAN))
    power = (MOST - FEWEST) / (MEAN - FEWEST)  # of the FP's place, for the mean to be MEAN

    def before(place: float) -> int:
        share = (FEWEST * place + (MOST - FEWEST) * place**power / power) / MEAN
        return round(size * share)

    ends = [before(k / number) for k in range(number + 1)]
    return list(pairwise(ends))


def _id(number: str, salt: str) -> str:
    """The SQL of a UUIDv7 that sorts by the number."""
    drawn = f"md5('{salt}' || {number})"
    return (
        f"(format('{{:012x}}', 1750000000000 + {number}) || '7' || substr({drawn}, 1, 3)"
        f" || '9' || substr({drawn}, 4, 15))::uuid"
    )


def _draw(number: str, salt: str, sides: int) -> str:
    """The SQL of a number from 0 to below `sides`."""
    return f"(hash({number}, '{salt}') % {sides})::int"


def _one_of(words: list[str], number: str, salt: str) -> str:
    return f"({words})[1 + {_draw(number, salt, len(words))}]"


def _agency(cursor: Cursor, size: int, params: dict) -> None:
    ranges = planners(size)
    now = {"now": params["now"]}
    cursor.execute(
        f"""
        insert into team (id, name, created_at, updated_at)
        select {_id("i", "team")}, (i + 1)::varchar || '지점', $now, $now from range({TEAMS}) t(i)
        """,
        now,
    )
    cursor.execute(
        f"""
        insert into account (id, username, name, role, team_id, created_at, updated_at)
        select {_id("i", "account")}, 'admin', '관리자', 'admin', null, $now, $now
        from range(1) t(i)
        union all
        select {_id("100 + i", "account")}, 'manager' || i, '팀장' || i, 'manager',
            {_id("i", "team")}, $now, $now
        from range({TEAMS}) t(i)
        union all
        select {_id("1000 + i", "account")}, 'fp' || i, {_name("i", "fp")}, 'fp',
            {_id(f"(i * {TEAMS} // {len(ranges)})", "team")}, $now, $now
        from range({len(ranges)}) t(i)
        """,
        now,
    )
    cursor.execute(
        f"""
        create or replace temp table planner as
        select {_id("1000 + i", "account")} as id, first_row, end_row
        from (select unnest($firsts) as first_row, unnest($ends) as end_row,
            unnest(range({len(ranges)})) as i)
        """,
        {"firsts": [first for first, _ in ranges], "ends": [end for _, end in ranges]},
    )


def _name(number: str, salt: str) -> str:
    parts = (list("".join(part.split())) for part in _PARTS_OF_NAMES)
    return " || ".join(_one_of(part, number, f"{salt}{k}") for k, part in enumerate(parts))


def _in_korean(column: str, words: dict[str, str]) -> str:
    whens = " ".join(f"when '{value}' then '{word}'" for value, word in words.items())
    return f"case {column} {whens} end"


_CUSTOMERS = f"""
insert into customer (id, owner_id, source_key, name, birth_year, birth_date, gender, phone,
    phone_hash, email, occupation, last_contact_on, next_contact_on, notes, monthly_income,
    dependants, debts, housing, driving, created_at, updated_at)
with numbered as (
    select id as owner_id, unnest(range(first_row, end_row)) as i from planner
),
drawn as (
    select *,
        date '1938-01-01' + {_draw("i", "born", 31_000)} as born,
        {_draw("i", "year only", 100)} as year_only,
        lpad({_draw("i", "phone", 10_000)}::varchar, 4, '0') as last_four
    from numbered
)
select
    {_id("i", "customer")}, owner_id, 'K' || i, {_name("i", "name")},
    if(year_only = 0, null, year(born)), if(year_only < 5, null, born),
    if({_draw("i", "no gender", 100)} = 0, null, {_one_of(["F", "M"], "i", "gender")}),
    if(last_four < '0300', null, '010-****-' || last_four),
    if(last_four < '0300', null, sha256(i::varchar)),
    if({_draw("i", "no mail", 4)} = 0, null,
        {_one_of(_MAIL_WORDS, "i", "mail")} || i || '@example.com'),
    if({_draw("i", "no work", 20)} = 0, null, {_one_of(_OCCUPATIONS, "i", "work")}),
    if({_draw("i", "never", 10)} = 0, null, $today - 1 - {_draw("i", "last", 700)}),
    if({_draw("i", "planned", 5)} = 0, $today + {_draw("i", "next", 60)}, null),
    if({_draw("i", "notes", 8)} = 0, '평일 저녁, 주말 오전 통화 가능', null),
    if({_draw("i", "no income", 10)} < 3, null, 100_000 * (15 + {_draw("i", "income", 80)})),
    if({_draw("i", "no family", 10)} < 3, null, {_draw("i", "dependants", 4)}),
    if({_draw("i", "no debts", 10)} < 3, null, 10_000_000 * {_draw("i", "debts", 20)}),
    if({_draw("i", "no home", 10)} < 3, null, {_one_of(["own", "rent", "other"], "i", "home")}),
    if({_draw("i", "no car", 10)} < 3, null, {_one_of(["own_car", "drives", "none"], "i", "car")}),
    $now, $now
from drawn order by i
"""

_POLICIES = f"""
insert into policy (id, customer_id, policy_name, insurer, policy_number, type, coverage_amount,
    premium_amount, currency, premium_cycle, start_date, end_date, status, created_at, updated_at)
with numbered as (
    select i, unnest(range(i * {POLICIES_EACH}, (i + 1) * {POLICIES_EACH})) as j
    from (select unnest(range(first_row, end_row)) as i from planner)
),
drawn as (
    select *,
        {_draw("j", "insurer", len(INSURERS))} as insurer,
        {_one_of(_TYPES, "j", "type")} as type,
        {_draw("j", "state", 100)} as state,
        $today - 30 - {_draw("j", "start", 5400)} as start_date
    from numbered
),
ended as (
    select *, state < 5 as over, state = 5 as applied_for,
        if(state < 5, start_date + (hash(j, 'end') % ($today - start_date))::int,
            if({_draw("j", "whole life", 10)} = 0, date '9999-12-31',
                $today + {_draw("j", "end", 9000)})) as end_date
    from drawn
)
select
    {_id("j", "policy")}, {_id("i", "customer")},
    '(무)든든 ' || {_one_of(_OCCUPATIONS, "j", "product")}
        || if({_draw("j", "special", 4)} = 0, {_in_korean("type", _SPECIAL)}, '') || ' 보험',
    {INSURERS}[1 + insurer],
    chr(65 + insurer) || {_draw("j", "year", 20)} || '-'
        || lpad(((j * 7919 + 12345) % 100000000)::varchar, 8, '0'),
    type,
    if({_draw("j", "unknown", 100)} < 3, null, 1_000_000 * (1 + {_draw("j", "amount", 150)})),
    if({_draw("j", "no premium", 100)} < 2, null, 10 * (1_000 + {_draw("j", "premium", 20_000)})),
    if({_draw("j", "dollar", 100)} = 0, 'USD', 'KRW'), {_one_of(_CYCLES, "j", "cycle")},
    if(applied_for, null, start_date), if(applied_for, null, end_date),
    case when state < 2 then 'cancelled' when state = 2 then 'expired'
        when applied_for then 'pending' else 'active' end,
    $now, $now
from ended order by j
"""

_CONSENTS = f"""
insert into consent (id, customer_id, kind, basis, text_version, given_on, channel, recorded_by,
    created_at)
select {_id("i", "consent")}, {_id("i", "customer")}, 'collection', '서면 동의', '2026-11',
    $today - {_draw("i", "given", 900)}, 'paper', id, $now
from (select id, unnest(range(first_row, end_row)) as i from planner) order by i
"""

_CONTACTS = f"""
insert into contact (id, customer_id, contacted_on, channel, outcome, recorded_by, created_at)
select {_id("i", "contact")}, {_id("i", "customer")}, $today - {_draw("i", "contacted", 500)},
    {_one_of(["phone", "message", "visit"], "i", "channel")},
    {_one_of(["reached", "no_answer", "appointment"], "i", "outcome")}, id, $now
from (select id, unnest(range(first_row, end_row)) as i from planner)
where {_draw("i", "any contact", 10)} < 3 order by i
"""


def write_csv(db: Database, path: Path) -> int:
    """Write the whole book as an agency would have it, one row a policy; how many rows."""
    with db.reading() as cursor:
        return cursor.execute(_CSV.format(path=path)).fetchone()[0]


_CSV = f"""
copy (
    select c.source_key as "고객번호", c.name as "고객명",
        strftime(c.birth_date, '%Y-%m-%d') as "생년월일",
        {_in_korean("c.gender", {"M": "남", "F": "여"})} as "성별",
        '010-' || (2000 + {_draw("c.source_key", "number", 800)}) || '-' || right(c.phone, 4)
            as "휴대폰",
        c.email as "이메일", c.occupation as "직업", 'Y' as "동의", p.insurer as "보험사",
        p.policy_number as "증권번호", p.policy_name as "상품명",
        {_in_korean("p.type", {"life": "생명", "health": "건강", "car": "자동차", "home": "화재",
                               "accident": "상해", "other": "기타"})} as "보험종류",
        case
            when p.coverage_amount is null then '-'
            when p.currency = 'KRW' and {_draw("p.policy_number", "unit", 3)} = 0
                then (p.coverage_amount / 10000)::bigint || '만원'
            else format('{{{{:,}}}}', p.coverage_amount::bigint)
        end as "가입금액",
        format('{{{{:,}}}}', p.premium_amount::bigint) as "보험료",
        {_in_korean("p.premium_cycle", {"monthly": "월납", "annual": "연납", "quarterly": "분기납",
                                        "single": "일시납", "paid_up": "완납"})} as "납입주기",
        p.currency as "통화", strftime(p.start_date, '%Y.%m.%d') as "계약일",
        if(p.end_date = '9999-12-31', '종신', strftime(p.end_date, '%Y-%m-%d')) as "만기일",
        {_in_korean("p.status", {"active": "유지", "expired": "만기", "cancelled": "해지",
                                 "pending": "청약"})} as "계약상태",
        a.username as "담당FP"
    from policy p join customer c on c.id = p.customer_id join account a on a.id = c.owner_id
    order by p.id
) to '{{path}}' (header true)
"""  # fmt: skip
