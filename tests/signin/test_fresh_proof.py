"""Fresh proof: asked is what signing in takes, and it is good for ten minutes."""

import re

import pytest
from sqlalchemy import select, update

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin.factors.models import Passkey
from portal.signin.models import SignIn
from tests.support.browse import Browse, token_of
from tests.support.people import PASSWORD, RECOVERY_CODES
from tests.support.second_step import made_careful, other_than

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CONFIRM = "/confirm-identity?next=/profile/email"
SEND = "/confirm-identity/code"


@pytest.fixture
def binh(app, make_customer):
    """She has a password, an authenticator app, and her codes on paper."""
    return made_careful(app, make_customer().admin)


@pytest.fixture
def dung(app, browse_as, make_customer, move_clock):
    """He came by Google: no password, no second step. His browser, eleven minutes later."""
    user = make_customer().admin
    browse = browse_as(user)
    with app.app_context():
        db.session.execute(update(User).where(User.id == user.id).values(password_hash=None))
        db.session.commit()
    move_clock(seconds=660)
    browse.user = user
    return browse


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def fields_of(page):
    return set(re.findall(r'name="(password|code)"', page.get_data(as_text=True)))


def mailed_code(mailbox, work, person):
    work()
    return re.search(r"\b(\d{6})\b", mailbox.wait_for(person.email, "signin/proof-code").text)[1]


def test_with_a_second_step_the_password_alone_is_no_proof(app, browse_as, binh, move_clock):
    browse = browse_as(binh)
    move_clock(seconds=660)
    assert browse.get("/profile/email").headers["Location"] == CONFIRM
    assert fields_of(browse.get(CONFIRM)) == {"password", "code"}
    code = browse.code_for(binh)

    refused = [
        browse.submit(CONFIRM, fields).status_code
        for fields in (
            {"password": PASSWORD},
            {"code": code},
            {"password": PASSWORD, "code": other_than(code)},
            {"password": "not her password", "code": code},
        )
    ]
    reply = browse.submit(CONFIRM, {"password": PASSWORD, "code": code})

    assert refused == [422] * 4
    assert (reply.status_code, reply.headers["Location"]) == (303, "/profile/email")
    assert browse.get("/profile/email").status_code == 200
    assert acts(app).count("proof.refused") == 1
    assert acts(app).count("second-step.refused") == 1


@ON_SQLITE
def test_a_code_that_proved_once_does_not_prove_again_and_a_recovery_code_does_once(browse_as, binh, move_clock):
    browse = browse_as(binh)
    move_clock(seconds=660)
    code = browse.code_for(binh)
    fields = {"password": PASSWORD, "code": code}
    by_paper = {"password": PASSWORD, "code": RECOVERY_CODES[0].lower()}

    replies = [browse.submit(CONFIRM, one).status_code for one in (fields, fields, by_paper, by_paper)]

    assert replies == [303, 422, 303, 422]


@ON_SQLITE
def test_a_plain_account_is_asked_for_its_password_only(browse_as, make_customer, move_clock):
    browse = browse_as(make_customer().admin)
    move_clock(seconds=660)

    shown = fields_of(browse.get(CONFIRM))
    reply = browse.submit(CONFIRM, {"password": PASSWORD})

    assert shown == {"password"}
    assert reply.headers["Location"] == "/profile/email"


def test_who_has_neither_password_nor_second_step_types_a_mailed_code(app, dung, mailbox, work):
    assert "Send me the code" in dung.get(CONFIRM).get_data(as_text=True)

    sent = dung.submit(f"{SEND}?next=/profile/email", page=CONFIRM)
    code = mailed_code(mailbox, work, dung.user)
    wrong = dung.submit(CONFIRM, {"code": other_than(code)})
    reply = dung.submit(CONFIRM, {"code": f" {code[:3]} {code[3:]} "})
    again = dung.submit(CONFIRM, {"code": code})

    assert sent.headers["Location"] == CONFIRM
    assert (wrong.status_code, again.status_code) == (422, 422)
    assert reply.headers["Location"] == "/profile/email"
    assert dung.get("/profile/email").status_code == 200
    assert "proof.code-mailed" in acts(app)
    with app.app_context():
        assert db.session.scalar(select(SignIn.is_strong)) is False


