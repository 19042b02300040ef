"""Over an encrypted line to a server that cannot prove who it is, no letter goes."""

import ssl
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.core import clock
from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.mailer.post import Reader, write
from portal.work import runner
from tests.support.portal import free_port
from tests.support.portals import portal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def self_signed(folder):
    """A certificate for localhost that nobody vouches for; the context of a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


class Taking:
    """A server's handler that remembers what it was given."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope.rcpt_tos)
        return "250 2.0.0 Taken"


@pytest.fixture
def server(tmp_path):
    handler = Taking()
    context = self_signed(tmp_path)
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True)
    controller.start()
    controller.taken = handler.taken
    yield controller
    controller.stop()


def test_clause_7_1_a_server_with_a_certificate_of_its_own_making_gets_no_letter(environ, server):
    with portal(environ | {"PORTAL_SMTP_URL": f"smtp://localhost:{server.port}?starttls=1"}) as app, app.app_context():
        write("signin/reset-password", Reader("alice@example.com", "en"), {"full_name": "Alice", "link": "x"})
        db.session.commit()

        runner.run("letter")

        letter = db.session.query(Letter).one()
        assert (letter.state, letter.failure) == (LetterState.QUEUED, "SSLCertVerificationError")
        assert letter.due_at > clock.now()
    assert server.taken == []


def test_a_relay_that_nobody_vouches_for_is_in_the_log(capfd, environ, server):
    with portal(environ | {"PORTAL_SMTP_URL": f"smtp://localhost:{server.port}?starttls=1"}) as app, app.app_context():
        write("signin/reset-password", Reader("alice@example.com", "en"), {"full_name": "Alice", "link": "x"})
        db.session.commit()

        runner.run("letter")

    logged = capfd.readouterr().err
    assert "duty.failed" in logged
    assert "SSLCertVerificationError" in logged
    assert "alice" not in logged.lower()


def test_a_server_whose_certificate_is_vouched_for_gets_it(environ, server, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with portal(environ | {"PORTAL_SMTP_URL": f"smtp://localhost:{server.port}?starttls=1"}) as app, app.app_context():
        write("signin/reset-password", Reader("alice@example.com", "en"), {"full_name": "Alice", "link": "x"})
        db.session.commit()

        runner.run("letter")

        assert db.session.query(Letter).one().state == LetterState.SENT
    assert server.taken == [["alice@example.com"]]
