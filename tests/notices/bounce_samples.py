"""Delivery reports and complaints in the form in which mail servers write them; the words and addresses are our own."""

from pathlib import Path

FOLDER = Path(__file__).parent / "reports"
SERVERS = ("postfix", "exim", "exchange", "gmail")
DATE = "Mon, 23 Nov 2026 22:00:00 +0700"


def written(name: str, **facts: str) -> str:
    """A message of the folder `reports`, with these facts in it."""
    return (FOLDER / f"{name}.eml").read_text(encoding="utf-8").format(**facts)


def report(
    to: str,
    address: str = "an@example.com",
    *,
    server: str = "postfix",
    status: str = "5.1.1",
    action: str = "failed",
    code: str | None = None,
    date: str = DATE,
) -> bytes:
    """A report to the envelope sender `to` about `address`; `code` is what the other server answered."""
    facts = {"to": to, "address": address, "status": status, "action": action, "date": date}
    said = code or f"{status[0]}50 {status}"
    return written(server, **facts, code=said, original=written("original", **facts)).encode()


def complaint(to: str, address: str = "an@example.com", *, kind: str = "abuse", by_field: bool = False) -> bytes:
    """A complaint about a letter with the envelope sender `to`, told by Return-Path or by the report's own field."""
    mail_from = f"Original-Mail-From: <{to}>\n" if by_field else ""
    original = "(withheld)\n" if by_field else written("original", to=to, address=address)
    return written("complaint", kind=kind, mail_from=mail_from, original=original, date=DATE).encode()


def away(to: str, address: str = "an@example.com") -> bytes:
    """An answer that no person wrote (RFC 3834), which is no report."""
    return written("away", to=to, address=address, date=DATE).encode()


def of_several(to: str, *blocks: tuple[str, str, str]) -> bytes:
    """A report about several recipients: (address, action, status) each."""
    fields = "\n".join(
        f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"
        for address, action, status in blocks
    )
    head = f'To: {to}\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    return f"{head}\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{fields}\n--b--\n".encode()


def with_status_part(to: str, part: str) -> bytes:
    """A report whose status part is `part`, its headers included."""
    head = f'To: {to}\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    return f"{head}\n--b\n{part}\n--b--\n".encode()
