"""What comes back from a provider forged, strange or too often."""

import re

import pytest

from portal.core.throttle import count
from portal.signin.models import SignIn
from portal.signin.providers.models import Newcomer
from tests.signin.providers.conftest import BOTH, ON_SQLITE, count_of, query_of, said
from tests.support.browse import Browse
from tests.support.providers import acts, come_back, go_to, is_signed_in, link


@BOTH
@pytest.mark.parametrize("which", ["state", "code", "state and code"])
@ON_SQLITE
def test_what_was_forged_is_refused(app, browse, make_customer, service, provider, which):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    back = service.choose(go_to(browse, provider), "1001")
    for name in which.split(" and "):
        back = re.sub(rf"\b{name}=[^&#]+", f"{name}=forged", back)

    reply = come_back(browse, back)

    assert reply.status_code == 400
    assert acts(app)[-1] == "signin.provider-refused"
    assert count_of(app, SignIn) == 0


@BOTH
def test_a_code_of_before_is_refused(app, browse, make_customer, service, provider):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    used = query_of(service.choose(go_to(browse, provider), "1001"))
    come_back(browse, f"/sign-in/{provider}/callback?state={used['state']}&code={used['code']}")
    fresh = Browse(app)
    state = query_of(go_to(fresh, provider))["state"]

    reply = come_back(fresh, f"/sign-in/{provider}/callback?state={state}&code={used['code']}")

    assert reply.status_code == 400
    assert not is_signed_in(fresh)


STRANGE = (
    "",
    "state={state}",
    "code=abc",
    "state={state}&state={state}&code=abc",
    "state={state}&code=abc&code=def",
    "state[]={state}&code[]=abc",
    "state={state}&code[]=abc",
    "state={state}&code=" + "x" * 3000,
    "state=" + "x" * 3000 + "&code=abc",
    "state={state}&code=%00",
    "state=%00&code=abc",
    "state={state}&code=%ED%A0%80%F0%9F%90%88",
    "state={state}&code=abc&iss=x&iss=y",
    "state={state}&code=a%26client_id%3Dother",
)


@BOTH
@pytest.mark.parametrize("query", STRANGE)
@ON_SQLITE
def test_strange_parameters_get_a_clear_page(app, browse, service, provider, query):
    state = query_of(go_to(browse, provider))["state"]

    reply = browse.get(f"/sign-in/{provider}/callback?{query.replace('{state}', state)}")

    assert reply.status_code == 400
    assert "Nobody was signed in" in said(reply)
    assert acts(app) == ["signin.provider-refused"]
    assert count_of(app, Newcomer) == 0


@BOTH
@pytest.mark.parametrize("more", ["&code=another", "&state=another", "&iss=a&iss=b", "&error=" + "x" * 200])
@ON_SQLITE
def test_an_answer_that_says_more_than_answers_do_is_not_followed(app, browse, make_customer, service, provider, more):
    link(app, make_customer().admin, service)
    service.knows("1001", name="An")
    back = service.choose(go_to(browse, provider), "1001").partition("#")[0]

    reply = come_back(browse, back + more)

    assert reply.status_code == 400
    assert service.got("token") == []


@BOTH
def test_a_forged_answer_does_not_end_the_session_of_who_is_signed_in(app, browse_as, make_customer, service, provider):
    browser = browse_as(make_customer().admin)

    reply = browser.get(f"/sign-in/{provider}/callback?state=forged&code=forged")

    assert reply.status_code == 400
    assert is_signed_in(browser)


@BOTH
@ON_SQLITE
def test_whoever_tries_without_end_has_to_wait(app, browse, service, provider):
    with app.app_context():
        for _try in range(200):
            count("provider", "127.0.0.1", limit=200, seconds=600)

    replies = [browse.get(f"/sign-in/{provider}"), browse.get(f"/sign-in/{provider}/callback?state=a&code=b")]

    assert [reply.status_code for reply in replies] == [429, 429]
