"""Reports are read as servers write them, and as strangers write them: never an error, never a belief too much."""

import base64
from datetime import UTC, datetime

import pytest

from portal.mailer import verp
from portal.notices.returns import reports
from portal.notices.returns.reports import READ_BYTES
from portal.notices.returns.verdicts import Fate, Verdict, verdict
from tests.notices import bounce_samples as samples

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
AN = "an@example.com"
FIELDS = f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {AN}\nAction: failed\nStatus: 5.1.1\n"


@pytest.fixture
def to(app):
    """The envelope sender of delivery 4711."""
    with app.app_context():
        yield verp.envelope_sender("n", 4711)


def judged(content, address=AN):
    return verdict(reports.read(content).recipients, address)


@pytest.mark.parametrize("server", samples.SERVERS)
def test_each_servers_report_names_the_letter_and_why_it_came_back(to, server):
    report = reports.read(samples.report(to, server=server))

    assert report.origin == ("n", 4711)
    assert verdict(report.recipients, AN) == Verdict(Fate.HARD, "5.1.1")
    assert report.written_at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("server", samples.SERVERS)
def test_windows_line_ends_change_nothing(to, server):
    content = samples.report(to, server=server).replace(b"\n", b"\r\n")

    assert reports.read(content).origin == ("n", 4711)
    assert judged(content) == Verdict(Fate.HARD, "5.1.1")


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "unheard-of"])
def test_only_what_failed_came_back(to, action):
    assert judged(samples.report(to, action=action)).fate == Fate.ARRIVED


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("5.1.1", Fate.HARD),
        ("5.1.10", Fate.HARD),
        ("5.2.1", Fate.HARD),
        ("5.4.4", Fate.HARD),
        ("5.0.0", Fate.HARD),
        ("5.2.2", Fate.SOFT),
        ("4.2.2", Fate.SOFT),
        ("4.4.7", Fate.SOFT),
        ("5.7.1", Fate.REFUSED),
        ("5.7.515", Fate.REFUSED),
        ("5.6.0", Fate.REFUSED),
        ("5.2.3", Fate.REFUSED),
        ("5.3.4", Fate.REFUSED),
        ("5.1.8", Fate.REFUSED),
        ("2.0.0", Fate.ARRIVED),
    ],
)
def test_full_and_unwanted_are_not_the_same_as_nobody_there(to, status, fate):
    assert judged(samples.report(to, status=status)).fate == fate


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        ("5.0.0", "550 5.7.1 Blocked", Verdict(Fate.REFUSED, "5.7.1")),
        ("5.0.0", "552 Mailbox full", Verdict(Fate.SOFT, "5.2.2")),
        ("5.0.0", "550 unknown", Verdict(Fate.HARD, "5.0.0")),
        ("", "550 5.1.1 <an@example.com> unknown", Verdict(Fate.HARD, "5.1.1")),
        ("", "550 unknown", Verdict(Fate.HARD, "5.0.0")),
        ("", "451 later", Verdict(Fate.SOFT, "4.0.0")),
        ("", "no number at all", Verdict(Fate.ARRIVED)),
        ("five", "host 5.1.1.7 is down", Verdict(Fate.ARRIVED)),
        ("5.1.1 (no such user)", "", Verdict(Fate.HARD, "5.1.1")),
        ("5.001.001", "", Verdict(Fate.HARD, "5.1.1")),
        ("5.1.1; DROP", "", Verdict(Fate.HARD, "5.1.1")),
        ("5.9999.1", "", Verdict(Fate.ARRIVED)),
        ("\u0665.1.1", "", Verdict(Fate.ARRIVED)),
    ],
)
def test_a_vague_status_is_made_exact_by_the_other_servers_words(to, status, said, expected):
    part = f"Content-Type: message/delivery-status\n\nA: b\n\nAction: failed\nFinal-Recipient: rfc822;{AN}\n"
    content = samples.with_status_part(to, f"{part}Status: {status}\nDiagnostic-Code: smtp; {said}\n")

    assert judged(content) == expected


def test_where_one_of_several_got_it_nobody_is_missing(to):
    several = samples.of_several(to, ("a@example.com", "failed", "5.1.1"), ("b@example.com", "delivered", "2.1.5"))

    assert judged(several).fate == Fate.ARRIVED


def test_where_one_of_several_is_only_full_it_is_only_full(to):
    several = samples.of_several(to, ("a@example.com", "failed", "5.1.1"), ("b@example.com", "failed", "5.2.2"))

    assert judged(several) == Verdict(Fate.SOFT, "5.2.2")


def test_what_is_said_of_the_address_itself_counts_before_all_others(to):
    several = samples.of_several(to, (AN.upper(), "failed", "5.1.1"), ("b@example.com", "delivered", "2.1.5"))

    assert judged(several) == Verdict(Fate.HARD, "5.1.1")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_status_that_somebody_encoded_is_decoded(to, encoding):
    written = base64.encodebytes(FIELDS.encode()).decode() if encoding == "base64" else FIELDS.replace("=", "=3D")
    head = f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding}\n\n"

    assert judged(samples.with_status_part(to, head + written)) == Verdict(Fate.HARD, "5.1.1")


