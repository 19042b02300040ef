"""A forgotten password: a link that works once, for an hour, and tells nobody who is a customer."""

from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal.accounts import links
from portal.accounts.models import LinkPurpose
from portal.core.database import db
from portal.mailer.models import Letter
from tests.support.browse import Browse, link_in, token_of
from tests.support.golden import assert_golden
from tests.support.people import PASSWORD

NEW = "chiếc ghe chở đầy cam"
FORGED = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
LETTERS = Path(__file__).parent / "letters"


@pytest.fixture
def ask(browse, mailbox, work):
    """Ask for a link, and open the letter."""
    count = 0

    def ask(email):
        nonlocal count
        count += 1
        assert browse.submit("/forgot-password", {"email": email}).status_code == 303
        work()
        letter = mailbox.wait_for(email, "signin/reset-password", count=count)
        return link_in(letter.text, "/reset-password/")

    return ask


def test_somebody_forgot_sets_a_new_password_and_is_told(browse, make_customer, mailbox, work, ask):
    alice = make_customer(email="alice@example.com").admin
    link = ask(alice.email)
    assert browse.get(link).status_code == 200

    reply = browse.submit(link, {"password": NEW})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert browse.get("/overview").status_code == 303
    work()
    assert mailbox.wait_for(alice.email, "signin/password-changed")
    assert browse.submit("/sign-in", {"email": alice.email, "password": PASSWORD}).status_code == 422
    browse.sign_in(alice, NEW)


def test_clause_8_7_known_and_unknown_addresses_see_the_same_and_only_the_owner_is_told(
    app, make_customer, mailbox, work
):
    make_customer(email="alice@example.com")

    replies = [
        Browse(app).submit("/forgot-password", {"email": email})
        for email in ("alice@example.com", "nobody@example.com")
    ]
    work()

    known, unknown = [(r.status_code, r.headers["Location"], sorted(r.headers.keys())) for r in replies]
    assert known == unknown
    assert known[:2] == (303, "/forgot-password/sent")
    assert [letter.recipient for letter in mailbox.letters()] == ["alice@example.com"]


def test_clause_8_7_as_much_is_written_for_an_unknown_address_and_nothing_of_it_stays(app, make_customer, statements):
    known = make_customer().admin.email
    sent = []
    for email in (known, "nobody@example.com"):
        browse = Browse(app)
        token = token_of(browse.get("/forgot-password"))
        with statements() as seen:
            browse.post("/forgot-password", {"csrf_token": token, "email": email})
        sent.append(len(seen))

    assert sent[0] == sent[1]
    with app.app_context():
        assert db.session.scalars(select(Letter.address)).all() == [known]


def test_clause_8_7_a_link_works_once(browse, make_customer, ask):
    link = ask(make_customer().admin.email)
    browse.submit(link, {"password": NEW})

    again = browse.get(link)

    assert again.status_code == 404
    assert "does not work any more" in again.get_data(as_text=True)


def test_clause_8_7_only_the_newest_link_works(browse, make_customer, ask):
    alice = make_customer().admin
    first, second = ask(alice.email), ask(alice.email)

    assert browse.get(first).status_code == 404
    assert browse.submit(second, {"password": NEW}).status_code == 303


def test_clause_8_7_a_link_is_short_lived(browse, make_customer, ask, move_clock):
    link = ask(make_customer().admin.email)

    move_clock(seconds=3590)
    token = token_of(browse.get(link))
    move_clock(seconds=3605)

    assert browse.get(link).status_code == 404
    assert browse.post(link, {"csrf_token": token, "password": NEW}).status_code == 404


def test_clause_8_7_a_link_is_bound_to_its_purpose(browse, make_customer, ask):
    token = ask(make_customer().admin.email).rpartition("/")[2]

    assert browse.get(f"/verify-email/{token}").status_code == 404
    assert browse.get(f"/profile/email/{token}").status_code == 404
    assert browse.get(f"/reset-password/{token}").status_code == 200


