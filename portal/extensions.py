"""What every room shares and the app fills: login, form protection, migrations, settings."""

from typing import cast

from flask import current_app
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from portal.config import Settings

login = LoginManager()
csrf = CSRFProtect()
migrate = Migrate()


def settings() -> Settings:
    """The settings of the running app."""
    return cast(Settings, current_app.extensions["settings"])
