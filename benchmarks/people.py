"""The app as people meet it: how long the server takes for each screen, and for 20 people at once.

The app runs as a process of its own on the benchmark's book; people are visitors over Streamlit's
websocket, each with a sign-in cookie. Times go from the click to the end of the run, so that what
the browser takes to draw is not in them.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import bcrypt
import jwt

from benchmarks import app_process
from benchmarks.app_process import App
from benchmarks.measured import Measured
from benchmarks.visitor import Drawn, Visitor
from fpcore import wording
from fpcore.store import opening
from fpcore.store.database import Database
from ui.server.guard import cookie_key

CUSTOMERS, CUSTOMER, PORTFOLIO, RULES, UPLOAD = "", "customer", "portfolio", "rules", "upload"
"""The pages by their addresses; the first one is the app's own."""

SHOWN = {
    CUSTOMERS: "text_input",
    CUSTOMER: "plotly_chart",
    PORTFOLIO: "plotly_chart",
    RULES: "dataframe",
    UPLOAD: "file_uploader",
}
"""The kind of element without which a page is not what was asked for."""

PORTFOLIO_ADDRESSES = [
    {},
    {"rows": "age_band", "measure": "holding"},
    {"rows": "fp", "measure": "coverage"},
    {"rows": "team", "measure": "lacking"},
    {"rows": "gender", "measure": "premium"},
    {"rows": "occupation", "measure": "gap"},
    {"rows": "insurer", "measure": "adequacy"},
    {"view": "together"},
    {"view": "due"},
    {"view": "ages"},
    {"view": "insurers"},
]
CELL_ADDRESSES = [
    {"row_kind": "age_band", "row": "30-39", "holding": "life", "measure": "holding"},
    {"row_kind": "age_band", "row": "60-69", "missing": "health", "measure": "lacking"},
    {"row_kind": "gender", "row": "F", "holding": "car", "measure": "coverage"},
    {"row_kind": "occupation", "row": "교사", "missing": "home", "measure": "lacking"},
]
FILTERS = ("gender", "holding", "missing", "status", "gap")
A_CUSTOMER = {"id": "…"}
"""Stands for the address of one of the FP's customers."""

SCREENS = {
    "customers": (CUSTOMERS, {}),
    "customers by coverage": (CUSTOMERS, {"sort": "coverage", "order": "descending"}),
    "customers without life cover": (CUSTOMERS, {"missing": "life"}),
    "customers with any gap": (CUSTOMERS, {"gap": "any"}),
    "one customer": (CUSTOMER, A_CUSTOMER),
    "portfolio": (PORTFOLIO, PORTFOLIO_ADDRESSES[0]),
    "portfolio, share holding by age": (PORTFOLIO, PORTFOLIO_ADDRESSES[1]),
    "portfolio, coverage by FP": (PORTFOLIO, PORTFOLIO_ADDRESSES[2]),
    "portfolio, gaps by occupation": (PORTFOLIO, PORTFOLIO_ADDRESSES[5]),
    "portfolio, what is due": (PORTFOLIO, {"view": "due"}),
    "portfolio, insurers": (PORTFOLIO, {"view": "insurers"}),
    "rules": (RULES, {}),
    "upload": (UPLOAD, {}),
}
"""The screens that are timed, each with its page and address."""

FLOOR = (CUSTOMER, {})
"""The cheapest page: that of a customer when none is named. Sign-in, frame and one sentence."""

SCREEN_GOAL, CLICK_GOAL, GROWTH_GOAL = 0.250, 1.0, 0.10
TIMES = 5
PAUSE = 0.1  # seconds between a run and the next: Streamlit clears up after each
ADMINS, MANAGERS, FPS = 1, 3, 16
THINKING = (0.5, 1.5)  # seconds between a click's end and the next click: 1 on average
MINUTE, SHORT = 60.0, 10.0  # seconds that people click for, and for a small book
FIRST_LOOK = 0.25  # when memory is told first, as a share of them
SEED = 20261122
COOKIE_LIFE = 3600 * 24  # seconds


