"""Changing one's details: the person's own by right, the company's with COMPANY (clause 3.1; DECISIONS 3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from portal.accounts.models import User
from portal.audit import chain
from portal.core import hashes
from portal.core.database import db
from portal.core.features import Feature
from portal.profile.models import CompanyChange, CompanyField, PersonalField, ProfileChange

OWN_FIELDS = (PersonalField.FULL_NAME, PersonalField.CONTACT_ADDRESS, PersonalField.LOCALE)
COMPANY_FIELDS = tuple(CompanyField)
DIGEST_LENGTH = 16


@dataclass
class Outcome:
    """What came of a change: fields now different, and those that somebody else had changed meanwhile."""

    changed: list[str] = field(default_factory=list)
    left_to_others: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)


def fields_of(user: User) -> tuple[str, ...]:
    """What this person may change on the profile page."""
    return (*OWN_FIELDS, *COMPANY_FIELDS) if user.may(Feature.COMPANY) else OWN_FIELDS


def values_of(user: User) -> dict[str, str]:
    """The present values of all fields of the profile page."""
    own: dict[str, str] = {name: getattr(user, name) for name in OWN_FIELDS}
    return own | {name: getattr(user.customer, name) for name in COMPANY_FIELDS}


def digests(values: Mapping[str, str]) -> str:
    """What a page carries to recognise the values that it showed, without repeating them."""
    return " ".join(f"{name}={_digest(name, value)}" for name, value in values.items())


def _digest(name: str, value: str) -> str:
    return hashes.keyed(f"profile-shown:{name}", value)[:DIGEST_LENGTH]


def change(user: User, given: Mapping[str, str], *, shown: str = "") -> Outcome:
    """Write the fields `given` that differ from what is held, each with its line in the history.

    Fields that this person may not change are ignored. `shown` are the digests of the page that was filled
    in: a field left as it stood there does not undo what another tab or another person changed since; one
    that was typed anew wins, and the outcome says so.
    """
    seen = dict(part.split("=", 1) for part in shown.split() if "=" in part)
    outcome = Outcome()
    present = values_of(user)
    for name in fields_of(user):
        if name not in given or given[name] == present[name]:
            continue
        changed_meanwhile = name in seen and seen[name] != _digest(name, present[name])
        if changed_meanwhile and seen[name] == _digest(name, given[name]):
            outcome.left_to_others.append(name)
            continue
        if changed_meanwhile:
            outcome.overwritten.append(name)
        _write(user, name, given[name])
        note(user, name, present[name], given[name])
        outcome.changed.append(name)
    if outcome.changed:
        chain.record("profile.changed", subject=user, actor_id=user.id, customer_id=user.customer_id)
    return outcome


def _write(user: User, name: str, value: str) -> None:
    if name == PersonalField.FULL_NAME:
        user.rename(value)
    elif name == CompanyField.COMPANY_NAME:
        user.customer.rename(value)
    elif name in COMPANY_FIELDS:
        setattr(user.customer, name, value)
    else:
        setattr(user, name, value)


def note(user: User, name: str, before: str, after: str) -> None:
    """One line in the history of this person, or of their company."""
    if name in COMPANY_FIELDS:
        line = CompanyChange(customer_id=user.customer_id, field=CompanyField(name), before=before, after=after)
    else:
        line = ProfileChange(user_id=user.id, field=PersonalField(name), before=before, after=after)  # type: ignore[assignment]
    line.by_id = user.id
    db.session.add(line)


def names_of(ids: Iterable[object]) -> dict[object, str]:
    """The names of these people, for the history."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return dict(db.session.execute(select(User.id, User.full_name).where(User.id.in_(wanted))).tuples())
