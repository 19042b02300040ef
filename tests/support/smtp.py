"""A real SMTP server for the tests, whose letters can be waited for and whose answers can be scripted."""

import asyncio
import email.policy
import socket
import threading
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
LETTER_HEADER = "X-Portal-Letter"  # <room>/<letter>, as the contract has it


class Late(AssertionError):
    """The letter did not come in time; the text says what did."""


@dataclass(frozen=True)
class Letter:
    """An accepted message: who it was for on the wire, who from, its bytes, and it parsed."""

    recipient: str
    sender: str
    content: bytes
    message: EmailMessage

    @property
    def name(self) -> str:
        """Which letter it is, such as `policies/changed`."""
        return str(self.message.get(LETTER_HEADER, ""))

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


@dataclass
class Script:
    """What the server was told to do; each rule counts down and is gone when used up."""

    refused: dict[str, int] = field(default_factory=dict)  # address: code
    deferred: Counter[str] = field(default_factory=Counter)  # address: how often still
    drops: list[bool] = field(default_factory=list)  # per drop still to do: is the letter kept?
    silent: bool = False


class Mailbox:
    """The server and what it received. `url` is what PORTAL_SMTP_URL takes; it survives down() and up()."""

    def __init__(self) -> None:
        self.script = Script()
        self._letters: list[Letter] = []
        self._attempts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._sessions: set[asyncio.BaseTransport] = set()
        self._speaking = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()
        self._speaking.set()
        self.up()

    def __enter__(self) -> "Mailbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server for good."""
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    # What arrived

    def letters(self, recipient: str | None = None, letter: str | None = None) -> list[Letter]:
        """Everything accepted so far, oldest first; for one recipient, of one kind (`<room>/<letter>`)."""
        with self._changed:
            return [one for one in self._letters if _fits(one, recipient, letter)]

    def wait_for(self, recipient: str, letter: str | None = None, *, count: int = 1, timeout: float = 10.0) -> Letter:
        """The newest letter to `recipient`, once `count` have come. Raises Late after `timeout` seconds."""

        def found() -> list[Letter]:
            return [one for one in self._letters if _fits(one, recipient, letter)]

        with self._changed:
            if self._changed.wait_for(lambda: len(found()) >= count, timeout):
                return found()[-1]
            came = [f"{one.name or one.subject} to {one.recipient}" for one in self._letters]
        raise Late(f"no {letter or 'letter'} to {recipient} in {timeout} s; came: {came or 'nothing'}")

    def wait_for_attempt(self, address: str, *, count: int = 1, timeout: float = 10.0) -> None:
        """Until the server was asked `count` times to take a letter for `address`, whatever it answered."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._attempts[address.lower()] >= count, timeout):
                raise Late(f"{self._attempts[address.lower()]} of {count} attempts for {address}")

    def empty(self) -> bool:
        """Whether nothing was accepted since the start, or since clear()."""
        return not self.letters()

    def clear(self) -> None:
        """Forget the letters and the script, and speak again."""
        was_silent = self.script.silent
        self.script = Script()
        if was_silent:
            self.down()  # those who wait for an answer never get one
            self._loop.call_soon_threadsafe(self._speaking.set)
        if self._server is None:
            self.up()
        with self._changed:
            self._letters.clear()
            self._attempts.clear()

    # What it shall answer

    def refuse(self, address: str, *, code: int = 550) -> None:
        """Answer RCPT for `address` with a permanent failure, until clear()."""
        self.script.refused[address.lower()] = code

    def defer(self, address: str, *, times: int = 1) -> None:
        """Answer the next `times` RCPTs for `address` with 451, then accept."""
        self.script.deferred[address.lower()] = times

    def drop_answer(self, *, times: int = 1, keep: bool = True) -> None:
        """Cut the line in place of the answer to the next DATA; `keep`: the letter was taken all the same."""
        self.script.drops = [keep] * times

    def blackhole(self) -> None:
        """Take connections and bytes, and say nothing more, until clear()."""
        self.script.silent = True
        self._loop.call_soon_threadsafe(self._speaking.clear)

    def down(self) -> None:
        """Be gone: new connections are refused and open ones cut."""
        self._run(self._down())

    def up(self) -> None:
        """Be back, at the same address."""
        self._run(self._up())

    # Inside

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _up(self) -> None:
        listener = socket.create_server((HOST, self.port))
        self.port = listener.getsockname()[1]
        self._server = await self._loop.create_server(self._session, sock=listener)

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._sessions):
            transport.abort()  # type: ignore[attr-defined]

    def _session(self) -> asyncio.Protocol:
        if self.script.silent:
            return _Silent(self._sessions)
        return _Session(_Handler(self), self._sessions, self._loop)

    def _attempted(self, address: str) -> str:
        """What RCPT is answered."""
        with self._changed:
            self._attempts[address.lower()] += 1
            self._changed.notify_all()
        if code := self.script.refused.get(address.lower()):
            return f"{code} 5.1.1 No such person here"
        if self.script.deferred[address.lower()] > 0:
            self.script.deferred[address.lower()] -= 1
            return "451 4.3.2 Not now, please come again"
        return "250 2.1.5 OK"

    def _accept(self, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        message = BytesParser(policy=email.policy.default).parsebytes(content)
        with self._changed:
            for address in envelope.rcpt_tos:
                self._letters.append(Letter(address, envelope.mail_from or "", content, message))
            self._changed.notify_all()


def _fits(one: Letter, recipient: str | None, letter: str | None) -> bool:
    return (recipient is None or one.recipient.lower() == recipient.lower()) and letter in (None, one.name)


class _Silent(asyncio.Protocol):
    """Takes everything and answers nothing."""

    def __init__(self, sessions: set[asyncio.BaseTransport]) -> None:
        self.sessions = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.sessions.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.sessions.discard(self.transport)


class _Session(SMTP):
    """aiosmtpd's session, remembered so that down() can cut it."""

    def __init__(
        self, handler: "_Handler", sessions: set[asyncio.BaseTransport], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(handler, enable_SMTPUTF8=True, hostname="localhost", loop=loop)
        self.sessions = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.line = transport
        self.sessions.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.sessions.discard(self.line)
        super().connection_lost(error)


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        await self.mailbox._speaking.wait()
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await self.mailbox._speaking.wait()
        answer = self.mailbox._attempted(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        await self.mailbox._speaking.wait()
        drops = self.mailbox.script.drops
        if not drops:
            self.mailbox._accept(envelope)
            return "250 2.0.0 Taken"
        if drops.pop():
            self.mailbox._accept(envelope)
        server.transport.abort()
        return "421 4.3.0 This line is cut and nobody reads it"
