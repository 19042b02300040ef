"""One letter to many as bytes: what is the same for all is encoded once, the rest is poured in between.

A letter leaves as 8-bit text where the server takes it (RFC 6152), and as quoted-printable where it does not, or where
a line would pass the 998 octets of RFC 5322, 2.1.1. What is poured in has no line breaks, cannot know the boundary
between the parts, and is escaped in HTML: a name starts no header, no part and no element.
"""

from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from markupsafe import escape

from portal.core import clock, hashes
from portal.extensions import settings
from portal.notices.engine.claiming import Held
from portal.notices.engine.skeleton import Skeleton, as_one_line, concerning
from portal.notices.models import Notice, NoticeKind

LINE_OCTETS = 998
SLOT_OCTETS = 250
"""Room that a line keeps for each personal part; a letter to a longer name goes as quoted-printable."""

KINDS_OF_PEOPLE = 2_000
"""Sets of lines that one lane remembers ready-made."""

ADVERTISING = "[QC] "
"""First in the subject of every advertising letter (Decree 91/2020/ND-CP, Art. 15)."""

OF_ANY_LENGTH = ("html full_name", "html company_name", "html unsubscribe")
Encode = Callable[[bytes], bytes]


class Mould:
    """The letter of one notice in one language, ready to be poured."""

    def __init__(self, notice: Notice, words: Skeleton) -> None:
        self._lines = words.lines
        self._concerning: dict[int, tuple[bytes, bytes]] = {0: (b"", b"")}
        self._id = f"<notice-{notice.id}-"
        self._host = parseaddr(settings().mail_from)[1].rpartition("@")[2]
        self._eight_bit = _Form(notice, words, is_eight_bit=True)
        self._seven_bit = _Form(notice, words, is_eight_bit=False)
        self._second, self._date = 0, b""

    def pour(self, held: Held, *, unsubscribe: str = "", is_eight_bit: bool) -> bytes:
        """The whole message for one reader, its lines ended by CRLF; the address is one that an Envelope took."""
        values = self._values(held, unsubscribe)
        if is_eight_bit and max(len(values[part]) for part in OF_ANY_LENGTH) <= SLOT_OCTETS:
            return self._eight_bit.pour(values)
        return self._seven_bit.pour(values)

    def _values(self, held: Held, unsubscribe: str) -> dict[str, bytes]:
        name, company = as_one_line(held.full_name), as_one_line(held.company_name)
        text, html = self._concerning.get(held.concerns) or self._for_all_like(held.concerns)
        return {
            "to": held.address.encode(),
            "date": self._now(),
            "id": f"{self._id}{held.id}@{self._host}>".encode(),
            "full_name": name.encode(),
            "company_name": company.encode(),
            "unsubscribe": unsubscribe.encode(),
            "for_you": text,
            "html full_name": escape(name).encode(),
            "html company_name": escape(company).encode(),
            "html unsubscribe": escape(unsubscribe).encode(),
            "html for_you": html,
        }

    def _for_all_like(self, concerns: int) -> tuple[bytes, bytes]:
        """The lines of everyone whom the same concerns; made once for as many kinds of people as a lane keeps."""
        if len(self._concerning) >= KINDS_OF_PEOPLE:
            self._concerning.clear()
        text, html = concerning(self._lines, concerns)
        made = self._concerning[concerns] = (_with_crlf(text), _with_crlf(html))
        return made

    def _now(self) -> bytes:
        now = clock.now()
        if (second := int(now.timestamp())) != self._second:
            self._second, self._date = second, format_datetime(now).encode()
        return self._date


class _Form:
    """A message as bytes with gaps, and which value, encoded how, fills each gap."""

    def __init__(self, notice: Notice, words: Skeleton, *, is_eight_bit: bool) -> None:
        self._pieces: list[bytes] = []
        self._gaps: list[tuple[str, Encode | None]] = []
        self._open = _headers(notice, words.subject)
        for name, gap in (("Date", "date"), ("Message-ID", "id"), ("To", "to")):
            self._leave(f"{name}: ", gap, "\r\n")
        if notice.kind == NoticeKind.CAMPAIGN:
            self._leave("List-Unsubscribe: <", "unsubscribe", ">\r\n")
        boundary = hashes.new_secret()
        self._open += (
            f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        )
        for kind, prefix, pieces in (("plain", "", words.text), ("html", "html ", words.html)):
            is_plain_enough = is_eight_bit and _is_short(pieces, words.lines, "html" if prefix else "text")
            self._add_part(boundary, kind, prefix, pieces, is_eight_bit=is_plain_enough)
        self._pieces.append(self._open + f"--{boundary}--\r\n".encode())

    def pour(self, values: Mapping[str, bytes]) -> bytes:
        """The message with each gap filled."""
        filled = self._pieces.copy()
        filled[1::2] = [values[name] if encode is None else encode(values[name]) for name, encode in self._gaps]
        return b"".join(filled)

    def _leave(self, before: str, gap: str, after: str) -> None:
        self._add_gap(before.encode(), gap, None)
        self._open = after.encode()

    def _add_gap(self, before: bytes, gap: str, encode: Encode | None) -> None:
        self._pieces += [self._open + before, b""]
        self._gaps.append((gap, encode))
        self._open = b""

    def _add_part(self, boundary: str, kind: str, prefix: str, pieces: Sequence[str], *, is_eight_bit: bool) -> None:
        encoding = "8bit" if is_eight_bit else "quoted-printable"
        self._open += f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'.encode()
        self._open += f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        for i, piece in enumerate(pieces):
            if i % 2:
                self._add_gap(b"", prefix + piece, None if is_eight_bit else _quoted_in_between)
            else:
                self._open += _with_crlf(piece) if is_eight_bit else _quoted(_with_crlf(piece))
        self._open += b"\r\n"


def _headers(notice: Notice, subject: str) -> bytes:
    """What every reader's message starts with, folded and encoded by the library."""
    name, address = parseaddr(settings().mail_from)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["Reply-To"] = settings().support_email
    message["Auto-Submitted"] = "auto-generated"
    message["X-Portal-Letter"] = notice.letter
    if notice.kind == NoticeKind.CAMPAIGN:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        subject = subject if subject.startswith(ADVERTISING) else ADVERTISING + subject
    message["Subject"] = subject
    return message.as_bytes().rstrip() + b"\r\n"


def _is_short(pieces: Sequence[str], lines: Sequence[Mapping[str, str]], kind: str) -> bool:
    """Whether every line stays within 998 octets, whatever is poured in."""
    longest = max((len(part.encode()) for line in lines for part in line[kind].splitlines()), default=0)
    room = {"for_you": "x" * longest}
    filled = "".join(room.get(piece, "x" * SLOT_OCTETS) if i % 2 else piece for i, piece in enumerate(pieces))
    return all(len(line) <= LINE_OCTETS for line in _with_crlf(filled).split(b"\r\n"))


def _with_crlf(words: str) -> bytes:
    return words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


def _quoted(words: bytes) -> bytes:
    """As quoted-printable (RFC 2045, 6.7), in lines of 76."""
    return b2a_qp(words.replace(b"\r\n", b"\n"), istext=True).replace(b"\n", b"\r\n")


def _quoted_in_between(words: bytes) -> bytes:
    """The same for what is poured in: between soft line breaks, so that no line grows too long."""
    return b"=\r\n" + _quoted(words) + b"=\r\n"
