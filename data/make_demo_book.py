"""Makes the demo book: the customers and policies of eight FPs, all of them made up.

    python data/make_demo_book.py

writes, next to itself, `demo_book.csv` (UTF-8 with a byte-order mark) and the same rows as
`demo_book_cp949.csv` (what a Korean Excel saves), then prints what the book holds. One row is
one policy with its customer's columns repeated; a customer without a policy has one row.

The book is as of AS_OF and drawn with a fixed seed: every run writes the same bytes. Nobody in
it is real: the phones lie in 010-0000 … 010-1999, which no carrier hands out, and the products
are invented. The tables make holdings and amounts differ by age, gender, occupation and FP;
the functions below them only draw from the tables.
"""

import csv
import io
from collections import Counter, namedtuple
from collections.abc import Iterable
from datetime import date, timedelta
from operator import mul
from pathlib import Path
from random import Random
from statistics import median

AS_OF = date(2026, 11, 1)
SEED = 20261101
CUSTOMERS = 2000
MOST_POLICIES = 9
WHOLE_LIFE = date(9999, 12, 31)
ADULT_AGE = 19

# What the tables are made of. `means` (0 … 1) leans the amounts; `holding` is the chance of each
# of KINDS in an age band and multiplies that chance for an FP; `women` and `men` weigh how often
# an occupation is drawn. A product's `ages` are those at its start; a term is 종신 (whole life),
# N년 (years) or N세 (until that age).
AgeBand = namedtuple("AgeBand", "youngest oldest share means holding")
Planner = namedtuple("Planner", "username share means holding")
Occupation = namedtuple(
    "Occupation", "title injury_class women men youngest oldest means", defaults=[0]
)
Product = namedtuple(
    "Product", "kind name sectors weight ages terms millions premium cycle", defaults=["월납"]
)
# What the book is made of; a policy's fields are its columns in the file, None is an empty cell.
Customer = namedtuple("Customer", "number name birth gender occupation band planner")
Policy = namedtuple("Policy", "insurer number product kind amount premium cycle start end status")

# fmt: off
COLUMNS = (
    "고객번호", "고객명", "생년월일", "성별", "휴대폰", "이메일", "직업", "최근연락일", "비고",
    "월소득(만원)", "부양가족수", "부채(만원)", "주거형태", "차량", "개인정보동의", "담당FP",
    "보험사", "증권번호", "상품명", "보험종류", "가입금액", "보험료", "납입주기", "계약일",
    "만기일", "계약상태",
)
KINDS = ("생명", "건강", "자동차", "화재", "상해", "기타")
ONE_YEAR_KINDS = {"자동차", "화재"}
EARLIEST_AGE = {"생명": 15, "건강": 0, "자동차": 19, "화재": 19, "상해": 0, "기타": 0}
ONE_MORE = {"생명": 0.2, "건강": 0.42, "자동차": 0.05, "화재": 0.03, "상해": 0.15, "기타": 0.1}

STATUSES = ("유지", "납입완료", "실효", "해지", "만기", "청약")
IN_FORCE = {"유지", "납입완료"}
STATUS_WEIGHTS = {
    "생명": (72, 13, 6, 4, 2, 3), "건강": (73, 13, 5, 4, 3, 3), "자동차": (84, 0, 0, 3, 10, 3),
    "화재": (84, 0, 0, 4, 9, 3), "상해": (76, 5, 6, 5, 5, 3), "기타": (77, 0, 5, 6, 8, 4),
}
YOUNGEST_FOR_STATUS = {"유지": 0, "납입완료": 35, "실효": 25, "해지": 25, "만기": 28, "청약": 0}
YEARS_SINCE_START = {
    "유지": (0, 20), "납입완료": (10, 25), "실효": (1, 12), "해지": (1, 12), "만기": (5, 23),
    "청약": (0, 0.05),
}
YEARS_SINCE_START_OF_ONE_YEAR = {
    "유지": (0, 0.99), "해지": (0, 0.99), "만기": (1.01, 3), "청약": (0, 0.05),
}
LONGEST_SINCE_END = timedelta(days=3 * 365)
NO_DATES_YET_SHARE = 0.4  # of what is applied for (청약)

NO_POLICY_SHARE = 0.05
TWICE_SHARE, REPLACED_SHARE = 0.04, 0.08
EMPTY_SHARE = {
    "성별": 0.01, "휴대폰": 0.03, "이메일": 0.25, "직업": 0.05, "최근연락일": 0.10, "비고": 0.88,
    "가입금액": 0.03, "보험료": 0.02,
}
CIRCUMSTANCE_EMPTY_SHARE = 0.35  # of each of 월소득, 부양가족수, 부채, 주거형태 and 차량
WHOLE_BIRTH_DATE_SHARE, BIRTH_YEAR_SHARE, NO_BIRTH_SHARE = 0.95, 0.04, 0.01

AGE_BANDS = (
    AgeBand(0, 14, 6, 0.20, (0.00, 0.72, 0.00, 0.00, 0.25, 0.08)),
    AgeBand(15, 19, 3, 0.20, (0.03, 0.68, 0.00, 0.00, 0.25, 0.08)),
    AgeBand(20, 29, 12, 0.20, (0.18, 0.72, 0.40, 0.12, 0.35, 0.25)),
    AgeBand(30, 39, 21, 0.40, (0.58, 0.86, 0.74, 0.40, 0.45, 0.34)),
    AgeBand(40, 49, 24, 0.55, (0.74, 0.90, 0.84, 0.54, 0.50, 0.36)),
    AgeBand(50, 59, 19, 0.50, (0.76, 0.87, 0.84, 0.60, 0.50, 0.32)),
    AgeBand(60, 64, 7, 0.40, (0.70, 0.76, 0.78, 0.64, 0.44, 0.28)),
    AgeBand(65, 74, 6, 0.30, (0.58, 0.42, 0.55, 0.62, 0.32, 0.18)),
    AgeBand(75, 88, 2, 0.20, (0.48, 0.26, 0.20, 0.50, 0.20, 0.08)),
)
OTHER_INCOME = {"대학생": (0, 80), "주부": (0, 0), "은퇴": (50, 250)}  # a month, in 10,000 won
DEPENDANTS_BY_AGE = {29: (88, 8, 4), 39: (38, 24, 26, 12), 49: (20, 22, 36, 18, 4),
                     59: (30, 32, 26, 10, 2), 88: (62, 34, 4)}  # weights of 0, 1, 2 …
DEBT_SHARE_BY_AGE = {29: 0.35, 39: 0.65, 49: 0.7, 59: 0.55, 88: 0.2}
LARGEST_DEBT_BY_AGE = {29: 8_000, 39: 40_000, 49: 40_000, 59: 30_000, 88: 12_000}
HOUSING = ("자가", "전세", "월세", "부모님집")
HOUSING_BY_AGE = {29: (4, 22, 34, 40), 39: (36, 36, 18, 10), 49: (58, 24, 14, 4),
                  59: (66, 18, 14, 2), 88: (72, 12, 14, 2)}
CARS = ("자차", "운전함", "미운전")
CARS_BY_AGE = {29: (24, 34, 42), 39: (66, 18, 16), 49: (76, 12, 12), 59: (72, 12, 16),
               88: (40, 14, 46)}
