"""The figures of the whole book equal a plain count, and each leads to as many customers."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from math import nan
from random import Random

import portfolio_oracle as oracle
import pytest
from agency import TODAY, add_customer, add_policy, hire
from gap_oracle import age_on
from random_book import random_people, store

from fpcore.access import accounts
from fpcore.facts.groups import ALL_ROWS
from fpcore.kept import customer_rows
from fpcore.models import Concentration, ConsentKind, Gone, RowKind
from fpcore.portfolio import customer_list, follow_up, indicators, makeup
from fpcore.portfolio.conditions import DAYS_AHEAD, POLICY_FIELDS
from fpcore.portfolio.filters import UNKNOWN, CustomerFilter
from fpcore.portfolio.indicators import FIELDS
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY

OTHER_DAY = TODAY + timedelta(days=200)
INSURERS = ["한화생명", "삼성화재", "DB손해보험", None, "unusual 'name'"]
SCOPES = [("admin", None), ("admin", "강남"), ("fp1", None), ("manager2", None)]


@pytest.fixture(scope="module")
def book():
    """Two FPs and an admin with random customers, some of them with a consent and a last contact,
    some withdrawn."""
    with closing(opening.open_database(IN_MEMORY)) as db:
        people = hire(db)
        rng = Random(7)
        for owner in ("fp1", "admin", "fp3"):
            drawn = random_people(rng, 70, TODAY)
            for one in drawn:
                one["gender"] = rng.choice(["M", "F", "O", None])
                for policy in one["policies"]:
                    policy["insurer"] = rng.choice(INSURERS)
                    if rng.random() < 0.3:
                        policy["end_date"] = _soon(rng, policy["start_date"])
                one["last_contact_on"] = rng.choice([None, TODAY, TODAY - timedelta(days=91)])
            store(db, people[owner].id, drawn, TODAY)
        db.transaction(
            lambda cursor: cursor.execute(
                """
                insert into consent (id, customer_id, kind, basis, given_on, channel, recorded_by,
                    created_at, withdrawn_on)
                select uuidv7(), id, kind, 'x', $day, 'form', owner_id, now()::timestamp,
                    if(customer.rowid % 5 = 0, $day, null)
                from customer, (select unnest(['collection', 'health']) as kind)
                where customer.rowid % 3 > 0
                """,
                {"day": TODAY},
            )
        )
        db.transaction(
            lambda cursor: cursor.execute(
                "update customer set withdrawn_on = $day where rowid % 20 = 0", {"day": TODAY}
            )
        )
        db.transaction(lambda cursor: cursor.execute("delete from customer_row"))
        customer_rows.roll_forward(db, TODAY)
        yield db, people, oracle.read_people(db)


def _soon(rng: Random, begins: date | None) -> date:
    """A last day around the edges of what is looked ahead to."""
    ahead = rng.choice([0, *DAYS_AHEAD]) + rng.choice([-1, 0, 1])
    return max(begins or TODAY, TODAY + timedelta(days=ahead))


def of_scope(book, who, team=None) -> list[dict]:
    owners = {"admin": {"fp1", "fp3", "admin"}, "fp1": {"fp1"}, "manager2": {"fp3"}}[who]
    return [
        one for one in book[2] if one["owner"] in owners and (team is None or one["team"] == team)
    ]


def listed(book, who, day=TODAY, **wanted) -> int:
    """How many customers the list of a filter has."""
    db, people, _ = book
    page = customer_list.find(db, people[who], CustomerFilter(**wanted), day, page_size=1000)
    assert page.matching == len(page.rows)
    return page.matching


@pytest.mark.parametrize(("who", "team"), SCOPES)
def test_key_figures_equal_a_plain_count(who, team, book):
    db, people, _ = book
    everybody = of_scope(book, who, team)
    found = indicators.key_figures(db, people[who], TODAY, team)
    held = [oracle.in_force(one, "total", TODAY) for one in everybody]
    assert found.customers == len(everybody)
    assert found.policies == sum(map(len, held))
    group = oracle._Group(everybody, "total", TODAY, TODAY, [], "KRW")
    premium = oracle._premium(group)
    assert found.premium == pytest.approx(premium["value"])
    assert found.premium_unknown == premium["left_out"]
    assert found.coverage_unknown == oracle._coverage(group)["left_out"]
    for kind, count in found.holders.items():
        assert count == sum(bool(oracle.in_force(one, kind, TODAY)) for one in everybody)
    told = {name: name for name in FIELDS} | {"born_on": "birth_year"}
    for name in set(FIELDS) - {"occupation_class"}:  # which may follow from the occupation
        assert found.known[name] == sum(one[told[name]] is not None for one in everybody), name
    late = [one for one in everybody
            if (one["last_contact_on"] or TODAY.min) < TODAY - timedelta(days=90)]  # fmt: skip
    assert found.not_contacted == len(late)
    assert found.never_contacted == sum(one["last_contact_on"] is None for one in everybody)
    policies = [policy for policies in held for policy in policies]
    assert found.policies_unknown == {
        "coverage_amount": sum(group.coverage(policy) is None for policy in policies),
        "premium_amount": sum(group.premium(policy) is None for policy in policies),
        "end_date": sum(policy["end_date"] is None for policy in policies),
    }
    assert min(found.policies_unknown.values()) > 0


@pytest.mark.parametrize("who", ["admin", "fp1"])
def test_who_withdrew_is_counted_and_in_no_other_figure(who, book):
    db, people, _ = book
    found = indicators.key_figures(db, people[who], TODAY)
    everybody = db.read("select owner_id from customer")
    mine = [one for one in everybody if who == "admin" or one["owner_id"] == people[who].id]
    assert found.customers + found.withdrawn == len(mine)
    assert found.withdrawn > 0


@pytest.mark.parametrize("field", UNKNOWN)
def test_of_whom_something_is_not_known_is_listed(field, book):
    db, people, _ = book
    found = indicators.key_figures(db, people["fp1"], TODAY)
    if field in FIELDS:
        expected = found.customers - found.known[field]
    elif field == "last_contact_on":
        expected = found.never_contacted
    else:
        group = oracle._Group(of_scope(book, "fp1"), "total", TODAY, TODAY, [], "KRW")
        amounts = {"coverage_amount": group.coverage, "premium_amount": group.premium}
        of = amounts.get(field, lambda policy: policy[field])
        expected = sum(any(of(p) is None for p in group.held(one)) for one in group.people)
        assert field in POLICY_FIELDS and 0 < expected < found.customers
    assert listed(book, "fp1", unknown=field) == expected


@pytest.mark.parametrize("kind", ConsentKind)
def test_who_did_not_agree_is_listed(kind, book):
    db, people, _ = book
    found = indicators.key_figures(db, people["admin"], TODAY)
    lacking = found.customers - found.consents[kind]
    assert listed(book, "admin", no_consent=kind) == lacking


def test_consents_count_who_agreed_and_did_not_withdraw(book):
    db, people, _ = book
    found = indicators.key_figures(db, people["fp1"], TODAY).consents
    agreed = db.read(
        "select distinct customer_id, kind from consent s join customer c on c.id = customer_id"
        " where s.withdrawn_on is null and c.withdrawn_on is null and c.owner_id = $me",
        {"me": people["fp1"].id},
    )
    for kind in ConsentKind:
        assert found[kind] == sum(row["kind"] == kind for row in agreed)
    assert 0 < found[ConsentKind.HEALTH] < 70 and found[ConsentKind.MARKETING] == 0


@pytest.mark.parametrize(("who", "team"), SCOPES)
def test_who_holds_two_types_is_counted_and_listed(who, team, book):
    db, people, _ = book
    everybody = of_scope(book, who, team)
    found = indicators.held_together(db, people[who], TODAY, team).to_dict("records")
    assert len(found) == 36
    for pair in found:
        holders = [one for one in everybody if oracle.in_force(one, pair["type"], TODAY)]
        both = [one for one in holders if oracle.in_force(one, pair["other"], TODAY)]
        assert (pair["holders"], pair["both"]) == (len(holders), len(both))
    for pair in Random(1).sample(found, 6):
        wanted = {"holding": pair["type"], "also": pair["other"], "team": team}
        assert listed(book, who, **wanted) == pair["both"]


def test_the_list_of_those_without_contact_is_as_long_as_the_figure(book):
    db, people, _ = book
    found = indicators.key_figures(db, people["fp1"], TODAY)
    page = customer_list.find(db, people["fp1"], CustomerFilter(not_contacted_for=90), TODAY)
    assert page.matching == found.not_contacted


def test_an_empty_scope_has_no_figures(book):
    db, people, _ = book
    found = indicators.key_figures(db, people["fp2"], TODAY)
    assert (found.customers, found.policies, found.premium, found.premium_unknown) == (0, 0, 0, 0)
    assert (found.not_contacted, found.never_contacted) == (0, 0)
    assert not any({**found.holders, **found.known, **found.policies_unknown}.values())
    assert not indicators.held_together(db, people["fp2"], TODAY)["holders"].any()


# --- What is due -----------------------------------------------------------------------------


def without_successor(one: dict, column: str, day: date, days: int) -> list[dict]:
    """The policies of a type in force that end within so many days, with nothing after them."""
    return [
        policy
        for policy in oracle.in_force(one, column, day)
        if policy["end_date"] is not None
        and policy["end_date"] <= day + timedelta(days=days)
        and not any(_succeeds(another, policy) for another in one["policies"])
    ]


def _succeeds(another: dict, policy: dict) -> bool:
    begins, ends = another["start_date"] or date.min, another["end_date"] or date.max
    return (
        another["type"] == policy["type"]
        and another["status"] in ("active", "pending")
        and ends > policy["end_date"]
        and begins <= policy["end_date"] + timedelta(days=30)
    )


@pytest.mark.parametrize(("who", "team"), SCOPES)
@pytest.mark.parametrize("day", [TODAY, OTHER_DAY])
def test_what_ends_without_a_successor_is_counted_and_listed(day, who, team, book):
    db, people, _ = book
    everybody = of_scope(book, who, team)
    found = follow_up.expiring(db, people[who], day, team)
    assert len(found.cells) == 7 * 3
    for cell in found.cells.to_dict("records"):
        due = [without_successor(one, cell["type"], day, cell["days"]) for one in everybody]
        assert (cell["policies"], cell["customers"]) == (sum(map(len, due)), sum(map(bool, due)))
        wanted = {"expiring": cell["days"], "of": cell["type"], "team": team}
        assert listed(book, who, day, **wanted) == cell["customers"]
    no_end = [
        sum(p["end_date"] is None for p in oracle.in_force(one, "total", day)) for one in everybody
    ]
    assert (found.no_end, found.no_end_customers) == (sum(no_end), sum(map(bool, no_end)))


def test_the_drawn_book_has_ends_with_and_without_successors(book):
    db, people, _ = book
    ends = [
        policy
        for one in of_scope(book, "admin")
        for policy in oracle.in_force(one, "total", TODAY)
        if policy["end_date"] and policy["end_date"] <= TODAY + timedelta(days=90)
    ]
    found = follow_up.expiring(db, people["admin"], TODAY).cells["policies"].tolist()
    assert 0 < found[-3] < found[-1] < len(ends)


END = TODAY + timedelta(days=60)
ENDING = {"start_date": TODAY - timedelta(days=400), "end_date": END}


def after(days: int) -> date:
    return END + timedelta(days=days)


@pytest.mark.parametrize(
    ("policies", "windows"),
    [
        ([{**ENDING, "end_date": TODAY - timedelta(days=1), "status": "expired"}], (0, 0, 0)),
        ([{**ENDING, "end_date": TODAY}], (1, 1, 1)),
        ([{**ENDING, "end_date": TODAY + timedelta(days=30)}], (1, 1, 1)),
        ([{**ENDING, "end_date": TODAY + timedelta(days=31)}], (0, 1, 1)),
        ([ENDING], (0, 1, 1)),
        ([{**ENDING, "end_date": TODAY + timedelta(days=90)}], (0, 0, 1)),
        ([{**ENDING, "end_date": TODAY + timedelta(days=91)}], (0, 0, 0)),
        ([ENDING, ENDING], (0, 2, 2)),
        ([ENDING, {"end_date": after(1)}], (0, 0, 1)),
        ([ENDING, {"end_date": after(40)}], (0, 0, 0)),
        ([ENDING, {"end_date": None}], (0, 0, 0)),
        ([ENDING, {"type": "health"}], (0, 1, 1)),
        ([ENDING, {"status": "cancelled"}], (0, 1, 1)),
        ([ENDING, {"status": "pending"}], (0, 0, 0)),
        ([ENDING, {"status": "pending", "end_date": END}], (0, 1, 1)),
        ([ENDING, {"status": "pending", "start_date": after(30)}], (0, 0, 0)),
        ([ENDING, {"status": "pending", "start_date": after(31)}], (0, 1, 1)),
        ([ENDING, {"start_date": after(30)}], (0, 0, 0)),
        ([ENDING, {"start_date": after(31)}], (0, 1, 1)),
    ],
)
def test_days_at_which_a_policy_ends_and_is_succeeded(policies, windows):
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        one = add_customer(db, fp)
        for policy in policies:
            add_policy(db, fp, one, **policy)
        cells = follow_up.expiring(db, fp, TODAY).cells
        assert tuple(cells[cells["type"] == "total"]["policies"]) == windows


def gone(one: dict, kind: str, day: date) -> Gone | None:
    """How long ago a type ended that is not held any more; None for one never held, or held."""
    if oracle.in_force(one, kind, day):
        return None
    ends = []
    for policy in one["policies"]:
        begun = policy["start_date"] or date.min
        if kind not in (policy["type"], "total") or policy["status"] == "pending" or begun > day:
            continue
        last = None if oracle._ends_unclear(policy, day) else policy["end_date"]
        if last and policy["status"] == "cancelled":
            last -= timedelta(days=1)
        if last is None or last >= begun:
            ends.append(last)
    known = max((last for last in ends if last), default=date.min)
    if known > day.replace(year=day.year - 1):
        return Gone.UNDER_1_YEAR
    if None in ends:
        return Gone.UNKNOWN
    if not ends:
        return None
    return Gone.UNDER_3_YEARS if known > day.replace(year=day.year - 3) else Gone.LONGER


@pytest.mark.parametrize(("who", "team"), SCOPES)
@pytest.mark.parametrize("day", [TODAY, OTHER_DAY])
def test_what_was_held_once_is_counted_and_listed(day, who, team, book):
    db, people, _ = book
    everybody = of_scope(book, who, team)
    found = follow_up.formerly_held(db, people[who], day, team)
    assert len(found) == 7 * 4
    for cell in found.to_dict("records"):
        ago = [gone(one, cell["type"], day) for one in everybody]
        assert cell["customers"] == ago.count(cell["gone"]), cell
        wanted = {"formerly": cell["type"], "gone": cell["gone"], "team": team}
        assert listed(book, who, day, **wanted) == cell["customers"]
    for kind in ("life", "total"):
        ever = found[found["type"] == kind]["customers"].sum()
        assert listed(book, who, day, formerly=kind, team=team) == ever


def test_the_drawn_book_has_covers_that_ended_at_all_times(book):
    db, people, _ = book
    found = follow_up.formerly_held(db, people["admin"], TODAY)
    assert (found.groupby("gone")["customers"].sum() > 0).all()
    of_all = found[found["type"] == "total"]["customers"].sum()
    assert 0 < of_all < found[found["type"] != "total"]["customers"].sum()


YEARS_AGO = {"start_date": date(2015, 3, 1)}


@pytest.mark.parametrize(
    ("policies", "ago"),
    [
        ([{"status": "expired", "end_date": date(2025, 11, 23)}], Gone.UNDER_1_YEAR),
        ([{"status": "expired", "end_date": date(2025, 11, 22)}], Gone.UNDER_3_YEARS),
        ([{"status": "cancelled", "end_date": date(2025, 11, 24)}], Gone.UNDER_1_YEAR),
        ([{"status": "cancelled", "end_date": date(2025, 11, 23)}], Gone.UNDER_3_YEARS),
        ([{"status": "expired", "end_date": date(2023, 11, 23)}], Gone.UNDER_3_YEARS),
        ([{"status": "expired", "end_date": date(2023, 11, 22)}], Gone.LONGER),
        ([{"status": "cancelled", "end_date": None}], Gone.UNKNOWN),
        ([{"status": "cancelled"}, {"status": "expired", "end_date": date(2023, 1, 1)}],
         Gone.UNKNOWN),
        ([{"status": "cancelled"}, {"status": "expired", "end_date": date(2026, 1, 1)}],
         Gone.UNDER_1_YEAR),
        ([{"status": "pending"}], None),
        ([{"status": "active"}], None),
        ([{"status": "expired", "end_date": date(2023, 1, 1)}, {"status": "active"}], None),
        ([{"status": "cancelled", "end_date": date(2015, 3, 1)}], None),  # before it began
    ],
)  # fmt: skip
def test_how_long_ago_a_type_ended(policies, ago):
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        one = add_customer(db, fp)
        for policy in policies:
            add_policy(db, fp, one, **YEARS_AGO, **policy)
        found = follow_up.formerly_held(db, fp, TODAY)
        of_life = found[found["type"] == "life"].to_dict("records")
        counted = {row["gone"]: row["customers"] for row in of_life}
        assert counted == {each: int(each is ago) for each in Gone}
        of_all = found[found["type"] == "total"]
        assert dict(zip(of_all["gone"], of_all["customers"], strict=True)) == counted
        assert found["customers"].sum() == 2 * sum(counted.values())


def test_who_holds_another_type_does_not_hold_nothing():
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        one = add_customer(db, fp)
        add_policy(db, fp, one, status="expired", **YEARS_AGO, end_date=date(2023, 1, 1))
        add_policy(db, fp, one, type="car")
        found = follow_up.formerly_held(db, fp, TODAY)
        assert found[found["customers"] > 0]["type"].tolist() == ["life"]


@pytest.mark.parametrize(("who", "team"), SCOPES)
def test_who_was_not_contacted_is_counted_by_fp_and_listed(who, team, book):
    db, people, _ = book
    found = follow_up.not_contacted(db, people[who], TODAY, team=team).to_dict("records")
    everybody = of_scope(book, who, team)
    assert [row["row"] for row in found] == [*sorted({p["owner"] for p in everybody}), ALL_ROWS]
    for row in found:
        mine = [one for one in everybody if row["row"] in (one["owner"], ALL_ROWS)]
        last = [one["last_contact_on"] for one in mine]
        late = [day for day in last if day is None or day < TODAY - timedelta(days=90)]
        counts = (len(mine), len(late), last.count(None))
        assert (row["customers"], row["not_contacted"], row["never"]) == counts
        wanted = {"row_kind": RowKind.FP, "row": row["row"], "team": team}
        assert listed(book, who, not_contacted_for=90, **wanted) == row["not_contacted"]
        assert listed(book, who, unknown="last_contact_on", **wanted) == row["never"]


@pytest.mark.parametrize("days", [89, 90, 91])
def test_a_contact_of_90_days_ago_is_not_too_long_ago(days):
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        add_customer(db, fp, last_contact_on=TODAY - timedelta(days=days))
        (_, everybody) = follow_up.not_contacted(db, fp, TODAY).to_dict("records")
        assert (everybody["not_contacted"], everybody["never"]) == (int(days > 90), 0)


# --- What it is made of ----------------------------------------------------------------------


@pytest.mark.parametrize(("who", "team"), SCOPES)
@pytest.mark.parametrize("day", [TODAY, OTHER_DAY])
def test_ages_by_gender_and_coverage_are_counted_and_listed(day, who, team, book):
    db, people, _ = book
    groups: dict[tuple[str, str], list[dict]] = {}
    for one in of_scope(book, who, team):
        band = oracle._band(age_on(one, day)) or "unknown"
        groups.setdefault((band, one["gender"] or "unknown"), []).append(one)
    found = makeup.age_pyramid(db, people[who], day, team).to_dict("records")
    assert Counter({(row["row"], row["gender"]): row["customers"] for row in found}) == {
        place: len(mine) for place, mine in groups.items()
    }
    assert (found[0]["row"], found[-1]["row"]) == ("0-9", "unknown")
    for row in found:
        mine = groups[row["row"], row["gender"]]
        for column in oracle.COLUMNS:
            assert row[column] == sum(bool(oracle.in_force(one, column, day)) for one in mine)
    for row in Random(2).sample(found, 4):
        wanted = {"row_kind": RowKind.AGE_BAND, "row": row["row"], "gender": row["gender"]}
        assert listed(book, who, day, **wanted, team=team) == row["customers"]
        assert listed(book, who, day, **wanted, team=team, holding="car") == row["car"]


@pytest.mark.parametrize(("who", "team"), SCOPES)
@pytest.mark.parametrize("day", [TODAY, OTHER_DAY])
def test_insurers_are_added_up_and_listed(day, who, team, book):
    db, people, _ = book
    group = oracle._Group(of_scope(book, who, team), "total", day, day, [], "KRW")
    found = makeup.insurers(db, people[who], day, team)
    cells = found.cells.to_dict("records")
    assert sorted(row["insurer"] for row in cells) == sorted(one or "unknown" for one in INSURERS)
    assert cells[-1]["insurer"] == "unknown"
    whole = sum(row["premium"] for row in cells if row["premium"] == row["premium"])
    for row in cells:
        name = None if row["insurer"] == "unknown" else row["insurer"]
        mine = [[p for p in group.held(one) if p["insurer"] == name] for one in group.people]
        premiums = [group.premium(policy) for policies in mine for policy in policies]
        known = [float(premium) for premium in premiums if premium is not None]
        assert (row["policies"], row["customers"]) == (len(premiums), sum(map(bool, mine)))
        premium = sum(known) / 12 if known else nan
        assert row["premium"] == pytest.approx(premium, nan_ok=True)
        assert row["premium_unknown"] == premiums.count(None)
        assert row["share"] == pytest.approx(row["premium"] / whole, nan_ok=True)
        assert row["policy_share"] == row["policies"] / sum(one["policies"] for one in cells)
        wanted = {"row_kind": RowKind.INSURER, "row": name} if name else {"unknown": "insurer"}
        assert listed(book, who, day, **wanted, team=team) == row["customers"]
    premiums = [row["premium"] for row in cells[:-1]]
    assert premiums == sorted(premiums, reverse=True)
    squares = sum((100 * premium / sum(premiums)) ** 2 for premium in premiums)
    assert found.index == pytest.approx(squares)
    assert found.largest == pytest.approx(sum(premiums[:3]) / whole)
    most = sorted((row["policies"] for row in cells[:-1]), reverse=True)[:3]
    assert found.largest_policies == pytest.approx(sum(most) / found.cells["policies"].sum())
    assert 0 < found.largest < 1 and 0 < found.largest_policies < 1
    assert found.cells["premium_unknown"].sum() > 0


@pytest.mark.parametrize(
    ("premiums", "index", "level", "largest", "largest_policies"),
    [
        ([7], 10_000, Concentration.HIGH, 1, 1),
        ([None], None, None, None, 1),
        ([0], None, None, None, 1),
        ([1] * 5, 2_000, Concentration.HIGH, 0.6, 0.6),
        ([1] * 10, 1_000, Concentration.MODERATE, 0.3, 0.3),
        ([1] * 20, 500, Concentration.LOW, 0.15, 0.15),
        ([30, 30, None], 5_000, Concentration.HIGH, 1, 1),
        ([5, 3, 1, 1], 3_600, Concentration.HIGH, 0.9, 0.75),
    ],
)
def test_the_index_of_concentration_and_the_largest(
    premiums, index, level, largest, largest_policies
):
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        one = add_customer(db, fp)
        for number, premium in enumerate(premiums):
            paid = {"premium_amount": premium, "premium_cycle": "monthly"} if premium else {}
            add_policy(db, fp, one, insurer=f"보험 {number}", **paid)
        found = makeup.insurers(db, fp, TODAY)
        assert (found.index, found.level) == (index and pytest.approx(index), level)
        assert found.largest == (largest and pytest.approx(largest))
        assert found.largest_policies == pytest.approx(largest_policies)


def test_an_unknown_insurer_is_none_of_the_largest():
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        one = add_customer(db, fp)
        paid = {"premium_amount": 100, "premium_cycle": "monthly"}
        add_policy(db, fp, one, insurer=None, **paid)
        nobody = makeup.insurers(db, fp, TODAY)
        assert (nobody.largest, nobody.largest_policies) == (None, None)
        add_policy(db, fp, one, insurer="한화생명", **paid)
        found = makeup.insurers(db, fp, TODAY)
        assert (found.largest, found.largest_policies) == (0.5, 0.5)


def test_an_empty_scope_has_nothing_due_and_nothing_in_it(book):
    db, people, _ = book
    me = people["fp2"]
    assert not follow_up.expiring(db, me, TODAY).cells["policies"].any()
    assert not follow_up.formerly_held(db, me, TODAY)["customers"].any()
    assert follow_up.not_contacted(db, me, TODAY)["customers"].tolist() == [0]
    assert makeup.age_pyramid(db, me, TODAY).empty
    found = makeup.insurers(db, me, TODAY)
    assert not found.cells["policies"].any() and found.index is None
    assert (found.largest, found.largest_policies) == (None, None)


def test_the_figures_of_the_demo_book_equal_a_plain_count_and_their_lists(demo_db):
    me = accounts.act_as(demo_db, "admin")
    everybody = oracle.read_people(demo_db)

    def as_counted(count: int, said: Callable[[dict], object], **wanted: object) -> None:
        assert count == sum(bool(said(one)) for one in everybody), wanted
        found = customer_list.find(demo_db, me, CustomerFilter(**wanted), TODAY, page_size=1)
        assert found.matching == count, wanted

    for cell in follow_up.expiring(demo_db, me, TODAY).cells.to_dict("records"):
        of, days = cell["type"], cell["days"]
        due = partial(without_successor, column=of, day=TODAY, days=days)
        assert cell["policies"] == sum(len(due(one)) for one in everybody)
        as_counted(cell["customers"], due, expiring=days, of=of)
    for cell in follow_up.formerly_held(demo_db, me, TODAY).to_dict("records"):
        of, ago = cell["type"], cell["gone"]
        as_counted(
            cell["customers"],
            lambda one, of=of, ago=ago: gone(one, of, TODAY) == ago,
            formerly=of, gone=ago,
        )  # fmt: skip
    for row in makeup.age_pyramid(demo_db, me, TODAY).to_dict("records"):
        mine = {"row_kind": RowKind.AGE_BAND, "row": row["row"], "gender": row["gender"]}

        def is_in(one: dict, row=row) -> bool:
            of = (oracle._band(age_on(one, TODAY)) or "unknown", one["gender"] or "unknown")
            return of == (row["row"], row["gender"])

        as_counted(row["customers"], is_in, **mine)
        held = [one for one in everybody if is_in(one) and oracle.in_force(one, "life", TODAY)]
        assert row["life"] == len(held)
        as_counted(row["life"], lambda one, held=held: one in held, **mine, holding="life")
        as_counted(
            row["customers"] - row["life"],
            lambda one, held=held, is_in=is_in: is_in(one) and one not in held,
            **mine, missing="life",
        )  # fmt: skip
    cells = makeup.insurers(demo_db, me, TODAY).cells.to_dict("records")
    sold = [policy for one in everybody for policy in oracle.in_force(one, "total", TODAY)]
    assert sum(row["policies"] for row in cells) == len(sold)
    for row in cells:
        name = None if row["insurer"] == "unknown" else row["insurer"]
        assert row["policies"] == sum(policy["insurer"] == name for policy in sold)
        wanted = {"row_kind": RowKind.INSURER, "row": name} if name else {"unknown": "insurer"}
        as_counted(
            row["customers"],
            lambda one, name=name: any(
                policy["insurer"] == name for policy in oracle.in_force(one, "total", TODAY)
            ),
            **wanted,
        )
