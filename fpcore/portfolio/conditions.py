"""Who is behind the figures of the whole book: conditions that figures and lists share.

A figure counts the customers of a condition. The list behind it lists them by the same text. All
SQL is over a relation with the columns of customer_fact, and needs `$valued_on`.
"""

from datetime import date
from typing import Any

from fpcore.access import scope
from fpcore.facts import groups
from fpcore.facts.policies import IN_FORCE
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import BIT, TOTAL, agreed_to, bit_of
from fpcore.models import Account, ConsentKind, Gone, PolicyType
from fpcore.models.circumstances import CIRCUMSTANCES
from fpcore.store.database import Database

DAYS_AHEAD = (30, 60, 90)
"""How far ahead ends are looked for."""
DAYS_BETWEEN = 30
"""So many days may lie between a policy's last day and the first of its successor."""
NOT_CONTACTED_DAYS = 90

FIELDS = (
    "born_on", "birth_date", "gender", "phone", "email", "occupation",
    *(each.name for each in CIRCUMSTANCES if each.is_missed),
)  # fmt: skip
"""What may be known of a customer."""
HIDDEN = ("birth_date", "phone", "email")
"""What an account without the right to names is not told."""
POLICY_FIELDS = ("coverage_amount", "premium_amount", "end_date", "insurer")
"""What may be known of a policy in force: amounts in won; a premium with its cycle."""

_BIT_TYPES = " ".join(f"when {bit} then '{kind}'" for kind, bit in BIT.items())
TYPE_OF_BIT = f"case bit {_BIT_TYPES} end"
"""The SQL that turns a bit back into the type."""


ENDING_READS = ("id", "spans", "next_end_on")
"""The columns of a customer that `ending` and `ends_within` read."""


def ending(relation: str) -> str:
    """The SQL of the policies in force that end within the last of DAYS_AHEAD without a successor.

    Columns: id (the customer's), bit (of the type), until (the last day, from `$valued_on` itself
    to so many days later). A successor is another policy of the same customer and type: in force,
    not begun or pending. It ends later, or nobody knows when. It begins at the latest DAYS_BETWEEN
    days after the last day, or nobody knows when. Of two that end on one day neither succeeds the
    other.
    """
    return f"""
    with held as materialized (
        select id, unnest(spans, recursive := true) from {relation}
        where next_end_on <= $valued_on::date + {DAYS_AHEAD[-1]}
    ),
    pending as (
        select customer_id, {bit_of("type")} as bit, start_date, end_date
        from policy where status = 'pending' and customer_id in (select id from held)
    ),
    ends as (
        select id, bit, until from held
        where since <= $valued_on
            and until between $valued_on::date and $valued_on::date + {DAYS_AHEAD[-1]}
    ),
    last_held as (
        from ends anti join held next on next.id = ends.id and next.bit = ends.bit
            and next.until > ends.until and next.since <= ends.until + {DAYS_BETWEEN}
    )
    from last_held anti join pending next on next.customer_id = last_held.id
        and next.bit = last_held.bit
        and coalesce(next.end_date > last_held.until, true)
        and coalesce(next.start_date <= last_held.until + {DAYS_BETWEEN}, true)
    """


ONCE_HELD_READS = ("id", "held", "spans", "expired_policies", "cancelled_policies")
"""The columns of a customer that `once_held` and `held_once` read."""


def once_held(relation: str, together: bool = False) -> str:
    """The SQL of the types that somebody held once and does not hold now.

    Columns: id (the customer's), bit (of the type), gone (how long ago it ended: Gone). `together`
    takes all types as one with the bit NULL: who held something once holds nothing now.

    What was cancelled before it began was never held. An unknown end makes the last end unknown,
    unless another policy ended less than a year ago.
    """
    bit, is_gone = ("null::utinyint", "held = 0") if together else ("bit", "held & bit = 0")
    return f"""
    select id, {bit} as bit, case
            when max(until) > $valued_on::date - to_years(1) then '{Gone.UNDER_1_YEAR}'
            when bool_or(until is null) then '{Gone.UNKNOWN}'
            when max(until) > $valued_on::date - to_years(3) then '{Gone.UNDER_3_YEARS}'
            else '{Gone.LONGER}'
        end as gone
    from (
        select id, held, unnest(spans, recursive := true) from {relation}
        where expired_policies + cancelled_policies > 0
    )
    where {is_gone} and since <= $valued_on and coalesce(until >= since, true)
    group by all
    """


