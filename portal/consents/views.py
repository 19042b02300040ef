"""Consents: one switch for each purpose, what was agreed to at any moment, and the exact words of each act."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from flask_login import current_user

from portal.consents import history as ledger
from portal.consents import models as models
from portal.consents import service, standing, wording
from portal.consents.forms import DecisionForm, MomentForm, WithdrawMarketingForm
from portal.consents.models import CONSENT_WAY_WORDS, PURPOSE_NAMES, ConsentWay
from portal.consents.purposes import MARKETING, ConsentPurpose
from portal.core import clock, web
from portal.core.access import also_while_closing, signed_in
from portal.core.database import db
from portal.core.language import LANGUAGE_NAMES, LOCALES
from portal.core.throttle import throttled

bp = Blueprint("consents", __name__)

HOUR = 3600
PAGE = "/consents"
GROUPS: Mapping[str, tuple[Any, tuple[ConsentPurpose, ...]]] = {
    "marketing": (lazy_gettext("Advertising by e-mail"), MARKETING),
    "measurement": (lazy_gettext("Measuring"), (ConsentPurpose.MEASUREMENT,)),
    "personalisation": (lazy_gettext("Personalisation"), (ConsentPurpose.PERSONALISATION,)),
    "location": (lazy_gettext("Location"), (ConsentPurpose.LOCATION,)),
}


@bp.get(PAGE)
@signed_in
def index() -> ResponseReturnValue:
    """Every purpose with its words, how it stands and since when."""
    return _shown()


def _shown(problem: str | None = None) -> Response:
    stands = standing.of(current_user.id)
    return web.page(
        "consents/consents.html",
        status=422 if problem else 200,
        problem=problem,
        groups=GROUPS,
        words={purpose: wording.of(purpose, str(get_locale())) for purpose in ConsentPurpose},
        version=wording.version,
        stands=stands,
        marketing=[kind for kind in MARKETING if kind in stands and stands[kind].granted],
    )


@bp.post(f"{PAGE}/<purpose>")
@signed_in
@also_while_closing
@throttled("consents", limit=300, seconds=HOUR)
def decide(purpose: str) -> ResponseReturnValue:
    """One switch. Withdrawing always works; agreeing only to the words that the page showed, and not on the way out."""
    try:
        wanted = ConsentPurpose(purpose)
    except ValueError:
        abort(404)
    form = DecisionForm()
    if not form.validate_on_submit():
        return _shown(
            _("Nothing was changed, because it was not clear what you decided. Please press the button again.")
        )
    if not form.is_granted:
        return _withdrawn(wanted)
    if current_user.is_closing:
        return web.see_other("erasure.close_account")
    locale = _language_shown(wanted, form.words.data or "")
    if locale is None:
        return _shown(_("These words changed while the page was open. Please read them once more, then decide."))
    return _agreed(wanted, locale)


def _language_shown(purpose: ConsentPurpose, sha256: str) -> str | None:
    """In which language the words with this digest stand today; the request's where the form does not say."""
    if not sha256:
        return str(get_locale())
    return next((locale for locale in LOCALES if wording.of(purpose, locale).sha256 == sha256), None)


def _agreed(purpose: ConsentPurpose, locale: str) -> Response:
    changed = service.decide(current_user, purpose, granted=True, way=ConsentWay.SWITCH, page=PAGE, locale=locale)
    db.session.commit()
    if changed:
        flash(_("You agreed: %(purpose)s. You can withdraw at any time, here.", purpose=PURPOSE_NAMES[purpose]), "good")
    return web.see_other("consents.index", _anchor=purpose.value)


def _withdrawn(purpose: ConsentPurpose) -> Response:
    changed = service.decide(current_user, purpose, granted=False, way=ConsentWay.SWITCH, page=PAGE)
    db.session.commit()
    if changed:
        flash(_("Withdrawn: %(purpose)s. It holds from this moment on.", purpose=PURPOSE_NAMES[purpose]), "good")
    return web.see_other("consents.index", _anchor=purpose.value)


@bp.post(f"{PAGE}/marketing/withdraw")
@signed_in
@also_while_closing
@throttled("consents", limit=300, seconds=HOUR)
def withdraw_marketing() -> ResponseReturnValue:
    """Every kind of advertising at once: leaving is bundled, agreeing never is."""
    if not WithdrawMarketingForm().validate_on_submit():
        return _shown(
            _("Nothing was changed, because it was not clear what you decided. Please press the button again.")
        )
    given = [kind for kind, entry in standing.of(current_user.id).items() if kind.is_marketing and entry.granted]
    for kind in given:
        service.decide(current_user, kind, granted=False, way=ConsentWay.SWITCH, page=PAGE)
    db.session.commit()
    flash(_("All advertising is withdrawn. It holds from this moment on."), "good")
    return web.see_other("consents.index")


@bp.get(f"{PAGE}/history")
@signed_in
def history() -> ResponseReturnValue:
    """The time machine, and below it every act, the latest first."""
    form = MomentForm(request.args)
    is_asked = bool(request.args.get("day") or request.args.get("time"))
    moment = _moment(form) if is_asked else None
    entries, older = ledger.page(current_user.id, before=_key(request.args.get("before")))
    return web.page(
        "consents/history.html",
        form=form,
        moment=moment,
        entries=entries,
        older=older,
        is_first="before" not in request.args,
        **_labels(),
    )


def _moment(form: MomentForm) -> ledger.Moment | None:
    if not form.validate():
        return None
    try:
        asked = ledger.moment_of(form.day.data, form.clock_time)
    except OverflowError:
        form.day.errors = [_("Please give a day such as 2026-12-31.")]
        return None
    now = clock.now()
    if form.time.data is None and form.day.data == ledger.today():
        asked = now
    if asked > now and not ledger.is_this_minute(asked):
        form.day.errors = [_("This moment has not come yet. Please choose one in the past.")]
        return None
    return ledger.at(current_user.id, min(asked, now))


@bp.get(f"{PAGE}/history/<uuid:entry_id>")
@signed_in
def entry(entry_id: UUID) -> ResponseReturnValue:
    """One act with the exact words it was done on, to read, print and keep."""
    line = ledger.line(current_user.id, entry_id)
    if line is None:
        abort(404)
    return web.page("consents/entry.html", line=line, **_labels())


def _labels() -> dict[str, Any]:
    return {"purpose_names": PURPOSE_NAMES, "way_words": CONSENT_WAY_WORDS, "language_names": LANGUAGE_NAMES}


def _key(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
