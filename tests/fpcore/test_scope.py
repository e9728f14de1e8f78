"""Who sees whose customers: decided in SQL, from the account's row at that moment."""

import pytest
from agency import PASSWORD, STATEMENT, TODAY, codes, hire, take

from fpcore import accounts, book_import, coverage, customers, database, gaps, policies
from fpcore.book_import import ImportOptions
from fpcore.customers import CustomerFilter
from fpcore.errors import NotAllowed, NotFound
from fpcore.models import NewCustomer, Role, RowKind

CUSTOMERS = {"fp1": 1, "fp2": 2, "fp3": 4}  # every set of FPs has its own sum
CURRENCY = {"fp1": "USD", "fp2": "EUR", "fp3": "JPY"}
VISIBLE = {
    "fp1": {"fp1"},
    "fp2": {"fp2"},
    "fp3": {"fp3"},
    "manager1": {"fp1", "fp2"},
    "manager2": {"fp3"},
    "admin": {"fp1", "fp2", "fp3"},
    "fired": set(),
}


@pytest.fixture(scope="module")
def agency():
    """Three FPs with 1, 2 and 4 customers, each with a policy in the FP's own currency."""
    db = database.open_database(database.IN_MEMORY)
    people = hire(db)
    for fp, count in CUSTOMERS.items():
        rows = [
            {"고객번호": f"{fp}-{n}", "고객명": f"{fp}의 고객{n}", "상품명": "종신보험",
             "가입금액": "1000", "통화": CURRENCY[fp]}
            for n in range(count)
        ]  # fmt: skip
        assert take(db, people[fp], rows).taken == count
    people["fired"] = accounts.add(
        db, accounts.OPERATOR, "fired", Role.ADMIN, PASSWORD, team="강남"
    )
    disable(db, "fired")
    yield db, people
    db.close()


def disable(db, username: str) -> None:
    db.transaction(
        lambda cursor: cursor.execute(
            "update account set disabled = true, ver = ver + 1 where username = $name",
            {"name": username},
        )
    )


def forged(account):
    """The same account, claiming to be an admin of the other team."""
    return account.model_copy(update={"role": Role.ADMIN, "team_id": None, "team": "부산"})


def owners_found(db, asker) -> set[str]:
    page = customers.find(db, asker, CustomerFilter(), TODAY, page_size=100)
    assert len(page.rows) == page.matching == page.in_scope
    return set(page.rows["owner"])


def owners_of_count(count: int) -> set[str]:
    return {fp for fp, customers_of_fp in CUSTOMERS.items() if count & customers_of_fp}


def owners_of_currencies(db, asker) -> set[str]:
    found = set(coverage.currencies(db, asker))
    return {fp for fp, currency in CURRENCY.items() if currency in found}


READS = {
    "customers.find": owners_found,
    "customers.find by search": lambda db, asker: set(
        customers.find(db, asker, CustomerFilter(search="의 고객0"), TODAY).rows["owner"]
    ),
    "coverage.heatmap": lambda db, asker: set(
        coverage.heatmap(db, asker, RowKind.FP, TODAY)["row"]
    ),
    "coverage.currencies": owners_of_currencies,
    "gaps.of_scope": lambda db, asker: owners_of_count(gaps.of_scope(db, asker, TODAY)[0]),
    "accounts.visible_owners": lambda db, asker: {
        owner.username for owner in accounts.visible_owners(db, asker) if owner.role is Role.FP
    },
}


@pytest.mark.parametrize("asker", VISIBLE)
@pytest.mark.parametrize("read", READS)
def test_a_list_holds_what_the_account_may_see(read, asker, agency):
    db, people = agency
    assert READS[read](db, people[asker]) == VISIBLE[asker]


@pytest.mark.parametrize("asker", ["fp1", "manager2", "fired"])
@pytest.mark.parametrize("read", READS)
def test_a_role_that_is_only_claimed_gains_nothing(read, asker, agency):
    db, people = agency
    assert READS[read](db, forged(people[asker])) == VISIBLE[asker]


def customer_of(db, owner: str) -> dict:
    return db.read(
        "select c.id, c.source_key, c.name from customer c join account a on a.id = c.owner_id"
        " where a.username = $owner order by c.id limit 1",
        {"owner": owner},
    )[0]


READS_OF_ONE = {
    "customers.get": lambda db, asker, c: customers.get(db, asker, c["id"], TODAY),
    "customers.identify by id": lambda db, asker, c: customers.identify(db, asker, str(c["id"])),
    "customers.identify by number": lambda db, asker, c: customers.identify(
        db, asker, c["source_key"]
    ),
    "customers.identify by name": lambda db, asker, c: customers.identify(db, asker, c["name"]),
    "coverage.summary": lambda db, asker, c: coverage.summary(db, asker, c["id"], TODAY),
    "gaps.of_customer": lambda db, asker, c: gaps.of_customer(db, asker, c["id"], TODAY),
}


