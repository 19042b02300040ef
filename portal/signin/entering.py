"""The one door: whichever way somebody proves who they are, they get in here, or are asked for the second step."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import select

from portal.accounts.models import User
from portal.audit import chain
from portal.core import web
from portal.core.database import db
from portal.core.language import moment
from portal.core.web import Visitor
from portal.signin import devices, guesses, handshakes, sessions
from portal.signin.factors import personnel
from portal.signin.factors.models import SecondStep
from portal.signin.models import HandshakeKind, Way

SECOND_STEP_MINUTES = 10
STRONG_BY_ITSELF = frozenset({Way.PASSKEY})


def enter(user: User, way: Way, seen: Visitor, *, after: str | None = None) -> ResponseReturnValue:
    """Sign in who has proven to be `user`, and lead on to `after`; with a second step on, ask for its code first.

    A provider's word does not replace the second step either: no way in is weaker than another (ASVS 6.3.4). The
    caller commits before it answers.
    """
    if way not in STRONG_BY_ITSELF and has_second_step(user):
        handshakes.renew_browser()
        data = {"way": way, "after": web.safe_next(after)}
        handshakes.begin(HandshakeKind.SECOND_STEP, minutes=SECOND_STEP_MINUTES, data=data, user=user)
        return web.see_other("second_step.ask")
    let_in(user, way, seen, is_strong=way in STRONG_BY_ITSELF)
    return redirect(web.safe_next(after) or "/overview", 303)


def let_in(user: User, way: Way, seen: Visitor, *, is_strong: bool) -> None:
    """A session under a new secret; a device never seen before is told of by letter."""
    devices.greet(user, way, seen)
    sessions.start(user, way, seen, is_strong=is_strong, is_proof=is_strong or not personnel.owes_a_factor(user))
    handshakes.renew_browser()
    _tell_of_guesses(user)
    chain.record("signin.started", subject=user, actor_id=user.id, customer_id=user.customer_id)


def _tell_of_guesses(user: User) -> None:
    """Who gets in hears of many wrong passwords tried meanwhile: news for the person, not a lock."""
    if guessed := guesses.wrong_before(user):
        words = ngettext(
            "%(num)d wrong password was tried for your account since %(since)s. It did not open it.",
            "%(num)d wrong passwords were tried for your account since %(since)s. None of them opened it.",
            guessed.count,
            since=moment(guessed.since),
        )
        link = Markup('<a href="{}">{}</a>').format(url_for("signin.security"), _("See what guards it"))
        flash(Markup("{} {}").format(words, link), "warning")


def has_second_step(user: User) -> bool:
    """Whether this person's account asks for a code."""
    return db.session.scalar(select(SecondStep.id).where(SecondStep.user_id == user.id)) is not None