Ask = Callable[[], Awaitable[float]]
"""Opens a page and says how many seconds that took."""


class Person(NamedTuple):
    """Somebody who signs in."""

    username: str
    token: str


@dataclass
class Clicks:
    """What came of all clicks: seconds of each, and what went wrong, in words."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, visitor: Visitor, drawn: Drawn) -> None:
        """Note a click and what its page lacks."""
        self.seconds.append(drawn.seconds)
        self.errors += [
            f"{visitor.page or 'customers'}: {error}" for error in _wrong(visitor, drawn)
        ]


@dataclass(frozen=True)
class Crowd:
    """20 people at once: how long they clicked (seconds), what came of it, the server's memory in
    MB at a quarter, the middle and the end, and faults in its log."""

    seconds: float
    clicks: Clicks
    memory: list[float | None]
    faults: list[str]

    @property
    def growth(self) -> float | None:
        """By which share the memory grew in the last half."""
        middle, end = self.memory[1:]
        return end / middle - 1 if middle and end else None

    @property
    def verdicts(self) -> list[bool]:
        """Whether there was no error, and whether the memory was steady."""
        grown = [] if self.growth is None else [self.growth < GROWTH_GOAL]
        return [not self.clicks.errors and not self.faults, *grown]


def measured(path: Path, folder: Path, seconds: float) -> tuple[list[Measured], Crowd]:
    """Time the screens one by one, then let 20 people click for some seconds, on the database file
    that nobody else holds; `folder` takes the app's log. A screen that is not what was asked for
    is an error as a click of the 20 would be."""
    people, customer = _hired(path)
    alone = Clicks()
    with app_process.running(path, folder / "app.log") as app:
        screens = asyncio.run(_screens(app, people, customer, alone))
        crowd = asyncio.run(_crowd(app, people, seconds))
    crowd.clicks.errors += alone.errors
    return [*screens, *_of_crowd(crowd, screens[0])], crowd


def beside(crowd: Crowd) -> list[str]:
    """Say what else there is to say of 20 people."""
    number = ADMINS + MANAGERS + FPS
    wrong = [*crowd.clicks.errors, *crowd.faults]
    memory = ", ".join("?" if mb is None else f"{mb:,.0f} MB" for mb in crowd.memory)
    grown = "" if crowd.growth is None else f", {crowd.growth:+.1%} in the last half (goal: < 10%)"
    return [
        f"* {number} people ({ADMINS} admin, {MANAGERS} managers, {FPS} FPs) clicked for "
        f"{crowd.seconds:.0f} s, each 1 s (0.5 to 1.5) after what they saw: "
        f"{len(crowd.clicks.seconds):,} clicks, {len(wrong)} errors (goal: 0).",
        f"* Memory of the app after a quarter, half and all of the time: {memory}{grown}.",
        *(f"* Error: {error}" for error in sorted(set(wrong))[:10]),
    ]


def _hired(path: Path) -> tuple[list[Person], dict[str, str]]:
    """Give the accounts in use a password, so that they may sign in; the people, admin first, then
    an FP, and the address of one of that FP's customers."""
    with closing(opening.open_database(str(path))) as db:
        names = _usernames(db)
        secret = bcrypt.hashpw(b"benchmark", bcrypt.gensalt()).decode()
        sql = "update account set password_hash = $secret where username in (select unnest($names))"
        said = {"secret": secret, "names": names}
        db.transaction(lambda cursor: cursor.execute(sql, said))
        customer = db.read(
            """
            select c.id from customer c join account a on a.id = c.owner_id
            where a.username = $name and c.withdrawn_on is null order by c.id limit 1
            """,
            {"name": names[-1]},
        )[0]
        return [Person(name, _token(db, name)) for name in names], {"id": str(customer["id"])}


def _token(db: Database, username: str) -> str:
    claims = {"username": username, "exp_date": time.time() + COOKIE_LIFE}
    return jwt.encode(claims, cookie_key(db))


