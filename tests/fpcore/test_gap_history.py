"""How states of gaps changed: when, why and by whom; and that nothing of it outlives a customer."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from agency import (
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    log_contact,
    refusal,
    row_of,
    tables,
    take,
)
from random_book import random_book
from test_rule_book import changed, judged_states, kept_states, own, publish

from fpcore.access import belongings
from fpcore.customers import consents, policies, profiles
from fpcore.errors import ConsentWithdrawn, NotFound
from fpcore.gaps import changes, explanation, targets
from fpcore.importing import undoing
from fpcore.importing.undoing import WhyLeft
from fpcore.kept import customer_rows, gap_history
from fpcore.models import ConsentChannel, ConsentKind, CustomerChanges
from fpcore.person import erasure
from fpcore.rules import rulebook
from fpcore.rules.amounts import Fixed

DAY = timedelta(days=1)
BORN = date(1980, 1, 1)
WON = Decimal
FIFTY = Decimal(50)


@pytest.fixture(autouse=True)
def up_to_date(request):
    """What the tests of this file share is rolled forward to the day."""
    if "office" in request.fixturenames:
        customer_rows.roll_forward(request.getfixturevalue("office").db, TODAY)


def story(db, account, customer, code: str | None = None) -> list[tuple]:
    """What happened to a customer's states, the latest first: (code, before, after, cause, by)."""
    return [
        (one.code, one.before.value, one.after.value, one.cause.value, one.by)
        for one in changes.of_customer(db, account, customer)
        if code in (None, one.code)
    ]


def edit(db, account, customer, today=TODAY, **values) -> None:
    ver = row_of(db, "customer", customer)["ver"]
    profiles.update(db, account, customer, CustomerChanges(**values), ver, today)


# --- Causes -------------------------------------------------------------------------------------


def test_an_edit_is_told_with_who_made_it(shared, office):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    policy = add_policy(db, fp, one, type="health", coverage_amount=5)
    policies.end(db, office.people["manager1"], policy, TODAY, 1, TODAY)
    told = changes.of_customer(db, fp, one)
    health = [change for change in told if change.code == "health_missing"]
    assert [(c.before, c.after, c.cause, c.by, c.file, c.on, c.version) for c in health] == [
        ("covered", "gap", "edit", "manager1", None, TODAY, 1),
        ("gap", "covered", "edit", fp.name, None, TODAY, 1),
    ]
    assert health[0].at >= health[1].at
    assert kept_states(db, one) == judged_states(db, fp, one)


