"""A browser without pictures: it takes the form token from the page, as a browser does, and keeps cookies."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from portal.core.database import db
from tests.support.people import PASSWORD, code_now

BANNER = re.compile(r'<section id="cookie-banner".*?</section>', re.DOTALL)
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SECOND_STEP = "/sign-in/second-step"
NEWCOMER = re.compile(r'name="newcomer"[^>]*value="([^"]+)"')
STATE = re.compile(r'id="state"[^>]*data-state="([^"]+)"|data-state="([^"]+)"[^>]*id="state"')


class Browse:
    """One browser. `get`, `post` (raw), `submit` (as a person does, token included)."""

    def __init__(self, app: Flask, *, language: str = "en", cookies: bool = True) -> None:
        self.client = app.test_client(use_cookies=cookies)
        self.language = language

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, headers=self._headers(kwargs), **kwargs)

    def post(self, path: str, fields: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return self.client.post(path, data=fields or {}, headers=self._headers(kwargs), **kwargs)

    def submit(self, path: str, fields: dict[str, Any] | None = None, *, page: str | None = None) -> TestResponse:
        """Open `page` (default: the same address), take what its form hides, and post the fields to `path`."""
        shown = self.get(page or path)
        while shown.status_code == 303:
            shown = self.get(shown.headers["Location"])
        return self.post(path, {**hidden_of(shown), **(fields or {})})

    def sign_in(self, user: Any, password: str = PASSWORD) -> TestResponse:
        """By the form; whoever has the second step of tests/support/people.py types its code too."""
        reply = self.submit("/sign-in", {"email": user.email, "password": password})
        assert reply.status_code == 303, reply.get_data(as_text=True)
        if reply.headers["Location"] == SECOND_STEP:
            reply = self.submit(SECOND_STEP, {"code": self.code_for(user)})
            assert reply.status_code == 303, reply.get_data(as_text=True)
        return reply

    def code_for(self, user: Any) -> str:
        """A code of this user's authenticator app that was not used yet."""
        with self.client.application.app_context():
            code = code_now(user)
            db.session.commit()
            return code

    def state(self, path: str) -> str:
        """The machine-readable state of a page."""
        return state_of(self.get(path))

    def _headers(self, kwargs: dict[str, Any]) -> dict[str, str]:
        return {"Accept-Language": self.language, **kwargs.pop("headers", {})}


def token_of(page: TestResponse) -> str:
    """The form token of the page's own form, or else the last one around it: that of signing out.

    Never that of the question about cookies, which stands on every page until it was answered.
    """
    text = BANNER.sub("", page.get_data(as_text=True))
    main = text.partition('id="main"')[2].partition("</main>")[0]
    found = TOKEN.findall(main) or TOKEN.findall(text)[-1:]
    assert found, f"no form token on the page ({page.status_code})"
    return str(found[0])


def hidden_of(page: TestResponse) -> dict[str, str]:
    """What the page's form sends besides what a person fills in: the token, and which newcomer it showed."""
    shown = NEWCOMER.search(page.get_data(as_text=True))
    return {"csrf_token": token_of(page)} | ({"newcomer": shown[1]} if shown else {})


def state_of(page: TestResponse) -> str:
    found = STATE.search(page.get_data(as_text=True))
    assert found, f"no #state on the page ({page.status_code})"
    return found[1] or found[2]


def link_in(text: str, path: str) -> str:
    """The path of the first link in a letter that starts with `path`."""
    found = re.search(rf"https?://[^\s\"<>]+?({re.escape(path)}[^\s\"<>]*)", text)
    assert found, f"no link to {path} in the letter"
    return urlsplit(found[0]).path