PLANNERS = (
    Planner("fp1", 16, 0.20, {"생명": 1.15}), Planner("fp2", 14, 0.05, {"건강": 1.1}),
    Planner("fp3", 13, 0.00, {"생명": 0.3}), Planner("fp4", 11, 0.05, {"자동차": 0.75}),
    Planner("fp5", 13, 0.00, {"상해": 0.5}), Planner("fp6", 12, -0.05, {"화재": 0.2}),
    Planner("fp7", 12, -0.20, {"건강": 0.75}), Planner("fp8", 9, -0.10, {"기타": 1.8}),
)
GENDERS = {"여": 52, "남": 48}
MEANS_BY_GENDER = {"여": 0.0, "남": 0.08}
HOLDING_BY_GENDER = {
    "여": {"생명": 0.9, "건강": 1.07, "자동차": 0.8, "화재": 1.05},
    "남": {"생명": 1.08, "건강": 0.94, "자동차": 1.08, "상해": 1.1},
}
HOLDING_BY_INJURY_CLASS = {1: {"상해": 0.8}, 2: {"상해": 1.2}, 3: {"상해": 1.65}}
DRIVING = {"상해": 1.4}
HOLDING_BY_OCCUPATION = {
    "대학생": {"생명": 0.4, "자동차": 0.3, "화재": 0.5}, "주부": {"생명": 0.8, "자동차": 0.85},
    "자영업": {"화재": 1.3}, "음식점 운영": {"화재": 1.5, "생명": 0.85},
    "배달라이더": {"생명": 0.6, "화재": 0.6, "상해": 1.3}, "버스기사": DRIVING,
    "택시기사": DRIVING, "화물차기사": DRIVING, "택배기사": DRIVING,
}
OCCUPATIONS = tuple(Occupation(*row) for row in (
    ("미취학아동", 1, 1, 1, 0, 6), ("초등학생", 1, 1, 1, 7, 12), ("중학생", 1, 1, 1, 13, 15),
    ("고등학생", 1, 1, 1, 16, 18), ("대학생", 1, 160, 170, 19, 25, -0.1),
    ("사무직", 1, 60, 55, 22, 62), ("공무원", 1, 22, 24, 24, 60), ("은행원", 1, 12, 9, 23, 58),
    ("교사", 1, 26, 12, 24, 62), ("교수", 1, 3, 5, 36, 65, 0.2), ("연구원", 1, 8, 12, 25, 60),
    ("학원강사", 1, 14, 8, 23, 60), ("보육교사", 1, 18, 0, 22, 60), ("간호사", 1, 24, 2, 22, 60),
    ("의사", 1, 5, 8, 28, 72, 0.35), ("약사", 1, 6, 3, 26, 72, 0.25),
    ("변호사", 1, 3, 5, 29, 72, 0.35), ("소프트웨어개발자", 1, 8, 22, 23, 55, 0.1),
    ("사회복지사", 1, 12, 5, 23, 62), ("디자이너", 1, 12, 6, 22, 52), ("영업직", 1, 14, 26, 22, 62),
    ("자영업", 1, 30, 38, 26, 78), ("주부", 1, 90, 0, 27, 88), ("은퇴", 1, 170, 330, 62, 88, -0.1),
    ("음식점 운영", 2, 18, 20, 28, 75), ("요리사", 2, 8, 16, 20, 65), ("미용사", 2, 18, 3, 20, 65),
    ("요양보호사", 2, 24, 2, 40, 70, -0.1), ("판매원", 2, 20, 8, 20, 65, -0.1),
    ("생산직", 2, 14, 34, 20, 62), ("자동차정비사", 2, 0, 12, 20, 65), ("경찰관", 2, 3, 10, 23, 60),
    ("직업군인", 2, 1, 10, 20, 55), ("경비원", 2, 1, 16, 50, 78, -0.2),
    ("버스기사", 2, 1, 10, 28, 68), ("택시기사", 2, 1, 16, 30, 78), ("소방관", 3, 1, 8, 23, 60),
    ("농업인", 2, 6, 10, 35, 85), ("건설현장직", 3, 1, 30, 20, 68), ("전기기사", 3, 0, 12, 22, 66),
    ("화물차기사", 3, 0, 14, 25, 70), ("택배기사", 3, 1, 14, 21, 60),
    ("배달라이더", 3, 1, 10, 20, 55, -0.2), ("환경미화원", 3, 2, 7, 30, 62, -0.1),
))

