"""/security reads like a check-up: what is strong, what is weak, one button for each."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from portal.accounts.models import User
from portal.core import clock
from portal.core.database import db
from portal.mailer.models import Letter, LetterState
from portal.signin import check_up, check_up_words
from portal.signin.check_up import Finding, Item, Level
from portal.signin.factors.models import RecoveryCode, SecondStep
from portal.signin.models import SignIn, Visit, Way
from portal.signin.providers.models import Provider
from tests.support.guards import linked, passkey, second_step
from tests.support.second_step import made_careful

CARD = re.compile(r'<section class="card">.*?</section>', re.DOTALL)


@pytest.fixture
def hold(app):
    """Rows as the rooms would have written them."""

    def add(*rows):
        with app.app_context():
            db.session.add_all(rows)
            db.session.commit()

    return add


@pytest.fixture
def change(app):
    """Another value in somebody's row."""

    def change(user, **columns):
        with app.app_context():
            row = db.session.get_one(User, user.id)
            for name, value in columns.items():
                setattr(row, name, value)
            db.session.commit()

    return change


@pytest.fixture
def findings(app):
    """What the check-up finds for somebody on their newest session, by item."""

    def found(user) -> dict[Item, Finding]:
        with app.app_context():
            person = db.session.get_one(User, user.id)
            person.sign_in = db.session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
            return {one.item: one for one in check_up.of(person)}

    return found


def codes(user, count, used=0):
    return [
        RecoveryCode(user_id=user.id, number=n, code_hash="h", used_at=clock.now() if n < used else None)
        for n in range(count)
    ]


def letter(user, state):
    return Letter(name="x/y", user_id=user.id, address=user.email, locale="en", state=state, created_at=clock.now())


def visit(user, ip, **ago):
    return Visit(user_id=user.id, way=Way.PASSWORD, ip=ip, browser="", system="", at=clock.now() - timedelta(**ago))


def test_a_password_alone_is_strong_and_what_could_be_added_has_one_button_each(browse_as, make_customer, findings):
    alice = make_customer().admin
    hers = browse_as(alice)

    page = hers.get("/security")

    text = page.get_data(as_text=True)
    levels = {item: one.level for item, one in findings(alice).items()}
    assert levels == {
        Item.PASSWORD: Level.STRONG,
        Item.SECOND_STEP: Level.FAIR,
        Item.PASSKEYS: Level.FAIR,
        Item.LINKED: Level.STRONG,
        Item.DEVICES: Level.STRONG,
        Item.EMAIL: Level.STRONG,
    }
    assert "2 things could be stronger" in text
    assert "4 of 6 strong" in text
    cards = CARD.findall(text)
    assert [card.count('class="button') for card in cards] == [1] * 6


def test_every_button_leads_to_a_page(browse_as, make_customer, app):
    hers = browse_as(make_customer(phone="+84905123456").admin)
    page = hers.get("/security").get_data(as_text=True)

    links = [re.search(r'class="button[^>]*href="([^"]+)"', card)[1] for card in CARD.findall(page)]

    assert len(links) == 7
    assert {hers.get(link).status_code for link in links} == {200}


def test_with_a_second_step_and_a_passkey_nothing_is_left_to_do(browse_as, make_customer, findings, hold):
    alice = make_customer().admin
    hers = browse_as(alice)
    hold(passkey(alice), second_step(alice), *codes(alice, 10))

    page = hers.get("/security").get_data(as_text=True)

    assert {one.level for one in findings(alice).values()} == {Level.STRONG}
    assert "There is nothing to do." in page
    assert "7 of 7 strong" in page


@pytest.mark.parametrize(
    ("left", "level"), [(10, Level.STRONG), (4, Level.STRONG), (3, Level.FAIR), (1, Level.FAIR), (0, Level.WEAK)]
)
def test_recovery_codes_that_run_out_are_told_of_in_time(browse_as, make_customer, findings, hold, left, level):
    alice = make_customer().admin
    browse_as(alice)
    hold(second_step(alice), *codes(alice, 10, used=10 - left))

    found = findings(alice)[Item.RECOVERY_CODES]

    assert (found.level, found.count) == (level, left)


def test_who_has_no_second_step_is_not_asked_for_its_codes(browse_as, make_customer, findings, hold):
    alice = make_customer().admin
    browse_as(alice)
    hold(*codes(alice, 2))

    assert Item.RECOVERY_CODES not in findings(alice)


def test_smartos_own_people_must_have_a_second_step_or_a_passkey(app, browse_as, make_operator, findings, hold):
    lan = make_operator()
    browse_as(lan)
    with app.app_context():
        db.session.execute(delete(SecondStep))
        db.session.commit()
    with_neither = findings(lan)[Item.SECOND_STEP]

    hold(passkey(lan))

    assert (with_neither.level, with_neither.state) == (Level.WEAK, "second-step.must")
    assert findings(lan)[Item.SECOND_STEP].level == Level.FAIR


