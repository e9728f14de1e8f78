"""What counts as cover, and that every heatmap agrees with a plain count of the tables."""

import math
from datetime import timedelta
from decimal import Decimal
from random import Random

import pandas as pd
import pytest
from agency import TODAY

from fpcore.customers import coverage, policies, profiles
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.models import PolicyType, RowKind
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.filters import CustomerFilter

YEARLY = {"monthly": 12, "quarterly": 4, "semiannual": 2, "annual": 1, "single": 0, "paid_up": 0}
TYPES = [kind.value for kind in PolicyType]
CURRENCIES = ["KRW", "USD"]
PLAIN_ROWS = [RowKind(name) for name in "age_band fp team gender occupation".split()]


def plain_people(db) -> pd.DataFrame:
    """Every customer with the row that they are in, of each kind of rows."""
    found = db.frame(
        """
        select c.id, c.birth_date, c.birth_year, c.gender, c.occupation, a.username as fp,
            t.name as team
        from customer c join account a on a.id = c.owner_id left join team t on t.id = a.team_id
        """
    )
    found["age_band"] = [
        band_of(*born) for born in zip(found.birth_date, found.birth_year, strict=True)
    ]
    return found


def band_of(born, year) -> str | None:
    if not pd.isna(born):
        before_birthday = (TODAY.month, TODAY.day) < (born.month, born.day)
        age = TODAY.year - born.year - before_birthday
    elif not pd.isna(year):
        age = TODAY.year - int(year)
    else:
        return None
    return "100+" if age >= 100 else f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def plain_policies(db, currency: str) -> pd.DataFrame:
    """The policies in force: amounts in the currency, NaN where not known or in another."""
    found = db.frame("select * from policy where status = 'active'")
    begun = found.start_date.isna() | (pd.to_datetime(found.start_date) <= pd.Timestamp(TODAY))
    past = [day is not None and not pd.isna(day) and day < TODAY for day in ends(db, found)]
    found = found[begun & ~pd.Series(past, index=found.index)]
    same = found.currency == currency
    found["coverage"] = found.coverage_amount.astype(float).where(same)
    monthly = found.premium_amount.astype(float) * found.premium_cycle.map(YEARLY) / 12
    found["premium"] = monthly.where(same).mask(found.premium_cycle == "paid_up", 0)
    return found


def ends(db, found: pd.DataFrame) -> list:
    """The end dates as Python dates: pandas' nanoseconds know no year 9999."""
    days = {row["id"]: row["end_date"] for row in db.read("select id, end_date from policy")}
    return [days[policy] for policy in found.id]


def plain_cell(people: pd.DataFrame, held: pd.DataFrame) -> dict:
    """One cell from its row's customers and the policies of its type."""
    held = held[held.customer_id.isin(people.id)]
    holders = held.customer_id.nunique()
    return {
        "customers": len(people),
        "holders": holders,
        "lacking": len(people) - holders,
        "coverage": held.coverage.sum(min_count=1) if holders else 0,
        "premium": held.premium.sum(min_count=1) if holders else 0,
        "unknown": held[held.coverage.isna()].customer_id.nunique(),
        "premium_unknown": held[held.premium.isna()].customer_id.nunique(),
    }


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("rows", PLAIN_ROWS)
def test_every_cell_equals_a_plain_count_of_the_tables(rows, currency, random_agency):
    db, people = random_agency
    cells = heatmaps.figures(db, people["admin"], rows, TODAY, currency)
    everybody, held = plain_people(db), plain_policies(db, currency)
    of_row = everybody[rows.value].fillna(UNKNOWN_ROW)
    assert set(cells["row"]) == set(of_row)
    assert len(cells) == of_row.nunique() * len(TYPES)
    for cell in cells.to_dict("records"):
        expected = plain_cell(everybody[of_row == cell["row"]], held[held.type == cell["type"]])
        assert {name: cell[name] for name in expected} == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("rows", RowKind)
def test_the_customers_behind_a_cell_are_as_many_as_it_says(rows, random_agency):
    db, people = random_agency
    cells = heatmaps.figures(db, people["admin"], rows, TODAY).to_dict("records")
    for cell in Random(0).sample(cells, min(8, len(cells))):
        for side, count in (("holding", cell["holders"]), ("missing", cell["lacking"])):
            behind = CustomerFilter(
                row_kind=rows, row=cell["row"], **{side: PolicyType(cell["type"])}
            )
            page = customer_list.find(db, people["admin"], behind, TODAY, page_size=1)
            assert page.matching == count


def test_rows_come_in_their_natural_order_and_unknown_last(random_agency):
    db, people = random_agency
    rows = heatmaps.figures(db, people["admin"], RowKind.AGE_BAND, TODAY)
    order = list(dict.fromkeys(rows["row"]))
    lowest = [int(row.split("-")[0].rstrip("+")) for row in order[:-1]]
    assert (order[-1], lowest) == (UNKNOWN_ROW, sorted(lowest))
    assert list(rows["type"][:6]) == TYPES


def test_an_empty_scope_has_no_cells(db, people):
    assert heatmaps.figures(db, people["fp1"], RowKind.FP, TODAY).empty


