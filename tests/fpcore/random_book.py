"""Random books: rows that can be taken, with everything that makes adding up hard."""

from datetime import timedelta
from random import Random

from agency import TODAY

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