def test_without_a_password_a_passkey_is_strong_and_google_alone_could_be_stronger(
    browse_as, make_customer, findings, hold, change
):
    alice, bob = make_customer().admin, make_customer().admin
    for user in (alice, bob):
        browse_as(user)
        change(user, password_hash=None)
    hold(passkey(alice), linked(bob, Provider.GOOGLE))

    hers, his = findings(alice), findings(bob)

    assert hers[Item.PASSWORD].state == "password.none"
    assert hers[Item.SECOND_STEP].state == "second-step.not-needed"
    assert (his[Item.PASSWORD].level, his[Item.PASSWORD].state) == (Level.FAIR, "password.by-provider")
    assert his[Item.SECOND_STEP].level == Level.FAIR


@pytest.mark.parametrize("password", [{"password_hash": None}, {}], ids=["by Google too", "by password too"])
def test_a_passkey_does_not_make_the_other_ways_in_strong(browse_as, make_customer, findings, hold, change, password):
    alice = make_customer().admin
    browse_as(alice)
    change(alice, **password)
    hold(passkey(alice), *([linked(alice, Provider.GOOGLE)] if password else []))

    assert findings(alice)[Item.SECOND_STEP].level == Level.FAIR


def test_a_linked_account_whose_provider_reported_a_problem_is_weak(browse_as, make_customer, findings, hold):
    alice = make_customer().admin
    hers = browse_as(alice)
    hold(linked(alice, Provider.GOOGLE, paused_at=clock.now()), linked(alice, Provider.FACEBOOK))

    found = findings(alice)[Item.LINKED]

    assert (found.level, list(found.providers)) == (Level.WEAK, [Provider.GOOGLE])
    assert "1 thing needs you" in hers.get("/security").get_data(as_text=True)


def test_a_device_from_a_new_place_is_asked_about_but_not_the_one_in_use(browse_as, make_customer, findings, hold):
    alice = make_customer().admin
    hold(visit(alice, "198.51.100.7", days=9))
    browse_as(alice)
    on_its_own = findings(alice)[Item.DEVICES]

    there = browse_as(alice)

    assert on_its_own.level == Level.STRONG
    assert (findings(alice)[Item.DEVICES].level, findings(alice)[Item.DEVICES].count) == (Level.FAIR, 1)
    assert "Is it yours?" in there.get("/security").get_data(as_text=True)


@pytest.mark.parametrize(
    ("states", "level"),
    [
        ([LetterState.FAILED], Level.WEAK),
        ([LetterState.SENT, LetterState.FAILED], Level.WEAK),
        ([LetterState.FAILED, LetterState.SENT], Level.STRONG),
        ([LetterState.FAILED, LetterState.SENT, LetterState.QUEUED], Level.STRONG),
    ],
)
def test_an_address_where_letters_fail_is_weak(browse_as, make_customer, findings, hold, states, level):
    alice = make_customer().admin
    browse_as(alice)
    for state in states:
        hold(letter(alice, state))

    assert findings(alice)[Item.EMAIL].level == level


def test_a_number_on_file_is_shown_and_none_is_not_asked_for(browse_as, make_customer, findings):
    alice, bob = make_customer(phone="+84905123456").admin, make_customer().admin
    browse_as(alice)
    browse_as(bob)

    assert findings(alice)[Item.PHONE].level == Level.STRONG
    assert Item.PHONE not in findings(bob)


def test_the_weakest_comes_first_and_weak_before_fair():
    strong, fair, weak = [Finding(Item.PASSWORD, level, "", "") for level in Level]

    assert check_up.weakest([strong, fair, weak]) is weak
    assert check_up.weakest([strong, fair]) is fair
    assert check_up.weakest([strong]) is None


def test_what_happened_lately_is_ones_own_newest_first_and_without_personal_data(browse_as, make_customer):
    alice, bob = make_customer().admin, make_customer().admin
    hers = browse_as(alice)
    browse_as(bob).submit("/security/password", {"current_password": "ba con mèo đi dạo", "password": "x" * 3})
    hers.submit("/profile/email", {"email": "alice.new@example.com"})

    page = hers.get("/security").get_data(as_text=True)

    told = re.findall(r'timeline-what">([^<]+)<', page)
    assert told == ["Another e-mail address was asked for", "Somebody signed in"]
    assert "alice.new" not in page


def test_a_second_step_that_smartos_took_off_stands_among_what_happened_lately(app, browse_as, make_customer):
    alice = make_customer().admin
    made_careful(app, alice)
    app.test_cli_runner().invoke(app.cli, ["operator", "take-off-second-step", alice.email])

    page = browse_as(alice).get("/security").get_data(as_text=True)

    assert re.findall(r'timeline-what">([^<]+)<', page)[1] == "Smartos took the second step off"


def test_the_check_up_costs_few_statements_however_much_there_is(browse_as, make_customer, hold, statements):
    alice = make_customer().admin
    hers = browse_as(alice)
    for _ in range(4):
        browse_as(alice)
    hold(passkey(alice), second_step(alice), *codes(alice, 10), *[linked(alice, p) for p in Provider])

    with statements() as seen:
        assert hers.get("/security").status_code == 200

    assert len(seen) <= 8


def test_every_state_has_a_sentence_and_a_button():
    assert set(check_up_words.SENTENCES) == set(check_up_words.BUTTONS)
    assert set(check_up_words.TITLES) == set(Item)
