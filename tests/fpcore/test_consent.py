"""Nobody is stored without a consent, and what they consented to is kept."""

import pytest
from agency import STATEMENT, TODAY, codes, outcome

from fpcore import customers
from fpcore.errors import UnreadableFile
from fpcore.models import NewCustomer


def consents(db) -> dict[str, str]:
    found = db.read("select c.name, s.basis from consent s join customer c on c.id = s.customer_id")
    return {row["name"]: row["basis"] for row in found}


@pytest.mark.parametrize("statement", [None, "", "  "])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_book_without_any_consent_is_refused(statement, dry_run, import_rows, db):
    with pytest.raises(UnreadableFile) as refused:
        import_rows(
            [{"고객명": "김하나", "보종": "생명"}], consent_basis=statement, dry_run=dry_run
        )
    assert refused.value.code == "file_without_consent"
    assert db.read("select * from customer") == []


def test_the_uploaders_statement_is_kept_with_each_customer_and_the_file(import_rows, db):
    import_rows([{"고객명": "김하나", "보종": "생명"}, {"고객명": "이둘"}])
    assert consents(db) == {"김하나": STATEMENT, "이둘": STATEMENT}
    assert db.read("select consent_basis from import_batch") == [{"consent_basis": STATEMENT}]


def test_the_answer_in_the_consent_column_is_kept_in_its_words(import_rows, db):
    import_rows([{"고객명": "김하나", "개인정보동의": "동의함"}], consent_basis=None)
    assert consents(db) == {"김하나": "개인정보동의: 동의함"}


@pytest.mark.parametrize("statement", [None, STATEMENT])
def test_a_refused_consent_outweighs_the_uploaders_statement(statement, import_rows, db):
    rows = [{"고객명": "김하나", "동의": "Y"}, {"고객명": "이둘", "동의": "N"}]
    report = import_rows(rows, consent_basis=statement)
    assert (outcome(report), codes(report)) == ((1, 0, 0, 1), ["consent_refused"])
    assert set(consents(db)) == {"김하나"}


def test_an_empty_consent_cell_needs_the_statement(import_rows):
    rows = [{"고객명": "김하나", "동의": ""}]
    assert codes(import_rows(rows, consent_basis=None)) == ["consent_missing"]
    assert outcome(import_rows(rows)) == (1, 0, 0, 0)


def test_a_consent_that_cannot_be_understood_is_none(import_rows):
    assert codes(import_rows([{"고객명": "김", "동의": "아마도"}])) == ["not_among"]


def test_a_customer_added_by_hand_has_their_consent(db, people):
    new = NewCustomer(name="박셋", consent_basis="전화 동의")
    added = customers.create(db, people["fp1"], new, TODAY)
    customer = customers.get(db, people["fp1"], added, TODAY)
    assert (customer.consent_basis, customer.consent_given_on) == ("전화 동의", TODAY)


@pytest.mark.parametrize("basis", ["", "  ", None])
def test_a_customer_cannot_be_added_without_consent(basis):
    with pytest.raises(ValueError, match="consent_basis"):
        NewCustomer(name="박셋", consent_basis=basis)