SURNAMES_BY_WEIGHT = {
    215: "김", 147: "이", 84: "박", 47: "최", 43: "정", 24: "강", 21: "조 윤", 20: "장", 16: "임",
    15: "한 오 서 신", 14: "권 황 안 송 류", 11: "홍 전", 9: "고 문 손 양", 8: "배 백", 7: "허",
    5: "노 남 심 하", 4: "주 구 곽 성 차 우", 3: "진 나 지 엄", 2: "변 원 천 방 공 현 함 남궁",
    1: "여 추 도 소 석 선우 황보 제갈 독고",
}
SURNAMES = {name: weight for weight, names in SURNAMES_BY_WEIGHT.items() for name in names.split()}
GIVEN_SYLLABLES = {  # by the generation's last birth year: the first and the second syllables
    1954: {"여": "영순정춘말옥명경화복금 자숙순희", "남": "영병종광정상용재순만동창 수호식철"},
    1969: {"여": "미경은현혜영정명선 숙희경미영주", "남": "성영종상광진경병동재창인 수호철식훈"},
    1984: {"여": "지은현혜선윤소수주미 영정미진희현", "남": "정성상준진동재승민형태 훈호현우석"},
    1999: {"여": "지유예수민혜다하소세 은진빈원연영", "남": "지민준동현재승상건도 훈수영우혁원"},
    2026: {"여": "서지하민수채예윤다나 연윤은아원린율", "남": "민서도예시하지은건 준윤우원호후"},
}
RARE_NAMES_SINCE, RARE_NAME_SHARE = 1985, 0.02
RARE_GIVEN_NAMES = {"여": ("솔", "별", "설믜"), "남": ("준", "율", "한솔")}

EMAIL_WORDS = (
    "haneul", "bada", "sunny", "green", "moon", "river", "happy", "star", "blue", "maple", "coffee",
    "hiker",
)
NOTES = (
    "평일 저녁, 주말 오전 통화 가능", "문자로 먼저 연락 요청", "가족과 함께 상담 희망",
    "지인 소개로 가입", "보험료 조정 상담 요청", "이사 예정, 주소 변경 안내", "오전 통화 어려움",
    "내년 초 전체 보장 점검 약속", "증권 재발행 문의, 처리 완료", "타사 증권 분석 요청",
)
NOTES_BY_OCCUPATION = {  # 똠, 펲 and the 믜 of a name are in CP949 but not in EUC-KR
    "음식점 운영": ("똠얌꿍 식당 '펲시암', 점심시간 통화 어려움", "분식집 '똠방', 월요일 휴무"),
    "요리사": ("'똠얌하우스' 근무, 오후 3시 이후 통화", "평일 휴무, 주말 통화 어려움"),
}

