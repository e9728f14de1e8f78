"""The policies of a customer: read, add, change, end, remove; which of them count as cover."""

from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from fpcore import checks, privacy
from fpcore.access import audit, scope
from fpcore.access.audit import Action, RecordKind
from fpcore.errors import InvalidInput, NotFound
from fpcore.facts.policies import WHY_NOT_IN_FORCE
from fpcore.facts.policy_key import same_number, same_text_or_none
from fpcore.kept import customer_rows
from fpcore.models import Account, NewPolicy, Policy, PolicyChanges, PolicyStatus
from fpcore.store import database
from fpcore.store.database import Cursor, Database

POLICY = RecordKind.POLICY
_EDITABLE = tuple(PolicyChanges.model_fields)
_CHECKS = (*checks.POLICY, *checks.POLICY_STATUS)


def of_customer(
    db: Database, account: Account, customer_id: UUID | str, valued_on: date
) -> list[Policy]:
    """List a customer's policies, those in force first.

    Errors: NotFound, also for a customer out of scope; ConsentWithdrawn.
    """
    with db.reading() as cursor:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        found = database.rows(
            cursor,
            f"""
            select p.id, p.customer_id, p.type, p.insurer,
                if($is_masked, null, p.policy_name) as policy_name,
                if($is_masked, null, p.policy_number) as policy_number,
                p.coverage_amount, p.premium_amount, p.premium_cycle, p.currency, p.start_date,
                p.end_date, p.status, p.ver, {WHY_NOT_IN_FORCE} as why_not
            from policy p where p.customer_id = $customer
            order by why_not is not null, p.start_date desc nulls last, p.id
            """,
            {"customer": row["id"], "valued_on": valued_on, "is_masked": row["is_masked"]},
        )
    return [Policy(**row, in_force=row["why_not"] is None) for row in found]


def add(
    db: Database, account: Account, customer_id: UUID | str, new: NewPolicy, today: date
) -> UUID:
    """Add a policy to a customer.

    Errors: NotFound, NotAllowed, ConsentWithdrawn; InvalidInput with every field that cannot be.
    """
    typed = {field: getattr(new, field) for field in _EDITABLE}

    def work(cursor: Cursor) -> UUID:
        customer = scope.customer_in_scope(cursor, account, customer_id)
        values = _checked(cursor, customer["id"], typed, {}, today)
        policy_id, now = database.new_id(cursor), database.utc_now()
        said = {"id": policy_id, "customer": customer["id"], "now": now}
        cursor.execute(_INSERT, {**values, **said})
        made = audit.changed({}, {field: v for field, v in values.items() if v is not None})
        audit.write(cursor, account, Action.CREATED, customer["id"], policy_id, 1, made, POLICY)
        customer_rows.refresh(db, cursor, account, [customer["id"]], today)
        return policy_id

    return db.transaction(work)


def update(
    db: Database,
    account: Account,
    policy_id: UUID | str,
    changes: PolicyChanges,
    seen_ver: int,
    today: date,
) -> int:
    """Change the fields that were given, and only those; the policy's version afterwards.

    Errors: NotFound, NotAllowed, ConsentWithdrawn; InvalidInput for what the change makes wrong;
    EditedMeanwhile where there is a later version than the one seen, and nothing is changed.
    """

    def work(cursor: Cursor) -> int:
        old = _in_scope(cursor, account, policy_id)
        values = _checked(cursor, old["customer_id"], changes.given(), old, today)
        made = audit.changed(old, values)
        if not made:
            return old["ver"]
        audit.refuse_unseen(cursor, old, seen_ver)
        changed = {field: value for field, value in values.items() if value != old[field]}
        said = {"id": old["id"], "ver": seen_ver, "now": database.utc_now()}
        cursor.execute(_update_of(tuple(changed)), {**changed, **said})
        audit.write(
            cursor,
            account,
            Action.UPDATED,
            old["customer_id"],
            old["id"],
            seen_ver + 1,
            made,
            POLICY,
        )
        customer_rows.refresh(db, cursor, account, [old["customer_id"]], today)
        return seen_ver + 1

    return db.transaction(work)


def end(
    db: Database, account: Account, policy_id: UUID | str, on: date, seen_ver: int, today: date
) -> int:
    """End a policy on a day, before its term: cancelled (해지). Errors: as `update`."""
    if on > today:
        raise InvalidInput([("end_date", "in_future", {"text": on})])
    ended = PolicyChanges(status=PolicyStatus.CANCELLED, end_date=on)
    return update(db, account, policy_id, ended, seen_ver, today)


