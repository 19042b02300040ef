"""What a person does with a second step: read the secret off the page, type codes, keep the paper."""

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.core import clock
from portal.core.database import db
from portal.signin.factors import totp
from tests.support.browse import SECOND_STEP, Browse
from tests.support.people import PASSWORD, SECRET, give_second_step

SETUP = "/security/two-step"
CODES = "/security/two-step/codes"


def secret_on(page: TestResponse) -> str:
    """The secret beside the QR code."""
    return re.search(r'data-secret="([A-Z2-7]{32})"', page.get_data(as_text=True))[1]


def codes_on(page: TestResponse) -> list[str]:
    """The recovery codes that the page shows."""
    return re.findall(r"<code>([A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})</code>", page.get_data(as_text=True))


def app_shows(secret: str = SECRET, *, later: float = 0) -> str:
    """What the authenticator app shows `later` seconds from now."""
    return totp.code_at(secret, clock.now() + timedelta(seconds=later))


def other_than(code: str) -> str:
    """Six digits that are neither this code nor likely one of its neighbours."""
    return f"{(int(code) + 123_457) % 1_000_000:06d}"


def switch_on(browse: Browse) -> tuple[str, list[str]]:
    """Set it up as a person does: the secret, and the codes on paper."""
    secret = secret_on(browse.get(SETUP))
    reply = browse.submit(SETUP, {"code": app_shows(secret)})
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return secret, codes_on(browse.get(reply.headers["Location"]))


def first_step(app: Flask, user: Any, *, after: str = "") -> Browse:
    """A new browser in which the password was right and the code is missing."""
    browse = Browse(app)
    reply = browse.submit(f"/sign-in?next={after}", {"email": user.email, "password": PASSWORD})
    assert reply.headers["Location"] == SECOND_STEP
    return browse


def made_careful(app: Flask, user: Any) -> Any:
    """`user` has SECRET in an app and RECOVERY_CODES on paper."""
    with app.app_context():
        give_second_step(user, codes=True)
        db.session.commit()
    return user


def at_the_start_of_a_step(move_clock: Callable[..., None]) -> None:
    """Nearly thirty seconds until the app shows another code."""
    clock.shift(0)
    move_clock(seconds=totp.seconds_left(clock.now()) + 0.5)


def at_once(browse: Browse, path: str, fields: dict[Any, Any], *more: Browse) -> list[TestResponse]:
    """The same form sent by several at the same moment, each with the cookies of its browser."""
    browsers = [browse, *(more or [browse])]
    ready, replies = Barrier(len(browsers)), []

    def send(one):
        client = one.client.application.test_client(use_cookies=False)
        cookie = one.client.get_cookie("sid").value
        ready.wait()
        replies.append(client.post(path, data=fields.get(one, fields), headers={"Cookie": f"sid={cookie}"}))

    threads = [Thread(target=send, args=(one,)) for one in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies
