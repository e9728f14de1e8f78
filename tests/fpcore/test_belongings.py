"""The list of the tables that hang on a customer names every one of them."""

import pytest
from agency import TODAY, add_customer, add_policy, log_contact, take

from fpcore.access.belongings import BELONGINGS, EXPORTED
from fpcore.customers import profiles
from fpcore.person import disclosure, erasure

pytestmark = pytest.mark.shared_office

OF_NOBODY = {
    "account": "people who sign in",
    "team": "teams of people who sign in",
    "import_batch": "files: what is in them stands in the records",
    "import_mapping": "what a person decided about a file's columns",
    "saved_filter": "what a person searches for",
    "insurer": "names of insurers; an erasure blots out those that nobody else has",
    "gap_rule": "rules that a manager published",
    "good_file": "the last of each file that people edit, without a fault",
    "migration": "which migrations ran",
    "gap_rule_set": "sets of rules",
    "gap_settled": "the day on which everybody was judged",
}
"""Tables that hold nothing about one customer, each with what it holds instead."""


def columns(db) -> dict[str, set[str]]:
    found = db.read(
        "select table_name as name, column_name as column from duckdb_columns() where not internal"
        " and database_name = current_database() and schema_name = 'main'"
    )
    tables: dict[str, set[str]] = {}
    for row in found:
        tables.setdefault(row["name"], set()).add(row["column"])
    return tables


def test_every_table_is_a_customers_or_nobodys(db):
    listed = {b.table for b in BELONGINGS}
    assert set(columns(db)) == listed | set(OF_NOBODY), (
        "a table that holds something about a customer belongs into access/belongings.py,"
        " any other into OF_NOBODY, with what it holds"
    )
    assert not listed & set(OF_NOBODY)


def test_every_table_with_a_customers_id_is_listed_with_that_key(db):
    by_table = {b.table: b.key for b in BELONGINGS}
    for table, names in columns(db).items():
        if "customer_id" in names:
            assert by_table[table] == "customer_id"
        assert table not in by_table or by_table[table] in names


def test_an_export_has_every_part_and_no_row_is_left_of_somebody_erased(db, people):
    fp = people["fp1"]
    who = add_customer(db, fp, name="김지움")
    add_policy(db, fp, who)
    log_contact(db, fp, who)
    take(db, fp, [{"고객명": "김지움", "직업": "의사"}])
    rows = {b.table: left(db, b, who) for b in BELONGINGS}
    assert all(rows[table] for table in ("customer", "policy", "contact", "consent", "audit"))
    assert rows["customer_before"]
    document = disclosure.export(db, fp, who, TODAY)
    assert set(EXPORTED) <= set(document)
    erasure.erase(db, fp, who, profiles.removal(db, fp, who))
    assert {b.table: left(db, b, who) for b in BELONGINGS} == dict.fromkeys(rows, 0)


def left(db, belonging, customer) -> int:
    sql = f"select count(*) as n from {belonging.table} where {belonging.key} = $id"
    return db.read(sql, {"id": customer})[0]["n"]
