"""What may concern a reader of a changed policy: by clauses, by a condition on the person, in words that stay true.

The order is by weight: who is concerned by more than three reads the first three. Whatever a clause says now, a line
tells only what the portal knows of this person, and which clause to read about it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import not_

from portal.accounts.models import Product
from portal.consents.purposes import ConsentPurpose
from portal.core.features import Feature
from portal.policies import whom
from portal.policies.models import PolicyKind
from portal.policies.whom import Condition
from portal.signin.providers.models import Provider

MEASURED = (ConsentPurpose.MEASUREMENT, ConsentPurpose.PERSONALISATION)
KEEPING = ("8.2", "8.3", "8.4")


@dataclass(frozen=True)
class Place:
    """The page where a person sees for themselves."""

    endpoint: str
    label: LazyString


@dataclass(frozen=True)
class Topic:
    """One line: `clauses` by the numbers of our own documents, `condition` None for everyone, `words`, and where to."""

    name: str
    clauses: tuple[str, ...]
    condition: Callable[[], Condition] | None
    words: LazyString
    place: Place


CONSENTS = Place("consents.index", _l("See my consents"))
LINKS = Place("linking.linked", _l("See linked accounts"))
LEAVING = Place("erasure.close_account", _l("See the closing"))
MY_DATA = Place("transparency.my_data", _l("See my data"))
PROFILE = Place("profile.profile", _l("See my profile"))
SECURITY = Place("signin.security", _l("See my security"))
SUPPORT = Place("support.contact", _l("Write to us"))
PRIVACY = (
    Topic(
        "closing",
        ("8.1", *KEEPING),
        whom.is_closing,
        _l("Your account is closing. What is said about keeping and erasing changes; you see the days left here."),
        LEAVING,
    ),
    Topic(
        "marketing-on",
        ("4.5",),
        whom.allows_marketing,
        _l("You allow us marketing mail. What is said about it changes; your choice stays, and you can withdraw it."),
        CONSENTS,
    ),
    Topic(
        "location-on",
        ("6",),
        lambda: whom.allows(ConsentPurpose.LOCATION),
        _l("You allow us to use your location. What is said about it changes; your choice stays yours to withdraw."),
        CONSENTS,
    ),
    Topic(
        "google-and-facebook",
        ("4.3",),
        lambda: whom.linked(Provider.GOOGLE, Provider.FACEBOOK),
        _l("You linked Google and Facebook. What is said about them changes; both links stay until you take them off."),
        LINKS,
    ),
    Topic(
        "google",
        ("4.3",),
        lambda: whom.linked(Provider.GOOGLE),
        _l("You linked Google. What is said about it changes; the link stays until you take it off."),
        LINKS,
    ),
    Topic(
        "facebook",
        ("4.3",),
        lambda: whom.linked(Provider.FACEBOOK),
        _l("You linked Facebook. What is said about it changes; the link stays until you take it off."),
        LINKS,
    ),
    Topic(
        "measured",
        ("4.2", "4.4", "5"),
        lambda: whom.allows(*MEASURED),
        _l("You allow measuring traffic or personalisation. What is said about that changes; your choice stays."),
        CONSENTS,
    ),
    Topic(
        "admin",
        ("2.1", "2.2", "2.3"),
        whom.is_admin_of_organisation,
        _l("You are an Admin User. What is said about your organisation's roles changes; who may do what stays as is."),
        PROFILE,
    ),
    Topic(
        "staff",
        ("2.1", "2.2", "2.3"),
        whom.is_staff,
        _l("You are a Staff User. What is said about your role changes; what your Admin User gave you stays."),
        PROFILE,
    ),
    Topic(
        "content",
        ("2.4", "2.5", "3.2"),
        lambda: whom.may(Feature.CONTENT),
        _l("You may put content and documents on the service. What is said about them changes."),
        MY_DATA,
    ),
    Topic(
        "passkey",
        ("1.1", "7", "8.7"),
        whom.has_passkey,
        _l("A passkey opens your account. What is said about guarding it changes; your passkey works as before."),
        SECURITY,
    ),
    Topic(
        "second-step",
        ("1.1", "7", "8.7"),
        whom.has_second_step,
        _l("Your account has a second step. What is said about guarding it changes; the second step stays on."),
        SECURITY,
    ),
    Topic(
        "password",
        ("1.1", "7", "8.7"),
        whom.has_password,
        _l("Your account has a password. What is said about guarding it changes; your password stays."),
        SECURITY,
    ),
    Topic(
        "phone",
        ("3.1", "9.2"),
        whom.has_phone,
        _l("We hold a phone number of yours. What is said about it changes; you can change it or take it off."),
        PROFILE,
    ),
    Topic(
        "marketing-off",
        ("4.5",),
        lambda: not_(whom.allows_marketing()),
        _l("You allow no marketing mail. What is said about it changes; it stays off until you switch it on."),
        CONSENTS,
    ),
    Topic(
        "location-off",
        ("6",),
        lambda: not_(whom.allows(ConsentPurpose.LOCATION)),
        _l("You do not allow us your location. What is said about it changes; it stays off until you switch it on."),
        CONSENTS,
    ),
    Topic(
        "not-linked",
        ("4.3",),
        whom.linked,
        _l("You linked neither Google nor Facebook. What is said about them changes; it matters only if you link one."),
        LINKS,
    ),
    Topic(
        "not-measured",
        ("4.2", "4.4", "5"),
        lambda: not_(whom.allows(*MEASURED)),
        _l("You allow neither measuring traffic nor personalisation. What is said about that changes; both stay off."),
        CONSENTS,
    ),
    Topic(
        "not-closing",
        KEEPING,
        lambda: not_(whom.is_closing()),
        _l("What happens to data after the end of an account is worded anew. Yours is not closing: no day is counted."),
        MY_DATA,
    ),
    Topic(
        "sign-ins",
        ("3.3",),
        None,
        _l("What we record when you sign in is worded anew. You see each of these records."),
        MY_DATA,
    ),
    Topic(
        "profile",
        ("3.1",),
        None,
        _l("What is said about your name, e-mail and other details changes. They stay yours to see and correct."),
        PROFILE,
    ),
    Topic(
        "others",
        ("4.8", "8.4", "8.5"),
        None,
        _l("Who else may see or receive your data is worded anew. Please read it, and ask us what is unclear."),
        SUPPORT,
    ),
    Topic(
        "rights",
        ("9",),
        None,
        _l("How you use your rights is worded anew. Here you go on seeing, taking along and erasing your data."),
        MY_DATA,
    ),
)
TERMS = (
    Topic(
        "closing",
        ("8.2", "8.3", "8.4"),
        whom.is_closing,
        _l("Your account is closing. What is said about the end changes; you see the days left here."),
        LEAVING,
    ),
    Topic(
        "package",
        ("4", "7"),
        whom.is_admin,
        _l("You are an Admin User. What is said about packages and fees changes; your package stays as it is today."),
        MY_DATA,
    ),
    Topic(
        "admin",
        ("3.2",),
        whom.is_admin_of_organisation,
        _l("You are an Admin User. What is said about your organisation's roles changes; who may do what stays as is."),
        PROFILE,
    ),
    Topic(
        "staff",
        ("3.2", "4"),
        whom.is_staff,
        _l("You are a Staff User. What is said about your role changes; what your Admin User gave you stays."),
        PROFILE,
    ),
    Topic(
        "booking",
        ("2.1", "2.3"),
        lambda: whom.uses(Product.BOOKING),
        _l("Your package contains Smartos Booking. What is said about it changes."),
        MY_DATA,
    ),
    Topic(
        "contract-end",
        ("8.1",),
        whom.has_contract_end,
        _l("Your contract has a last day. What is said about its term changes; that day stays as agreed."),
        MY_DATA,
    ),
    Topic(
        "content",
        ("5",),
        lambda: whom.may(Feature.CONTENT),
        _l("You may put content and documents on the service. What is said about them changes."),
        MY_DATA,
    ),
    Topic(
        "guarding",
        ("3.3",),
        None,
        _l("What you do to guard your account is worded anew. What guards yours today stays on."),
        SECURITY,
    ),
    Topic(
        "liability",
        ("9", "11.2"),
        None,
        _l("What we answer for, what you answer for, or how disputes are settled is worded anew."),
        SUPPORT,
    ),
)
TOPICS = {PolicyKind.PRIVACY: PRIVACY, PolicyKind.TERMS: TERMS}
CLOSING = (
    _l("Nothing you have allowed changes by itself: what is off stays off."),
    _l("You go on seeing your data, and can take it along or erase it yourself at any time."),
    _l("You need not do anything. If you do not agree, you can object or leave, in the ways below."),
)
"""True for everyone, whatever changes; they fill up to three lines."""