def test_clause_8_7_no_link_does_the_act_of_another(app, make_customer):
    alice = make_customer().admin
    with app.app_context():
        secrets = {purpose: links.issue(alice, purpose, hours=1)[0] for purpose in LinkPurpose}
        db.session.commit()

        found = {
            (for_one, for_other)
            for for_one, secret in secrets.items()
            for for_other in LinkPurpose
            if links.find(secret, for_other)
        }

    assert found == {(purpose, purpose) for purpose in LinkPurpose}


def test_looking_at_a_link_does_not_use_it_up(browse, make_customer, ask):
    link = ask(make_customer().admin.email)

    for _ in range(3):
        assert browse.get(link).status_code == 200
        assert browse.client.head(link).status_code == 200

    assert browse.submit(link, {"password": NEW}).status_code == 303


def test_a_refused_password_leaves_the_link_valid(browse, make_customer, ask):
    alice = make_customer().admin
    link = ask(alice.email)

    reply = browse.submit(link, {"password": "password1"})

    assert reply.status_code == 422
    assert "leaked passwords" in reply.get_data(as_text=True)
    assert browse.submit(link, {"password": NEW}).status_code == 303


def test_clause_8_7_all_devices_are_signed_out(browse, browse_as, make_customer, ask):
    alice, bob = make_customer().admin, make_customer().admin
    hers, his = browse_as(alice), browse_as(bob)

    browse.submit(ask(alice.email), {"password": NEW})

    assert hers.get("/overview").status_code == 303
    assert his.get("/overview").status_code == 200


def test_two_addresses_in_one_form_write_to_nobody_but_the_first_ones_owner(browse, make_customer, mailbox, work):
    make_customer(email="alice@example.com")
    make_customer(email="mallory@example.com")
    token = token_of(browse.get("/forgot-password"))
    both = [("csrf_token", token), ("email", "alice@example.com"), ("email", "mallory@example.com")]

    browse.client.post("/forgot-password", data=MultiDict(both))
    browse.client.post("/forgot-password", data=MultiDict([("csrf_token", token), ("email[]", "x@example.com")]))
    browse.client.post(
        "/forgot-password",
        data=MultiDict([("csrf_token", token), ("email", "alice@example.com,mallory@example.com")]),
    )
    work()

    assert [letter.recipient for letter in mailbox.letters()] == ["alice@example.com"]


def test_a_forged_host_never_gets_into_a_letter(browse, make_customer, mailbox, work):
    make_customer(email="alice@example.com")

    token = token_of(browse.get("/forgot-password", headers=FORGED))
    browse.post("/forgot-password", {"csrf_token": token, "email": "alice@example.com"}, headers=FORGED)
    work()

    letter = mailbox.wait_for("alice@example.com")
    assert b"evil" not in letter.content
    assert "http://localhost:8000/reset-password/" in letter.text


def test_asking_too_often_is_stopped_before_it_floods_a_mailbox(browse, make_customer, mailbox, work, move_clock):
    """And no stranger closes the rescue: the answer stays the same, and the newest letter goes on working."""
    make_customer(email="alice@example.com")
    move_clock(hours=1)

    replies = [browse.submit("/forgot-password", {"email": "alice@example.com"}) for _ in range(8)]
    work()

    letters = mailbox.letters("alice@example.com")
    assert {(reply.status_code, reply.headers["Location"]) for reply in replies} == {(303, "/forgot-password/sent")}
    assert len(letters) == 5
    assert [browse.get(link_in(letter.text, "/reset-password/")).status_code for letter in letters].count(200) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("token", ["x", "%00", "%ff%fe", "../sign-in", "x" * 3000, "<script>"])
def test_a_forged_link_is_a_clean_404(browse, token):
    reply = browse.get(f"/reset-password/{token}")

    assert reply.status_code in (404, 308)
    assert "<script>alert" not in reply.get_data(as_text=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_letters_read_well(browse, make_customer, mailbox, work, ask, locale):
    alice = make_customer(email="bich@example.com", full_name="Trần Thị Bích", locale=locale).admin

    link = ask(alice.email)
    browse.submit(link, {"password": NEW})
    work()

    assert_golden(mailbox.wait_for(alice.email, "signin/reset-password"), LETTERS / f"reset-password.{locale}.txt")
    changed = mailbox.wait_for(alice.email, "signin/password-changed")
    assert_golden(changed, LETTERS / f"password-reset.{locale}.txt")
