"""The letters that every yardstick sends: those of the portal itself, as they once went over the wire."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

ON_THE_WIRE = re.compile(
    rb"MAIL FROM:<(?P<sender>[^>]*)>(?P<options>[^\r]*)\r\nRCPT TO:<(?P<to>[^>]*)>[^\r]*\r\nDATA\r\n"
    rb"(?P<content>.*?\r\n)\.\r\n",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True)
class Letter:
    """One letter with its envelope; `wire` is the content with its dots doubled (RFC 5321, 4.5.2)."""

    sender: str
    to: str
    options: tuple[str, ...]
    wire: bytes

    @property
    def content(self) -> bytes:
        return self.wire.replace(b"\r\n..", b"\r\n.")

    @property
    def words(self) -> tuple[str, str, str]:
        """Subject, text and HTML, for those who make a message of them themselves."""
        message = email.message_from_bytes(self.content, policy=email.policy.default)
        text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert html is not None
        return str(message["Subject"]), text.get_content(), html.get_content()


def read(file: Path) -> list[Letter]:
    """All letters of what a client once said to a mail server."""
    return [
        Letter(
            sender=found["sender"].decode(),
            to=found["to"].decode(),
            options=tuple(found["options"].decode().lower().split()),
            wire=found["content"],
        )
        for found in ON_THE_WIRE.finditer(file.read_bytes())
    ]


def repeated(letters: list[Letter], count: int) -> Iterator[Letter]:
    """`count` letters, from the first on, again and again."""
    return islice(cycle(letters), count)