NUMBER_FORMS = {  # of each sector's insurers; yy is the year of the contract, # a digit
    "생보": {
        "삼성생명": "85yy######", "한화생명": "H1yy#######", "교보생명": "7yy#######",
        "신한라이프": "SLyy########", "KB라이프": "KL#yy######", "동양생명": "D-yy#######",
        "흥국생명": "Hyy########", "라이나생명": "LNyy#######", "AIA생명": "AKyy######-#",
    },
    "손보": {
        "삼성화재": "5yy########", "현대해상": "Myy-#######", "DB손해보험": "3yy#######",
        "KB손해보험": "KByy########", "메리츠화재": "MZyy#######", "한화손해보험": "LAyy########",
        "롯데손해보험": "Lyy-########", "흥국화재": "FHyy#######",
    },
}
PRODUCTS = tuple(Product(*row) for row in (  # the premium's range is in thousands of won
    ("생명", "든든한 종신보험", "생보", 4, (20, 70), "종신", "30 50 70 100 150", (60, 300)),
    ("생명", "(무)가족 변액종신보험", "생보", 3, (25, 60), "종신", "30 50 100 150", (80, 300)),
    ("생명", "(무)내가족 정기보험", "생보", 4, (20, 65), "10년 20년 80세", "30 50 100", (20, 70)),
    ("생명", "첫걸음 정기보험", "생보", 3, (15, 35), "10년 20년 60세", "20 30 50", (20, 40)),
    ("생명", "(무)간편 실버보험", "생보", 3, (55, 88), "10년 종신", "10 20 30", (40, 160)),
    ("생명", "일시납 종신보험", "생보", 1, (40, 75), "종신", "20 30 50", (10000, 18000), "일시납"),
    ("건강", "(무)안심 실손의료비보험", "손보", 6, (0, 65), "5년 15년 100세", "50", (30, 90)),
    ("건강", "무럭무럭 어린이보험", "손보", 5, (0, 14), "20년 30세 100세", "10 20 30", (30, 90)),
    ("건강", "(무)든든 암보험", "생보", 4, (20, 70), "20년 100세", "10 20 30 50", (30, 110)),
    ("건강", "종합건강보험", "생보 손보", 4, (15, 65), "20년 100세", "10 20 30 50", (40, 150)),
    ("건강", "환한미소 치아보험", "생보 손보", 2, (20, 70), "10년 15년", "3 5 10", (30, 60)),
    ("건강", "실버건강보험", "생보 손보", 3, (55, 88), "10년 100세", "5 10 20", (50, 150)),
    ("자동차", "다이렉트 자동차보험", "손보", 5, (19, 88), "1년", "20 30 50", (500, 1200), "연납"),
    ("자동차", "안심 자동차보험", "손보", 3, (19, 88), "1년", "30 50 100", (550, 1200), "연납"),
    ("화재", "우리집 주택화재보험", "손보", 4, (19, 88), "1년", "30 50 70 100", (50, 150), "연납"),
    ("화재", "(무)가정종합보험", "손보", 3, (19, 88), "1년", "30 50 100 200", (80, 200), "연납"),
    ("상해", "(무)든든 상해보험", "손보", 4, (15, 65), "10년 20년 80세", "20 30 50 100", (10, 60)),
    ("상해", "안전운전 운전자보험", "손보", 4, (20, 75), "10년 20년 80세", "20 30 50", (10, 30)),
    ("상해", "씩씩한 어린이상해보험", "손보", 3, (0, 14), "20년 30세", "10 20 30", (10, 25)),
    ("상해", "실버 생활상해보험", "손보", 3, (60, 88), "5년 10년", "10 20 30", (15, 50)),
    ("기타", "생활배상책임보험", "손보", 5, (0, 88), "3년 10년", "20 30 50", (20, 60), "연납"),
    ("기타", "반려가족 펫보험", "손보", 4, (20, 88), "3년 5년", "3 5 10", (20, 60)),
    ("기타", "홀인원 골프보험", "손보", 2, (28, 75), "3년 5년", "5 10 20", (10, 30)),
    ("기타", "해외체류 종합보험", "손보", 1, (20, 65), "3년", "20 30 50", (300, 900), "일시납"),
))
# fmt: on