LIFE = {"고객명": "김하나", "상품명": "든든 종신보험", "가입금액": "1억"}
NEAR = {name: (TODAY + timedelta(days=days)).isoformat() for name, days in
        (("yesterday", -1), ("today", 0), ("tomorrow", 1))}  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "why_not"),
    [
        ({"상태": "유지"}, None),
        ({"상태": "만기"}, "expired"),
        ({"상태": "해지"}, "cancelled"),
        ({"상태": "실효"}, "cancelled"),
        ({"상태": "청약"}, "pending"),
        ({"상태": "유지", "계약일": NEAR["today"]}, None),
        ({"상태": "유지", "계약일": NEAR["tomorrow"]}, "not_begun"),
        ({"상태": "유지", "만기일": NEAR["today"]}, None),
        ({"상태": "유지", "만기일": NEAR["yesterday"]}, "ended"),
        ({"상태": "유지", "만기일": "종신"}, None),
    ],
)
def test_only_what_is_active_begun_and_not_ended_counts(policy, why_not, import_rows, db, people):
    import_rows([{**LIFE, **policy}])
    customer = profiles.identify(db, people["fp1"], "김하나")
    stored = policies.of_customer(db, people["fp1"], customer, TODAY)
    summary = coverage.summary(db, people["fp1"], customer, TODAY)
    cells = heatmaps.figures(db, people["fp1"], RowKind.FP, TODAY)
    assert [(p.in_force, p.why_not) for p in stored] == [(why_not is None, why_not)]
    assert summary.total.policies == (why_not is None)
    assert summary.total.coverage == (100_000_000 if why_not is None else 0)
    assert cells["holders"].sum() == (why_not is None)


def test_the_day_of_valuation_decides_what_is_in_force(import_rows, db, people):
    import_rows([{**LIFE, "상태": "유지", "계약일": "2020-01-01", "만기일": "2030-12-31"}])
    customer = profiles.identify(db, people["fp1"], "김하나")
    held = {
        year: coverage.summary(db, people["fp1"], customer, TODAY.replace(year=year)).total.policies
        for year in (2019, 2020, 2030, 2031)
    }
    assert held == {2019: 0, 2020: 1, 2030: 1, 2031: 0}


def test_one_customers_coverage_is_added_up_as_by_hand(import_rows, db, people):
    rows = [
        {"보종": "생명", "증권번호": "1", "가입금액": "1억", "보험료": "30000", "납입주기": "월납"},
        {"보종": "생명", "증권번호": "2", "가입금액": "-", "보험료": "120000", "납입주기": "연납"},
        {"보종": "건강", "증권번호": "3", "가입금액": "-", "보험료": "-", "납입주기": "월납"},
        {"보종": "자동차", "증권번호": "4", "가입금액": "$1000", "보험료": "$10",
         "납입주기": "월납"},
        {"보종": "기타", "증권번호": "5", "가입금액": "50", "보험료": "9999", "납입주기": "일시납"},
        {"보종": "상해", "증권번호": "6", "가입금액": "7억", "보험료": "5000", "납입주기": "월납",
         "상태": "해지"},
    ]  # fmt: skip
    import_rows([{"고객명": "김하나", **row} for row in rows])
    customer = profiles.identify(db, people["fp1"], "김하나")
    found = coverage.summary(db, people["fp1"], customer, TODAY)
    shown = {
        kind.value: (held.policies, held.coverage, held.unknown, held.premium, held.premium_unknown)
        for kind, held in found.by_type.items()
    }
    assert shown == {
        "life": (2, 100_000_000, 1, 40_000, 0),
        "health": (1, None, 1, None, 1),
        "car": (1, None, 1, None, 1),
        "home": (0, 0, 0, 0, 0),
        "accident": (0, 0, 0, 0, 0),
        "other": (1, 50, 0, 0, 0),
    }
    assert (found.total.policies, found.total.coverage, found.total.unknown) == (5, 100_000_050, 3)
    assert (found.total.premium, found.total.premium_unknown) == (40_000, 2)
    assert found.other_currencies == {"USD": Decimal(1000)}
    in_dollars = coverage.summary(db, people["fp1"], customer, TODAY, "USD")
    assert in_dollars.total.coverage == 1000
    assert in_dollars.other_currencies == {"KRW": Decimal(100_000_050)}


def test_a_book_without_amounts_does_not_read_as_zero(import_rows, db, people):
    import_rows([{"고객명": "김하나", "보종": "생명"}])
    cell = heatmaps.figures(db, people["fp1"], RowKind.FP, TODAY).iloc[0]
    assert (cell["holders"], cell["unknown"], cell["premium_unknown"]) == (1, 1, 1)
    assert math.isnan(cell["coverage"])
    assert math.isnan(cell["premium"])
    listed = customer_list.find(db, people["fp1"], CustomerFilter(), TODAY).rows.iloc[0]
    assert math.isnan(listed["coverage"])


def test_a_policy_without_a_product_name_is_listed(import_rows, db, people):
    import_rows([{"고객명": "김하나", "보종": "생명"}])
    customer = profiles.identify(db, people["fp1"], "김하나")
    listed = policies.of_customer(db, people["fp1"], customer, TODAY)
    assert [policy.policy_name for policy in listed] == [None]