def test_a_fact_that_is_entered_makes_an_unknown_state_known(shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    edit(db, fp, one, driving="own_car")
    assert story(db, fp, one) == [
        ("car_missing", "unknown", "gap", "edit", fp.name),
        ("driver_missing", "unknown", "gap", "edit", fp.name),
    ]


def test_the_first_states_of_a_customer_are_no_change(shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN, driving="own_car")
    take(db, fp, [{"고객명": "이둘", "생년월일": "1980-01-01", "보종": "생명"}])
    other = db.read("select id from customer where name = '이둘' and owner_id = $fp", {"fp": fp.id})
    assert story(db, fp, one) == story(db, fp, other[0]["id"]) == []


def test_what_changes_no_state_is_no_change(shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    before = db.read("select count(*) as n from gap_change")
    edit(db, fp, one, name="이둘")
    log_contact(db, fp, one)
    add_policy(db, fp, one, type="other", coverage_amount=0)
    customer_rows.roll_forward(db, TODAY)
    customer_rows.roll_forward(db, TODAY + DAY)
    customer_rows.roll_forward(db, TODAY)
    assert story(db, fp, one) == []
    assert db.read("select count(*) as n from gap_change") == before


BOOK = {"고객번호": "H1", "고객명": "김파일", "생년월일": "1980-01-01"}


def test_an_upload_is_told_with_its_file_and_its_undoing_too(shared):
    db, fp = shared
    take(db, fp, [BOOK])
    one = profiles.identify(db, fp, "H1")
    report = take(db, fp, [{**BOOK, "보종": "건강", "가입금액": "5", "증권번호": f"{fp.name}"}])
    (change,) = [c for c in changes.of_customer(db, fp, one) if c.code == "health_missing"]
    assert (change.cause, change.by, change.file) == ("import", fp.name, "book.csv")
    undoing.undo(db, fp, report.batch, TODAY)
    assert story(db, fp, one, "health_missing") == [
        ("health_missing", "covered", "gap", "undo", fp.name),
        ("health_missing", "gap", "covered", "import", fp.name),
    ]
    assert kept_states(db, one) == judged_states(db, fp, one)


def test_a_published_rule_is_told_with_its_version_and_who_published_it(db, people):
    fp = people["fp1"]
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=BORN)
    add_policy(db, fp, one, type="other", coverage_amount=60_000_000)
    publish(db, people["manager1"], changed(db, need=Fixed(amount=50_000_000)))
    (change, before) = [c for c in changes.of_customer(db, fp, one) if c.code == "total_low"]
    assert (change.before, change.after, change.cause, change.by, change.version, change.on) == (
        "partial", "covered", "rule", "manager1", 2, TODAY,
    )  # fmt: skip
    assert before.cause == "edit"


def test_a_version_that_begins_later_is_told_on_its_day_with_who_published_it(db, people):
    fp = people["fp1"]
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=BORN)
    rule = changed(db, need=Fixed(amount=50_000_000), valid_from=TODAY + 7 * DAY)
    add_policy(db, fp, one, type="other", coverage_amount=60_000_000)
    publish(db, people["manager1"], rule)
    assert len(story(db, fp, one)) == 1
    customer_rows.roll_forward(db, TODAY + 7 * DAY)
    change = changes.of_customer(db, fp, one)[0]
    assert (change.after, change.cause, change.by, change.on) == (
        "covered", "rule", "manager1", TODAY + 7 * DAY,
    )  # fmt: skip


def test_the_first_states_under_a_new_rule_are_no_change(db, people):
    fp = people["fp1"]
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=BORN)
    publish(db, people["manager1"], own())
    assert story(db, fp, one) == []
    assert kept_states(db, one)["own_other"] == "gap"
    add_policy(db, fp, one, type="other")
    assert story(db, fp, one, "own_other") == [("own_other", "gap", "covered", "edit", "fp1")]
    publish(db, people["manager1"], own(is_off=True))
    publish(db, people["manager1"], own(valid_from=TODAY, need={"word": "fixed", "amount": 5}))
    assert len(story(db, fp, one, "own_other")) == 1, "it was off in between"


@pytest.mark.parametrize("awake", ["every day", "not on the birthday"])
def test_a_birthday_is_told_on_its_day(awake, db, people):
    fp, birthday = people["fp1"], TODAY + 3 * DAY
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=date(birthday.year - 40, birthday.month, birthday.day))
    add_policy(db, fp, one, type="health", coverage_amount=30_000_000, policy_name="암보험")
    assert kept_states(db, one)["health_by_age"] == "covered"
    before = len(story(db, fp, one))
    for days in range(1, 6) if awake == "every day" else (5,):
        customer_rows.roll_forward(db, TODAY + days * DAY)
    change, *earlier = changes.of_customer(db, fp, one)
    assert (change.code, change.before, change.after) == ("health_by_age", "covered", "partial")
    assert (change.cause, change.on, change.by) == ("birthday", birthday, None)
    assert len(earlier) == before
    assert kept_states(db, one, TODAY + 5 * DAY) == judged_states(db, fp, one, TODAY + 5 * DAY)


def test_whoever_is_born_on_29_february_is_older_on_the_28th(db, people):
    fp, day = people["fp1"], date(2027, 2, 27)
    customer_rows.roll_forward(db, day)
    one = profiles.create(
        db, fp, profiles.NewCustomer(
            name="윤달", consent_basis=STATEMENT, birth_date=date(2008, 2, 29)), day,
    )  # fmt: skip
    assert kept_states(db, one, day)["accident_by_class"] == "not_needed"
    customer_rows.roll_forward(db, day + 2 * DAY)
    told = changes.of_customer(db, fp, one)
    assert {(change.cause.value, change.on) for change in told} == {("birthday", date(2027, 2, 28))}
    assert judged_states(db, fp, one, date(2027, 2, 28)) == kept_states(db, one, day + 2 * DAY)


