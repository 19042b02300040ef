"""What a security letter was about, in words for the page that its link opens."""

from typing import Any

from flask_babel import lazy_gettext as _l

HAPPENED = {
    "password": _l("The password was changed."),
    "email": _l("The e-mail address was changed, or somebody asked for another one."),
    "phone": _l("The phone number was changed or removed."),
    "second-step": _l("The second step was switched on or off."),
    "recovery-codes": _l("Recovery codes were used or made."),
    "passkey": _l("A passkey was added or removed."),
    "google": _l("A Google account was linked or unlinked."),
    "facebook": _l("A Facebook account was linked or unlinked."),
    "way": _l("A new device signed in."),
}
SOMETHING = _l("Something about your account's security was changed.")


def what_happened(about: str) -> Any:
    """One sentence about what `alarms.tell` was told, without naming anybody or anything."""
    return HAPPENED.get(about.partition(":")[0], SOMETHING)
