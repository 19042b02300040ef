"""Another e-mail address: it takes effect once it is verified, and the old one is told (clause 3.1)."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts import links
from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.core.database import db
from portal.profile.models import ProfileChange
from tests.support.browse import Browse, link_in, token_of
from tests.support.people import PASSWORD

NEW = "alice.new@example.com"


def email_of(app: Any, user: User) -> str:
    with app.app_context():
        return str(db.session.get_one(User, user.id).email)


@pytest.fixture
def link(work, mailbox) -> Any:
    """The link in the newest letter to an address."""

    def newest(address: str) -> str:
        work()
        return link_in(mailbox.letters(address, "profile/verify-new-email")[-1].text, "/profile/email/")

    return newest


def test_clause_3_1_a_new_address_takes_effect_when_it_is_verified_from_there(
    app, browse, browse_as, make_customer, link, mailbox, work
) -> None:
    alice = make_customer().admin
    browse_as(alice).submit("/profile/email", {"email": NEW})
    path = link(NEW)

    opened = browse.get(path)
    unchanged = email_of(app, alice)
    reply = browse.submit(path)

    work()
    assert opened.status_code == 200
    assert unchanged == alice.email
    assert reply.status_code == 303
    assert email_of(app, alice) == NEW
    assert [one.name for one in mailbox.letters(alice.email)] == [
        "profile/email-will-change",
        "profile/email-changed",
    ]
    assert browse.submit("/sign-in", {"email": NEW, "password": PASSWORD}).status_code == 303


def test_what_was_mailed_to_the_old_address_acts_no_more_but_for_this_was_not_me(
    app, browse, browse_as, make_customer, link
) -> None:
    alice = make_customer().admin
    browse_as(alice).submit("/profile/email", {"email": NEW})
    with app.app_context():
        for purpose in (LinkPurpose.LINK_ACCOUNT, LinkPurpose.RESET_PASSWORD, LinkPurpose.NOT_ME):
            links.issue(db.session.get_one(User, alice.id), purpose, hours=1)
        db.session.commit()

    browse.submit(link(NEW))

    with app.app_context():
        assert set(db.session.scalars(select(MailedLink.purpose))) == {LinkPurpose.NOT_ME}


def test_no_letter_about_a_change_names_the_other_address(
    browse, browse_as, make_customer, link, mailbox, work
) -> None:
    alice = make_customer().admin
    browse_as(alice).submit("/profile/email", {"email": NEW})
    browse.submit(link(NEW))
    work()

    assert all(NEW not in one.content.decode() for one in mailbox.letters(alice.email))
    assert all(alice.email not in one.content.decode() for one in mailbox.letters(NEW))


def test_the_change_stands_in_the_history_and_other_sessions_stay(app, browse, browse_as, make_customer, link) -> None:
    alice = make_customer().admin
    here, there = browse_as(alice), browse_as(alice)
    here.submit("/profile/email", {"email": NEW})

    browse.submit(link(NEW))

    with app.app_context():
        change = db.session.query(ProfileChange).one()
        assert (change.field, change.before, change.after) == ("email", alice.email, NEW)
        assert change.by_id == alice.id
    assert there.get("/profile").status_code == 200


def test_an_address_in_use_gets_the_same_page_and_only_its_owner_learns_why(
    browse_as, make_customer, mailbox, work
) -> None:
    alice, bob = make_customer().admin, make_customer().admin

    free = told(browse_as(alice), NEW)
    taken = told(browse_as(bob), alice.email.upper())

    work()
    assert free == taken
    assert "A letter with a link is on its way" in free[1]
    assert [one.name for one in mailbox.letters(alice.email)].count("profile/email-in-use") == 1
    assert not mailbox.letters(alice.email, "profile/verify-new-email")
    assert mailbox.letters(NEW, "profile/verify-new-email")


def told(browser: Any, wanted: str) -> tuple[str, str]:
    """Where asking for an address leads, and what the page there says, apart from the addresses and times."""
    reply = browser.submit("/profile/email", {"email": wanted})
    page = browser.get(reply.headers["Location"]).get_data(as_text=True)
    main = page.partition('id="main"')[2].partition("<form")[0]
    return reply.headers["Location"], re.sub(r"\S+@\S+|\d+:\d+:\d+", "…", main)


def test_an_address_that_was_taken_meanwhile_is_not_taken_twice(app, browse, browse_as, make_customer, link) -> None:
    alice = make_customer().admin
    browse_as(alice).submit("/profile/email", {"email": NEW})
    path = link(NEW)
    make_customer(email=NEW)

    reply = browse.submit(path)

    assert reply.status_code == 404
    assert email_of(app, alice) == alice.email


def test_of_two_people_who_prove_the_same_address_in_the_same_moment_one_gets_it(
    app, browse_as, make_customer, link
) -> None:
    people = [make_customer().admin, make_customer().admin]
    paths = []
    for person in people:
        browse_as(person).submit("/profile/email", {"email": NEW})
        paths.append(link(NEW))
    browsers = [Browse(app), Browse(app)]
    tokens = [token_of(browser.get(path)) for browser, path in zip(browsers, paths, strict=True)]
    together = threading.Barrier(2)

    def press(browser: Browse, path: str, token: str) -> int:
        together.wait(10)
        return int(browser.post(path, {"csrf_token": token}).status_code)

    with ThreadPoolExecutor() as pool:
        codes = list(pool.map(press, browsers, paths, tokens))

    assert sorted(codes) == [303, 404]
    assert sorted(email_of(app, person) == NEW for person in people) == [False, True]


def test_a_link_works_once_and_only_the_newest(app, browse, browse_as, make_customer, link) -> None:
    alice = make_customer().admin
    here = browse_as(alice)
    here.submit("/profile/email", {"email": "older@example.com"})
    older = link("older@example.com")
    here.submit("/profile/email", {"email": NEW})
    newest = link(NEW)

    replaced = browse.get(older)
    first = browse.submit(newest)
    again = browse.get(newest)

    assert [replaced.status_code, first.status_code, again.status_code] == [404, 303, 404]
    assert email_of(app, alice) == NEW


def test_a_link_is_over_after_a_day(app, browse, browse_as, make_customer, link, move_clock) -> None:
    alice = make_customer().admin
    browse_as(alice).submit("/profile/email", {"email": NEW})
    path = link(NEW)

    move_clock(hours=24, seconds=1)

    assert browse.get(path).status_code == 404
    assert email_of(app, alice) == alice.email


def test_a_new_password_voids_the_link_that_a_thief_asked_for(app, browse, browse_as, make_customer, link) -> None:
    alice = make_customer().admin
    thief = browse_as(alice)
    thief.submit("/profile/email", {"email": "thief@example.com"})
    path = link("thief@example.com")

    browse_as(alice).submit("/security/password", {"current_password": PASSWORD, "password": "mưa rơi ngoài hiên nhà"})

    assert browse.get(path).status_code == 404
    assert email_of(app, alice) == alice.email


def test_a_reset_link_mailed_to_the_old_address_is_void_after_the_change(
    browse, browse_as, make_customer, link, mailbox, work
) -> None:
    alice = make_customer().admin
    browse.submit("/forgot-password", {"email": alice.email})
    work()
    reset = link_in(mailbox.letters(alice.email)[-1].text, "/reset-password/")
    browse_as(alice).submit("/profile/email", {"email": NEW})

    browse.submit(link(NEW))

    assert browse.get(reset).status_code == 404


def test_a_link_for_another_purpose_changes_no_address(app, browse, make_customer, mailbox, work) -> None:
    alice = make_customer().admin
    browse.submit("/forgot-password", {"email": alice.email})
    work()
    secret = link_in(mailbox.letters(alice.email)[-1].text, "/reset-password/").rpartition("/")[2]

    assert browse.get(f"/profile/email/{secret}").status_code == 404


def test_a_closing_account_keeps_its_address(app, browse, browse_as, make_customer, link) -> None:
    alice = make_customer().admin
    browse_as(alice).submit("/profile/email", {"email": NEW})
    path = link(NEW)
    with app.app_context():
        user = db.session.get_one(User, alice.id)
        user.closing_since = user.created_at
        db.session.commit()

    assert browse.get(path).status_code == 404


NO_ADDRESSES = (
    "",
    " ",
    "nobody",
    "a@b",
    "a@example.com\nBcc: evil@example.org",
    "a@example.com,b@example.com",
    "a@exa\x00mple.com",
    "alice@example.org]<bob@evil.test>",
    "x" * 400 + "@example.com",
    "<script>@example.com",
)


def test_what_is_no_address_is_told_and_nobody_gets_a_letter(browse_as, make_customer, mailbox, work) -> None:
    alice = browse_as(make_customer().admin)

    codes = {wrong: alice.submit("/profile/email", {"email": wrong}).status_code for wrong in NO_ADDRESSES}

    work()
    assert codes == dict.fromkeys(NO_ADDRESSES, 422)
    assert mailbox.empty()


def test_the_address_on_file_is_no_change(browse_as, make_customer, mailbox, work) -> None:
    alice = make_customer().admin

    reply = browse_as(alice).submit("/profile/email", {"email": alice.email})

    work()
    assert reply.status_code == 422
    assert mailbox.empty()


def test_changing_the_address_asks_who_is_there(browse_as, make_customer, move_clock) -> None:
    alice = browse_as(make_customer().admin)
    move_clock(seconds=11 * 60)

    reply = alice.get("/profile/email")

    assert reply.status_code == 303
    assert reply.headers["Location"] == "/confirm-identity?next=/profile/email"


def test_asking_again_and_again_is_slowed_down(browse_as, make_customer) -> None:
    alice = browse_as(make_customer().admin)

    codes = [alice.submit("/profile/email", {"email": f"a{n}@example.com"}).status_code for n in range(11)]

    assert codes == [303] * 10 + [429]
