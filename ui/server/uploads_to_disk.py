"""Let an uploaded file go to the disk as it comes in: Streamlit would hold it in memory, twice.

Of a request to Streamlit's upload address, the file's bytes are written to a private file, and
Streamlit is given a note in their place: where they are (`kept_at` reads it).
"""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fpcore.importing import private_files
from fpcore.importing.limits import LARGEST_FILE
from fpcore.store.database import Database
from ui.internals.streamlit import UPLOADS

LONGEST_HEAD = 16_384
_NOTE = f"fp kept at {secrets.token_hex(16)}: ".encode()
"""Nobody outside of this process can write a note: it would name any file of the machine."""

_NO_ROOM = b"no room"


class UploadsToDisk:
    """ASGI middleware; `database` gives the open database, beside which the files are kept."""

    def __init__(self, app: ASGIApp, database: Callable[[], Database]) -> None:
        self.app = app
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the file of an upload, and pass the request on with a note instead of it."""
        # the very paths that the guard keeps to who is signed in
        is_upload = scope["type"] == "http" and scope["path"].startswith(UPLOADS)
        if not (is_upload and scope["method"] == "PUT"):
            await self.app(scope, receive, send)
            return
        path = new_file(self.database())
        try:
            is_taken = await self._pass_on(scope, receive, send, path)
        except BaseException:  # also where the browser goes away and the request is cancelled
            path.unlink(missing_ok=True)
            raise
        if not is_taken:
            path.unlink(missing_ok=True)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, path: Path) -> bool:
        """Write the file and pass on the note; whether Streamlit has taken it."""
        try:
            body = _Body(receive, Headers(scope=scope).get("content-type", ""))
            note = await _kept(body, path)
        except ValueError as error:  # the parser's among them
            await PlainTextResponse(str(error), status_code=400)(scope, receive, send)
            return False
        short = body.head + note + body.tail
        headers = MutableHeaders(raw=list(scope["headers"]))
        headers["content-length"] = str(len(short))
        is_taken = False

        async def read_note() -> Message:
            return {"type": "http.request", "body": short, "more_body": False}

        async def send_on(message: Message) -> None:
            nonlocal is_taken
            if message["type"] == "http.response.start":
                is_taken = message["status"] < 300
            await send(message)

        await self.app({**scope, "headers": headers.raw}, read_note, send_on)
        return is_taken


def new_file(db: Database) -> Path:
    """Make an empty file for this user only, in the folder that is swept at the next start."""
    handle, path = tempfile.mkstemp(dir=private_files.private_place(db))  # 0600
    os.close(handle)
    return Path(path)


def kept_at(content: bytes) -> Path | None:
    """Read the note that stands for a file; None for a file that came in another way.

    Errors: OSError where there was no room for the file.
    """
    if not content.startswith(_NOTE):
        return None
    said = content.removeprefix(_NOTE)
    if said == _NO_ROOM:
        raise OSError("no room for the uploaded file")
    return Path(os.fsdecode(said))


class _Body:
    """A multipart body with one part: `head`, then what `data` gives, then `tail`.

    Errors: ValueError for a body of another form.
    """

    def __init__(self, receive: Receive, content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        self.head = b"--" + boundary + b"\r\n"
        self.tail = b"\r\n--" + boundary + b"--\r\n"
        self._receive = receive
        self._name = self._value = b""  # of the header that is being read
        self._data: list[bytes] = []
        self._is_whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_head,
                "on_part_begin": self._begin,
                "on_part_data": self._add_data,
                "on_part_end": self._end,
            },
            max_header_size=LONGEST_HEAD,
        )

    async def data(self) -> AsyncIterator[bytes]:
        """Give the bytes of the part."""
        body_size = data_size = 0
        async for chunk in self._chunks():
            self._parser.write(chunk)
            body_size += len(chunk)
            for data in self._data:
                data_size += len(data)
                yield data
            self._data.clear()
        if not self._is_whole or body_size != len(self.head) + data_size + len(self.tail):
            raise ValueError("something stands before or behind the file")

    def _add_name(self, chunk: bytes, start: int, end: int) -> None:
        self._name += chunk[start:end]

    def _add_value(self, chunk: bytes, start: int, end: int) -> None:
        self._value += chunk[start:end]

    def _end_header(self) -> None:
        self.head += self._name + b": " + self._value + b"\r\n"
        self._name = self._value = b""
        if len(self.head) > LONGEST_HEAD:
            raise ValueError("the headers are too long")

    def _end_head(self) -> None:
        self.head += b"\r\n"

    def _begin(self) -> None:
        if self._is_whole:
            raise ValueError("one file is expected")

    def _add_data(self, chunk: bytes, start: int, end: int) -> None:
        self._data.append(chunk[start:end])

    def _end(self) -> None:
        self._is_whole = True

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ValueError("the upload was broken off")
            more = message.get("more_body", False)
            yield message.get("body", b"")


async def _kept(body: _Body, path: Path) -> bytes:
    """Write the file; the note for Streamlit. Errors: ValueError (another form, too large)."""
    size, has_room = 0, True
    with open(path, "wb", buffering=0) as file:
        async for data in body.data():
            size += len(data)
            if size > LARGEST_FILE:
                raise ValueError("the file is too large")
            if has_room:
                try:
                    written = file.write(data)
                    has_room = written == len(data)
                except OSError:
                    has_room = False
    if not has_room:
        path.unlink(missing_ok=True)
    return _NOTE + (os.fsencode(path) if has_room else _NO_ROOM)
