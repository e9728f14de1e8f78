"""The gaps on a customer's page: explained, aimed at by hand, tried out, and how they changed."""

from decimal import Decimal

import pytest
from agency import take
from screen import id_of

from fpcore.customers import policies, profiles
from fpcore.models import CustomerChanges, NewPolicy, PolicyChanges

BREADWINNER = CustomerChanges(
    monthly_income=Decimal(3_000_000), dependants=2, debts=Decimal(150_000_000),
    housing="rent", driving="none",
)  # fmt: skip


@pytest.fixture
def sky(office, fp1, today) -> str:
    """김하늘, 46: a life policy of 200 million, a health policy of an unknown amount; 2 dependants,
    debts of 150 million and an income of 3 million a month."""
    customer_id = id_of(office, "김하늘")
    profiles.update(office, fp1, customer_id, BREADWINNER, 1, today)
    return customer_id


def says(at) -> str:
    """What the page, or a card of it, says as people read it."""
    kinds = (at.markdown, at.caption, at.warning, at.success, at.info)
    folds = [fold.label for fold in at.expander]
    return "\n".join([one.value for kind in kinds for one in kind] + folds).replace("\\", "")


def card(at, code: str) -> str:
    return says(at.get_by_key(f"gap_{code}"))


def lines(table) -> list[list[str]]:
    """The cells of a table as people read them."""
    return [[cell.replace("\\", "") for cell in line] for line in table.value.values.tolist()]


def history(at) -> list[list[str]]:
    """How the states changed, line by line."""
    return next(lines(table) for table in at.table if "원인" in table.value.columns)


def metrics(at) -> dict[str, str]:
    return {one.label: one.value.replace("\\", "") for one in at.metric}


def kept(office) -> list:
    """What the database holds of policies and gaps."""
    tables = ("policy", "customer_row", "gap_change", "customer_target")
    looked_at = "select * from audit where action <> 'viewed' order by all"
    return [office.read(f"select * from {table} order by all") for table in tables] + [
        office.read(looked_at)
    ]


def fill(at, key: str, **typed: object) -> None:
    """Type into the fields of a form, by the names of the fields."""
    for field, value in typed.items():
        at.get_by_key(f"{key} {field}").set_value(value)


def test_a_gap_is_explained_with_its_numbers(open_page, sky):
    at = open_page("customer", "fp1", id=sky)
    said = card(at, "death_benefit")
    assert "사망 보장을 2억 6,124만원(으)로 올려 보세요(6,124만원 부족)." in said
    assert "권장 **2억 6,124만원** · 가입 **2억원** · 부족 **6,124만원**" in said
    assert (
        "월 생활비 309만원(40세 이상 가구 통계) × 36개월 + 부채 1억 5,000만원 − 보유 2억원"
        " = 6,124만원 부족" in said
    )
    assert "사망 보장 · 버전 1 · 2026-01-01부터 적용" in said
    assert "대상: 19세부터, 부양가족이나 부채가 있는 고객" in said
    assert "생명보험협회 2019-08-07 (생활비 3년) (등급 B: 협회·정부·은행을 인용한 언론)" in said
    assert "통계: 통계청 2020 (40대 가구) (등급 A: 법령·정부 자료)" in said
    assert "계산에 넣은 계약\n- 생명" in said


def test_other_ways_to_find_the_amount_stand_beside_it(open_page, sky, office, fp1, today):
    profiles.update(office, fp1, sky, CustomerChanges(debts=None), 2, today)
    at = open_page("customer", "fp1", id=sky)
    living, income, dime = lines(at.get_by_key("gap_death_benefit").table[0])
    assert living[0].startswith("생활비 3년 + 부채 · 생명보험협회")
    assert living[1:] == ["부채을(를) 알아야 함", "–"]
    assert "7배 · datatalk2.com" in income[0] and "(등급 C)" in income[0]
    assert income[1:] == ["2억 5,200만원", "5,200만원"]
    assert dime[1:] == ["부채을(를) 알아야 함", "–"]


def test_policies_that_do_not_count_are_named_with_the_reason(open_page, office, sky, fp1, today):
    added = [
        NewPolicy(type="life", policy_name="평생 연금", insurer="가나생명", coverage_amount=10**8),
        NewPolicy(type="life", policy_name="옛 종신", status="cancelled", end_date=today),
        NewPolicy(type="life", policy_name="금액 없는 종신"),
    ]
    for policy in added:
        policies.add(office, fp1, sky, policy, today)
    said = card(open_page("customer", "fp1", id=sky), "death_benefit")
    assert "- 평생 연금 (가나생명) – 저축·연금 상품" in said
    assert "- 옛 종신 – 해지·실효" in said
    assert "- 금액 없는 종신 – 금액 모름 (합계에 넣지 않음)" in said


