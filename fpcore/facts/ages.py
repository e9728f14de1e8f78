"""Ages, as SQL over the day of birth."""

from calendar import isleap
from datetime import date

AGE = """
    coalesce(
        date_sub('year', c.birth_date, $valued_on),
        year($valued_on) - c.birth_year)::int
"""
"""The full years of a customer `c` on `$valued_on`; from the birth year where that is all."""


def born_by(day: date, age: int) -> str:
    """The SQL of the last day of birth of those who are `age` or older on `day`.

    As DuckDB's date_sub counts years: whoever was born on 29 February is older on 28 February.
    """
    year = day.year - age
    end_of_february = (day.month, day.day) == (2, 28) and isleap(year) and not isleap(day.year)
    born = date(year, 2, 29) if end_of_february else _same_day(day, year)
    return f"date '{born.isoformat()}'"


def _same_day(day: date, year: int) -> date:
    return (
        date(year, 2, 28)
        if (day.month, day.day) == (2, 29) and not isleap(year)
        else day.replace(year=year)
    )
