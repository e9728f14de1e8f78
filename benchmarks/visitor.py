"""Somebody before the app, without a browser: Streamlit's websocket protocol from the other end.

A visitor sends what a browser sends on a click, and reads what the run of the page draws until it
is over. What they look at is kept as `page`, `address` and `widgets`.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from google.protobuf.message import Message
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.app_process import HOST
from ui.server.guard import COOKIE

LONGEST_RUN = 60  # seconds
ZONE, LOCALE = "Asia/Seoul", "ko-KR"


@dataclass
class Drawn:
    """What one click led to: seconds from the click to the end of the last run, the kinds of
    elements that were drawn, what went wrong, and the bytes that came."""

    seconds: float = 0
    kinds: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    size: int = 0


class Visitor:
    """Somebody who is signed in by a cookie. To be used as an async context."""

    def __init__(self, port: int, token: str) -> None:
        self.page = ""
        self.address: dict[str, str] = {}
        self.widgets: dict[str, Message] = {}
        self.trail: list[tuple[str, dict[str, str]]] = []
        self._origin = f"{HOST}:{port}"
        self._token = token
        self._pages: dict[str, str] = {}
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> "Visitor":
        self._socket = await connect(
            f"ws://{self._origin}/_stcore/stream",
            origin=f"http://{self._origin}",
            subprotocols=["streamlit"],
            additional_headers={"Cookie": f"{COOKIE}={self._token}"},
            max_size=None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def goes(self, page: str, address: dict[str, str] | None = None) -> Drawn:
        """Open a page with an address, as a link does."""
        if self.page and (page, address or {}) != (self.page, self.address):
            self.trail.append((self.page, self.address))
        self.page, self.address = page, dict(address or {})
        return await self._run([])

    async def goes_back(self) -> Drawn:
        """Open what was looked at before, as the browser's button does."""
        self.page, self.address = self.trail.pop()
        return await self._run([])

    async def changes(self, key: str, **value: Any) -> Drawn:
        """Give the widget that has this key a value: the field of Streamlit's WidgetState."""
        state = WidgetState(id=self.widgets[key].id)
        for name, said in value.items():
            if name == "string_array_value":
                state.string_array_value.data.extend(said)
            else:
                setattr(state, name, said)
        before = (self.page, self.address)
        drawn = await self._run([state])
        if (self.page, self.address) != before:
            self.trail.append(before)
        return drawn

    def key(self, beginning: str) -> str | None:
        """The key of the first widget in view that begins so."""
        return next((key for key in self.widgets if key.startswith(beginning)), None)

    async def _run(self, states: list[WidgetState]) -> Drawn:
        asked = BackMsg(rerun_script=self._state(states))
        drawn = Drawn()
        began = time.perf_counter()
        async with asyncio.timeout(LONGEST_RUN):
            await self._socket.send(asked.SerializeToString())
            while not self._is_over(await self._socket.recv(), drawn):
                pass
        drawn.seconds = time.perf_counter() - began
        return drawn

    def _state(self, states: list[WidgetState]) -> ClientState:
        state = ClientState(
            query_string=urlencode(self.address),
            page_script_hash=self._pages.get(self.page, ""),
            page_name=self.page,
        )
        state.widget_states.widgets.extend(states)
        state.context_info.timezone, state.context_info.locale = ZONE, LOCALE
        state.context_info.url = f"http://{self._origin}/{self.page}"
        return state

    def _is_over(self, received: bytes, drawn: Drawn) -> bool:
        """Take one message in; whether it ends what the click began."""
        message = ForwardMsg.FromString(received)
        drawn.size += len(received)
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if kind == "new_session":
            self._begin(message, drawn)
        elif kind == "navigation":
            self._pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            self._look(message.navigation.page_script_hash)
        elif kind == "page_info_changed":
            self.address = dict(parse_qsl(message.page_info_changed.query_string))
        elif kind == "delta":
            self._see(message, drawn)
        elif kind in ("page_not_found", "session_event"):
            drawn.errors.append(f"{kind}: {message}"[:500])
        return False

    def _begin(self, message: ForwardMsg, drawn: Drawn) -> None:
        self.widgets = {}
        drawn.kinds.clear()
        self._look(message.new_session.page_script_hash)

    def _look(self, page_hash: str) -> None:
        names = {hash_: name for name, hash_ in self._pages.items()}
        self.page = names.get(page_hash, self.page)

    def _see(self, message: ForwardMsg, drawn: Drawn) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        drawn.kinds.add(kind)
        shown = getattr(element, kind)
        if kind == "exception":
            drawn.errors.append(f"{shown.type}: {shown.message}")
        elif kind == "alert" and shown.format == Alert.ERROR:
            drawn.errors.append(shown.body)
        elif widget_id := getattr(shown, "id", ""):
            self.widgets[widget_id.split("-", 2)[-1]] = shown
