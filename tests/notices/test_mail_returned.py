"""Whose letters come back is told at the next sign-in, and can put it right in two ways (docs/decisions/0027)."""

import pytest
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.erasure import service as erasure
from portal.erasure.models import Scope
from portal.notices.models import Suppression, SuppressionReason
from portal.notices.returns.suppression import suppress, suppressed

BANNER = "come back"


@pytest.fixture
def an(make_customer):
    return make_customer(locale="en").admin


@pytest.fixture
def returned(app, an):
    """Letters to An came back."""

    def again():
        with app.app_context():
            user = db.session.get_one(User, an.id)
            suppress(user.email, SuppressionReason.HARD_BOUNCE, "5.1.1")
            user.mail_returned_at = clock.now()
            db.session.commit()

    again()
    return again


@pytest.fixture
def is_suppressed(app):
    def ask(address):
        with app.app_context():
            return suppressed([address]) == {address}

    return ask


def text_of(reply):
    return reply.get_data(as_text=True)


def test_the_banner_is_above_every_page_and_shows_no_whole_address(an, returned, browse_as):
    browser = browse_as(an)

    page = text_of(browser.get("/overview"))

    assert BANNER in page
    assert f"{an.email[0]}•••@{an.email.partition('@')[2]}" in page
    assert 'href="/mail-returned"' in page


def test_nobody_else_sees_it(returned, make_customer, browse_as):
    other = make_customer().admin

    assert BANNER not in text_of(browse_as(other).get("/overview"))


def test_the_banner_costs_no_statement(app, an, browse_as, returned, statements):
    browser = browse_as(an)
    browser.get("/profile")
    with statements() as with_banner:
        browser.get("/profile")
    with app.app_context():
        db.session.get_one(User, an.id).mail_returned_at = None
        db.session.commit()

    with statements() as without:
        browser.get("/profile")

    assert len(with_banner) == len(without)


def test_the_page_offers_both_ways_and_does_not_repeat_the_banner(an, returned, browse_as):
    page = text_of(browse_as(an).get("/mail-returned"))

    assert 'href="/profile/email"' in page
    assert "This address is right, try again" in page
    assert 'href="/mail-returned"' not in page


def test_who_says_that_the_address_is_right_is_written_to_again(app, an, returned, browse_as, is_suppressed):
    browser = browse_as(an)

    reply = browser.submit("/mail-returned")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    assert not is_suppressed(an.email)
    overview = text_of(browser.get("/overview"))
    assert "We write to" in overview
    assert BANNER not in overview
    with app.app_context():
        acts = db.session.scalars(select(AuditEntry.act).where(AuditEntry.subject_id == an.id)).all()
        assert "mail.try-again" in acts


def test_once_a_day_is_enough(an, returned, browse_as, is_suppressed, move_clock):
    browser = browse_as(an)
    browser.submit("/mail-returned")
    returned()

    same_day = browser.submit("/mail-returned")
    still = is_suppressed(an.email)
    move_clock(days=1.01)
    next_day = browse_as(an).submit("/mail-returned")

    assert same_day.status_code == 429
    assert int(same_day.headers["Retry-After"]) > 0
    assert "try again tomorrow" in text_of(same_day)
    assert still
    assert next_day.status_code == 303
    assert not is_suppressed(an.email)


def test_who_misses_nothing_has_nothing_to_press(an, browse_as):
    browser = browse_as(an)

    assert "No letter to you has come back" in text_of(browser.get("/mail-returned"))
    assert browser.submit("/mail-returned", page="/profile").status_code == 200


def test_another_sites_form_lifts_nothing(an, returned, browse_as, is_suppressed):
    reply = browse_as(an).post("/mail-returned")

    assert reply.status_code == 400
    assert is_suppressed(an.email)


def test_a_new_address_that_is_proven_ends_the_banner(app, an, returned, browse_as, work, mailbox, is_suppressed):
    browser = browse_as(an)
    browser.submit("/confirm-identity", {"password": "ba con mèo đi dạo"})
    browser.submit("/profile/email", {"email": "new@example.com"})
    work()
    letter = mailbox.wait_for("new@example.com", "profile/verify-new-email")
    link = next(word for word in letter.text.split() if "/profile/email/" in word).partition("://")[2].partition("/")[2]

    browser.submit(f"/{link}")

    with app.app_context():
        assert db.session.get_one(User, an.id).email == "new@example.com"
    assert BANNER not in text_of(browser.get("/overview"))
    assert is_suppressed(an.email)  # nobody proved the old one


def test_a_closing_account_can_still_ask_for_its_letters(app, an, returned, browse_as, is_suppressed):
    with app.app_context():
        erasure.close(db.session.get_one(User, an.id), Scope.ME, "")
        db.session.commit()
    browser = browse_as(an)

    page = text_of(browser.get("/mail-returned"))
    reply = browser.submit("/mail-returned")

    assert 'href="/profile/email"' not in page
    assert reply.status_code == 303
    assert not is_suppressed(an.email)


def test_a_suppressed_address_outlives_its_account_as_a_hash_until_it_signs_up_again(
    app, an, returned, browse, work, mailbox, move_clock, is_suppressed
):
    with app.app_context():
        erasure.close(db.session.get_one(User, an.id), Scope.CUSTOMER, "")
        db.session.commit()
    move_clock(days=31)
    work()
    with app.app_context():
        assert db.session.get(User, an.id) is None
        (kept,) = db.session.scalars(select(Suppression)).all()
        assert an.email not in repr(vars(kept))
    survived = is_suppressed(an.email)

    fields = {"kind": "individual", "full_name": "An", "email": an.email, "password": "sông Hàn lúc nửa đêm"}
    browse.submit("/sign-up", {**fields, "age_confirmed": "y", "accept_policy": "y"})
    work()
    link = next(w for w in mailbox.wait_for(an.email, "joining/verify").text.split() if "/verify-email/" in w)
    browse.submit("/" + link.partition("://")[2].partition("/")[2])

    assert survived
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User).where(User.email == an.email)) == 1
    assert not is_suppressed(an.email)
