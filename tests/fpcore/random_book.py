"""Random books: rows that can be taken, with everything that makes adding up hard.

`random_people` are drawn to try gap rules on: rows of tables, close to every edge that rules have.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from agency import TODAY

from fpcore.kept import customer_rows
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import LARGEST_AMOUNT, WHOLE_LIFE, PolicyStatus, PolicyType, PremiumCycle
from fpcore.store import database
from fpcore.store.database import Cursor, Database

TYPES = "생명 건강 자동차 화재 상해 기타".split()
STATUSES = ["유지"] * 6 + ["해지", "만기", "청약", "납입완료"]
CYCLES = ["월납", "분기납", "6개월납", "연납", "일시납", "납입완료", ""]


def random_book(seed: int, rows: int) -> list[dict[str, str]]:
    """Draw a book of three FPs and an admin's own customers; each policy has its own number."""
    rng = Random(seed)
    people = [_person(rng, number) for number in range(rows // 3)]
    return [_row(rng, rng.choice(people), number) for number in range(rows)]


def _person(rng: Random, number: int) -> dict[str, str]:
    born = TODAY - timedelta(days=rng.randrange(1, 38_000))
    year_only = rng.random() < 0.2
    return {
        "고객번호": f"C{number:04}",
        "고객명": f"고객{number}",
        "생년월일": "" if year_only or rng.random() < 0.1 else born.isoformat(),
        "출생연도": str(born.year) if year_only else "",
        "성별": rng.choice(["남", "여", "기타", ""]),
        "직업": rng.choice(["교사", "의사", "농부", ""]),
        "담당FP": rng.choice(["fp1", "fp2", "fp3", "admin"]),
    }


def _row(rng: Random, person: dict[str, str], number: int) -> dict[str, str]:
    if rng.random() < 0.1:
        return person
    begins = TODAY + timedelta(days=rng.randrange(-3000, 200))
    ends = begins + timedelta(days=rng.randrange(0, 6000))
    return {
        **person,
        "증권번호": f"P{number:05}",
        "보험종류": rng.choice(TYPES),
        "가입금액": rng.choice(["", "미제공", str(rng.randrange(0, 2_000_000_00))]),
        "보험료": rng.choice(["", str(rng.randrange(0, 500_000))]),
        "납입주기": rng.choice(CYCLES),
        "통화": rng.choice(["", "", "", "KRW", "USD"]),
        "계약일": rng.choice(["", begins.isoformat()]),
        "만기일": rng.choice(["", ends.isoformat(), "종신"]),
        "계약상태": rng.choice(STATUSES),
    }


EDGES = [1, 19, 30, 40, 50, 60, 65]
"""Ages at which rules change their mind."""
SUMS = [10_000_000, 30_000_000, 50_000_000, 70_000_000, 100_000_000, 161_240_000]
"""Amounts that rules want, and so those that customers hold."""

_NAMES = [
    None, None, "종신보험", "암보험", "연금저축", "Pension PLUS", "실손의료비", "우리집 실비",
    "INDEMNITY", "운전자보험", "Safe Driver", "실손 운전자 연금",
]  # fmt: skip
_OCCUPATIONS = [None, None, "교사", "주부", "택시기사", "요리사", "마트 계산원", "택시 기사"]


def random_people(
    rng: Random, count: int, day: date, codes: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Draw customers as rows of the table customer, each with `policies` (rows of that table) and
    `targets` (won by the code of a rule, of `codes`)."""
    return [_random_person(rng, day, codes) for _ in range(count)]


def store(db: Database, owner_id: UUID, people: Sequence[dict[str, Any]], today: date) -> None:
    """Put customers, as `random_people` gives them, into the tables as they are.

    Each gets an `id`; what a person leaves out is not known.
    """

    def work(cursor: Cursor) -> None:
        now = database.utc_now()
        made = {"created_at": now, "updated_at": now}
        customers, policies, targets = [], [], []
        for one in people:
            one["id"] = uuid4()
            facts = {key: one[key] for key in one.keys() - {"policies", "targets"}}
            customers.append({"name": "고객", "owner_id": owner_id, **facts, **made})
            of_one = {"customer_id": one["id"], **made}
            policies += [{"id": uuid4(), **of_one, **policy} for policy in one["policies"]]
            said = {"note": "-", "set_by": owner_id}
            targets += [
                {"id": uuid4(), "code": code, "amount": amount, **said, **of_one}
                for code, amount in one["targets"].items()
            ]
        _insert(cursor, "customer", customers)
        _insert(cursor, "policy", policies)
        _insert(cursor, "customer_target", targets)
        cursor.execute("create or replace temp table newcomer as select id from customer")
        customer_rows.refresh_all_of(db, cursor, "newcomer", today, Because(Cause.EDIT))

    db.transaction(work)


def _insert(cursor: Cursor, table: str, rows: Sequence[dict[str, Any]]) -> None:
    types = dict(
        cursor.execute(
            "select column_name, data_type from duckdb_columns() where table_name = $table",
            {"table": table},
        ).fetchall()
    )
    names = sorted({name for row in rows for name in row})
    if not names:
        return
    columns = ", ".join(f"unnest(${name}::{types[name]}[])" for name in names)
    cursor.execute(
        f"insert into {table} ({', '.join(names)}) select {columns}",
        {name: [row.get(name) for row in rows] for name in names},
    )


def _random_person(rng: Random, day: date, codes: Sequence[str]) -> dict[str, Any]:
    born = _birth_date(rng, day)
    known = rng.random()
    policies = [_random_policy(rng, day) for _ in range(rng.randrange(7))]
    if len(policies) > 1 and rng.random() < 0.5:
        policies[1] |= _taken_over(rng, policies[0], day)
    return {
        "birth_date": born if known < 0.8 else None,
        "birth_year": born.year if known < 0.9 else None,
        "occupation": rng.choice(_OCCUPATIONS),
        "occupation_class": rng.choice([None, None, None, 1, 2, 3]),
        "monthly_income": rng.choice([None, 0, 1, 999_999, 3_000_000, 3_000_000, LARGEST_AMOUNT]),
        "living_cost": rng.choice([None, None, 0, 2_500_000]),
        "dependants": rng.choice([None, 0, 0, 1, 3]),
        "debts": rng.choice([None, 0, 0, 1, 50_000_000, LARGEST_AMOUNT]),
        "housing": rng.choice([None, "own", "rent", "other"]),
        "driving": rng.choice([None, "own_car", "drives", "none"]),
        "policies": policies,
        "targets": {
            code: rng.choice([0, *SUMS]) for code in codes if rng.random() < 0.5 / len(codes)
        },
    }


def _birth_date(rng: Random, day: date) -> date:
    """A day from 1901 to `day`, often a birthday at an edge, or 29 February."""
    if rng.random() < 0.1:
        return date(rng.choice([1960, 1980, 2000, 2004]), 2, 29)
    if rng.random() < 0.5:
        with suppress(ValueError):  # 29 February of a common year
            edge = day.replace(year=day.year - rng.choice(EDGES))
            return edge + timedelta(days=rng.randrange(-1, 2))
    return day - timedelta(days=rng.randrange(0, 45_000))


def _random_policy(rng: Random, day: date) -> dict[str, Any]:
    starts = rng.choice([None, _near(rng, day), day - timedelta(days=rng.randrange(0, 3000))])
    ends = rng.choice([None, WHOLE_LIFE, _near(rng, day), day + timedelta(days=3000)])
    if starts and ends and ends < starts:
        ends = starts + timedelta(days=rng.choice([0, 365, 366, 3000]))
    amount = rng.choice([None, 0, *SUMS, *SUMS, rng.choice(SUMS) - 1, LARGEST_AMOUNT])
    return {
        "type": rng.choice(list(PolicyType)),
        "policy_name": rng.choice(_NAMES),
        "coverage_amount": amount,
        "premium_amount": rng.choice([None, 0, 1, 99_999, 300_000, 300_000, 300_001, 540_000]),
        "premium_cycle": rng.choice([None, *["monthly"] * 6, *PremiumCycle]),
        "currency": rng.choice(["KRW"] * 9 + ["USD"]),
        "start_date": starts,
        "end_date": ends,
        "status": rng.choice([*["active"] * 6, *PolicyStatus]),
    }


def _taken_over(rng: Random, old: dict[str, Any], day: date) -> dict[str, Any]:
    """Cancel a policy and say what a like one must have that began about half a year away."""
    old["status"] = "cancelled"
    old["type"] = rng.choice([*PolicyType, "life", "health"])
    begun = _near(rng, day - timedelta(days=rng.choice([0, 0, 30, 550, 700, 2000])))
    if old["end_date"] != WHOLE_LIFE:
        apart = begun + timedelta(days=rng.choice([-1, 1]) * rng.randrange(178, 187))
        old["end_date"] = rng.choice([apart, begun, old["end_date"]])
    if old["end_date"] and old["start_date"] and old["start_date"] > old["end_date"]:
        old["start_date"] = None
    term = rng.choice([0, 364, 365, 366, 367, 3000])
    return {
        "type": old["type"],
        "policy_name": rng.choice([old["policy_name"], None]),
        "status": rng.choice(["active", "active", "pending"]),
        "start_date": begun,
        "end_date": rng.choice([None, begun + timedelta(days=term)]),
    }


def _near(rng: Random, day: date) -> date:
    """A day beside `day`, or beside the same day of another month."""
    months = rng.choice([0, 0, -6, 6, -12, -24])
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    same = date(year, month + 1, min(day.day, 28))
    return same + timedelta(days=rng.randrange(-2, 3))