def wrapped(to, before, after=""):
    head = f'To: {to}\nContent-Type: multipart/mixed; boundary="w"\n\n--w\n'
    return f"{head}{before}{samples.report(to).decode()}\n--w{after}--\n".encode()


def test_a_report_inside_a_lists_wrapping_is_found(to):
    content = wrapped(to, "", after="\nContent-Type: text/plain\n\nFooter\n--w")

    assert judged(content) == Verdict(Fate.HARD, "5.1.1")


def test_a_report_that_was_itself_returned_is_not_read(to):
    content = wrapped(to, "Content-Type: message/rfc822\n\n")

    assert judged(content).fate == Fate.ARRIVED


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_address_is_found_where_servers_put_it(to, header):
    assert reports.read(f"{header}: <{to.upper()}>\n\nHello".encode()).origin == ("n", 4711)


def test_the_address_may_be_given_by_the_pipe(to):
    assert reports.read(b"To: postmaster@example.com\n\nHello", recipient=to).origin == ("n", 4711)


@pytest.mark.parametrize("header", ["From", "Subject", "Cc", "Reply-To"])
def test_the_address_is_not_taken_from_anywhere(to, header):
    assert reports.read(f"{header}: <{to}>\n\nHello {to}".encode()).origin is None


@pytest.mark.parametrize("by_field", [True, False])
def test_a_complaint_names_the_letter_it_is_about(to, by_field):
    report = reports.read(samples.complaint(to, by_field=by_field))

    assert (report.origin, report.is_complaint) == (("n", 4711), True)


@pytest.mark.parametrize("kind", ["not-spam", "virus", "", "other"])
def test_other_feedback_is_no_complaint(to, kind):
    assert not reports.read(samples.complaint(to, kind=kind)).is_complaint


def nested(depth):
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return (head + "Content-Type: text/plain\n\nHello\n").encode()


HOSTILE = {
    "empty": b"",
    "a line end": b"\r\n\r\n",
    "nothing but NUL": b"\0" * 5000,
    "no text at all": bytes(range(256)) * 50,
    "half a character": b"To: \xc3\nContent-Type: multipart/report; boundary=\xff\n\n--\xff\n",
    "no boundary": b"Content-Type: multipart/report; report-type=delivery-status\n\n--\n--b\n",
    "an empty boundary": b'Content-Type: multipart/report; boundary=""\n\n--\nContent-Type: text/plain\n\nA: b\n--\n',
    "an unheard-of charset": b"Content-Type: multipart/report; boundary*=no-such-charset'x'%ff%fe; charset=\"\0\"\n\nx",
    "a charset without letters": b"Content-Type: multipart/report; boundary*=idna''abc\n\n--abc\n\nx",
    "a charset that never works": b"Content-Type: multipart/report; boundary*=undefined''abc\n\n--abc\n\nx",
    "NUL in a charset": b"Content-Type: multipart/report; boundary*=utf-8\0''abc\n\n--abc\n\nx",
    "a type that is none": b"Content-Type: ;;;;/////; = = ;\n\nx",
    "a thousand parts deep": nested(3000),
    "a million parts": b'Content-Type: multipart/report; boundary="b"\n\n' + b"--b\n" * 1_000_000,
    "a type without end": b"Content-Type: " + b';="' * 300_000 + b"\n\nx",
    "headers without end": b"To: <a@b.example>\n" * 200_000,
    "a header folded without end": b"To: x\n" + b" y\n" * 300_000,
    "a date of another age": b"Date: Mon, 99 Nov 99999999 99:99:99 +9999\n\nx",
    "addresses without end": b"To: " + b"bounces+n1-" * 100_000 + b"\n\nx",
    "statuses without end": samples.with_status_part(
        "x", "Content-Type: message/delivery-status\n\nA: b\n\n" + "Action: failed\n\n" * 50_000
    ).rstrip(),
    "bad base64": samples.with_status_part(
        "x", "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n=A=B=C\u00e9"
    ),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_whatever_comes_is_read_without_an_error(app, content):
    with app.app_context():
        report = reports.read(content)

        assert report.origin is None
        assert verdict(report.recipients, AN).fate == Fate.ARRIVED


@pytest.mark.parametrize("server", samples.SERVERS)
def test_a_report_cut_off_anywhere_is_read_as_far_as_it_goes(to, server):
    whole = samples.report(to, server=server)

    for length in range(0, len(whole), 11):
        report = reports.read(whole[:length])
        assert report.origin in (None, ("n", 4711))
        assert verdict(report.recipients, AN).fate in (Fate.ARRIVED, Fate.HARD)


@pytest.mark.parametrize("server", samples.SERVERS)
def test_noise_in_a_report_is_never_an_error(to, server):
    whole = samples.report(to, server=server)

    for place in range(0, len(whole), 7):
        reports.read(whole[:place] + b"\0\xff\xc3" + whole[place + 3 :])


def test_ten_megabytes_are_not_looked_at(to):
    content = samples.report(to) + b"x" * 10_000_000

    assert judged(content) == Verdict(Fate.HARD, "5.1.1")
    assert judged(samples.report(to).replace(b"--9D1C", b"x" * READ_BYTES + b"\n--9D1C", 1)).fate == Fate.ARRIVED
