"""Typing codes: as people type them, once, in time, five tries."""

import pytest

from portal.signin import entering
from portal.signin.models import SignIn, Way
from tests.signin.factors.conftest import ON_SQLITE, acts, count
from tests.support.browse import SECOND_STEP, Browse, token_of
from tests.support.second_step import (
    SETUP,
    app_shows,
    at_once,
    first_step,
    other_than,
    secret_on,
)

pytestmark = pytest.mark.usefixtures("steady")


@ON_SQLITE
@pytest.mark.parametrize("spelling", ["{}", " {} ", "{0:.3} {0:.0}", "full width", "dashed"])
def test_a_code_is_taken_as_people_type_it(app, binh, spelling):
    code = app_shows()
    typed = {
        "{0:.3} {0:.0}": f"{code[:3]} {code[3:]}",
        "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in code),
        "dashed": f"{code[:3]}-{code[3:]}",
    }.get(spelling, spelling.format(code))

    reply = first_step(app, binh).submit(SECOND_STEP, {"code": typed})

    assert reply.status_code == 303


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34", "😀", "-1", "1e5", "BBBB-BBBB-BBBB-BBBB", "x" * 99]
)
def test_what_is_no_code_is_a_mistake_beside_its_field(app, binh, wrong):
    browse = first_step(app, binh)

    reply = browse.submit(SECOND_STEP, {"code": wrong})

    assert reply.status_code == 422
    assert "field-error" in reply.get_data(as_text=True)
    assert browse.get("/overview").status_code == 303


def test_a_code_is_never_accepted_twice(app, binh):
    code = app_shows()
    first_step(app, binh).submit(SECOND_STEP, {"code": code})

    onlooker = first_step(app, binh)
    reply = onlooker.submit(SECOND_STEP, {"code": code})

    assert reply.status_code == 422
    assert onlooker.get("/overview").status_code == 303
    assert "second-step.replayed" in acts(app)


@ON_SQLITE
def test_the_code_that_switched_it_on_signs_nobody_in(app, browse_as, make_customer):
    alice = make_customer().admin
    browse = browse_as(alice)
    code = app_shows(secret_on(browse.get(SETUP)))
    browse.submit(SETUP, {"code": code})

    assert first_step(app, alice).submit(SECOND_STEP, {"code": code}).status_code == 422


def test_clocks_may_be_half_a_minute_off_and_no_more_and_an_earlier_code_is_over(app, binh):
    def accepted(later):
        return first_step(app, binh).submit(SECOND_STEP, {"code": app_shows(later=later)}).status_code == 303

    assert [accepted(later) for later in (-60, 60, -30, 30, 0)] == [False, False, True, True, False]


def test_of_two_who_send_one_code_at_the_same_moment_one_gets_in(app, binh):
    code, browsers = app_shows(), [first_step(app, binh) for _ in range(2)]
    fields = {one: {"csrf_token": token_of(one.get(SECOND_STEP)), "code": code} for one in browsers}

    replies = at_once(browsers[0], SECOND_STEP, fields, browsers[1])

    assert sorted(reply.status_code for reply in replies) == [303, 422]
    assert count(app, SignIn) == 1


@ON_SQLITE
def test_after_five_wrong_codes_one_starts_again(app, binh):
    browse = first_step(app, binh)

    replies = [browse.submit(SECOND_STEP, {"code": other_than(app_shows())}) for _ in range(5)]

    assert [reply.status_code for reply in replies] == [422] * 4 + [303]
    assert replies[-1].headers["Location"] == "/sign-in"
    assert browse.get(SECOND_STEP).headers["Location"] == "/sign-in"
    assert acts(app).count("second-step.refused") == 5


@ON_SQLITE
def test_after_many_wrong_codes_the_next_one_waits_however_often_one_starts_again(app, binh, move_clock):
    for minute in range(12):
        move_clock(seconds=70 * minute)  # the waits before are over
        first_step(app, binh).submit(SECOND_STEP, {"code": other_than(app_shows())})
    browse = first_step(app, binh)

    reply = browse.submit(SECOND_STEP, {"code": app_shows()})

    assert reply.status_code == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= 64
    assert browse.get("/overview").status_code == 303


def test_the_first_step_counts_for_ten_minutes_and_only_in_its_browser(app, binh, move_clock):
    browse = first_step(app, binh)
    token = token_of(browse.get(SECOND_STEP))

    assert Browse(app).get(SECOND_STEP).headers["Location"] == "/sign-in"
    move_clock(seconds=11 * 60)
    late = browse.post(SECOND_STEP, {"csrf_token": token, "code": app_shows()})

    assert late.headers["Location"] == "/sign-in"
    assert count(app, SignIn) == 0
    assert "second-step.too-late" in acts(app)


@ON_SQLITE
def test_a_providers_word_does_not_replace_the_second_step(app, binh):
    with app.test_request_context():
        answer = entering.enter(binh, Way.GOOGLE, entering.web.visitor(), after="/exports")

    assert answer.headers["Location"] == SECOND_STEP
    assert count(app, SignIn) == 0