def years_later(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes the 28th."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if leap_day else day.day)


def days_ago(days: float) -> date:
    """A day before AS_OF, yesterday at the latest."""
    return AS_OF - timedelta(days=max(1, int(days)))


def age_on(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def by_weight(rng: Random, options: Iterable, weights: Iterable[float]):
    return rng.choices(tuple(options), tuple(weights))[0]


def or_empty(rng: Random, column: str, value):
    return None if rng.random() < EMPTY_SHARE[column] else value


def draw_name(rng: Random, birth_year: int, gender: str) -> str:
    surname = by_weight(rng, SURNAMES, SURNAMES.values())
    if birth_year >= RARE_NAMES_SINCE and rng.random() < RARE_NAME_SHARE:
        return surname + rng.choice(RARE_GIVEN_NAMES[gender])
    generation = next(last for last in GIVEN_SYLLABLES if birth_year <= last)
    firsts, seconds = GIVEN_SYLLABLES[generation][gender].split()
    first = rng.choice(firsts)
    return surname + first + rng.choice(seconds.replace(first, ""))


def draw_occupation(rng: Random, age: int, gender: str) -> Occupation:
    fitting = [job for job in OCCUPATIONS if job.youngest <= age <= job.oldest]
    return by_weight(rng, fitting, (job.women if gender == "여" else job.men for job in fitting))


def draw_customer(rng: Random, serial: int) -> Customer:
    band = by_weight(rng, AGE_BANDS, (band.share for band in AGE_BANDS))
    age = rng.randint(band.youngest, band.oldest)
    birth = years_later(days_ago(rng.randint(1, 364)), -age)
    gender = by_weight(rng, GENDERS, GENDERS.values())
    name = draw_name(rng, birth.year, gender)
    occupation = draw_occupation(rng, age, gender)
    planner = by_weight(rng, PLANNERS, (planner.share for planner in PLANNERS))
    return Customer(f"K{serial:06}", name, birth, gender, occupation, band, planner)


def chance_of(customer: Customer, kind: str) -> float:
    chance = customer.band.holding[KINDS.index(kind)]
    for factors in (
        customer.planner.holding,
        HOLDING_BY_GENDER[customer.gender],
        HOLDING_BY_INJURY_CLASS[customer.occupation.injury_class],
        HOLDING_BY_OCCUPATION.get(customer.occupation.title, {}),
    ):
        chance *= factors.get(kind, 1.0)
    return chance


def draw_status(rng: Random, age: int, kind: str) -> str:
    old_enough = (age >= YOUNGEST_FOR_STATUS[status] for status in STATUSES)
    return by_weight(rng, STATUSES, map(mul, STATUS_WEIGHTS[kind], old_enough))


def draw_start(rng: Random, birth: date, kind: str, status: str) -> date:
    one_year = kind in ONE_YEAR_KINDS
    since = (YEARS_SINCE_START_OF_ONE_YEAR if one_year else YEARS_SINCE_START)[status]
    shortest, longest = (365 * years for years in since)
    longest = min(longest, (AS_OF - years_later(birth, EARLIEST_AGE[kind])).days)
    return days_ago(rng.triangular(shortest, longest, shortest))


def draw_product(rng: Random, kind: str, age: int) -> Product:
    fitting = [row for row in PRODUCTS if row.kind == kind and row.ages[0] <= age <= row.ages[1]]
    return by_weight(rng, fitting, (product.weight for product in fitting))


def end_of(term: str, start: date, birth: date) -> date:
    if term == "종신":
        return WHOLE_LIFE
    return years_later(start if term.endswith("년") else birth, int(term[:-1]))


def agree(status: str, cycle: str, end: date) -> bool:
    if status == "만기":
        return AS_OF - LONGEST_SINCE_END < end < AS_OF
    return end > AS_OF and (status != "실효" or cycle == "월납")


def draw_contract(rng: Random, birth: date, kind: str, status: str) -> tuple[Product, date, date]:
    """A product, its start and its end, drawn until they agree with the status."""
    while True:
        start = draw_start(rng, birth, kind, status)
        product = draw_product(rng, kind, age_on(birth, start))
        end = end_of(rng.choice(product.terms.split()), start, birth)
        if agree(status, product.cycle, end):
            return product, start, end


def draw_amount_rank(rng: Random, customer: Customer, ranks: int) -> int:
    means = customer.band.means + customer.occupation.means + customer.planner.means
    means = min(max(means + MEANS_BY_GENDER[customer.gender], 0), 1)
    return min(int(rng.triangular(0, ranks, ranks * means)), ranks - 1)


def draw_premium(rng: Random, product: Product, age: int, amount_share: float) -> int:
    """Within the product's range: more with age (for a car, with youth) and with the amount."""
    age_share = 1 - age / 90 if product.kind == "자동차" else age / 90
    low, high = (1000 * thousands for thousands in product.premium)
    premium = low + (high - low) * (age_share + amount_share + rng.random()) / 3
    return int(premium) // 10 * 10


def draw_insurer(rng: Random, product: Product, start: date) -> tuple[str, str]:
    """An insurer that sells the product, and a policy number as that insurer gives them."""
    forms = NUMBER_FORMS[rng.choice(product.sectors.split())]
    insurer = rng.choice(tuple(forms))
    form = forms[insurer].replace("yy", f"{start:%y}")
    return insurer, "".join(rng.choice("0123456789") if c == "#" else c for c in form)


def draw_policy(rng: Random, customer: Customer, kind: str) -> Policy:
    status = draw_status(rng, age_on(customer.birth, AS_OF), kind)
    product, start, end = draw_contract(rng, customer.birth, kind, status)
    insurer, number = draw_insurer(rng, product, start)
    millions = product.millions.split()
    rank = draw_amount_rank(rng, customer, len(millions))
    premium = draw_premium(rng, product, age_on(customer.birth, start), rank / len(millions))
    amount = or_empty(rng, "가입금액", int(millions[rank]) * 1_000_000)
    premium = or_empty(rng, "보험료", premium)
    if status == "청약" and rng.random() < NO_DATES_YET_SHARE:
        start = end = None
    return Policy(
        insurer, number, product.name, kind, amount, premium, product.cycle, start, end, status
    )


def draw_policies(rng: Random, customer: Customer) -> list[Policy]:
    by_product = {}
    for kind in KINDS:
        chance = chance_of(customer, kind)
        while rng.random() < chance:
            policy = draw_policy(rng, customer, kind)
            by_product[policy.product] = policy
            chance = ONE_MORE[kind]
    policies = list(by_product.values())
    rng.shuffle(policies)
    return policies[:MOST_POLICIES]


def draw_book(rng: Random) -> list[tuple[Customer, list[Policy]]]:
    book = []
    for serial in range(1, CUSTOMERS + 1):
        customer, policies = draw_customer(rng, serial), []
        insured = rng.random() >= NO_POLICY_SHARE
        while insured and not policies:
            policies = draw_policies(rng, customer)
        book.append((customer, policies))
    return book


def add_findings(rng: Random, book: list[tuple[Customer, list[Policy]]]) -> None:
    """What planners are warned of: indemnity held twice, and like policies that were replaced."""
    products = {product.name: product for product in PRODUCTS}
    for _, policies in book:
        for policy in list(policies):
            product = products[policy.product]
            has_indemnity = "실손" in policy.product and policy.status in IN_FORCE
            if has_indemnity and rng.random() < TWICE_SHARE:
                insurer, number = draw_insurer(rng, product, policy.start)
                policies.append(policy._replace(insurer=insurer, number=number))
            is_new = policy.status == "유지" and policy.start > days_ago(2 * 365)
            if policy.kind in ("생명", "건강") and is_new and rng.random() < REPLACED_SHARE:
                start = years_later(policy.start, -rng.randrange(2, 8))
                insurer, number = draw_insurer(rng, product, start)
                end = policy.start - timedelta(days=rng.randrange(5, 150))
                policies.append(
                    policy._replace(
                        insurer=insurer, number=number, start=start, end=end, status="해지"
                    )
                )


def draw_last_contact(rng: Random, birth: date, policies: list[Policy]) -> date:
    """In the last two years; with whoever has just applied for a policy, in the last weeks."""
    longest = 18 if any(policy.status == "청약" for policy in policies) else 729
    return days_ago(rng.triangular(1, min(longest, (AS_OF - birth).days), 1))


def by_age(table: dict, age: int):
    return next(value for oldest, value in table.items() if age <= oldest)


def draw_income(rng: Random, customer: Customer) -> int:
    """In 10,000 won a month, as debts are in 10,000 won."""
    means = min(max(customer.band.means + customer.occupation.means, 0), 1)
    lowest, highest = OTHER_INCOME.get(customer.occupation.title, (180, 300 + 700 * means))
    return int(rng.triangular(lowest, highest, (lowest + highest) / 2)) // 10 * 10


def draw_debt(rng: Random, age: int) -> int:
    if rng.random() >= by_age(DEBT_SHARE_BY_AGE, age):
        return 0
    largest = by_age(LARGEST_DEBT_BY_AGE, age)
    return max(int(rng.triangular(0, largest, largest / 4)) // 500 * 500, 500)


def circumstance_cells(rng: Random, customer: Customer, policies: list[Policy]) -> list:
    """월소득, 부양가족수, 부채, 주거형태 and 차량; of a child only that it has no dependants."""
    age = age_on(customer.birth, AS_OF)
    cells = [None, 0, None, None, None]
    if age >= ADULT_AGE:
        weights = by_age(DEPENDANTS_BY_AGE, age)
        cells = [
            draw_income(rng, customer),
            by_weight(rng, range(len(weights)), weights),
            draw_debt(rng, age),
            by_weight(rng, HOUSING, by_age(HOUSING_BY_AGE, age)),
            by_weight(rng, CARS, by_age(CARS_BY_AGE, age)),
        ]
    if any(policy.kind == "자동차" for policy in in_force(policies)):
        cells[-1] = CARS[0]
    return [None if rng.random() < CIRCUMSTANCE_EMPTY_SHARE else cell for cell in cells]


def customer_cells(
    rng: Random, other_rng: Random, customer: Customer, policies: list[Policy]
) -> list:
    birth, title = customer.birth, customer.occupation.title
    birth_shares = (WHOLE_BIRTH_DATE_SHARE, BIRTH_YEAR_SHARE, NO_BIRTH_SHARE)
    phone = f"010-{rng.randrange(2000):04}-{rng.randrange(10_000):04}"
    mailbox = f"{rng.choice(EMAIL_WORDS)}{int(customer.number[1:])}"
    return [
        customer.number,
        customer.name,
        by_weight(rng, (birth, birth.year, None), birth_shares),
        or_empty(rng, "성별", customer.gender),
        or_empty(rng, "휴대폰", phone),
        or_empty(rng, "이메일", f"{mailbox}@{rng.choice(('example.com', 'example.kr'))}"),
        or_empty(rng, "직업", title),
        or_empty(rng, "최근연락일", draw_last_contact(rng, birth, policies)),
        or_empty(rng, "비고", rng.choice(NOTES_BY_OCCUPATION.get(title, NOTES))),
        *circumstance_cells(other_rng, customer, policies),
        "Y",
        customer.planner.username,
    ]


def csv_text(rng: Random, other_rng: Random, book: list[tuple[Customer, list[Policy]]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for customer, policies in book:
        cells = customer_cells(rng, other_rng, customer, policies)
        for policy in policies or [(None,) * len(Policy._fields)]:
            writer.writerow([*cells, *policy])
    return out.getvalue()


def in_force(policies: list[Policy]) -> list[Policy]:
    return [policy for policy in policies if policy.status in IN_FORCE]


def report(book: list[tuple[Customer, list[Policy]]]) -> None:
    every = [policy for _, policies in book for policy in policies]
    print("customers", len(book), "without a policy", sum(not policies for _, policies in book))
    print("policies", len(every), "numbers", len({policy.number for policy in every}))
    print("by type", dict(Counter(policy.kind for policy in every)))
    print("by status", dict(Counter(policy.status for policy in every)))
    print("share of an FP's customers with nothing of a type in force:")
    for planner in PLANNERS:
        own = [in_force(policies) for customer, policies in book if customer.planner is planner]
        held = Counter(kind for policies in own for kind in {policy.kind for policy in policies})
        lacking = [f"{kind} {1 - held[kind] / len(own):.0%}" for kind in KINDS]
        print(f"  {planner.username} ({len(own)})", *lacking)
    totals = (
        sum(policy.amount or 0 for policy in in_force(policies))
        for customer, policies in book
        if age_on(customer.birth, AS_OF) >= ADULT_AGE
    )
    print(f"median total cover in force of an adult: {median(totals):,.0f} won")


def main() -> None:
    rng, other_rng = Random(SEED), Random(SEED + 1)
    folder = Path(__file__).parent
    book = draw_book(rng)
    add_findings(Random(SEED + 2), book)
    text = csv_text(rng, other_rng, book)
    (folder / "demo_book.csv").write_bytes(text.encode("utf-8-sig"))
    (folder / "demo_book_cp949.csv").write_bytes(text.encode("cp949"))
    report(book)


if __name__ == "__main__":
    main()
