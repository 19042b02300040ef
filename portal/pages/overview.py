"""Where a person stands, gathered from the rooms below in a handful of statements, and the one next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal.accounts.models import Kind, User
from portal.consents import standing as consents
from portal.consents.purposes import ConsentPurpose
from portal.core.categories import Category
from portal.core.database import db
from portal.core.features import Feature
from portal.exports.models import Export
from portal.policies.models import PolicyKind, PolicyVersion
from portal.policies.versions import in_force
from portal.signin import sessions
from portal.signin.models import SignIn, Visit
from portal.transparency.items import Summary
from portal.transparency.service import summaries


@dataclass(frozen=True)
class Step:
    """The one next step: why, what, and where."""

    title: str
    text: str
    action: str
    endpoint: str
    icon: str


@dataclass(frozen=True)
class Standing:
    """All that the overview shows."""

    step: Step
    profile_given: int
    profile_total: int
    summaries: Sequence[Summary]
    devices: Sequence[SignIn]
    visit_before: Visit | None
    export: Export | None
    policy: PolicyVersion | None
    consents: int

    @property
    def items(self) -> int:
        """How many items are held, over all categories."""
        return sum(summary.items for summary in self.summaries)

    @property
    def purposes(self) -> int:
        """How many things there are to agree to."""
        return len(ConsentPurpose)

    @property
    def exports(self) -> int:
        """How many copies were asked for."""
        return next(s.items for s in self.summaries if s.category == Category.EXPORTS)


def standing(user: User) -> Standing:
    """Gather it: one statement each for counts, devices, visits, the latest export and the policy."""
    profile = _profile_fields(user)
    export = db.session.scalar(select(Export).where(Export.user_id == user.id).order_by(Export.id.desc()).limit(1))
    given = sum(bool(value) for value in profile)
    return Standing(
        step=_next_step(user, is_complete=given == len(profile), export=export),
        profile_given=given,
        profile_total=len(profile),
        summaries=summaries(user),
        devices=sessions.alive(user),
        visit_before=_visit_before(user),
        export=export,
        policy=in_force(PolicyKind.PRIVACY),
        consents=sum(entry.granted for entry in consents.of(user.id).values()),
    )


def _profile_fields(user: User) -> list[Any]:
    fields = [user.full_name, user.email, user.phone, user.contact_address]
    if user.may(Feature.COMPANY) and user.customer.kind == Kind.ORGANISATION:
        fields += [user.customer.company_name, user.customer.address]
    return fields


def _visit_before(user: User) -> Visit | None:
    query = select(Visit).where(Visit.user_id == user.id).order_by(Visit.id.desc()).offset(1).limit(1)
    return db.session.scalar(query)


def _next_step(user: User, *, is_complete: bool, export: Export | None) -> Step:
    if user.is_closing:
        return Step(
            _("Your account is closing"),
            _("You can still change your mind, and take a copy of your data with you."),
            _("See how many days are left"),
            "erasure.close_account",
            "clock",
        )
    if export is not None and export.is_ready and not export.opened:
        return Step(
            _("Your copy is ready"),
            _("Download it while it is kept; the page says until when."),
            _("To the download"),
            "exports.index",
            "download",
        )
    if not is_complete:
        return Step(
            _("Complete your profile"),
            _("A few details are still missing. They help us to reach you and to know that it is you."),
            _("To your profile"),
            "profile.profile",
            "user",
        )
    return Step(
        _("See what we hold about you"),
        _("All is in order. Have a look at your data whenever you like."),
        _("To my data"),
        "transparency.my_data",
        "database",
    )
