"""Accounts, teams and scope: who may see whose customers.

Scope is decided in SQL from the account's row as it is at that moment, never from what the
caller claims about itself: a role taken away ends at the next call. So is the right to names: who
the customers of others are. Of one whose name it may not see, an account reads what is not
personal, and changes nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import bcrypt

from fpcore import privacy
from fpcore.errors import ConsentWithdrawn, InvalidInput, NotAllowed, NotFound
from fpcore.models import LONGEST_NAME, Account, Role
from fpcore.store import database
from fpcore.store.database import Cursor, Database

OPERATOR = Account(
    id=UUID(int=0), username="operator", name="operator", role=Role.ADMIN, team_id=None, team=None
)
"""Whoever runs commands on the machine itself: an admin without a password, who cannot sign in.

The first migration puts the row into the table, so that scope works for commands as for people."""

LONGEST_PASSWORD_BYTES = 72  # bcrypt reads no further, and bcrypt 5 refuses more
SHORTEST_PASSWORD = 8

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

_ACCOUNT = """
    select a.id, a.username, a.name, a.role, a.team_id, t.name as team, a.language, a.sees_names
    from account a left join team t on t.id = a.team_id
    where not a.disabled
"""


@lru_cache(maxsize=10_000)
def _account(**row: Any) -> Account:
    """Make an account of what was read, once: to check again the thousands that an admin sees
    takes a tenth of a second after every edit."""
    return Account(**row)


def find(db: Database, username: str) -> Account | None:
    """Look up an account that may sign in; None for an unknown, disabled or password-less one.

    Looked up once a version of the database: every run of a page asks for it, and whoever was
    removed or disabled is still gone at the next one.
    """
    name = username.strip().lower()
    return db.remembered(("account", name), lambda: _find(db, name))


def _find(db: Database, username: str) -> Account | None:
    found = db.read(
        f"{_ACCOUNT} and a.username = $username and a.password_hash is not null",
        {"username": username},
    )
    return _account(**found[0]) if found else None


def sign_in_credentials(db: Database) -> dict:
    """Give what streamlit-authenticator checks a password against: bcrypt hashes by username."""
    found = db.read(
        """
        select username, name, password_hash as password, role
        from account where password_hash is not null and not disabled
        """
    )
    return {
        "usernames": {
            row["username"]: {
                "name": row["name"],
                "email": "",
                "password": row["password"],
                "roles": [row["role"]],
            }
            for row in found
        }
    }


def act_as(db: Database, username: str) -> Account:
    """Look up the account that a command runs for. Errors: NotFound."""
    found = db.read(f"{_ACCOUNT} and a.username = $username", {"username": username.lower()})
    if not found:
        raise NotFound("account_unknown", name=username)
    return _account(**found[0])


def visible_owners(db: Database, account: Account, by_name: bool = False) -> list[Account]:
    """List the accounts whose customers this account may see, itself included, by name; `by_name`:
    only those whose customers' names it may see, so that it may change something of theirs.

    Looked up once a version of the database: of some thousand people it takes its time."""
    key = ("visible owners", account.id, by_name)
    return list(db.remembered(key, lambda: _visible_owners(db, account, by_name)))


def _visible_owners(db: Database, account: Account, by_name: bool) -> list[Account]:
    found = db.read(
        f"""
        with visible as ({VISIBLE_OWNERS})
        {_ACCOUNT} and a.id in (select id from visible where by_name or not $by_name)
            and a.id <> $operator
        order by a.name, a.username
        """,
        {"asker": account.id, "operator": OPERATOR.id, "by_name": by_name},
    )
    return [_account(**row) for row in found]


@dataclass(frozen=True)
class Scope:
    """Whose customers an account may see: the ids of their owners, None being everybody's;
    `by_name`: all of them with their names, or else only its own."""

    owners: list[UUID] | None
    by_name: bool


def scope(db: Database, account: Account) -> Scope:
    """Say how far this account sees.

    Looked up once a version of the database, so that a changed role counts at the next call.
    """
    return db.remembered(("scope", account.id), lambda: _scope(db, account))


def _scope(db: Database, account: Account) -> Scope:
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


def take_turns(cursor: Cursor) -> None:
    """Let of two transactions that call this at once only one go on: the other runs again, and
    sees what the first did."""
    cursor.execute(
        "update account set updated_at = $now where id = $operator",
        {"now": database.utc_now(), "operator": OPERATOR.id},
    )


def owner_in_scope(cursor: Cursor, account: Account, owner_id: UUID) -> UUID:
    """Confirm that this account may keep customers for that owner. Errors: NotAllowed, also where
    it may not see their names."""
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

    `masked_too`: of one whose name it may not see, too, without what is personal (`is_masked`).
    Errors: NotFound, also for a customer out of scope; NotAllowed unless `masked_too`;
    ConsentWithdrawn unless `withdrawn_too`.
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


def add(
    db: Database,
    account: Account,
    username: str,
    role: Role,
    password: str,
    team: str | None = None,
    name: str | None = None,
    sees_names: bool = True,
) -> Account:
    """Add an account, and its team where there is none of that name.

    Errors: NotAllowed for whoever is no admin, or would give a right to names that they have not;
    InvalidInput for a taken name or a weak password.
    """
    username = username.strip().lower()
    _check_new(username, password, team)
    password_hash = bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode()

    def work(cursor: Cursor) -> None:
        _require_admin(cursor, account, to_give_names=sees_names)
        taken = "select count(*) from account where username = $username"
        if database.value(cursor, taken, {"username": username}):
            raise InvalidInput([("username", "username_taken", {"name": username})])
        now = database.utc_now()
        cursor.execute(
            """
            insert into account (
                id, username, name, password_hash, role, team_id, sees_names, created_at,
                updated_at)
            values (uuidv7(), $username, $name, $password_hash, $role, $team_id, $sees_names, $now,
                $now)
            """,
            {
                "username": username,
                "name": (name or username).strip(),
                "password_hash": password_hash,
                "role": role.value,
                "team_id": _team_id(cursor, team) if team else None,
                "sees_names": sees_names,
                "now": now,
            },
        )

    db.transaction(work)
    return act_as(db, username)


def set_names(db: Database, account: Account, username: str, sees_names: bool) -> Account:
    """Give an account the right to names, or take it away: it counts from the next call on.

    Errors: NotFound, NotAllowed as `add`.
    """

    def work(cursor: Cursor) -> None:
        _require_admin(cursor, account, to_give_names=sees_names)
        cursor.execute(
            """
            update account set sees_names = $sees_names, updated_at = $now, ver = ver + 1
            where id = $id
            """,
            {"sees_names": sees_names, "now": database.utc_now(), "id": found.id},
        )

    found = act_as(db, username)
    if found.id == OPERATOR.id:
        raise NotFound("account_unknown", name=username)
    db.transaction(work)
    return act_as(db, username)


def set_language(db: Database, account: Account, language: str) -> None:
    """Remember the language that a person chose for themselves."""
    db.transaction(
        lambda cursor: cursor.execute(
            """
            update account set language = $language, updated_at = $now, ver = ver + 1
            where id = $id and not disabled
            """,
            {"language": language, "now": database.utc_now(), "id": account.id},
        )
    )


def new_password() -> str:
    """Make a password to hand out once: about 95 bits."""
    return secrets.token_urlsafe(12)


def _check_new(username: str, password: str, team: str | None) -> None:
    problems = []
    if team is not None and not 1 <= len(team.strip()) <= LONGEST_NAME:
        problems.append(("team", "team_malformed", {"longest": LONGEST_NAME}))
    if not 1 <= len(username) <= 60 or not username.isprintable() or " " in username:
        problems.append(("username", "username_malformed", {}))
    if len(password) < SHORTEST_PASSWORD:
        problems.append(("password", "password_short", {"shortest": SHORTEST_PASSWORD}))
    if len(password.encode()) > LONGEST_PASSWORD_BYTES:
        problems.append(("password", "password_long", {"longest": LONGEST_PASSWORD_BYTES}))
    if problems:
        raise InvalidInput(problems)


def _require_admin(cursor: Cursor, account: Account, to_give_names: bool) -> None:
    """Errors: NotAllowed, also for an admin who would give a right to names that they have not."""
    sql = "select sees_names from account where id = $id and role = 'admin' and not disabled"
    found = database.rows(cursor, sql, {"id": account.id})
    if not found:
        raise NotAllowed("admin_only")
    if to_give_names and not found[0]["sees_names"]:
        raise NotAllowed("names_hidden")


def _team_id(cursor: Cursor, name: str) -> UUID:
    found = database.rows(cursor, "select id from team where name = $name", {"name": name.strip()})
    if found:
        return found[0]["id"]
    team_id = database.new_id(cursor)
    cursor.execute(
        "insert into team (id, name, created_at, updated_at) values ($id, $name, $now, $now)",
        {"id": team_id, "name": name.strip(), "now": database.utc_now()},
    )
    return team_id
