"""The check-up in words: one card per finding, and one sentence above them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.core.language import day
from portal.signin.check_up import Finding, Item, Level
from portal.signin.providers.models import PROVIDER_NAMES

TITLES = {
    Item.PASSWORD: (_l("Password"), "key-round"),
    Item.SECOND_STEP: (_l("Second step"), "smartphone"),
    Item.RECOVERY_CODES: (_l("Recovery codes"), "file-text"),
    Item.PASSKEYS: (_l("Passkeys"), "fingerprint"),
    Item.LINKED: (_l("Linked accounts"), "users"),
    Item.DEVICES: (_l("Devices"), "monitor-smartphone"),
    Item.EMAIL: (_l("E-mail"), "mail"),
    Item.PHONE: (_l("Phone"), "hand"),
}
LEVELS = {
    Level.STRONG: (_l("Strong"), "good"),
    Level.FAIR: (_l("Could be stronger"), "info"),
    Level.WEAK: (_l("Weak"), "warn"),
}
SENTENCES: dict[str, Callable[[Finding], str]] = {
    "password.set": lambda f: _(
        "Set on %(day)s. Only an irreversible hash is kept; nobody at Smartos can read it.", day=day(f.since)
    ),
    "password.none": lambda f: _("You have none, so nobody can guess it or steal it. You get in by passkey."),
    "password.by-provider": lambda f: _(
        "You have none and get in by %(names)s only. With a passkey you get in on a day without it, too.",
        names=_names(f),
    ),
    "second-step.on": lambda f: _("On since %(day)s. A stolen password alone opens nothing.", day=day(f.since)),
    "second-step.not-needed": lambda f: _("You get in by passkey only, and a passkey already checks that it is you."),
    "second-step.must": lambda f: _(
        "It is off. Whoever works for Smartos needs a second step or a passkey before the console opens."
    ),
    "second-step.off": lambda f: _(
        "It is off. With a code from your telephone, a stolen password alone would open nothing."
    ),
    "recovery-codes.strong": lambda f: ngettext(
        "%(num)d code is left, for a day without your telephone.",
        "%(num)d codes are left, for a day without your telephone.",
        f.count,
    ),
    "recovery-codes.fair": lambda f: ngettext(
        "Only %(num)d code is left. New ones are made in a moment.",
        "Only %(num)d codes are left. New ones are made in a moment.",
        f.count,
    ),
    "recovery-codes.weak": lambda f: _("None is left. Without your telephone you could not get in."),
    "passkeys.strong": lambda f: ngettext(
        "You have %(num)d passkey. A second one, on another device, is a good spare.",
        "You have %(num)d passkeys. They cannot be guessed, and no forged page can take them.",
        f.count,
    ),
    "passkeys.fair": lambda f: _(
        "You have none yet. A fingerprint or a look is faster than a password, and no forged page can take it."
    ),
    "linked.some": lambda f: _("%(names)s opens your account as well.", names=_names(f)),
    "linked.none": lambda f: _("Neither Google nor Facebook opens your account."),
    "linked.paused": lambda f: _(
        "%(names)s told us of a problem with your account there, so it does not open this one for now.", names=_names(f)
    ),
    "devices.strong": lambda f: ngettext(
        "Only this one is signed in.", "%(num)d are signed in, all from places you were at before.", f.count
    ),
    "devices.fair": lambda f: ngettext(
        "%(num)d is signed in from a place that is new for you. Is it yours?",
        "%(num)d are signed in from places that are new for you. Are they yours?",
        f.count,
    ),
    "email.verified": lambda f: _("Verified on %(day)s. Letters about your security go there.", day=day(f.since)),
    "email.failing": lambda f: _("Our last letter could not be delivered there. Is the address still yours?"),
    "phone.given": lambda f: _("A number is on file. It does not sign in."),
}
BUTTONS = {
    "password.set": _l("Change the password"),
    "password.none": _l("See the passkeys"),
    "password.by-provider": _l("Add a passkey"),
    "second-step.on": _l("See the second step"),
    "second-step.not-needed": _l("See the second step"),
    "second-step.must": _l("Switch it on"),
    "second-step.off": _l("Switch it on"),
    "recovery-codes.strong": _l("See the codes"),
    "recovery-codes.fair": _l("Make new codes"),
    "recovery-codes.weak": _l("Make new codes"),
    "passkeys.strong": _l("See the passkeys"),
    "passkeys.fair": _l("Add a passkey"),
    "linked.some": _l("See what is linked"),
    "linked.none": _l("See what can be linked"),
    "linked.paused": _l("Look into it"),
    "devices.strong": _l("See the devices"),
    "devices.fair": _l("Look at the devices"),
    "email.verified": _l("Change the address"),
    "email.failing": _l("Give another address"),
    "phone.given": _l("Change the number"),
}


@dataclass(frozen=True)
class Card:
    """One finding as the page shows it."""

    title: Any
    icon: str
    level: str
    badge: Any
    tone: str
    text: str
    action: Any
    endpoint: str


@dataclass(frozen=True)
class Summary:
    """The sentence above the cards, and the level of each part, the strong ones first."""

    text: str
    levels: Sequence[Level]

    @property
    def strong(self) -> int:
        """How many parts are strong."""
        return sum(level == Level.STRONG for level in self.levels)


def card(finding: Finding) -> Card:
    """The words of one finding, in the reader's language."""
    (title, icon), (badge, tone) = TITLES[finding.item], LEVELS[finding.level]
    text = SENTENCES[finding.state](finding)
    return Card(title, icon, finding.level, badge, tone, text, BUTTONS[finding.state], finding.endpoint)


def summary(findings: Sequence[Finding]) -> Summary:
    """One sentence about all of them: calm, and what needs the person first."""
    count = {level: sum(one.level == level for one in findings) for level in Level}
    if count[Level.WEAK]:
        text = ngettext(
            "%(num)d thing needs you. One button each, and it is mended.",
            "%(num)d things need you. One button each, and they are mended.",
            count[Level.WEAK],
        )
    elif count[Level.FAIR]:
        text = ngettext(
            "Your account is guarded. %(num)d thing could be stronger, whenever you like.",
            "Your account is guarded. %(num)d things could be stronger, whenever you like.",
            count[Level.FAIR],
        )
    else:
        text = _("Your account is well guarded. There is nothing to do.")
    return Summary(text, [level for level in Level for _one in range(count[level])])


def _names(finding: Finding) -> str:
    return ", ".join(PROVIDER_NAMES[provider] for provider in finding.providers)
