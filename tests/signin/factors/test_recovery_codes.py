"""Ten codes on paper: shown once, each good once, and only hashes are kept."""

from math import log2

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin.factors import recovery_codes
from portal.signin.factors.models import RecoveryCode
from tests.support.browse import SECOND_STEP, token_of
from tests.support.people import RECOVERY_CODES, SECRET
from tests.support.second_step import (
    CODES,
    SETUP,
    app_shows,
    at_once,
    codes_on,
    first_step,
    made_careful,
    switch_on,
)

BY_PAPER = f"{SECOND_STEP}?by=recovery-code"
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def binh(app, make_customer):
    """She has an authenticator app and her codes on paper."""
    return made_careful(app, make_customer().admin)


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def enter(app, person, code):
    browse = first_step(app, person)
    return browse, browse.submit(BY_PAPER, {"code": code})


def test_a_recovery_code_opens_once_and_its_owner_is_told(app, binh, mailbox, work):
    browse, reply = enter(app, binh, RECOVERY_CODES[3])
    _other, again = enter(app, binh, RECOVERY_CODES[3])
    work()

    assert (reply.status_code, reply.headers["Location"]) == (303, "/overview")
    assert "9 are left" in browse.get("/overview").get_data(as_text=True)
    assert again.status_code == 422
    assert "9" in mailbox.wait_for(binh.email, "signin/recovery-code-used").text
    assert "recovery-code.used" in acts(app)
    assert "recovery-code.refused" in acts(app)


def test_of_two_who_use_one_code_at_the_same_moment_one_gets_in(app, binh):
    browsers = [first_step(app, binh) for _ in range(2)]
    fields = {one: {"csrf_token": token_of(one.get(BY_PAPER)), "code": RECOVERY_CODES[0]} for one in browsers}

    replies = at_once(browsers[0], BY_PAPER, fields, browsers[1])

    assert sorted(reply.status_code for reply in replies) == [303, 422]


@ON_SQLITE
def test_dashes_capitals_and_blanks_do_not_matter(app, binh):
    spellings = (
        RECOVERY_CODES[0].lower(),
        RECOVERY_CODES[1].replace("-", ""),
        f"  {RECOVERY_CODES[2].replace('-', ' – ')} ",
        "".join(chr(ord(letter) + 0xFEE0) for letter in RECOVERY_CODES[4]),
    )

    assert [enter(app, binh, spelling)[1].status_code for spelling in spellings] == [303] * 4


@ON_SQLITE
def test_nobody_elses_code_opens(app, binh, make_customer):
    chi = made_careful(app, make_customer().admin)
    with app.app_context():
        theirs = recovery_codes.new()
        recovery_codes.keep(chi, recovery_codes.hashed(theirs))
        db.session.commit()

    assert enter(app, binh, theirs[0])[1].status_code == 422
    assert enter(app, chi, theirs[0])[1].status_code == 303


def test_they_are_shown_once_and_kept_as_hashes(app, browse_as, make_customer):
    alice = make_customer().admin
    browse = browse_as(alice)

    _secret, codes = switch_on(browse)

    assert len(set(codes)) == 10
    assert codes_on(browse.get(CODES)) == []
    assert not any(code in browse.get(SETUP).get_data(as_text=True) for code in codes)
    with app.app_context():
        hashes = list(db.session.scalars(select(RecoveryCode.code_hash)))
    assert all(kept.startswith("$argon2id$") for kept in hashes)
    assert len(set(hashes)) == 10
    assert enter(app, alice, codes[9])[1].status_code == 303


@ON_SQLITE
def test_asking_for_the_head_of_the_page_takes_no_code_away(app, browse_as, make_customer):
    browse = browse_as(make_customer().admin)
    secret_page = browse.get(SETUP)
    from_page = secret_page.get_data(as_text=True).partition('data-secret="')[2][:32]
    browse.submit(SETUP, {"code": app_shows(from_page)})

    browse.client.head(CODES)

    assert len(codes_on(browse.get(CODES))) == 10


def test_new_codes_make_the_old_ones_void(app, browse_as, binh, mailbox, work):
    browse = browse_as(binh)

    reply = browse.submit(CODES, page=SETUP)
    new = codes_on(browse.get(reply.headers["Location"]))
    work()

    assert (reply.status_code, reply.headers["Location"]) == (303, CODES)
    assert len(set(new) - set(RECOVERY_CODES)) == 10
    assert enter(app, binh, RECOVERY_CODES[0])[1].status_code == 422
    assert enter(app, binh, new[0])[1].status_code == 303
    assert mailbox.wait_for(binh.email, "signin/recovery-codes-renewed")
    assert "recovery-codes.renewed" in acts(app)


@ON_SQLITE
def test_without_a_second_step_there_are_no_codes_to_make(app, browse_as, make_customer):
    browse = browse_as(make_customer().admin)

    reply = browse.submit(CODES, page=SETUP)

    assert reply.headers["Location"] == SETUP
    assert codes_on(browse.get(CODES)) == []


@ON_SQLITE
def test_when_few_are_left_the_sign_in_and_the_page_say_so(app, binh):
    with app.app_context():
        for number in range(6):
            code = recovery_codes.find(binh, recovery_codes.plain(RECOVERY_CODES[number]))
            assert recovery_codes.use_up(code)
        db.session.commit()

    browse, _reply = enter(app, binh, RECOVERY_CODES[6])

    assert "Please make new ones soon" in browse.get("/overview").get_data(as_text=True)
    assert "Only 3 are left" in browse.get(SETUP).get_data(as_text=True)


@ON_SQLITE
def test_the_first_letter_says_which_of_the_ten_it_is_so_that_one_hash_is_checked(app, binh):
    with app.app_context():
        found = [recovery_codes.find(binh, recovery_codes.plain(code)).number for code in RECOVERY_CODES]

    assert found == list(range(10))


def test_every_code_is_random_and_easy_to_type():
    codes = [code for _ in range(50) for code in recovery_codes.new()]

    assert len(set(codes)) == len(codes)
    assert not set("".join(codes)) & set("01OILSZ5AEU68")
    assert recovery_codes.RANDOM * log2(len(recovery_codes.ALPHABET)) > 60
    assert [recovery_codes.ALPHABET.index(code[0]) for code in codes[:10]] == list(range(10))
    assert recovery_codes.plain(SECRET) is None
