"""Whoever comes by a provider with the address of an account is never merged with it unasked."""

from portal.core import clock
from portal.joining.models import Registration
from portal.signin.providers.models import LinkedAccount
from tests.joining.conftest import CONTINUE, DETAILS, HA, MINH, ON_SQLITE, rows, text_of
from tests.support.browse import Browse, hidden_of, link_in
from tests.support.providers import come_from, environ, go_to  # noqa: F401 (a portal that knows both)


def test_a_typed_address_that_has_an_account_sees_the_same_page_and_only_its_owner_is_told(
    app, browse, facebook, make_customer, mailbox, work
):
    owner = make_customer(email="ha@example.com").admin
    unknown = Browse(app)
    come_from(unknown, facebook, "78", name="Ai đó")
    other = unknown.submit(CONTINUE, DETAILS | {"email": "ai.do@example.com"})
    come_from(browse, facebook, "77", name="Hà")

    reply = browse.submit(CONTINUE, DETAILS | {"email": owner.email})

    work()
    assert (reply.status_code, reply.headers["Location"]) == (other.status_code, other.headers["Location"])
    assert sorted(reply.headers.keys()) == sorted(other.headers.keys())
    assert [letter.name for letter in mailbox.letters(owner.email)] == ["signin/address-known"]
    assert rows(app, LinkedAccount) == []
    assert [row.email for row in rows(app, Registration)] == ["ai.do@example.com"]


def test_a_proven_address_that_has_an_account_is_never_merged_by_itself(app, browse, google, make_customer):
    make_customer(email="ha@gmail.com")
    come_from(browse, google, "1001", **HA)

    page = browse.get(CONTINUE)
    reply = browse.submit(CONTINUE, DETAILS)

    assert "An account with this address exists" in text_of(page)
    assert reply.status_code == 200
    assert "An account with this address exists" in text_of(reply)
    assert rows(app, LinkedAccount) == []
    assert browse.get("/overview").status_code == 303


def test_its_owner_signs_in_first_and_links_then(app, browse, google, make_customer):
    owner = make_customer(email="ha@gmail.com").admin
    come_from(browse, google, "1001", **HA)
    fields = {"email": owner.email, "password": "ba con mèo đi dạo"}

    reply = browse.submit("/sign-in?next=/security/linked/confirm", fields)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/security/linked/confirm")
    assert "ha@gmail.com" in text_of(browse.get("/security/linked/confirm"))
    assert browse.submit("/security/linked/confirm").headers["Location"] == "/security/linked"
    [account] = rows(app, LinkedAccount)
    assert (account.user_id, account.subject) == (owner.id, "1001")


def test_or_has_a_letter_sent_and_presses_in_any_browser(app, browse, google, make_customer, mailbox, work):
    owner = make_customer(email="ha@gmail.com").admin
    come_from(browse, google, "1001", **HA)

    reply = browse.submit("/sign-up/continue/letter", page=CONTINUE)

    work()
    link = link_in(mailbox.wait_for(owner.email, "signin/link-account").text, "/link-account/")
    phone = Browse(app)
    pressed = phone.submit(link)
    assert reply.headers["Location"] == "/sign-up/sent"
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "/sign-in")
    assert phone.get("/overview").status_code == 303
    assert [account.user_id for account in rows(app, LinkedAccount)] == [owner.id]


@ON_SQLITE
def test_the_owner_is_not_flooded_with_such_letters(browse, google, make_customer, mailbox, work, move_clock):
    move_clock(hours=1)
    owner = make_customer(email="ha@gmail.com").admin
    come_from(browse, google, "1001", **HA)

    codes = [browse.submit("/sign-up/continue/letter", page=CONTINUE).status_code for _ in range(6)]

    work()
    assert codes == [303] * 5 + [429]
    assert len(mailbox.letters(owner.email)) == 5


@ON_SQLITE
def test_without_a_newcomer_there_is_no_letter(browse, google, make_customer, mailbox, work):
    make_customer(email="ha@gmail.com")

    reply = browse.submit("/sign-up/continue/letter", page="/sign-in")

    work()
    assert (reply.status_code, reply.headers["Location"]) == (303, CONTINUE)
    assert mailbox.empty()


@ON_SQLITE
def test_an_account_that_closes_is_told_how_to_undo_it(browse, facebook, make_customer, mailbox, work):
    owner = make_customer(email="ha@example.com", closing_since=clock.now()).admin
    come_from(browse, facebook, "77", name="Hà")

    browse.submit(CONTINUE, DETAILS | {"email": owner.email})

    work()
    assert [letter.name for letter in mailbox.letters(owner.email)] == ["joining/already-here"]


@ON_SQLITE
def test_the_letter_is_about_whom_the_page_showed(browse, google, make_customer, mailbox, work):
    for person in (HA, MINH):
        make_customer(email=person["email"])
    come_from(browse, google, "1001", **HA)
    hidden = hidden_of(browse.get(CONTINUE))
    come_from(browse, google, "2002", **MINH)

    reply = browse.post("/sign-up/continue/letter", hidden)

    work()
    assert (reply.status_code, reply.headers["Location"]) == (303, CONTINUE)
    assert "Somebody else came back" in text_of(browse.get(CONTINUE))
    assert mailbox.empty()
