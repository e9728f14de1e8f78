"""Which columns of customer_fact SQL reads is said beside it: all of them, and no others.

DuckDB is asked: with these columns the SQL runs, and with one less it does not.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from agency import TODAY, add_customer
from test_gap_rules import CONDITIONS, NEEDS, said

from fpcore.facts import groups
from fpcore.facts.relation import customer_fact
from fpcore.kept import customer_rows
from fpcore.models import ConsentKind, Gender, Gone, Measure, PolicyStatus, PolicyType, RowKind
from fpcore.portfolio import conditions, customer_list, heatmaps, measures
from fpcore.portfolio.filters import ANY_GAP, UNKNOWN, Asker, CustomerFilter
from fpcore.portfolio.measures import DEFINITIONS
from fpcore.rules import judging, records
from fpcore.store.connecting import SqlError


@pytest.fixture(scope="module")
def reads_exactly(office):
    """A way to hold SQL against the columns that it is said to read."""
    db, people = office
    add_customer(db, people["fp1"])
    customer_rows.roll_forward(db, TODAY)

    def runs(sql: str, columns: Iterable[str], params: dict[str, Any]) -> bool:
        fact, base = customer_fact(db, people["admin"], TODAY, columns)
        try:
            db.read(f"explain with {fact} {sql}", {**base, **params})
        except SqlError:
            return False
        return True

    def check(sql: str, columns: Iterable[str], params: dict[str, Any] | None = None) -> None:
        columns, params = {*columns}, params or {}
        assert runs(sql, columns, params), "a column is not said"
        spare = {name for name in columns if runs(sql, columns - {name}, params)}
        assert spare == set(), "said, and not read"

    return check


RULES = [
    *(records.checked(said(coverage=coverage, need=need)) for coverage, need in NEEDS),
    *(records.checked(said(when=[condition])) for condition in CONDITIONS),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.need.word} {rule.when}")
def test_a_rule_reads_what_its_words_say(rule, reads_exactly):
    parts = [sql for term in rule.terms(TODAY) for sql in term.parts.values()]
    judged = judging.judged([rule], TODAY, "customer_fact")
    reads_exactly(
        f"select {', '.join(['id', 'state_0', *parts])} from {judged}", judging.reads([rule])
    )


@pytest.mark.parametrize("measure", Measure)
def test_a_measure_reads_what_it_says(measure, reads_exactly):
    definition = DEFINITIONS[measure]
    figures, reads = heatmaps._figures(definition)
    relation, params = "customer_fact", {}
    if definition.looks_back:
        relation, params = measures.since_then(relation), {"since": TODAY}
    reads_exactly(f"select {figures} from {relation}", measures.columns_for(reads), params)


@pytest.mark.parametrize("kind", RowKind)
def test_rows_read_what_they_say(kind, reads_exactly):
    reads_exactly(f"select {groups.key(kind, TODAY)} from customer_fact", [groups.READS[kind]])


FILTERS = [
    CustomerFilter(search="ㄱㄴ"), CustomerFilter(search="1234"), CustomerFilter(search="김"),
    CustomerFilter(search="-"), CustomerFilter(gender=Gender.M), CustomerFilter(age_from=30),
    CustomerFilter(age_to=30), CustomerFilter(not_contacted_for=30), CustomerFilter(gap=ANY_GAP),
    CustomerFilter(team="강남"), CustomerFilter(expiring=30, of=PolicyType.CAR),
    CustomerFilter(formerly="life", gone=Gone.LONGER), CustomerFilter(formerly="total"),
    *(CustomerFilter(holding=kind) for kind in PolicyType),
    *(CustomerFilter(also=kind, missing=kind) for kind in PolicyType),
    *(CustomerFilter(status=status) for status in PolicyStatus),
    *(CustomerFilter(row_kind=kind, row="unknown") for kind in RowKind),
    *(
        CustomerFilter(behind=measure, of=of, since=TODAY - timedelta(days=90))
        for measure in Measure for of in ("life", "total")
    ),
    *(CustomerFilter(unknown=field) for field in UNKNOWN),
    *(CustomerFilter(no_consent=kind) for kind in ConsentKind),
]  # fmt: skip


@pytest.mark.parametrize("wanted", FILTERS, ids=lambda one: str(one.model_dump(exclude_none=True)))
def test_a_filter_reads_what_it_says(wanted, office, reads_exactly):
    db, people = office
    with db.reading() as cursor:
        found = wanted.conditions(Asker(db, cursor, people["fp1"], TODAY))
    for condition in found:
        relation = "customer_scope"
        if condition.looks_back:
            relation = measures.since_then(relation)
        sql = f"select 1 from {relation} where {condition.sql}"
        reads_exactly(sql, measures.columns_for(condition.reads), dict(condition.params))


def test_every_field_of_a_filter_is_tried():
    tried = {name for wanted in FILTERS for name in wanted.asked()}
    fields = CustomerFilter.fields().items()
    assert {name for name, field in fields if field.condition} - {"currency"} <= tried


def test_a_page_reads_what_it_says(reads_exactly):
    sql = f"select {customer_list._PAGE}, name_key from customer_fact"
    reads_exactly(sql, customer_list._PAGE_READS)


@pytest.mark.parametrize(
    ("relation", "reads"),
    [
        (conditions.ending("customer_fact"), conditions.ENDING_READS),
        (conditions.once_held("customer_fact"), conditions.ONCE_HELD_READS),
    ],
)
def test_a_condition_reads_what_it_says(relation, reads, reads_exactly):
    reads_exactly(f"select * from ({relation})", reads)