@ON_SQLITE
def test_a_mailed_code_bears_five_tries(dung, mailbox, work):
    dung.submit(SEND, page=CONFIRM)
    code = mailed_code(mailbox, work, dung.user)

    replies = [dung.submit(CONFIRM, {"code": other_than(code)}) for _ in range(5)]
    too_late = dung.submit(CONFIRM, {"code": code})

    assert [reply.status_code for reply in replies] == [422] * 5
    assert "send you a new one" in replies[-1].get_data(as_text=True)
    assert too_late.status_code in (422, 429)
    assert dung.get("/profile/email").status_code == 303


@ON_SQLITE
def test_a_mailed_code_is_good_for_ten_minutes_in_its_browser_and_the_newest_one_counts(
    app, dung, browse_as, mailbox, work, move_clock
):
    dung.submit(SEND, page=CONFIRM)
    first = mailed_code(mailbox, work, dung.user)
    mailbox.clear()
    dung.submit(SEND, page=CONFIRM)
    second = mailed_code(mailbox, work, dung.user)

    assert first == second or dung.submit(CONFIRM, {"code": first}).status_code == 422
    move_clock(seconds=660 + 601)
    assert dung.submit(CONFIRM, {"code": second}).status_code == 422


@ON_SQLITE
def test_who_can_prove_otherwise_gets_no_code_by_mail(app, browse_as, make_customer, mailbox, work):
    alice = make_customer().admin

    browse_as(alice).submit(SEND, page="/confirm-identity")
    work()

    assert "proof.code-mailed" not in acts(app)
    assert mailbox.empty()


@ON_SQLITE
def test_who_has_nothing_but_a_passkey_is_asked_for_that_and_typing_does_nothing(app, dung):
    with app.app_context():
        db.session.add(Passkey(user_id=dung.user.id, credential_id=b"a key", public_key=b"public", name="Phone"))
        db.session.commit()

    page = dung.get(CONFIRM)
    reply = dung.post(CONFIRM, {"csrf_token": token_of(page), "password": "", "code": "123456"})

    assert fields_of(page) == set()
    assert "/confirm-identity/passkey" in page.get_data(as_text=True)
    assert reply.status_code == 200
    assert dung.get("/profile/email").status_code == 303


@ON_SQLITE
def test_a_button_is_not_lost_behind_the_proof_but_leads_back_to_its_page(browse_as, binh, move_clock):
    browse = browse_as(binh)
    token = token_of(browse.get("/security/two-step"))
    move_clock(seconds=660)

    def asked(referrer):
        headers = {"Referer": referrer} if referrer else {}
        return browse.post("/security/two-step/off", {"csrf_token": token}, headers=headers).headers["Location"]

    assert asked("http://localhost/security/two-step") == "/confirm-identity?next=/security/two-step"
    assert asked("https://evil.example/overview") == "/confirm-identity?next=/security"
    assert asked("http://localhost/security/two-step/off") == "/confirm-identity?next=/security"
    assert asked(None) == "/confirm-identity?next=/security"


@ON_SQLITE
def test_guessing_from_a_stolen_session_has_to_wait(browse_as, binh, move_clock):
    stolen = browse_as(binh)
    replies = []
    for minute in range(12):
        move_clock(seconds=660 + 70 * minute)  # the waits before are over
        replies.append(stolen.submit(CONFIRM, {"password": "a guess", "code": "123456"}).status_code)

    waiting = stolen.submit(CONFIRM, {"password": PASSWORD, "code": stolen.code_for(binh)})

    assert replies == [422] * 12
    assert waiting.status_code == 429
    assert 1 <= int(waiting.headers["Retry-After"]) <= 64


def test_a_proof_gives_the_session_a_new_secret_and_a_copy_of_the_old_cookie_opens_nothing(
    app, browse_as, make_customer, move_clock
):
    browse, copied = browse_as(make_customer().admin), Browse(app)
    copied.client.set_cookie("sid", browse.client.get_cookie("sid").value)
    move_clock(seconds=660)
    assert copied.get("/overview").status_code == 200

    browse.submit(CONFIRM, {"password": PASSWORD})

    assert copied.get("/overview").status_code == 303
    assert browse.get("/profile/email").status_code == 200
