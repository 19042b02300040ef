"""Passkeys as a browser without pictures uses them: it fetches what the portal asks, and sends the page's own form."""

import json
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.core.database import db
from portal.signin.factors.models import Passkey
from tests.support.authenticator import Authenticator
from tests.support.browse import Browse, token_of

SIGN_IN, PROVE, ADD = "/sign-in", "/confirm-identity", "/security/passkeys/add"
OPTIONS = {
    SIGN_IN: "/sign-in/passkey/options",
    PROVE: "/confirm-identity/passkey/options",
    ADD: "/security/passkeys/options",
}
ANSWERS = {SIGN_IN: "/sign-in/passkey", PROVE: "/confirm-identity/passkey", ADD: ADD}


def options_of(browse: Browse, page: str) -> dict[str, Any]:
    """What the portal asks this browser, as the script of that page fetches it."""
    headers = {"X-CSRFToken": token_of(browse.get(page)), "Accept": "application/json"}
    reply = browse.post(OPTIONS[page], headers=headers)
    assert reply.status_code == 200, reply.get_data(as_text=True)
    asked: dict[str, Any] = reply.get_json()
    return asked


def send(browse: Browse, page: str, credential: Any, *, query: str = "", name: str = "Telephone") -> TestResponse:
    """Send what the authenticator said (or any text) in the form of that page."""
    text = credential if isinstance(credential, str) else json.dumps(credential)
    fields = {"csrf_token": token_of(browse.get(page)), "credential": text, "name": name}
    return browse.post(ANSWERS[page] + query, fields)


def add(browse: Browse, authenticator: Authenticator, *, name: str = "Telephone", **wrong: Any) -> TestResponse:
    return send(browse, ADD, authenticator.make(options_of(browse, ADD), **wrong), name=name)


def sign_in(browse: Browse, authenticator: Authenticator, *, query: str = "", **wrong: Any) -> TestResponse:
    return send(browse, SIGN_IN, authenticator.answer(options_of(browse, SIGN_IN), **wrong), query=query)


def prove(browse: Browse, authenticator: Authenticator, *, query: str = "", **wrong: Any) -> TestResponse:
    return send(browse, PROVE, authenticator.answer(options_of(browse, PROVE), **wrong), query=query)


def acts(app: Flask) -> list[str]:
    """What the audit holds, in its order."""
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def kept(app: Flask, user: User | None = None) -> list[Passkey]:
    """The passkeys that are kept, of one person or of all, the oldest first."""
    mine = [Passkey.user_id == user.id] if user else []
    with app.app_context():
        return list(db.session.scalars(select(Passkey).where(*mine).order_by(Passkey.id)))


def is_in(browse: Browse) -> bool:
    return browse.get("/overview").status_code == 200


def words(reply: TestResponse) -> str:
    return reply.get_data(as_text=True)
