"""The demo authenticator: the codes that a telephone would show, for whoever tries the portal without one."""

import re

import pytest
from pyotp import TOTP

from portal.core import clock
from portal.signin.factors import totp
from tests.support.people import SECRET

PAGE = "/dev/authenticator"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "typed", [SECRET, "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp", totp.address(SECRET, "a@example.com")]
)
def test_it_shows_the_code_of_this_moment(browse, typed):
    before = TOTP(SECRET).at(clock.now())

    page = browse.submit(PAGE, {"secret": typed}).get_data(as_text=True)

    shown = re.search(r'id="code">(\d{6})<', page)[1]
    assert shown in (before, TOTP(SECRET).at(clock.now()))


@pytest.mark.parametrize("typed", ["", "no secret", "ABCD", "otpauth://totp/a?secret=%00", "1" * 32, "😀" * 40])
def test_what_is_no_secret_is_a_mistake_beside_its_field(browse, typed):
    reply = browse.submit(PAGE, {"secret": typed})

    assert reply.status_code == 422
    assert "field-error" in reply.get_data(as_text=True)
