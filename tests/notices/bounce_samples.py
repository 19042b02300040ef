"""Delivery reports and complaints in the form in which mail servers write them; the words and addresses are our own."""

from textwrap import dedent

ORIGINAL = """\
Return-Path: <{to}>
From: Smartos <no-reply@smartos.space>
To: {address}
Subject: Our privacy policy changes
Message-ID: <notice-1@smartos.space>
Auto-Submitted: auto-generated

(cut)
"""

POSTFIX = """\
Return-Path: <>
X-Original-To: {to}
Delivered-To: {to}
Received: by mx.example.net (Postfix)
\tid 4F2A91C0043; {date}
Date: {date}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9D1C31C0042.1795600000/mx.example.net"
Content-Transfer-Encoding: 8bit
Message-Id: <20261123220000.4F2A91C0043@mx.example.net>

This is a MIME-encapsulated message.

--9D1C31C0042.1795600000/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.example.net. <{address}>: host mail.example.com said: {code} No.

--9D1C31C0042.1795600000/mx.example.net
Content-Description: Delivery report
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 9D1C31C0042
X-Postfix-Sender: rfc822; {to}
Arrival-Date: {date}

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; {code} No, not with us

--9D1C31C0042.1795600000/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/global
Content-Transfer-Encoding: 8bit

{original}
--9D1C31C0042.1795600000/mx.example.net--
"""

EXIM = """\
Return-path: <>
Envelope-to: {to}
Delivery-date: {date}
Received: from Debian-exim by mx.example.net with local (Exim 4.96)
\tid 1xYzAb-0001Qr-2f; {date}
X-Failed-Recipients: {address}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: {to}
References: <notice-1@smartos.space>
Content-Type: multipart/report; report-type=delivery-status; boundary=1795600000-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1xYzAb-0001Qr-2f@mx.example.net>
Date: {date}

--1795600000-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

A message that you sent could not be delivered to one or more of its recipients.

--1795600000-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: {action}
Final-Recipient: rfc822;{address}
Status: 5.0.0
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; {code} No, not with us

--1795600000-eximdsn-1804289383
Content-type: text/rfc822-headers

{original}
--1795600000-eximdsn-1804289383--
"""

EXCHANGE = """\
From: <postmaster@corp.example.com>
To: <{to}>
Date: {date}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="5f8c6b1e-44e0-4a9b-9c3d-0d6c6b9f7a11"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: vi-VN
Message-ID: <5f8c6b1e-44e0-4a9b-9c3d-0d6c6b9f7a11@corp.example.com>
In-Reply-To: <notice-1@smartos.space>
Subject: =?utf-8?B?S2jDtG5nIGfhu61pIMSRxrDhu6Nj?=

--5f8c6b1e-44e0-4a9b-9c3d-0d6c6b9f7a11
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="2b1d6c55-75c5-4c0e-8b54-6f6d9d1c0a22"

--2b1d6c55-75c5-4c0e-8b54-6f6d9d1c0a22
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

S2jDtG5nIGfhu61pIMSRxrDhu6NjIHRoxrA=

--2b1d6c55-75c5-4c0e-8b54-6f6d9d1c0a22
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<html><body>Kh=C3=B4ng g=E1=BB=ADi =C4=91=C6=B0=E1=BB=A3c</body></html>

--2b1d6c55-75c5-4c0e-8b54-6f6d9d1c0a22--

--5f8c6b1e-44e0-4a9b-9c3d-0d6c6b9f7a11
Content-Type: message/delivery-status

Reporting-MTA: dns;HK0P1.apcprd01.prod.example.com
Received-From-MTA: dns;relay.smartos.space
Arrival-Date: {date}

Final-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp;{code} RESOLVER.ADR.RecipNotFound; not found
X-Display-Name: =?utf-8?B?Qsawbmg=?=

--5f8c6b1e-44e0-4a9b-9c3d-0d6c6b9f7a11
Content-Type: message/rfc822

{original}
--5f8c6b1e-44e0-4a9b-9c3d-0d6c6b9f7a11--
"""

GMAIL = """\
Delivered-To: {to}
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: {to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <notice-1@smartos.space>
X-Failed-Recipients: {address}
Message-ID: <673a5b2c.050a0220.1f2a3.0004.GMR@mx.google.example>
Date: {date}
Content-Type: multipart/report; boundary="00000000000071d6a206277a9c11"; report-type=delivery-status

--00000000000071d6a206277a9c11
Content-Type: multipart/related; boundary="00000000000071de5d06277a9c1f"

--00000000000071de5d06277a9c1f
Content-Type: multipart/alternative; boundary="00000000000071de6706277a9c20"

--00000000000071de6706277a9c20
Content-Type: text/plain; charset="UTF-8"

** Address not found **

--00000000000071de6706277a9c20--
--00000000000071de5d06277a9c1f
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=

--00000000000071de5d06277a9c1f--
--00000000000071d6a206277a9c11
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Received-From-MTA: dns; no-reply@smartos.space
Arrival-Date: {date}
X-Original-Message-ID: <notice-1@smartos.space>

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Remote-MTA: dns; gmail-smtp-in.example. (192.0.2.27, the server for the domain.)
Diagnostic-Code: smtp; {code} The email account that you tried to reach is not there.
 Please try double-checking the recipient's address. - gsmtp
Last-Attempt-Date: {date}

--00000000000071d6a206277a9c11
Content-Type: message/rfc822

{original}
--00000000000071d6a206277a9c11--
"""

COMPLAINT = """\
From: <feedback@mail.example.com>
Date: {date}
Subject: FW: Our offers
To: <abuse@smartos.space>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
\tboundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
{mail_from}
--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

{original}
--part1_13d.2e68ed54_boundary--
"""

AWAY = """\
From: {address}
To: {to}
Date: {date}
Subject: Out of office
Auto-Submitted: auto-replied
Content-Type: text/plain

I am away. My server says 550 5.1.1 no such user, which is only a quotation.
"""

SERVERS = {"postfix": POSTFIX, "exim": EXIM, "exchange": EXCHANGE, "gmail": GMAIL}
DATE = "Mon, 23 Nov 2026 22:00:00 +0700"


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
    return SERVERS[server].format(**facts, code=said, original=ORIGINAL.format(**facts)).encode()


def complaint(to: str, address: str = "an@example.com", *, kind: str = "abuse", by_field: bool = False) -> bytes:
    """A complaint about a letter with the envelope sender `to`, told by Return-Path or by the report's own field."""
    mail_from = f"Original-Mail-From: <{to}>\n" if by_field else ""
    original = "(withheld)\n" if by_field else ORIGINAL.format(to=to, address=address)
    return COMPLAINT.format(kind=kind, mail_from=mail_from, original=original, date=DATE).encode()


def away(to: str, address: str = "an@example.com") -> bytes:
    """An answer that no person wrote (RFC 3834), which is no report."""
    return AWAY.format(to=to, address=address, date=DATE).encode()


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
    return (
        dedent(f"""\
        To: {to}
        Content-Type: multipart/report; report-type=delivery-status; boundary="b"

        --b
        """)
        + f"{part}\n--b--\n"
    ).encode()
