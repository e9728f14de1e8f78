"""How the states of gaps changed: those of one customer, and how many a month in a scope."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pandas as pd

from fpcore.access import scope
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.kept.gap_history import Cause
from fpcore.models import Account, GapState
from fpcore.store import database
from fpcore.store.database import Database


@dataclass(frozen=True)
class GapChange:
    """A state that changed. `by` is the name of who did it, `file` that of the upload; None where
    it was neither. `code` and `version` are those of the rule that judged afterwards.

    For an account without the right to the customer's name, `file` is None, and a change that came
    with a birthday has the first day of the year."""

    code: str
    version: int
    before: GapState
    after: GapState
    on: date
    cause: Cause
    by: str | None
    file: str | None
    at: datetime


def of_customer(db: Database, account: Account, customer_id: UUID | str) -> list[GapChange]:
    """List how a customer's states changed, the latest first. Errors: NotFound,
    ConsentWithdrawn."""
    with db.reading() as cursor:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        said = {"customer": row["id"], "is_masked": row["is_masked"]}
        found = database.rows(cursor, _OF_CUSTOMER, said)
    return [_change(**change) for change in found]


def _change(before: str, after: str, cause: str, **particulars: Any) -> GapChange:
    return GapChange(
        before=GapState(before), after=GapState(after), cause=Cause(cause), **particulars
    )


def per_month(
    db: Database, account: Account, valued_on: date, months: int = 12, team: str | None = None
) -> pd.DataFrame:
    """Count the gaps that opened and closed in scope, month by month, `months` up to `valued_on`.

    `team` is the name of one team, None for all in scope. A gap is open while its state is partial
    or gap. Columns: month (its first day), code, opened, closed; no row where both are 0.
    """
    return db.frame(
        _PER_MONTH,
        {"asker": account.id, "valued_on": valued_on, "months": months - 1, "team": team},
    )


_OF_CUSTOMER = """
select g.code, g.version, g.state_before as before, g.state as after, g.on_day as "on", g.cause,
    coalesce(a.name, publisher.name) as "by", if($is_masked, null, b.file_name) as file,
    g.created_at as at
from (select * replace (
        if(is_hidden, date_trunc('year', on_day)::date, on_day) as on_day,
        if(is_hidden, date_trunc('year', created_at), created_at) as created_at)
    from (select *, $is_masked and cause = 'birthday' as is_hidden from gap_change)) g
left join account a on a.id = g.account_id
left join import_batch b on b.id = g.batch_id
left join gap_rule r on g.cause = 'rule' and r.code = g.code and r.version = g.version
left join account publisher on publisher.id = r.published_by
where g.customer_id = $customer
order by g.on_day desc, g.created_at desc, g.code
"""

_PER_MONTH = f"""
with visible as ({VISIBLE_OWNERS}),
change as (
    select date_trunc('month', g.on_day)::date as month, g.code,
        g.state_before in ('partial', 'gap') as was_open, g.state in ('partial', 'gap') as is_open
    from gap_change g
    join customer c on c.id = g.customer_id
    join visible on visible.id = c.owner_id
    left join team on team.id = visible.team_id
    where c.withdrawn_on is null and coalesce(team.name = $team, $team is null)
        and g.on_day <= $valued_on
        and g.on_day >= date_trunc('month', $valued_on::date) - to_months($months)
)
select month, code,
    count(*) filter (is_open and not was_open) as opened,
    count(*) filter (was_open and not is_open) as closed
from change where was_open <> is_open
group by all order by month, code
"""
