"""Accounts: how far a scope reaches beyond test_access_matrix, who signs in, who may be added."""

import pytest
from agency import PASSWORD, TODAY, add_customer, codes, disable, forged, take

from fpcore.access import accounts
from fpcore.customers import profiles
from fpcore.errors import InvalidInput, NotFound
from fpcore.models import Role
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter


@pytest.fixture
def fired(db, people):
    """An admin who was shown the door."""
    account = accounts.add(db, accounts.OPERATOR, "fired", Role.ADMIN, PASSWORD, team="강남")
    disable(db, "fired")
    return account


def owners_found(db, asker) -> set[str]:
    return set(customer_list.find(db, asker, CustomerFilter(), TODAY).rows["owner"])


@pytest.mark.parametrize("asker", ["fp1", "fired"])
def test_the_owner_column_reaches_no_further_than_the_scope(asker, db, people, fired):
    rows = [{"고객명": "새 고객", "담당FP": name} for name in ("fp2", "nobody", "")]
    report = take(db, forged({**people, "fired": fired}[asker]), rows, dry_run=True)
    assert codes(report) == ["owner_unknown"] * 3


def test_a_customer_search_needs_no_real_identifier(db, people):
    for wrong in ("", "x", "00000000-0000-0000-0000-000000000000", "' or true --"):
        with pytest.raises(NotFound):
            profiles.get(db, people["admin"], wrong, TODAY)


def test_what_an_account_may_see_changes_at_once(db, people):
    add_customer(db, people["fp1"])
    assert owners_found(db, people["manager1"]) == {"fp1"}
    db.transaction(
        lambda cursor: cursor.execute(
            "update account set role = 'fp', ver = ver + 1 where username = 'manager1'"
        )
    )
    assert owners_found(db, people["manager1"]) == set()
    disable(db, "fp1")
    assert owners_found(db, people["fp1"]) == set()


def test_two_accounts_cannot_have_one_name(db, people):
    with pytest.raises(InvalidInput):
        accounts.add(db, accounts.OPERATOR, " FP1 ", Role.FP, PASSWORD)


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [
        ("a b", PASSWORD, "username_malformed"),
        ("", PASSWORD, "username_malformed"),
        ("x" * 61, PASSWORD, "username_malformed"),
        ("new", "short", "password_short"),
        ("new", "가" * 25, "password_long"),
    ],
)
def test_a_new_account_needs_a_name_and_a_password_that_can_be(username, password, code, db):
    with pytest.raises(InvalidInput) as refused:
        accounts.add(db, accounts.OPERATOR, username, Role.FP, password)
    assert [problem for _, problem, _ in refused.value.problems] == [code]


def test_the_operator_and_the_disabled_cannot_sign_in(db, fired):
    assert accounts.find(db, "operator") is None
    assert accounts.find(db, "fired") is None
    known = accounts.sign_in_credentials(db)
    assert "operator" not in str(known)
    assert "fired" not in str(known)


@pytest.mark.parametrize("team", [" ", "가" * 101])
def test_a_new_account_needs_a_team_that_can_be(team, db, people):
    with pytest.raises(InvalidInput):
        accounts.add(db, people["admin"], "new", Role.FP, PASSWORD, team)
    assert accounts.find(db, "new") is None