def remove(
    db: Database, account: Account, policy_id: UUID | str, seen_ver: int, today: date
) -> None:
    """Take a policy out that should not be there. Errors: NotFound, NotAllowed, ConsentWithdrawn;
    EditedMeanwhile where there is a later version than the one seen."""

    def work(cursor: Cursor) -> None:
        old = _in_scope(cursor, account, policy_id)
        audit.refuse_unseen(cursor, old, seen_ver)
        cursor.execute("delete from policy where id = $id", {"id": old["id"]})
        gone = audit.changed(
            {field: old[field] for field in _EDITABLE if old[field] is not None},
            dict.fromkeys(field for field in _EDITABLE if old[field] is not None),
        )
        audit.write(
            cursor, account, Action.REMOVED, old["customer_id"], old["id"], None, gone, POLICY
        )
        customer_rows.refresh(db, cursor, account, [old["customer_id"]], today)

    db.transaction(work)


def add_for_now(cursor: Cursor, customer_id: UUID, new: NewPolicy, today: date) -> None:
    """Add a policy in a transaction that will be undone: to see what would be. The customer is in
    scope. Errors: InvalidInput."""
    typed = {field: getattr(new, field) for field in _EDITABLE}
    values = _checked(cursor, customer_id, typed, {}, today)
    said = {"id": database.new_id(cursor), "customer": customer_id, "now": database.utc_now()}
    cursor.execute(_INSERT, {**values, **said})


def end_for_now(cursor: Cursor, customer_id: UUID, policy_id: UUID, today: date) -> None:
    """Cancel a policy of this customer, who is in scope, in a transaction that will be undone.
    Errors: NotFound."""
    changed = database.value(
        cursor,
        """
        update policy set status = 'cancelled', end_date = $today, ver = ver + 1
        where id = $id and customer_id = $customer
        """,
        {"id": policy_id, "customer": customer_id, "today": today},
    )
    if not changed:
        raise NotFound("policy_not_found")


_INSERT = f"""
insert into policy (id, customer_id, {", ".join(_EDITABLE)}, created_at, updated_at)
values ($id, $customer, {", ".join(f"${field}" for field in _EDITABLE)}, $now, $now)
"""


@lru_cache
def _update_of(fields: tuple[str, ...]) -> str:
    """The SQL that changes these fields: to name them all takes DuckDB twice as long to plan."""
    return f"""
update policy set {", ".join(f"{field} = ${field}" for field in fields)},
    updated_at = $now, ver = ver + 1
where id = $id and ver = $ver
"""


def _in_scope(cursor: Cursor, account: Account, policy_id: UUID | str) -> dict:
    """Read the row of a policy whose customer this account may see."""
    policy = scope.as_uuid(policy_id, "policy_not_found")
    found = database.rows(cursor, "select * from policy where id = $id", {"id": policy})
    if not found:
        raise NotFound("policy_not_found")
    try:
        scope.customer_in_scope(cursor, account, found[0]["customer_id"])
    except NotFound:
        raise NotFound("policy_not_found") from None
    return found[0]


def _checked(
    cursor: Cursor, customer_id: UUID, typed: dict[str, Any], old: dict[str, Any], today: date
) -> dict[str, Any]:
    """Turn what was typed into what is stored. Errors: InvalidInput for what `old` with it would
    have wrong that it had not before."""
    values = dict(typed)
    for field in ("policy_name", "insurer", "policy_number"):
        if values.get(field):
            values[field] = privacy.scrubbed(values[field], field)
    if values.get("currency"):
        values["currency"] = values["currency"].upper()
    before = {field: old.get(field) for field in _EDITABLE}
    record = {**before, **values}
    wrong = checks.problems(_CHECKS, record, today)
    if wrong and old:
        wrong_before = checks.problems(_CHECKS, before, today)
        wrong = [problem for problem in wrong if problem not in wrong_before]
    is_another = any(record[field] != before[field] for field in ("policy_number", "insurer"))
    if not wrong and record["policy_number"] and is_another:
        wrong = _number_taken(cursor, customer_id, record, old.get("id"))
    if wrong:
        raise InvalidInput(wrong)
    return values


def _number_taken(
    cursor: Cursor, customer_id: UUID, values: dict[str, Any], own_id: UUID | None
) -> list[checks.Problem]:
    """An insurer gives a number once: the same one again is the same policy typed twice.

    The owner's account is touched, so that of two who type at once the second looks again.
    """
    owner = "(select owner_id from customer where id = $customer)"
    cursor.execute(
        f"update account set updated_at = $now where id = {owner}",
        {"customer": customer_id, "now": database.utc_now()},
    )
    taken = f"""
        select count(*) from policy p join customer c on c.id = p.customer_id
        where {same_number("p.policy_number")} = {same_number("$number")}
            and {same_text_or_none("p.insurer")} = {same_text_or_none("$insurer")}
            and p.id is distinct from $own and c.owner_id = {owner}
    """
    said = {
        "number": values["policy_number"],
        "insurer": values["insurer"],
        "own": own_id,
        "customer": customer_id,
    }
    if not database.value(cursor, taken, said):
        return []
    return [("policy_number", "policy_number_taken", {"text": values["policy_number"]})]
