"""Scope: whose customers an account may see, and whether by name.

It is decided in SQL from the account's row as it is at that moment, never from what the caller
claims about itself: a role taken away ends at the next call. So does the right to names. Of a
customer whose name it may not see, an account reads what is not personal, and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fpcore import privacy
from fpcore.access import accounts
from fpcore.errors import ConsentWithdrawn, NotAllowed, NotFound
from fpcore.models import Account, Role
from fpcore.store import database
from fpcore.store.database import Cursor, Database

VISIBLE_OWNERS = """
    select owner.id, owner.username, owner.name, owner.role, owner.team_id,
        coalesce(me.sees_names, false) or owner.id = me.id as by_name
    from account me
    join account owner
        on me.role = 'admin'
        or owner.id = me.id
        or (me.role = 'manager' and owner.team_id = me.team_id)
    where me.id = $asker and not me.disabled
"""
"""The accounts whose customers the account `$asker` may see, one row each; `by_name`: whether it
may see who they are."""


def visible_owners(db: Database, account: Account, by_name: bool = False) -> list[Account]:
    """List the accounts whose customers this account may see, itself included, by name.

    `by_name`: only those whose customers it may see by name, and so may change. Looked up once a
    version of the database: of some thousand people it takes its time."""
    key = ("visible owners", account.id, by_name)
    return list(db.remembered(key, lambda: _visible_owners(db, account, by_name)))


def _visible_owners(db: Database, account: Account, by_name: bool) -> list[Account]:
    visible = f"""
        a.id in (select id from ({VISIBLE_OWNERS}) where by_name or not $by_name)
        and a.id <> $operator
    """
    params = {"asker": account.id, "operator": accounts.OPERATOR.id, "by_name": by_name}
    return accounts.where(db, visible, params)


@dataclass(frozen=True)
class Scope:
    """Whose customers an account may see: the ids of their owners, None being everybody's;
    `by_name`: all of them with their names, or else only its own."""

    owners: list[UUID] | None
    by_name: bool


def of_account(db: Database, account: Account) -> Scope:
    """Say how far this account sees.

    Looked up once a version of the database, so that a changed role counts at the next call.
    """
    return db.remembered(("of_account", account.id), lambda: _read(db, account))


def _read(db: Database, account: Account) -> Scope:
    found = db.read(
        f"""
        with visible as ({VISIBLE_OWNERS}),
        seen as (
            select bool_or(id = $asker and role = '{Role.ADMIN}') as sees_all,
                bool_and(by_name) as by_name, list(id) as owners
            from visible
        )
        select sees_all, coalesce(by_name, true) as by_name,
            if(sees_all, null, owners) as owners
        from seen
        """,
        {"asker": account.id},
    )[0]
    return Scope(None if found["sees_all"] else found["owners"] or [], found["by_name"])


def is_manager(db: Database, account: Account) -> bool:
    """Say whether an account may decide for more than itself: a manager or an admin, as the
    accounts are now."""
    return _role(db, account) in (Role.MANAGER, Role.ADMIN)


def require_active(db: Database, account: Account) -> None:
    """Errors: NotAllowed for an account that is disabled or gone."""
    if _role(db, account) is None:
        raise NotAllowed("not_allowed")


def _role(db: Database, account: Account) -> Role | None:
    """Give the role that an account has now; None once it is disabled or gone."""
    return db.remembered(("role", account.id), lambda: _read_role(db, account))


def _read_role(db: Database, account: Account) -> Role | None:
    found = db.read("select role from account where id = $id and not disabled", {"id": account.id})
    return Role(found[0]["role"]) if found else None


def owner_in_scope(cursor: Cursor, account: Account, owner_id: UUID) -> UUID:
    """Confirm that this account may keep customers for that owner.

    Errors: NotAllowed, also where it may not see the names of the owner's customers."""
    found = database.rows(
        cursor,
        f"select by_name from ({VISIBLE_OWNERS}) where id = $owner",
        {"asker": account.id, "owner": owner_id},
    )
    if not found:
        raise NotAllowed("owner_not_allowed")
    if not found[0]["by_name"]:
        raise NotAllowed("names_hidden")
    return owner_id


def as_uuid(text: UUID | str, code: str) -> UUID:
    """Read an id. Errors: NotFound with this code for a text that is none."""
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except ValueError:
        raise NotFound(code) from None


def customer_in_scope(
    cursor: Cursor,
    account: Account,
    customer_id: UUID | str,
    withdrawn_too: bool = False,
    masked_too: bool = False,
) -> dict:
    """Read the row of a customer whom this account may see by name.

    With `masked_too` the name may be hidden: `is_masked` is true, and what is personal is None.
    Errors: NotFound, also for a customer out of scope; NotAllowed where the name is hidden, unless
    `masked_too`; ConsentWithdrawn unless `withdrawn_too`.
    """
    found = database.rows(
        cursor,
        f"""
        with owner as ({VISIBLE_OWNERS})
        select c.*, owner.username as owner, not owner.by_name as is_masked
        from customer c join owner on owner.id = c.owner_id where c.id = $customer
        """,
        {"asker": account.id, "customer": as_uuid(customer_id, "customer_not_found")},
    )
    if not found:
        raise NotFound("customer_not_found")
    customer = _masked(found[0]) if found[0]["is_masked"] else found[0]
    if customer["is_masked"] and not masked_too:
        raise NotAllowed("names_hidden")
    if customer["withdrawn_on"] and not withdrawn_too:
        days = {name: customer[name].isoformat() for name in ("withdrawn_on", "destroy_by")}
        raise ConsentWithdrawn(customer["is_masked"], **days)
    return customer


_PERSONAL = ("source_key", "birth_date", "phone", "phone_hash", "email", "notes")


def _masked(customer: Mapping[str, Any]) -> dict[str, Any]:
    """Give the row of a customer as it is shown without the right to names."""
    hidden = {"name": privacy.masked_name(customer["name"]), **dict.fromkeys(_PERSONAL)}
    return {**customer, **hidden}
