"""`python -m fpcore sql`: the SQL of a step as it is run, for whoever wants to read it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from fpcore.commands.documents import Output, plain_value
from fpcore.commands.line import (
    acting_account,
    currency_option,
    json_option,
    measure_option,
    opened,
    owner_option,
    print_output,
    rows_option,
    since_option,
    team_option,
    valued_on_option,
)
from fpcore.commands.readable import readable
from fpcore.customers import profiles
from fpcore.facts import relation
from fpcore.gaps import explanation, scopes
from fpcore.models import Account, Measure, RowKind
from fpcore.portfolio import heatmaps
from fpcore.store import database
from fpcore.store.database import Database

STEPS = ("customer_fact", "heatmap", "gaps")


@click.command("sql")
@click.argument("step", type=click.Choice(STEPS))
@click.argument("customer", required=False)
@owner_option("Whose customers it reads; left out, everybody's.")
@rows_option
@measure_option
@team_option
@since_option
@currency_option("The currency of the amounts.")
@valued_on_option
@json_option
def show_sql(
    step: str,
    customer: str | None,
    owner: str | None,
    rows: str,
    measure: str,
    team: str | None,
    since: datetime | None,
    currency: str,
    valued_on: date,
    as_json: bool,
) -> None:
    """Print the SQL of STEP, and its parameters.

    Steps: customer_fact, what is told of each customer; heatmap, by --rows and --measure; gaps, of
    CUSTOMER (id, customer number or name) or, where none is named, of everybody by rule.
    """
    before = since.date() if since else valued_on - heatmaps.LOOKING_BACK
    with opened() as db:
        asked = (db, acting_account(db, owner))
        cells = (RowKind(rows), Measure(measure), valued_on, currency, before, team)
        run = {
            "customer_fact": lambda: _customer_fact(*asked, valued_on, currency),
            "heatmap": lambda: heatmaps.heatmap(*asked, *cells),
            "gaps": lambda: _gaps(*asked, customer, valued_on),
        }[step]
        print_output(_shown(run), as_json)


def _customer_fact(db: Database, account: Account, valued_on: date, currency: str) -> None:
    fact, params = relation.customer_fact(db, account, valued_on, relation.COLUMNS, currency)
    db.read(f"with {fact} from customer_fact limit 0", params)


def _gaps(db: Database, account: Account, customer: str | None, valued_on: date) -> None:
    if customer:
        explanation.of_customer(db, account, profiles.identify(db, account, customer), valued_on)
    else:
        scopes.of_scope(db, account, valued_on)


def _shown(run: Callable[[], object]) -> Output:
    """Run a step and show its statements over customer_fact."""
    with database.noting() as noted:
        run()
    statements = [(readable(sql), params) for sql, params in noted if "customer_fact" in sql]
    document = {"statements": [{"sql": sql, "parameters": params} for sql, params in statements]}
    return document, [line for sql, params in statements for line in (*_given(params), sql, "")]


def _given(params: dict[str, Any]) -> list[str]:
    return [f"-- ${name} = {plain_value(value)}" for name, value in params.items()]