def test_a_policy_that_ends_or_begins_is_told_as_time_on_the_day(db, people):
    fp = people["fp1"]
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=BORN)
    add_policy(db, fp, one, type="health", end_date=TODAY)
    add_policy(db, fp, one, type="life", start_date=TODAY + DAY)
    customer_rows.roll_forward(db, TODAY + DAY)
    told = {
        (c.code, c.before.value, c.after.value, c.on, c.by)
        for c in changes.of_customer(db, fp, one) if c.cause is gap_history.Cause.TIME
    }  # fmt: skip
    assert told >= {
        ("health_missing", "covered", "gap", TODAY + DAY, None),
        ("life_missing", "gap", "covered", TODAY + DAY, None),
    }
    assert kept_states(db, one, TODAY + DAY) == judged_states(db, fp, one, TODAY + DAY)


def test_a_rule_that_does_not_ask_for_age_is_not_changed_by_a_birthday(db, people):
    fp, birthday = people["fp1"], TODAY + DAY
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=date(birthday.year - 40, birthday.month, birthday.day))
    add_policy(db, fp, one, type="health", end_date=TODAY)
    customer_rows.roll_forward(db, birthday)
    causes = {c.code: c.cause for c in changes.of_customer(db, fp, one) if c.on == birthday}
    assert causes["health_missing"] == "time"


def test_an_edit_before_the_day_was_rolled_forward_leaves_nothing_out(db, people):
    """Nobody started the program since yesterday: the edit finds states of the day before."""
    fp, birthday = people["fp1"], TODAY + DAY
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=date(birthday.year - 40, birthday.month, birthday.day))
    add_policy(db, fp, one, type="health", coverage_amount=30_000_000)
    edit(db, fp, one, today=birthday, driving="own_car")
    told = {c.code: c for c in changes.of_customer(db, fp, one) if c.on == birthday}
    assert {code: c.cause for code, c in told.items()} == {
        "car_missing": "edit", "driver_missing": "edit",
    }  # fmt: skip
    customer_rows.roll_forward(db, birthday)
    assert kept_states(db, one, birthday) == judged_states(db, fp, one, birthday)
    told = {c.code: c for c in changes.of_customer(db, fp, one) if c.on == birthday}
    assert told.keys() == {"car_missing", "driver_missing", "health_by_age"}
    assert told["health_by_age"].cause == "birthday"


def test_an_edit_after_other_rules_came_tells_both(db, people, tmp_path, monkeypatch):
    """The rule file has a new version, and nobody settled it: the edit makes both changes."""
    fp = people["fp1"]
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, birth_date=BORN)
    add_policy(db, fp, one, type="other", coverage_amount=60_000_000)
    before = len(changes.of_customer(db, fp, one))
    path, ends = tmp_path / "gap_rules.toml", TODAY - DAY
    text = rulebook.RULES.read_text(encoding="utf-8")
    head, _, tail = text.partition('code = "total_low"')
    first, _, rest = tail.partition("[[rule]]")
    ended = first.replace("valid_from = 2026-01-01", f"valid_from = 2026-01-01\nvalid_to = {ends}")
    later = first.replace("2026-01-01", f"{TODAY}").replace("100_000_000", "50_000_000")
    path.write_text(
        f'{head}code = "total_low"{ended}[[rule]]\ncode = "total_low"{later}[[rule]]{rest}',
        encoding="utf-8",
    )
    monkeypatch.setattr(rulebook, "RULES", path)
    edit(db, fp, one, driving="own_car")
    after = changes.of_customer(db, fp, one)
    told = {c.code: (c.cause, c.version) for c in after[: len(after) - before]}
    assert told == {
        "total_low": ("rule", 2), "car_missing": ("edit", 1), "driver_missing": ("edit", 1),
    }  # fmt: skip
    assert kept_states(db, one) == judged_states(db, fp, one)


