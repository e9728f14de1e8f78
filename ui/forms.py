"""Forms built from the models: fpcore checks what is typed, each message beside its field."""

from collections.abc import Callable
from datetime import date

import streamlit as st
from pydantic import ValidationError

from fpcore import words
from fpcore.errors import InvalidInput
from fpcore.models import Account, Gender, NewCustomer
from ui.text import Text, safe

Problems = list[tuple[str, str, dict]]


def new_customer(
    text: Text, owners: list[Account], today: date, add: Callable[[NewCustomer, Account], None]
) -> None:
    """Draw the form for a new customer; a valid one is given to `add`.

    Where fpcore refuses it, the messages stand beside the fields and nothing typed is lost.
    """
    with st.form("new_customer", border=False):
        beside = {}

        def field(name: str, draw: Callable, **settings):
            value = draw(text(f"field.{name}"), **settings)
            beside[name] = st.empty()
            return value

        owner = owners[0]
        if len(owners) > 1:
            owner = st.selectbox(
                text("customers.owner_for"), owners, format_func=lambda account: account.name
            )
        typed = {
            "name": field("name", st.text_input),
            "birth_date": field(
                "birth_date", st.date_input, value=None, min_value=date(1900, 1, 1), max_value=today
            ),
            "birth_year": field("birth_year", st.number_input, value=None, step=1, format="%d"),
            "gender": field(
                "gender", st.segmented_control, options=list(Gender), format_func=text.of("gender")
            ),
            "phone": field("phone", st.text_input, help=text("customers.phone_help")),
            "email": field("email", st.text_input),
            "occupation": field("occupation", st.text_input),
            "last_contact_on": field("last_contact_on", st.date_input, value=None, max_value=today),
            "notes": field("notes", st.text_area),
        }
        typed["consent_basis"] = st.text_input(
            text("customers.consent_basis"), help=text("customers.consent_help")
        )
        beside["consent_basis"] = st.empty()
        if st.form_submit_button(text("customers.add_submit"), type="primary"):
            problems = _try(typed, owner, add)
            for name, code, particulars in problems:
                shown = {key: safe(str(value)) for key, value in particulars.items()}
                beside[name].error(words.say_problem(text.language, name, code, shown))


def _try(typed: dict, owner: Account, add: Callable[[NewCustomer, Account], None]) -> Problems:
    """Add the customer, or tell what is wrong with which field."""
    given = {name: value for name, value in typed.items() if value not in (None, "")}
    given.setdefault("name", "")
    given.setdefault("consent_basis", "")
    try:
        add(NewCustomer(**given), owner)
    except ValidationError as error:
        return [(str(e["loc"][0]), e["type"], e.get("ctx", {})) for e in error.errors()]
    except InvalidInput as error:
        return error.problems
    return []
