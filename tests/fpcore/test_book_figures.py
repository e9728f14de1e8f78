"""The figures of the whole book equal a plain count, and each leads to as many customers."""

from contextlib import closing
from datetime import timedelta
from random import Random

import portfolio_oracle as oracle
import pytest
from agency import TODAY, hire
from random_book import random_people, store

from fpcore import book_figures, customer_list, database
from fpcore.book_figures import FIELDS
from fpcore.customer_list import CustomerFilter
from fpcore.models import ConsentKind, PolicyType


@pytest.fixture(scope="module")
def book():
    """Two FPs with random customers, some of them with a consent and a last contact."""
    with closing(database.open_database(database.IN_MEMORY)) as db:
        people = hire(db)
        rng = Random(7)
        for owner in ("fp1", "fp3"):
            drawn = random_people(rng, 50, TODAY)
            for one in drawn:
                one["gender"] = rng.choice(["M", "F", None])
                one["last_contact_on"] = rng.choice([None, TODAY, TODAY - timedelta(days=91)])
            store(db, people[owner].id, drawn, TODAY)
        db.transaction(
            lambda cursor: cursor.execute(
                """
                insert into consent (id, customer_id, kind, basis, given_on, channel, recorded_by,
                    created_at, withdrawn_on)
                select uuidv7(), id, kind, 'x', $day, 'form', owner_id, now()::timestamp,
                    if(hash(id) % 5 = 0, $day, null)
                from customer, (select unnest(['collection', 'health']) as kind)
                where hash(id) % 3 > 0
                """,
                {"day": TODAY},
            )
        )
        yield db, people, oracle.read_people(db)


def of_scope(book, who) -> list[dict]:
    owners = {"admin": {"fp1", "fp3"}, "fp1": {"fp1"}, "manager2": {"fp3"}}[who]
    return [one for one in book[2] if one["owner"] in owners]


@pytest.mark.parametrize("who", ["admin", "fp1", "manager2"])
def test_key_figures_equal_a_plain_count(who, book):
    db, people, _ = book
    everybody = of_scope(book, who)
    found = book_figures.key_figures(db, people[who], TODAY)
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


def test_consents_count_who_agreed_and_did_not_withdraw(book):
    db, people, _ = book
    found = book_figures.key_figures(db, people["fp1"], TODAY).consents
    agreed = db.read(
        "select distinct customer_id, kind from consent s join customer c on c.id = customer_id"
        " where s.withdrawn_on is null and c.withdrawn_on is null and c.owner_id = $me",
        {"me": people["fp1"].id},
    )
    for kind in ConsentKind:
        assert found[kind] == sum(row["kind"] == kind for row in agreed)
    assert 0 < found[ConsentKind.HEALTH] < 50 and found[ConsentKind.MARKETING] == 0


@pytest.mark.parametrize("who", ["admin", "fp1"])
def test_who_holds_two_types_is_counted_and_listed(who, book):
    db, people, _ = book
    everybody = of_scope(book, who)
    found = book_figures.held_together(db, people[who], TODAY).to_dict("records")
    assert len(found) == 36
    for pair in found:
        holders = [one for one in everybody if oracle.in_force(one, pair["type"], TODAY)]
        both = [one for one in holders if oracle.in_force(one, pair["other"], TODAY)]
        assert (pair["holders"], pair["both"]) == (len(holders), len(both))
    for pair in Random(1).sample(found, 6):
        wanted = CustomerFilter(holding=PolicyType(pair["type"]), also=PolicyType(pair["other"]))
        page = customer_list.find(db, people[who], wanted, TODAY, page_size=1)
        assert page.matching == pair["both"]


def test_the_list_of_those_without_contact_is_as_long_as_the_figure(book):
    db, people, _ = book
    found = book_figures.key_figures(db, people["fp1"], TODAY)
    page = customer_list.find(db, people["fp1"], CustomerFilter(not_contacted_for=90), TODAY)
    assert page.matching == found.not_contacted


def test_an_empty_scope_has_no_figures(book):
    db, people, _ = book
    found = book_figures.key_figures(db, people["fp2"], TODAY)
    assert (found.customers, found.policies, found.premium) == (0, 0, 0)
    assert not book_figures.held_together(db, people["fp2"], TODAY)["holders"].any()