# --- Targets ------------------------------------------------------------------------------------


def target(db, account, customer, amount=FIFTY, code="total_low", note="가족과 합의") -> None:
    targets.set_target(db, account, customer, code, amount, note, TODAY)


def test_a_target_set_by_hand_is_told_as_an_edit_and_shown_as_such(shared, office):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    add_policy(db, fp, one, type="other", coverage_amount=60)
    target(db, office.people["manager1"], one)
    gap = explanation.of_customer(db, fp, one, TODAY).of("total_low")
    assert (gap.state, gap.recommended, gap.short) == ("covered", 50, 0)
    assert (gap.target.amount, gap.target.note, gap.target.by, gap.target.ver) == (
        50, "가족과 합의", "manager1", 1,
    )  # fmt: skip
    assert story(db, fp, one, "total_low")[0] == (
        "total_low", "partial", "covered", "edit", "manager1",
    )  # fmt: skip
    assert kept_states(db, one) == judged_states(db, fp, one)
    target(db, fp, one, WON(70))
    assert explanation.of_customer(db, fp, one, TODAY).of("total_low").target.ver == 2
    assert kept_states(db, one)["total_low"] == "partial"
    targets.remove_target(db, fp, one, "total_low", TODAY)
    gap = explanation.of_customer(db, fp, one, TODAY).of("total_low")
    assert (gap.target, gap.recommended) == (None, 100_000_000)
    assert db.read("select * from customer_target where customer_id = $id", {"id": one}) == []
    assert kept_states(db, one) == judged_states(db, fp, one)


