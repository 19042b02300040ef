"""Linking by a letter: the mailbox is proven, and the press counts only where the identity came from."""

import pytest
from sqlalchemy import select, update

from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.audit.models import AuditEntry
from portal.core import clock
from portal.core.database import db
from portal.signin.providers.linking_forms import LinkByLetterForm
from portal.signin.providers.models import LinkedAccount, Newcomer
from tests.support.browse import Browse, link_in, token_of
from tests.support.providers import come_from

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DETAILS = {"kind": "individual", "full_name": "Hà", "age_confirmed": "y", "accept_policy": "y"}


def text_of(reply):
    return reply.get_data(as_text=True)


@pytest.fixture
def links(app):
    def of():
        with app.app_context():
            return [(row.user_id, row.subject) for row in db.session.scalars(select(LinkedAccount))]

    return of


@pytest.fixture
def ha(make_customer):
    return make_customer(email="ha@example.com").admin


@pytest.fixture
def letter(browse, facebook, ha, mailbox, work):
    """Hà came by Facebook in `browse` and typed her address; the link in the letter she got."""
    come_from(browse, facebook, "77", name="Hà ở Facebook", email="khac@example.com")
    browse.submit("/sign-up/continue", DETAILS | {"email": ha.email})
    work()
    return link_in(mailbox.wait_for(ha.email, "signin/address-known").text, "/link-account/")


def test_the_owner_links_signed_out_in_the_browser_that_came_from_facebook(
    app, browse, facebook, ha, letter, links, mailbox, work
):
    page = text_of(browse.get(letter))
    before = links()

    reply = browse.submit(letter)

    assert "Hà ở Facebook" in page
    assert "khac@example.com" in page
    assert before == []
    assert (reply.status_code, reply.headers["Location"]) == (303, "/sign-in")
    assert browse.get("/overview").status_code == 303
    assert links() == [(ha.id, "77")]
    work()
    assert mailbox.wait_for(ha.email, "signin/account-linked")
    assert come_from(browse, facebook, "77").headers["Location"] == "/overview"


def test_in_any_other_browser_the_press_links_nothing(app, letter, links):
    other = Browse(app)

    page = other.get(letter)
    with app.test_request_context():
        pressed = other.post(letter, {"csrf_token": LinkByLetterForm().csrf_token.current_token})

    assert page.status_code == 200
    assert "begun in another browser" in text_of(page)
    assert "Yes, link it" not in text_of(page)
    assert pressed.status_code == 422
    assert links() == []
    with app.app_context():
        assert "linking.refused" in list(db.session.scalars(select(AuditEntry.act)))


@ON_SQLITE
def test_a_letter_links_once(app, browse, letter, links):
    token = token_of(browse.get(letter))

    replies = [browse.post(letter, {"csrf_token": token}).status_code for _ in range(2)]

    assert replies == [303, 404]
    assert len(links()) == 1
    with app.app_context():
        assert LinkPurpose.LINK_ACCOUNT not in db.session.scalars(select(MailedLink.purpose)).all()


@ON_SQLITE
def test_looking_at_the_page_links_nothing(browse, letter, links):
    for _ in range(3):
        assert browse.get(letter).status_code == 200

    assert links() == []


@ON_SQLITE
def test_a_letter_is_over_after_an_hour(browse, letter, move_clock):
    move_clock(hours=1.01)

    assert browse.get(letter).status_code == 404


@ON_SQLITE
def test_a_new_password_ends_the_letter(browse, browse_as, ha, letter):
    fields = {"current_password": "ba con mèo đi dạo", "password": "một con mèo ở nhà"}
    browse_as(ha).submit("/security/password", fields)

    assert browse.get(letter).status_code == 404


def test_a_letter_to_an_address_that_is_not_theirs_any_more_links_nothing(app, browse, ha, letter, links):
    with app.app_context():
        moved = {"email": "ha.moi@example.com", "email_key": "ha.moi@example.com"}
        db.session.execute(update(User).where(User.id == ha.id).values(moved))
        db.session.commit()

    replies = [browse.get(letter), browse.submit(letter, page="/sign-in")]

    assert [reply.status_code for reply in replies] == [404, 404]
    assert links() == []


@ON_SQLITE
def test_an_account_that_closes_is_linked_to_nothing(app, browse, letter):
    with app.app_context():
        db.session.execute(update(User).values(closing_since=clock.now()))
        db.session.commit()

    assert browse.get(letter).status_code == 404


@ON_SQLITE
def test_a_newcomer_who_is_not_kept_any_more_is_over(app, browse, letter):
    with app.app_context():
        db.session.execute(Newcomer.__table__.delete())
        db.session.commit()

    assert browse.get(letter).status_code == 404


@ON_SQLITE
def test_what_opens_another_account_by_now_is_refused(app, browse, facebook, make_customer, browse_as, letter, links):
    other = make_customer(email="khac@example.com").admin
    theirs = browse_as(other)
    come_from(theirs, facebook, "77", start="/security/linked/facebook/link")
    theirs.submit("/security/linked/confirm")

    replies = [browse.get(letter), browse.submit(letter, page="/sign-in")]

    assert [reply.status_code for reply in replies] == [422, 422]
    assert links() == [(other.id, "77")]


@ON_SQLITE
@pytest.mark.parametrize("token", ["nonsense", "a" * 500, "%00", "..%2f"])
def test_a_forged_letter_is_a_clean_404(browse, token):
    assert browse.get(f"/link-account/{token}").status_code == 404


@ON_SQLITE
def test_who_is_signed_in_returns_to_the_linked_accounts(browse, ha, letter):
    browse.sign_in(ha)

    reply = browse.submit(letter)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked")