def test_what_is_not_known_is_named_with_the_rules_that_wait_for_it(open_page, office):
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    assert "정보가 없어 판단할 수 없는 기준 7개" in says(at)
    said = says(at)
    assert "- **생년월일** → " in said and "- **월 소득** → 보험료 부담" in said
    assert "- **계약의 보험료** → 보험료 부담" in said
    assert "생년월일, 부양가족 수, 부채을(를) 알아야" in card(at, "death_benefit")
    assert "None" not in said
    at.button(key="edit for gaps").click().run()
    assert "edit" in at.query_params
    assert any(field.label == "월 소득" for field in at.text_input)


def test_what_is_fine_is_folded_away(open_page, sky):
    at = open_page("customer", "fp1", id=sky)
    fold = next(one for one in at.expander if one.label.startswith("괜찮은 기준"))
    assert "**가족 보장**" in says(fold) and "**사망 보장**" not in says(fold)
    assert "유지 중인 계약이 있음" in says(fold)


def test_the_premium_burden_is_a_key_figure(open_page, office, sky, fp1, today):
    assert metrics(open_page("customer", "fp1", id=sky))["보험료 부담"] == "4.3%"
    policies.add(office, fp1, sky, NewPolicy(type="other", policy_name="모름"), today)
    figure = next(
        one for one in open_page("customer", "fp1", id=sky).metric if one.label == "보험료 부담"
    )
    assert figure.value.replace("\\", "") == "4.3% 이상"
    assert "월 130,000원 ÷ 월 소득 300만원" in figure.help.replace("\\", "")
    assert "계약 1건은 들어 있지 않습니다" in figure.help
    stranger = metrics(open_page("customer", "fp1", id=id_of(office, "박구름")))
    assert stranger["보험료 부담"] == "알 수 없음"


def test_more_is_recommended_with_a_caution_where_premiums_are_high(
    open_page, office, sky, fp1, today
):
    profiles.update(office, fp1, sky, CustomerChanges(monthly_income=Decimal(10**6)), 2, today)
    said = card(open_page("customer", "fp1", id=sky), "death_benefit")
    assert "보험료가 이미 소득의 13%로 10%를 넘습니다" in said


def _set_target(open_page, customer_id: str, amount: str | None, note: str | None):
    """Type a target into its dialog and send it off.

    The opener is clicked again because AppTest runs the whole page, not the dialog alone.
    """
    at = open_page("customer", "fp1", id=customer_id)
    at.button(key="target of death_benefit").click().run()
    fill(at, "target death_benefit", target_amount=amount or "", target_note=note or "")
    at.button(key="target of death_benefit").click()
    return at.button(key="target death_benefit send").click().run()


def test_a_target_is_set_shown_and_removed(open_page, office, sky, fp1, today):
    _set_target(open_page, sky, "3억", "막내가 어림 <b>![x](http://evil.example)</b>")
    at = open_page("customer", "fp1", id=sky)
    said = card(at, "death_benefit")
    assert (
        f"직접 정한 목표 3억원 · 막내가 어림 <b>![x](http://evil.example)</b> · fp1, {today}"
        in said
    )
    assert not any("![x]" in one.value for one in at.markdown)  # never read as Markdown
    assert "직접 정한 목표 3억원 − 보유 2억원 = 1억원 부족" in said
    assert "직접 정한 목표: 유지 중인 금액이 기준보다 적음" in at.dataframe[0].value.to_csv()
    at.button(key="no target of death_benefit").click().run()
    assert "직접 정한 목표" not in says(at) and "6,124만원 부족" in card(at, "death_benefit")
    assert office.read("select * from customer_target") == []


def test_a_target_stays_visible_where_it_is_reached(open_page, sky):
    _set_target(open_page, sky, "1억", "충분함")
    at = open_page("customer", "fp1", id=sky)
    fold = next(one for one in at.expander if one.label.startswith("괜찮은 기준"))
    assert "직접 정한 목표 1억원 = 1억원, 보유 2억원" in says(fold)
    assert "직접 정한 목표: 유지 중인 금액이 기준을 채움" in at.dataframe[0].value.to_csv()


@pytest.mark.parametrize(
    ("amount", "note", "message"),
    [
        ("많이", "이유", "목표 금액: ‘많이’"),
        (None, "이유", "목표 금액: 값이 없습니다"),
        ("-5", "이유", "음수입니다"),
        ("2억", None, "이유: 값이 없습니다"),
    ],
)
def test_a_target_that_cannot_be_is_told_beside_its_field(
    open_page, office, sky, amount, note, message
):
    at = _set_target(open_page, sky, amount, note)
    assert any(message in error.value.replace("\\", "") for error in at.error)
    assert office.read("select * from customer_target") == []


