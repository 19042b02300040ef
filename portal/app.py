"""The only place that knows every room: blueprints, duties, schedule, menu, banners, commands."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Flask
from flask_babel import lazy_gettext as _l

from portal import logs, setup
from portal.audit import chain
from portal.audit import cli as audit_cli
from portal.config import load
from portal.consents import cookie_views, measuring, traffic_views, unsubscribe_views
from portal.consents import living as consents_living
from portal.consents import service as consents_service
from portal.consents import views as consents
from portal.core import access, clock, mistakes
from portal.core.database import db
from portal.core.datamap import DataMap
from portal.core.features import Feature
from portal.core.leases import Duty
from portal.core.living import ClauseControl
from portal.core.menu import BannerSource, MenuEntry, connect_menu
from portal.dev import cli as dev_cli
from portal.dev import facebook as dev_facebook
from portal.dev import google as dev_google
from portal.dev import views as dev
from portal.erasure import banner as erasure_banner
from portal.erasure import cli as erasure_cli
from portal.erasure import living as erasure_living
from portal.erasure import opened as erasure_opened
from portal.erasure import provider_deletion, provider_views, purge, replay, sweeping
from portal.erasure import views as erasure
from portal.exports import archive
from portal.exports import living as exports_living
from portal.exports import tasks as exports_tasks
from portal.exports import views as exports
from portal.extensions import login
from portal.joining import views as joining
from portal.mailer import carrier, delivery
from portal.notices import alarm, failure_views
from portal.notices import cli as notices_cli
from portal.notices import views as notices
from portal.notices.composing import campaign_views
from portal.notices.composing import views as drafting_views
from portal.notices.engine import claiming, sending
from portal.notices.inbox import views as inbox_views
from portal.notices.returns import cli as mail_cli
from portal.notices.returns import returned
from portal.notices.returns import views as returned_views
from portal.pages import doctor, health, well_known
from portal.pages import views as pages
from portal.policies import cli as policies_cli
from portal.policies import continued_use, staff_views
from portal.policies import living as policies_living
from portal.policies import views as policies
from portal.profile import new_phone, recovery
from portal.profile import views as profile
from portal.signin import living as signin_living
from portal.signin import not_me_views, proof_views, sessions
from portal.signin import views as signin
from portal.signin.factors import passkey_views, personnel, second_step_views
from portal.signin.providers import callback_views, linking_views
from portal.signin.providers import views as providers
from portal.staff import cli as staff_cli
from portal.staff import views as staff
from portal.storage import opened
from portal.storage.place import Unreachable
from portal.storage.secrets import development_secret
from portal.support import living as support_living
from portal.support import service as support_service
from portal.support import views as support
from portal.transparency import living as transparency_living
from portal.transparency import views as transparency
from portal.work import cli as work_cli
from portal.work import doorbell, worker

ROOT = Path(__file__).resolve().parent.parent

BLUEPRINTS = (
    pages.bp,
    health.bp,
    well_known.bp,
    joining.bp,
    signin.bp,
    proof_views.bp,
    second_step_views.bp,
    passkey_views.bp,
    providers.bp,
    linking_views.bp,
    callback_views.bp,
    not_me_views.bp,
    profile.bp,
    transparency.bp,
    support.bp,
    exports.bp,
    erasure.bp,
    provider_views.bp,
    policies.bp,
    staff_views.bp,
    notices.bp,
    drafting_views.bp,
    campaign_views.bp,
    failure_views.bp,
    returned_views.bp,
    inbox_views.bp,
    consents.bp,
    cookie_views.bp,
    traffic_views.bp,
    unsubscribe_views.bp,
    staff.bp,
)
DEVELOPMENT_BLUEPRINTS = (dev.bp, dev_google.bp, dev_facebook.bp)

DUTIES: tuple[Duty, ...] = (
    delivery.DUTY,
    sending.DUTY,
    exports_tasks.DUTY,
    purge.DUTY,
    provider_deletion.DUTY,
)

SCHEDULE: dict[str, tuple[str, Callable[[], object]]] = {
    "exports-expire": ("*/5", exports_tasks.sweep),
    "page-counts": ("23", measuring.drop_old),
    **sweeping.SCHEDULE,
}

# Rooms whose people upload files hand them to the export here
EXPORT_SOURCES: tuple[archive.FileSource, ...] = ()

# Rooms that keep what an address did before it was a user's take it over here, once the address is proven
ADOPTERS = (support_service.adopt, returned.adopt)

# Rooms that can take back a change of what guards an account do so here, when its owner says "this was not me"
RECOVERY_STEPS = recovery.STEPS

# Rooms that hold half-made changes of what guards an account let go of them here (signin.pending)
PENDING_CHANGES = (new_phone.cancel,)

# What a withdrawn consent stops at once, in the transaction of the withdrawal
WITHDRAWALS: tuple[consents_service.Withdrawal, ...] = (claiming.withdraw,)

# Beside each clause of the privacy policy the control that keeps it, and how it stands for whoever is signed in
LIVING: tuple[ClauseControl, ...] = (
    *signin_living.CONTROLS,
    *consents_living.CONTROLS,
    *erasure_living.CONTROLS,
    *transparency_living.CONTROLS,
    *exports_living.CONTROLS,
    *policies_living.CONTROLS,
    *support_living.CONTROLS,
)

# What Smartos's own people have to show before the console opens
DEMANDS: tuple[access.Demand, ...] = (personnel.demand,)

MENU = (
    MenuEntry(_l("Overview"), "pages.overview", icon="house"),
    MenuEntry(_l("Profile"), "profile.profile", icon="user"),
    MenuEntry(_l("Inbox"), "inbox.index", icon="inbox", count=inbox_views.unread_count),
    MenuEntry(_l("My data"), "transparency.my_data", icon="database"),
    MenuEntry(_l("Consents"), "consents.index", icon="hand"),
    MenuEntry(_l("Exports"), "exports.index", icon="download"),
    MenuEntry(_l("Security"), "signin.security", icon="shield-check"),
    MenuEntry(_l("Policies"), "policy_desk.index", icon="scale", feature=Feature.POLICIES),
    MenuEntry(_l("Notices"), "notices.index", icon="send", feature=Feature.NOTICES),
    MenuEntry(_l("Campaigns"), "campaigns.index", icon="bell", feature=Feature.CAMPAIGNS),
)

BANNERS: tuple[BannerSource, ...] = (
    alarm.banners,
    continued_use.banners,
    inbox_views.banners,
    erasure_banner.closing_banner,
    returned.banners,
)

COMMANDS = (
    *work_cli.COMMANDS,
    *audit_cli.COMMANDS,
    *policies_cli.COMMANDS,
    *notices_cli.COMMANDS,
    *mail_cli.COMMANDS,
    *staff_cli.COMMANDS,
    *erasure_cli.COMMANDS,
    *doctor.COMMANDS,
    *dev_cli.COMMANDS,
)


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The portal, ready to serve, as `environ` (default: the process's) sets it up.

    Raises SettingsError, with one line that names what is wrong.
    """
    settings = load(os.environ if environ is None else environ, root=ROOT, make_secret=development_secret)
    app = Flask(__name__, root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.extensions["settings"] = settings
    clock.shift(settings.clock_offset)
    logs.connect(settings)
    setup.configure(app, settings)
    setup.connect_extensions(app)
    opened.connect(app)
    erasure_opened.connect(app)
    replay.connect(app)
    app.extensions["mail_carrier"] = carrier.connect(app)
    app.extensions["datamap"] = DataMap(db.metadata)
    app.extensions["export_sources"] = EXPORT_SOURCES
    app.extensions["adopters"] = ADOPTERS
    app.extensions["demands"] = DEMANDS
    app.extensions["pending_changes"] = PENDING_CHANGES
    app.extensions["recovery_steps"] = RECOVERY_STEPS
    app.extensions["withdrawals"] = WITHDRAWALS
    app.extensions["living"] = LIVING
    measuring.connect(app)
    app.register_error_handler(Unreachable, lambda error: mistakes.answer(503, retry_after=mistakes.RETRY_SECONDS))
    _connect_work(app)
    login.user_loader(sessions.load)
    setup.connect_requests(app, settings)
    _register(app, is_development=not settings.is_production)
    return app


def _connect_work(app: Flask) -> None:
    chain.connect()
    doorbell.connect(app)
    app.extensions["duties"] = {duty.name: duty for duty in DUTIES}
    worker.connect(app, SCHEDULE)


def _register(app: Flask, *, is_development: bool) -> None:
    for blueprint in (*BLUEPRINTS, *(DEVELOPMENT_BLUEPRINTS if is_development else ())):
        app.register_blueprint(blueprint)
    connect_menu(app, MENU, BANNERS)
    for command in COMMANDS:
        app.cli.add_command(command)