@pytest.mark.parametrize("asker", VISIBLE)
@pytest.mark.parametrize("read", READS_OF_ONE)
def test_a_foreign_customer_reads_as_not_found(read, asker, agency):
    db, people = agency
    for owner in CUSTOMERS:
        customer = customer_of(db, owner)
        if owner in VISIBLE[asker]:
            assert READS_OF_ONE[read](db, people[asker], customer)
            continue
        for account in (people[asker], forged(people[asker])):
            with pytest.raises(NotFound) as hidden:
                READS_OF_ONE[read](db, account, customer)
            assert hidden.value.code == "customer_not_found"


@pytest.mark.parametrize("asker", VISIBLE)
def test_policies_of_a_foreign_customer_are_none(asker, agency):
    db, people = agency
    seen = {
        owner
        for owner in CUSTOMERS
        if policies.of_customer(db, forged(people[asker]), customer_of(db, owner)["id"], TODAY)
    }
    assert seen == VISIBLE[asker]


def add_customer(db, asker, owner):
    new = NewCustomer(name="새 고객", consent_basis=STATEMENT)
    return customers.create(db, asker, new, TODAY, owner.id)


def import_for(db, asker, owner):
    return take(db, asker, [{"고객명": "새 고객", "보종": "생명"}], owner_id=owner.id)


@pytest.mark.parametrize("write", [add_customer, import_for])
@pytest.mark.parametrize(
    ("asker", "owner"),
    [
        ("fp1", "fp2"),
        ("fp1", "manager1"),
        ("manager1", "fp3"),
        ("fired", "fp1"),
        ("fired", "fired"),
    ],
)
def test_nobody_stores_customers_for_an_owner_out_of_scope(write, asker, owner, agency):
    db, people = agency
    before = db.read("select count(*) from customer")
    with pytest.raises(NotAllowed) as refused:
        write(db, forged(people[asker]), people[owner])
    assert refused.value.code == "owner_not_allowed"
    assert db.read("select count(*) from customer") == before


@pytest.mark.parametrize("asker", ["fp1", "manager2", "fired"])
def test_the_owner_column_reaches_no_further_than_the_scope(asker, agency):
    db, people = agency
    rows = [{"고객명": "새 고객", "담당FP": name} for name in ("fp2", "nobody", "")]
    report = take(db, forged(people[asker]), rows, dry_run=True)
    assert codes(report) == ["owner_unknown"] * 3


@pytest.mark.parametrize("asker", ["fp1", "manager1", "fired"])
def test_only_admins_add_accounts(asker, agency):
    db, people = agency
    with pytest.raises(NotAllowed):
        accounts.add(db, forged(people[asker]), "intruder", Role.ADMIN, PASSWORD)
    assert accounts.find(db, "intruder") is None


def test_a_customer_search_needs_no_real_identifier(agency):
    db, people = agency
    for wrong in ("", "x", "00000000-0000-0000-0000-000000000000", "' or true --"):
        with pytest.raises(NotFound):
            customers.get(db, people["admin"], wrong, TODAY)


def test_what_an_account_may_see_changes_at_once(db, people, import_rows):
    import_rows([{"고객명": "김하나", "보종": "생명"}])
    assert owners_found(db, people["manager1"]) == {"fp1"}
    db.transaction(
        lambda cursor: cursor.execute(
            "update account set role = 'fp', ver = ver + 1 where username = 'manager1'"
        )
    )
    assert owners_found(db, people["manager1"]) == set()
    disable(db, "fp1")
    assert owners_found(db, people["fp1"]) == set()


def test_a_manager_without_a_team_sees_their_own_only(db, people, import_rows):
    accounts.add(db, accounts.OPERATOR, "free", Role.FP, PASSWORD)
    loose = accounts.add(db, accounts.OPERATOR, "loose", Role.MANAGER, PASSWORD)
    take(db, accounts.act_as(db, "free"), [{"고객명": "김", "보종": "생명"}])
    assert owners_found(db, loose) == set()


def test_two_accounts_cannot_have_one_name(db, people):
    with pytest.raises(accounts.InvalidInput):
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
    with pytest.raises(accounts.InvalidInput) as refused:
        accounts.add(db, accounts.OPERATOR, username, Role.FP, password)
    assert [problem for _, problem, _ in refused.value.problems] == [code]


def test_the_operator_and_the_disabled_cannot_sign_in(agency):
    db, _ = agency
    assert accounts.find(db, "operator") is None
    assert accounts.find(db, "fired") is None
    known = accounts.sign_in_credentials(db)
    assert "operator" not in str(known)
    assert "fired" not in str(known)


def test_previewing_needs_the_same_scope_as_importing(agency):
    db, people = agency
    said = ImportOptions(consent_basis=STATEMENT, owner_id=people["fp3"].id)
    with pytest.raises(NotAllowed):
        book_import.preview(db, people["fp1"], "b.csv", b"name,type\nkim,life\n", said, TODAY)