def test_what_if_shows_what_would_change_and_stores_nothing(open_page, office, sky):
    before = kept(office)
    at = open_page("customer", "fp1", id=sky, what_if="1")
    fill(at, "what_if", type="life", policy_name="새 종신", coverage_amount="1억",
         premium_amount="20만")  # fmt: skip
    at.button(key="what_if send").click().run()
    assert not at.error and not at.exception
    outcome = at.get_by_key("what_if_section")
    assert lines(outcome.table[0]) == [
        ["사망 보장", "일부 부족 → 충족", "6,124만원 → 0원"],
        ["보험료 부담", "이상 없음 → 주의", "–"],
    ]
    assert "보험료 부담: **4.3%** → **11%**" in says(outcome)
    assert "저장된 것은 없습니다" in says(outcome) and not outcome.warning
    assert kept(office) == before


def test_what_if_warns_of_a_replacement(open_page, office, sky, fp1, today):
    before = kept(office)
    at = open_page("customer", "fp1", id=sky, what_if="1")
    held = policies.of_customer(office, fp1, sky, today)
    life = next(policy.id for policy in held if policy.type == "life")
    at.get_by_key("what_if end").set_value([life])
    fill(at, "what_if", type="life", coverage_amount="3억")
    at.button(key="what_if send").click().run()
    outcome = at.get_by_key("what_if_section")
    (warning,) = outcome.warning
    assert "승환" in warning.value and "면책사유" in warning.value
    assert ["승환 확인", "이상 없음 → 확인 필요", "–"] in lines(outcome.table[0])
    assert kept(office) == before


def test_what_if_says_that_nothing_would_change(open_page, sky):
    at = open_page("customer", "fp1", id=sky, what_if="1")
    at.button(key="what_if send").click().run()
    assert "공백과 부족한 금액은 바뀌지 않습니다" in says(at)


def test_what_if_tells_what_cannot_be_beside_its_field(open_page, sky):
    at = open_page("customer", "fp1", id=sky, what_if="1")
    fill(at, "what_if", coverage_amount="3억")
    at.button(key="what_if send").click().run()
    assert any("보험종류: 값이 없습니다" in error.value for error in at.error)


def test_the_history_says_since_when_a_gap_is_open_and_who_opened_it(
    open_page, office, sky, fp1, today
):
    at = open_page("customer", "fp1", id=sky)
    assert f"{today}부터" not in card(at, "life_missing")
    life = next(one for one in policies.of_customer(office, fp1, sky, today) if one.type == "life")
    ended = PolicyChanges(status="cancelled", end_date=today)
    policies.update(office, fp1, life.id, ended, life.ver, today)
    at = open_page("customer", "fp1", id=sky)
    assert f"중요도 보통 · {today}부터" in card(at, "life_missing")
    assert [str(today), "가족 보장", "충족 → 공백", "직접 수정", "fp1"] in history(at)


def test_the_history_names_the_file_of_an_upload(open_page, office, fp1, today):
    take(office, fp1, [{"고객번호": "3", "고객명": "박구름", "성별": "남", "보험종류": "생명",
                        "증권번호": "L9", "가입금액": "1억"}])  # fmt: skip
    at = open_page("customer", "fp1", id=id_of(office, "박구름"))
    assert ["가족 보장", "공백 → 충족", "업로드", "book.csv"] in [line[1:] for line in history(at)]


def test_the_table_shows_each_rule_under_its_type(open_page, sky):
    table = open_page("customer", "fp1", id=sky).dataframe[0].value
    of_life = table[table["보험종류"] == "생명"].values.tolist()
    assert [line[1] for line in of_life] == ["사망 보장", "가족 보장"]
    assert of_life[0][2:6] == ["2억 6,124만원", "2억원", "6,124만원", "일부 부족"]
    assert "기준 없음" in table[table["보험종류"] == "기타"]["기준"].tolist()


def test_it_all_reads_in_english_too(open_page, sky):
    at = open_page("customer", "fp1", "en-US", id=sky, what_if="1")
    said = card(at, "death_benefit")
    assert "Raise death cover to ₩261,240,000 (₩61,240,000 short)." in said
    assert (
        "living cost ₩3,090,000 (statistics, households from 40) × 36 months + debts ₩150,000,000"
        " − held ₩200,000,000 = ₩61,240,000 short" in said
    )
    assert "For whom: aged 19 or older, with dependants or debts" in said
    assert metrics(at)["Premium burden"] == "4.3%"
    fill(at, "what_if", type="life", coverage_amount="1억")
    at.button(key="what_if send").click().run()
    outcome = lines(at.get_by_key("what_if_section").table[0])
    assert ["Death benefit", "Partly covered → Covered", "₩61,240,000 → ₩0"] in outcome


def test_a_stranger_is_told_nothing(open_page, sky):
    at = open_page("customer", "fp2", id=sky, what_if="1")
    assert [error.value for error in at.error] == [r"고객을 찾을 수 없습니다\."]
    assert not at.metric and not at.table
