"""How all tests run: the examples they try, with cheap passwords."""

from collections.abc import Iterator

import bcrypt
import pytest
from hypothesis import Phase, settings

# The gate tries the same examples every time; `--hypothesis-profile=search` looks for new ones
# and reduces what it finds to the smallest book that shows it.
settings.register_profile(
    "gate",
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("search", max_examples=300, deadline=None, database=None)
settings.load_profile("gate")


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """Hash passwords with the fewest rounds that bcrypt allows."""
    gensalt = bcrypt.gensalt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", lambda *_, **__: gensalt(4))
        yield