def _usernames(db: Database) -> list[str]:
    """The accounts of 20 people: the admin, managers and FPs who have customers, FPs from the one
    with the fewest to the one with the most; in a small book several people share one."""
    fps = db.read(
        """
        select a.username, a.team_id, count(*) as customers
        from account a join customer c on c.owner_id = a.id
        group by a.username, a.team_id order by customers, a.username
        """
    )
    managers = db.read(
        """
        select m.username from account m where m.role = 'manager'
            and m.team_id in (select unnest($teams::uuid[])) order by m.username
        """,
        {"teams": [fp["team_id"] for fp in fps]},
    )
    return [
        *["admin"] * ADMINS,
        *(one["username"] for one in _spread(managers, MANAGERS)),
        *(one["username"] for one in _spread(fps, FPS)),
    ]


def _spread(found: Sequence[dict], number: int) -> list[dict]:
    """So many of these, evenly, the last among them."""
    return [found[(place + 1) * len(found) // number - 1] for place in range(number)]


def _wrong(visitor: Visitor, drawn: Drawn) -> list[str]:
    """What is wrong with what was drawn."""
    is_bare = (visitor.page, visitor.address) == FLOOR
    missing = not is_bare and SHOWN[visitor.page] not in drawn.kinds
    return drawn.errors + (["what was asked for is not shown"] if missing else [])


async def _screens(
    app: App, people: list[Person], customer: dict[str, str], clicks: Clicks
) -> list[Measured]:
    """Time every screen for the admin and for the FP with the most customers."""
    found = []
    async with AsyncExitStack() as stack:
        neighbour = await stack.enter_async_context(Visitor(app.port, people[ADMINS].token))
        await neighbour.goes(RULES)
        for role, person in (("admin", people[0]), ("FP", people[-1])):
            visitor = await stack.enter_async_context(Visitor(app.port, person.token))
            bare = await stack.enter_async_context(Visitor(app.port, person.token))
            for name, (page, address) in SCREENS.items():
                asked = (page, customer if address is A_CUSTOMER else address)
                ask = [partial(_seconds, visitor, asked, clicks)] * 2
                ask.append(partial(_seconds, bare, FLOOR, clicks))
                found += await _screen(f"{name}, {role}", ask, neighbour)
    return found


async def _screen(name: str, ask: list[Ask], neighbour: Visitor) -> list[Measured]:
    """Time one screen just after somebody's edit, when nothing is kept of it, and once more, and
    then the cheapest one."""
    await ask[0]()
    turns = []
    for _ in range(TIMES):
        await _edit(neighbour)
        turns.append([await one() for one in ask])
    first, again, floor = zip(*turns, strict=True)
    return [
        _figure(f"screen: {name}, nothing kept", first, floor, SCREEN_GOAL),
        _figure(f"screen: {name}, seen before", again, floor, SCREEN_GOAL),
    ]


async def _seconds(visitor: Visitor, asked: tuple, clicks: Clicks) -> float:
    """Open a page with an address after a short pause; the seconds it took."""
    await asyncio.sleep(PAUSE)
    drawn = await visitor.goes(*asked)
    clicks.add(visitor, drawn)
    return drawn.seconds


async def _edit(neighbour: Visitor) -> None:
    """Change something in the database: another language for somebody."""
    key = neighbour.key("language_")
    is_korean = neighbour.widgets["sign_out"].label == wording.say("ko", "frame.sign_out")
    said = wording.say("en" if is_korean else "ko", "frame.this_language")
    await neighbour.changes(key, string_array_value=[said])


def _figure(
    name: str, took: Sequence[float], floor: Sequence[float], goal: float | None
) -> Measured:
    return Measured(
        name=name,
        least=min(took),
        median=statistics.median(took),
        floor_least=min(floor),
        floor_median=statistics.median(floor),
        goal=goal,
    )


async def _crowd(app: App, people: list[Person], seconds: float) -> Crowd:
    """Let everybody sign in, and then click at once."""
    clicks = Clicks()
    async with AsyncExitStack() as stack:
        visitors = []
        for person in people:
            visitor = await stack.enter_async_context(Visitor(app.port, person.token))
            await visitor.goes(CUSTOMERS)
            visitors.append(visitor)
        until = time.monotonic() + seconds
        looking = asyncio.create_task(_memory(app, seconds))
        await asyncio.gather(
            *(
                _clicks(one, random.Random(SEED + n), until, clicks)
                for n, one in enumerate(visitors)
            )
        )
        memory = await looking
    return Crowd(seconds, clicks, memory, app.faults())


async def _memory(app: App, seconds: float) -> list[float | None]:
    """The app's memory in MB after a quarter, half and all of the time."""
    found = []
    for share in (FIRST_LOOK, 0.5 - FIRST_LOOK, 0.5):
        await asyncio.sleep(seconds * share)
        found.append(app.memory)
    return found


async def _clicks(visitor: Visitor, drawing: random.Random, until: float, clicks: Clicks) -> None:
    """Click, look, think, and click again until the time is over."""
    await asyncio.sleep(drawing.uniform(0, THINKING[1]))
    while time.monotonic() < until:
        step = drawing.choice(STEPS)
        try:
            clicks.add(visitor, await step(visitor, drawing))
        except Exception as error:  # whatever it is, it is one more error of this click
            clicks.errors.append(f"{step.__name__}: {type(error).__name__} {error}")
            return
        await asyncio.sleep(drawing.uniform(*THINKING))


async def _another_page(visitor: Visitor, drawing: random.Random) -> Drawn:
    return await visitor.goes(drawing.choice([CUSTOMERS, PORTFOLIO, RULES, UPLOAD]))


async def _another_view(visitor: Visitor, drawing: random.Random) -> Drawn:
    return await visitor.goes(PORTFOLIO, drawing.choice(PORTFOLIO_ADDRESSES))


async def _another_cell(visitor: Visitor, drawing: random.Random) -> Drawn:
    return await visitor.goes(CUSTOMERS, drawing.choice(CELL_ADDRESSES))


async def _another_filter(visitor: Visitor, drawing: random.Random) -> Drawn:
    """Choose something else in one of the list's filters, or go to the list."""
    key = visitor.key(f"{drawing.choice(FILTERS)}=")
    if key is None or visitor.page != CUSTOMERS:
        return await visitor.goes(CUSTOMERS)
    return await visitor.changes(key, string_value=drawing.choice(visitor.widgets[key].options))


async def _another_customer(visitor: Visitor, drawing: random.Random) -> Drawn:
    """Click the first row of the list, or go to the list."""
    key = visitor.key("list ")
    if key is None:
        return await visitor.goes(CUSTOMERS)
    cell = {"selection": {"rows": [], "columns": [], "cells": [[0, "name"]]}}
    return await visitor.changes(key, string_value=json.dumps(cell))


async def _back(visitor: Visitor, drawing: random.Random) -> Drawn:
    return await (visitor.goes_back() if visitor.trail else visitor.goes(CUSTOMERS))


STEPS: list[Callable[[Visitor, random.Random], Awaitable[Drawn]]] = [
    _another_page, _another_view, _another_cell, _another_filter, _another_customer, _back
]  # fmt: skip
"""What people do, each as often as any other."""


def _of_crowd(crowd: Crowd, floor: Measured) -> list[Measured]:
    """The figures of 20 people, beside one run of the cheapest page for one of them alone."""
    took = sorted(crowd.clicks.seconds)
    number = ADMINS + MANAGERS + FPS
    named = {
        "median": (statistics.median(took), None),
        "95 of 100": (took[int(len(took) * 0.95)], CLICK_GOAL),
        "the slowest": (took[-1], None),
    }
    return [
        Measured(
            name=f"{number} people at once, one click: {name}",
            least=took[0],
            median=seconds,
            floor_least=floor.floor_least,
            floor_median=floor.floor_median,
            goal=goal,
        )
        for name, (seconds, goal) in named.items()
    ]
