"""A small, quick SMTP server that counts: which Message-ID came how often, over how many connections.

It takes several commands at once (RFC 2920) unless told otherwise, answers in the order it was asked, and can refuse,
put off, or fall silent by cutting the line in place of an answer. tests/support/smtp.py keeps whole letters instead.
"""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

HOST = "127.0.0.1"
EXTENSIONS = ("PIPELINING", "8BITMIME")
END = b"\r\n.\r\n"


@dataclass
class Rules:
    """What the server does to whom; nothing at first."""

    extensions: tuple[str, ...] = EXTENSIONS
    rcpt: dict[str, list[str]] = field(default_factory=dict)  # address: answers still to give before 250
    refused: dict[str, str] = field(default_factory=dict)  # address: the answer for ever
    at_data: dict[str, str] = field(default_factory=dict)  # address: the answer in place of 354, once
    at_end: dict[str, str] = field(default_factory=dict)  # address: the answer to the letter, once
    cut_after: dict[str, bool] = field(default_factory=dict)  # address: cut at its end once; is the letter kept?
    answers_data_anyway: bool = False  # 354 though nobody is left to take the letter
    ready: Callable[[str], bool] = lambda address: True  # whether a letter may be answered now


class Sink:
    """The server, in a thread of its own. `ids` and `recipients` count the letters taken."""

    def __init__(self) -> None:
        self.rules = Rules()
        self.ids: Counter[str] = Counter()
        self.recipients: Counter[str] = Counter()
        self.contents: dict[str, bytes] = {}
        self.empty_letters = 0
        self.connections = self.open_now = self.open_at_most = self.cuts = 0
        self.lines: set[asyncio.Transport] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)
        self._thread.start()
        self._listener = socket.create_server((HOST, 0))
        self.url = f"smtp://{HOST}:{self._listener.getsockname()[1]}"
        serving = self._loop.create_server(lambda: _Session(self), sock=self._listener)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(timeout=10)

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for line in list(self.lines):
            line.abort()
        while self.lines:
            await asyncio.sleep(0)


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self.sink, self.rules = sink, sink.rules
        self.buffer, self.in_letter = b"", False
        self.recipient, self.is_taken = "", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.line: asyncio.Transport = transport  # type: ignore[assignment]
        # asyncio does so only where the listener names its protocol; without it a third answer waits 40 ms for an ACK
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sink.lines.add(self.line)
        self.sink.connections += 1
        self.sink.open_now += 1
        self.sink.open_at_most = max(self.sink.open_at_most, self.sink.open_now)
        self.say("220 sink")

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.lines.discard(self.line)
        self.sink.open_now -= 1

    def data_received(self, received: bytes) -> None:
        self.buffer += received
        while self.buffer and not self.line.is_closing():
            mark = END if self.in_letter else b"\r\n"
            where = 0 if self.in_letter and self.buffer.startswith(b".\r\n") else self.buffer.find(mark)
            if where < 0:
                return
            skipped = 3 if not where and self.in_letter else len(mark)
            part, self.buffer = self.buffer[:where], self.buffer[where + skipped :]
            if self.in_letter:
                self.in_letter = False
                self.letter(part)
            else:
                self.command(part.decode("ascii"))

    def say(self, words: str) -> None:
        self.line.write(words.encode() + b"\r\n")

    def command(self, words: str) -> None:
        verb = words[:4].upper()
        if verb == "EHLO":
            offered = [*self.rules.extensions, "HELP"]
            self.say("\r\n".join(["250-sink", *(f"250-{one}" for one in offered[:-1]), f"250 {offered[-1]}"]))
        elif verb == "RCPT":
            self.rcpt(words.partition("<")[2].partition(">")[0])
        elif verb == "DATA":
            self.data()
        elif verb == "QUIT":
            self.say("221 bye")
            self.line.close()
        else:  # MAIL, RSET
            self.recipient, self.is_taken = "", False
            self.say("250 OK")

    def rcpt(self, address: str) -> None:
        self.recipient = address
        waiting = self.rules.rcpt.get(address)
        answer = self.rules.refused.get(address) or (waiting.pop(0) if waiting else "250 OK")
        self.is_taken = answer.startswith("2")
        self.say(answer)

    def data(self) -> None:
        answer = self.rules.at_data.pop(self.recipient, "354 go")
        if not self.is_taken and not self.rules.answers_data_anyway:
            answer = "554 nobody"
        self.in_letter = answer.startswith("354")
        self.say(answer)

    def letter(self, content: bytes) -> None:
        if not self.is_taken:
            self.sink.empty_letters += not content
            self.say("554 nobody")
        elif self.rules.ready(self.recipient):
            self.answer(content)

    def answer(self, content: bytes) -> None:
        is_cut = self.recipient in self.rules.cut_after
        is_kept = self.rules.cut_after.pop(self.recipient, True)
        answer = self.rules.at_end.pop(self.recipient, "250 OK")
        if is_kept and answer.startswith("2"):
            self.sink.ids[content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()] += 1
            self.sink.recipients[self.recipient] += 1
            self.sink.contents[self.recipient] = content
        if is_cut:
            self.sink.cuts += 1
            self.line.abort()
        else:
            self.say(answer)
