"""What a manager without the right to names sees: masked names, and no form that is refused."""

import pytest
from agency import TODAY, log_contact
from screen import id_of, listed, texts

from fpcore import wording
from fpcore.access import accounts
from fpcore.customers import consents, profiles
from fpcore.models import ConsentChannel, ConsentKind, CustomerChanges

MARKS = ("하늘", "김하", "1980-03-04", "L1", "mark-notes", "mark-log", "서면")


@pytest.fixture
def blind(office):
    """manager1, whose right to names was taken; 김하늘 has notes and a contact with words."""
    fp1 = accounts.act_as(office, "fp1")
    customer = profiles.identify(office, fp1, "김하늘")
    profiles.update(office, fp1, customer, CustomerChanges(notes="mark-notes"), 1, TODAY)
    log_contact(office, fp1, customer, notes="mark-log")
    return accounts.set_names(office, accounts.OPERATOR, "manager1", False)


def everything(at) -> str:
    tables = [table.value.to_csv() for table in (*at.dataframe, *at.table)]
    fields = [field.value or "" for field in (*at.text_input, *at.text, *at.text_area)]
    return "\n".join([texts(at), *tables, *fields])


def test_the_list_masks_names_and_says_why(open_page, blind):
    at = open_page("customers", blind.username)
    assert sorted(listed(at)) == ["김*늘", "박*름", "이** !" + 30 * "*"]
    assert wording.say("ko", "names.list") in texts(at)
    assert listed(open_page("customers", "fp1")) == [
        "김하늘",
        "박구름",
        "이바다 ![x](http://evil.example/a.png)",
    ]
    assert wording.say("ko", "names.list") not in texts(open_page("customers", "fp1"))


@pytest.mark.parametrize("search", ["김하늘", "ㄱㅎㄴ", "L1"])
def test_a_link_with_a_name_in_it_finds_nobody(open_page, blind, search):
    at = open_page("customers", blind.username, search=search)
    assert listed(at) == []
    assert wording.say("ko", "names.list") in texts(at)


@pytest.mark.parametrize("page", ["customer", "customers", "portfolio", "upload", "rules"])
@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_no_page_shows_who_somebody_is(open_page, blind, office, page, locale):
    at = open_page(page, blind.username, locale, id=id_of(office, "김하늘"))
    assert not at.exception and not at.error
    assert [mark for mark in MARKS if mark in everything(at)] == []


@pytest.mark.parametrize("parameter", [{}, {"edit": "1"}, {"policy": "new"}])
def test_no_form_is_drawn_that_would_be_refused(open_page, blind, office, parameter):
    at = open_page("customer", blind.username, id=id_of(office, "김하늘"), **parameter)
    assert wording.say("ko", "names.customer") in texts(at)
    keys = (
        "customer.edit", "form.save", "policy.add", "contact.submit", "contact.remove",
        "consent.give", "consent.withdraw", "personal.make", "personal.delete_confirm",
        "gaps.set_target",
    )  # fmt: skip
    refused = {wording.say("ko", key) for key in keys}
    labels = {button.label for button in at.button}
    assert labels & refused == set()
    assert wording.say("ko", "what_if.open") in labels
    at = open_page("customer", "fp1", id=id_of(office, "김하늘"))
    assert len({button.label for button in at.button} & refused) > 5


def test_of_a_withdrawn_customer_nothing_is_left_to_do(open_page, blind, office):
    customer = id_of(office, "김하늘")
    kind, channel = ConsentKind.COLLECTION, ConsentChannel.PHONE
    consents.withdraw(office, accounts.OPERATOR, customer, kind, channel, TODAY)
    at = open_page("customer", blind.username, id=customer)
    assert wording.say("ko", "names.customer") in texts(at)
    assert not at.error and wording.say("ko", "consent.give") not in {b.label for b in at.button}


def test_a_book_is_uploaded_for_own_customers_only(open_page, blind):
    sentence = wording.say("ko", "names.upload")
    assert sentence in texts(open_page("upload", blind.username))
    assert sentence not in texts(open_page("upload", "manager2"))
