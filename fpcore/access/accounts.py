"""Accounts and teams: who may sign in, as what, and in which team."""

import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import bcrypt

from fpcore.errors import InvalidInput, NotAllowed, NotFound
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


_ACCOUNT = """
    select a.id, a.username, a.name, a.role, a.team_id, t.name as team, a.language, a.sees_names
    from account a left join team t on t.id = a.team_id
    where not a.disabled
"""


@lru_cache(maxsize=10_000)
def _account(**row: Any) -> Account:
    """Make an account of a row, once.

    An admin sees thousands: to check them again takes a tenth of a second after every edit."""
    return Account(**row)


def where(db: Database, condition: str, params: Mapping[str, Any]) -> list[Account]:
    """List the accounts `a` that are not disabled and meet an SQL condition, by name."""
    sql = f"{_ACCOUNT} and ({condition}) order by a.name, a.username"
    return [_account(**row) for row in db.read(sql, dict(params))]


def find(db: Database, username: str) -> Account | None:
    """Look up an account that may sign in; None for an unknown, disabled or password-less one.

    Looked up once a version of the database: every run of a page asks for it, and whoever was
    removed or disabled is still gone at the next one.
    """
    name = username.strip().lower()
    return db.remembered(("account", name), lambda: _find(db, name))


def _find(db: Database, username: str) -> Account | None:
    may_sign_in = "a.username = $username and a.password_hash is not null"
    found = where(db, may_sign_in, {"username": username})
    return found[0] if found else None


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
    found = where(db, "a.username = $username", {"username": username.lower()})
    if not found:
        raise NotFound("account_unknown", name=username)
    return found[0]


def take_turns(cursor: Cursor) -> None:
    """Make transactions that call this take turns.

    Of two at once the second runs again, and sees what the first did."""
    cursor.execute(
        "update account set updated_at = $now where id = $operator",
        {"now": database.utc_now(), "operator": OPERATOR.id},
    )


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