def test_a_target_makes_a_rule_apply_that_would_not(shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN, dependants=0, debts=0)
    assert kept_states(db, one)["death_benefit"] == "not_needed"
    target(db, fp, one, WON(10), "death_benefit")
    assert kept_states(db, one)["death_benefit"] == "gap"
    assert kept_states(db, one) == judged_states(db, fp, one)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"amount": None}, [("target_amount", "missing")]),
        ({"amount": WON(-1)}, [("target_amount", "negative")]),
        ({"amount": WON("1.5")}, [("target_amount", "not_whole_won")]),
        ({"amount": WON(10**15)}, [("target_amount", "too_large")]),
        ({"note": " "}, [("target_note", "missing")]),
        ({"note": None}, [("target_note", "missing")]),
        ({"note": "가" * 301}, [("target_note", "too_long")]),
    ],
)
def test_a_target_that_cannot_be_is_refused(values, expected, shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    with refusal(db) as refused:
        target(db, fp, one, **values)
    assert refused == expected


@pytest.mark.parametrize("code", ["life_missing", "premium_share", "indemnity_twice", "no_such"])
def test_only_a_rule_with_an_amount_takes_a_target(code, shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    with pytest.raises(NotFound) as refused:
        target(db, fp, one, code=code)
    assert refused.value.code == "rule_not_found"
    with pytest.raises(NotFound) as refused:
        targets.remove_target(db, fp, one, "total_low", TODAY)
    assert refused.value.code == "target_not_found"


def test_a_targets_note_keeps_no_number_that_no_note_may_keep(shared):
    db, fp = shared
    one = add_customer(db, fp, birth_date=BORN)
    target(db, fp, one, note="800101-1234567 확인")
    assert "1234567" not in str(db.read("select note from customer_target"))


# --- A team's months ----------------------------------------------------------------------------


def test_opened_and_closed_add_up_month_by_month_and_by_team(db, people):
    fp, stranger, manager = people["fp1"], people["fp3"], people["manager1"]
    customer_rows.roll_forward(db, TODAY)
    ones = [add_customer(db, owner, birth_date=BORN) for owner in (fp, fp, stranger)]
    added = [add_policy(db, people["admin"], one, type="home", status="active") for one in ones]
    for one in ones:
        edit(db, people["admin"], one, housing="own")
    next_month = TODAY + 31 * DAY
    customer_rows.roll_forward(db, next_month)
    for policy in added[1:]:
        policies.end(db, people["admin"], policy, next_month, 1, next_month)

    def months(account, **said) -> dict[tuple, tuple]:
        found = changes.per_month(db, account, next_month, **said)
        return {
            (str(row["month"])[:10], row["code"]): (row["opened"], row["closed"])
            for row in found.to_dict("records")
        }

    opened = ("2026-12-01", "home_missing")
    assert months(fp)[opened] == (1, 0)
    assert months(manager)[opened] == (1, 0)
    assert months(people["admin"])[opened] == (2, 0)
    assert months(people["admin"], team="부산")[opened] == (1, 0)
    assert months(people["admin"], team="강남")[opened] == (1, 0)
    assert months(people["admin"], team="없는 팀") == months(people["fp2"]) == {}
    assert months(fp, team="부산") == {}
    assert {month for month, _ in months(people["admin"], months=1)} == {"2026-12-01"}
    total = months(people["admin"])
    by_team = [months(people["admin"], team=team) for team in ("강남", "부산")]
    for key, counts in total.items():
        parts = [one.get(key, (0, 0)) for one in by_team]
        assert tuple(map(sum, zip(*parts, strict=True))) == counts
    assert all(any(counts) for counts in total.values())


def test_the_months_are_the_sum_of_what_happened_to_each(busy):
    db, people = busy
    admin, later = people["admin"], TODAY + 1500 * DAY
    for days in (500, 1000, 1500):
        customer_rows.roll_forward(db, TODAY + days * DAY)
    expected: dict[tuple, list[int]] = {}
    for row in db.read("select id from customer where withdrawn_on is null"):
        for one in changes.of_customer(db, admin, row["id"]):
            was, is_open = (state in ("gap", "partial") for state in (one.before, one.after))
            if was != is_open:
                counts = expected.setdefault((one.on.replace(day=1), one.code), [0, 0])
                counts[0 if is_open else 1] += 1
    found = changes.per_month(db, admin, later, months=60)
    assert {
        (row["month"].date(), row["code"]): [row["opened"], row["closed"]]
        for row in found.to_dict("records")
    } == expected
    assert len(expected) >= 5


@pytest.fixture
def busy(db, people):
    """A random book of 200 rows whose policies begin and end on many days."""
    take(db, people["admin"], random_book(3, rows=200))
    customer_rows.roll_forward(db, TODAY)
    return db, people


def test_kept_states_are_the_computed_ones_after_days_and_edits(busy):
    db, people = busy
    admin = people["admin"]
    ids = [row["id"] for row in db.read("select id from customer order by id")][:15]
    for number, one in enumerate(ids):
        edit(db, admin, one, dependants=number % 3, debts=WON(number), housing="own")
        add_policy(db, admin, one, type="accident", coverage_amount=number * 10_000_000)
    for one in ids[:4]:
        target(db, admin, one)
    for day in (TODAY, TODAY + 900 * DAY):
        customer_rows.roll_forward(db, day)
        for one in ids:
            assert kept_states(db, one, day) == judged_states(db, admin, one, day)


# --- Scope, and the end of it all ---------------------------------------------------------------


def of_customer_left(db, customer) -> int:
    return db.read(
        "select (select count(*) from gap_change where customer_id = $id)"
        " + (select count(*) from customer_target where customer_id = $id) as n",
        {"id": customer},
    )[0]["n"]


@pytest.fixture
def subject(db, people):
    """A customer of fp1 from an upload, with a story and a target."""
    customer_rows.roll_forward(db, TODAY)
    batch = take(db, people["fp1"], [BOOK]).batch
    one = profiles.identify(db, people["fp1"], "H1")
    return one, batch


def with_story(db, fp, one) -> None:
    policy = add_policy(db, fp, one, type="health", coverage_amount=5)
    policies.remove(db, fp, policy, 1, TODAY)
    assert of_customer_left(db, one) > 0


def test_strangers_see_nothing_of_it(db, people, subject):
    one, _ = subject
    with_story(db, people["fp1"], one)
    for name in ("fp2", "fp3", "manager2"):
        for read in (
            lambda me: changes.of_customer(db, me, one),
            lambda me: target(db, me, one),
            lambda me: targets.remove_target(db, me, one, "total_low", TODAY),
        ):
            with pytest.raises(NotFound) as refused:
                read(people[name])
            assert refused.value.code == "customer_not_found"
        assert changes.per_month(db, people[name], TODAY).empty
    for name in ("fp1", "manager1", "admin"):
        assert changes.of_customer(db, people[name], one)
        assert len(changes.per_month(db, people[name], TODAY)) > 0


def test_of_whoever_withdrew_nothing_is_told(db, people, subject):
    one, _ = subject
    with_story(db, people["fp1"], one)
    consents.withdraw(db, people["fp1"], one, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    for read in (
        lambda: changes.of_customer(db, people["fp1"], one),
        lambda: target(db, people["fp1"], one),
    ):
        with pytest.raises(ConsentWithdrawn):
            read()
    assert changes.per_month(db, people["admin"], TODAY).empty


@pytest.mark.parametrize("way", ["deleted", "erased", "erased when due"])
def test_no_story_and_no_target_outlive_the_customer(way, db, people, subject):
    fp, (one, _) = people["fp1"], subject
    with_story(db, fp, one)
    target(db, fp, one)
    other = add_customer(db, fp, name="남는 사람")
    with_story(db, fp, other)
    target(db, fp, other)
    left = of_customer_left(db, other)
    if way == "deleted":
        profiles.delete(db, fp, one, profiles.removal(db, fp, one))
    elif way == "erased":
        erasure.erase(db, fp, one, profiles.removal(db, fp, one))
    else:
        consents.withdraw(db, fp, one, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
        later = TODAY + consents.DAYS_TO_DESTROY * DAY
        assert erasure.erase_due(db, fp, later) == 1
    assert of_customer_left(db, one) == 0
    assert of_customer_left(db, other) == left
    held = {table: rows for table, rows in tables(db).items() if table != "audit"}
    assert str(one) not in str(held)


def test_undoing_the_upload_that_made_a_customer_takes_the_story_too(db, people, subject):
    one, batch = subject
    with_story(db, people["fp1"], one)
    assert undoing.undo(db, people["fp1"], batch, TODAY).customers_removed == 1
    assert of_customer_left(db, one) == 0


def test_a_customer_with_a_target_is_in_use_and_stays(db, people, subject):
    one, batch = subject
    target(db, people["fp1"], one)
    report = undoing.undo(db, people["fp1"], batch, TODAY)
    assert (report.customers_removed, report.left_count) == (0, 1)
    assert report.left[0].why is WhyLeft.IN_USE
    assert (
        explanation.of_customer(db, people["fp1"], one, TODAY).of("total_low").target.amount == 50
    )


def test_an_undone_upload_is_still_named_in_the_story_of_whom_it_changed(db, people, subject):
    one, _ = subject
    later = take(db, people["manager1"], [{**BOOK, "보종": "건강", "증권번호": "Z1"}],
                 owner_id=people["fp1"].id)  # fmt: skip
    undoing.undo(db, people["manager1"], later.batch, TODAY)
    told = [
        (c.cause.value, c.by, c.file)
        for c in changes.of_customer(db, people["fp1"], one) if c.code == "health_missing"
    ]  # fmt: skip
    assert told == [("undo", "manager1", "book.csv"), ("import", "manager1", "book.csv")]


def test_forgetting_takes_one_customers_story_only(db, people):
    fp = people["fp1"]
    one, other = (add_customer(db, fp) for _ in range(2))
    for each in (one, other):
        with_story(db, fp, each)
    db.transaction(lambda cursor: belongings.remove(cursor, one))
    assert (of_customer_left(db, one), of_customer_left(db, other) > 0) == (0, True)