def ends_within(relation: str, days: int, of: str) -> str:
    """The SQL that is true of who has a policy `ending` within so many days, of a type (TOTAL: of
    any)."""
    return f"""id in (select id from ({ending(relation)})
        where until <= $valued_on::date + {int(days)} and {_is_of(of)})"""


def held_once(relation: str, of: str, gone: Gone | None) -> str:
    """The SQL that is true of who held a type once and does not now, for that long (None: any).

    TOTAL: who held something once and holds nothing now."""
    ago = f"gone = '{gone}'" if gone else "true"
    once = once_held(relation, together=of == TOTAL)
    return f"id in (select id from ({once}) where {_is_of(of)} and {ago})"


def is_unknown(field: str) -> str:
    """The SQL that is true of a customer of whom something is not known.

    That is a field of FIELDS, the last contact, or one of POLICY_FIELDS of some policy in force.
    Errors: ValueError for any other."""
    if field in _COUNTED:
        return f"{_COUNTED[field]} > 0"
    if field in POLICY_FIELDS:
        return f"id in (select customer_id from ({without(field)}))"
    if field not in (*FIELDS, "last_contact_on"):
        raise ValueError(field)
    return f"{field} is null"


def unknown_reads(field: str) -> str:
    """Name the column of a customer that `is_unknown` reads."""
    return _COUNTED.get(field, "id" if field in POLICY_FIELDS else field)


def without(field: str, relation: str = "policy") -> str:
    """The SQL of the policies in force of which a field is not known: customer_id.

    In two steps, since DuckDB would read the status of all policies first.
    """
    return f"""
    with p as materialized (
        select customer_id, status, start_date, end_date from {relation} where {field} is null
    )
    select customer_id from p where {IN_FORCE}
    """


def lacks_consent(kind: ConsentKind) -> str:
    """The SQL that is true of who has not agreed to something, or withdrew it."""
    return f"not ({agreed_to(kind)})"


def of_team(team: str | None) -> tuple[str, dict[str, Any]]:
    """The SQL over customer_fact that is true of a team's customers (None: everybody's), and its
    parameters."""
    return (groups.OF_TEAM, {"team": team}) if team else ("true", {})


def of_scope(
    db: Database, account: Account, valued_on: date, team: str | None, relation: str
) -> tuple[str, str, dict[str, Any]]:
    """Narrow a relation with a column customer_id to the customers in scope, of a team if named.

    Gives common table expressions, the SQL of the narrowed relation, and their parameters. Where
    everybody is in scope, those who withdrew are taken out instead, if there are any.
    """
    of, said = of_team(team)
    fact, params = customer_fact(db, account, valued_on, ("id", "owner_id"))
    if team or scope.of_account(db, account).owners is not None:
        joined = f"semi join (select id from customer_fact where {of}) who on who.id = customer_id"
    elif db.remembered("somebody withdrew", lambda: _somebody_withdrew(db)):
        joined = """anti join (select id from customer_scope where withdrawn_on is not null) who
            on who.id = customer_id"""
    else:
        joined = ""
    return fact, f"{relation} {joined}", {**params, **said}


def _somebody_withdrew(db: Database) -> bool:
    return bool(db.read("select 1 from customer where withdrawn_on is not null limit 1"))


_COUNTED = {"coverage_amount": "total_unknown", "premium_amount": "total_premium_unknown"}


def _is_of(of: str) -> str:
    return "true" if of == TOTAL else f"bit = {BIT[PolicyType(of)]}"
