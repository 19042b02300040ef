"""What "this was not me" takes back in this room: the e-mail address and the phone number (handed down by app.py)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import User
from portal.accounts.service import address_proven, email_key, user_by_email
from portal.audit import chain
from portal.core import clock
from portal.core.database import db
from portal.profile.models import PersonalField
from portal.profile.service import note
from portal.signin.undoing import Alarm, Undoing


def _may_come_back(alarm: Alarm) -> bool:
    is_another = email_key(alarm.mailed_to) != alarm.user.email_key
    return is_another and bool(alarm.mailed_to) and user_by_email(alarm.mailed_to) is None


def _put_address_back(alarm: Alarm) -> None:
    """The letter's own address is the account's again: its link was pressed there, so it is proven anew.

    Nothing happens when somebody opens an account with it in this very moment.
    """
    user, wrong, right = alarm.user, alarm.user.email, alarm.mailed_to
    try:
        with db.session.begin_nested():
            user.email, user.email_key, user.email_verified_at = right, email_key(right), clock.now()
    except IntegrityError:
        return
    address_proven(user)
    note(user, PersonalField.EMAIL, wrong, right)
    _record("email.put-back", user)


def _came_in(alarm: Alarm) -> bool:
    since = alarm.user.phone_verified_at
    return bool(alarm.user.phone) and (alarm.about == "phone" or (since is not None and since >= alarm.since))


def _remove_phone(alarm: Alarm) -> None:
    user = alarm.user
    note(user, PersonalField.PHONE, user.phone, "")
    user.phone, user.phone_verified_at = "", None
    _record("phone.removed", user)


def _record(act: str, user: User) -> None:
    chain.record(act, subject=user, actor_id=user.id, customer_id=user.customer_id)


ADDRESS = Undoing(
    _l("The e-mail address that you read this letter at becomes that of your account again."),
    _l("This e-mail address is that of your account again."),
    _may_come_back,
    _put_address_back,
)
PHONE = Undoing(
    _l("The phone number that was entered is removed."),
    _l("The phone number is removed."),
    _came_in,
    _remove_phone,
)
STEPS = (ADDRESS, PHONE)
