"""Read the policies of a customer, and say which of them count as cover."""

from datetime import date
from uuid import UUID

from fpcore.accounts import VISIBLE_OWNERS
from fpcore.database import Database
from fpcore.facts import WHY_NOT_IN_FORCE
from fpcore.models import Account, Policy


def of_customer(db: Database, account: Account, customer_id: UUID, valued_on: date) -> list[Policy]:
    """List a customer's policies, those in force first; empty for a customer out of scope."""
    found = db.read(
        f"""
        with owner as ({VISIBLE_OWNERS})
        select p.id, p.customer_id, p.name, p.insurer, p.policy_number, p.type,
            p.coverage_amount, p.premium_amount, p.currency, p.premium_cycle, p.start_date,
            p.end_date, p.status, p.ver, {WHY_NOT_IN_FORCE} as why_not
        from policy p
        join customer c on c.id = p.customer_id
        join owner on owner.id = c.owner_id
        where p.customer_id = $customer
        order by why_not is not null, p.start_date desc nulls last, p.id
        """,
        {"asker": account.id, "customer": customer_id, "valued_on": valued_on},
    )
    return [Policy(**row, in_force=row["why_not"] is None) for row in found]
