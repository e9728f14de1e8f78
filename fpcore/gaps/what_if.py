"""What a customer's gaps would be with other policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from fpcore.access import scope
from fpcore.customers import policies
from fpcore.facts import words
from fpcore.facts.rows import computed_rows
from fpcore.gaps.customer_gaps import CustomerGaps
from fpcore.gaps.explanation import explained, judged_row, judged_sql
from fpcore.models import WON, Account, NewPolicy
from fpcore.rules import judging, rulebook
from fpcore.store import database
from fpcore.store.database import Cursor, Database


@dataclass(frozen=True)
class WhatIf:
    """A customer as they are and as they would be: nothing is stored."""

    before: CustomerGaps
    after: CustomerGaps


def what_if(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    today: date,
    add: Sequence[NewPolicy] = (),
    end: Sequence[UUID] = (),
) -> WhatIf:
    """Say how the gaps would be with policies added and others ended today; nothing is stored.

    Without the right to the customer's name a policy number is passed over: whether it is taken
    would tell whose it is.
    Errors: NotFound, ConsentWithdrawn; InvalidInput for a policy that could not be added.
    """
    rules = rulebook.rules_on(db, today)

    def work(cursor: Cursor) -> WhatIf:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        said = {"customer": row["id"], "valued_on": today, "currency": WON}
        unnumbered = {"policy_number": None} if row["is_masked"] else {}
        told = words.in_use(partial(database.rows, cursor))
        rows = computed_rows(told, "c.id = $customer", "{} = $customer")
        judged = judged_sql(judging.targeted(cursor), rules, today)
        sql = f"with {rows}, customer_fact as (from computed_row) {judged}"

        def as_it_is() -> CustomerGaps:
            found = judged_row(cursor, sql, said)
            return explained(cursor, told, rules, today, row["id"], found, True, row["is_masked"])

        before = as_it_is()
        for policy_id in end:
            policies.end_for_now(cursor, row["id"], policy_id, today)
        for new in add:
            policies.add_for_now(cursor, row["id"], new.model_copy(update=unnumbered), today)
        return WhatIf(before, as_it_is())

    return db.dry_run(work)
