"""Insurers as numbers, which kept rows hold in the place of names."""

from collections.abc import Sequence
from uuid import UUID

from fpcore.store import database
from fpcore.store.database import Cursor, Database


def number_new(cursor: Cursor) -> None:
    """Give every insurer that stands in a policy a number."""
    cursor.execute("""
insert into insurer
select (select coalesce(max(number), 0) from insurer) + row_number() over (order by name), name
from (select distinct insurer as name from policy where insurer is not null)
where name not in (select name from insurer)
""")


def of_customer(cursor: Cursor, customer_id: UUID) -> list[str]:
    """Name the insurers that stand in a customer's policies."""
    sql = "select distinct insurer from policy where customer_id = $id and insurer is not null"
    return [name for (name,) in cursor.execute(sql, {"id": customer_id}).fetchall()]


def forget(cursor: Cursor, names: Sequence[str]) -> None:
    """Blot out the names that stand in no policy any more: what somebody typed for one person may
    tell who they are. Their numbers are not given again."""
    if names:
        cursor.execute(_FORGET, {"names": list(names)})


_FORGET = """
update insurer set name = 'erased ' || number::varchar
where name in (select unnest($names)) and name not in (
    select insurer from policy where insurer in (select unnest($names)))
"""


def number_of(db: Database, cursor: Cursor, insurer: str | None) -> int | None:
    """Give the number of an insurer, a new one where it has none yet; None for none."""
    if insurer is None:
        return None
    by_name = "select number from insurer where name = $name"

    def committed() -> int | None:
        found = db.read(by_name, {"name": insurer})
        return found[0]["number"] if found else None

    number = db.learned(("insurer", insurer), committed)
    if number is None:
        number_new(cursor)
        number = database.value(cursor, by_name, {"name": insurer})
    return number
