"""This was not me: one press in a security letter ends everything that was begun, and starts recovery."""

from flask_babel import force_locale
from sqlalchemy import delete

from portal.accounts import links
from portal.accounts.models import LinkPurpose, MailedLink, User
from portal.accounts.service import email_key
from portal.audit import chain
from portal.core.database import db
from portal.signin import emails, pending, sessions, undoing, ways_in
from portal.signin.service import RESET_HOURS
from portal.signin.undoing import Alarm


class LinkOver(Exception):
    """The link was pressed already, is older than seven days, or never was."""


class AddressTaken(Exception):
    """All is done but one thing: the address of the letter opens another account by now, so it cannot come back."""


def read(secret: str) -> tuple[MailedLink, User]:
    """The link and whose it is; looking does not use it up. Raises LinkOver."""
    found = links.find(secret, LinkPurpose.NOT_ME)
    if found is None:
        raise LinkOver
    return found


def recover(secret: str) -> str:
    """Sign everyone out, drop the password and what is half done, take back what the letter was about and what came
    after it; then the secret of a link that sets a new password.

    Raises LinkOver; AddressTaken when there is no address to go on with (commit all the same).
    """
    link, user = read(secret)
    ways_in.hold(user)
    _use_up(link)
    alarm = undoing.of_link(link, user)
    address = user.email
    undone = _take_back(alarm)
    user.password_hash = None
    pending.cancel(user)
    sessions.end_others(user, keep=None)
    chain.record("account.recovered", subject=user, actor_id=user.id, customer_id=user.customer_id)
    if is_elsewhere(alarm):
        raise AddressTaken
    _forget_later_links(alarm)
    _tell(user, undone, address)
    reset, _link = links.issue(user, LinkPurpose.RESET_PASSWORD, hours=RESET_HOURS)
    return reset


def is_elsewhere(alarm: Alarm) -> bool:
    """Whether the account has another address than the one that this letter went to."""
    return email_key(alarm.mailed_to) != alarm.user.email_key


def _use_up(link: MailedLink) -> None:
    """Of two presses at once one wins."""
    used = db.session.execute(delete(MailedLink).where(MailedLink.id == link.id).returning(MailedLink.id))
    if used.first() is None:
        raise LinkOver


def _take_back(alarm: Alarm) -> list[str]:
    """The words for the letter."""
    undone = []
    with force_locale(alarm.user.locale):
        for one in undoing.applying(alarm):
            one.undo(alarm)
            undone.append(str(one.was))
    return undone


def _forget_later_links(alarm: Alarm) -> None:
    """What was mailed elsewhere after this letter would hand the account back to whoever reads there.

    What was mailed elsewhere before it stays: the older address has the better claim.
    """
    db.session.execute(
        delete(MailedLink).where(
            MailedLink.user_id == alarm.user.id,
            MailedLink.purpose == LinkPurpose.NOT_ME,
            MailedLink.created_at >= alarm.since,
            MailedLink.mailed_to != alarm.user.email,
        )
    )


def _tell(user: User, undone: list[str], address: str) -> None:
    emails.signed_out_everywhere(user, undone)
    if email_key(address) != user.email_key:
        emails.address_put_back(user, address)
