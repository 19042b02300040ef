"""The one contact point for privacy, shown everywhere it matters (clause 13.1)."""

from flask import current_app
from flask_babel import gettext as _


def contact_point() -> dict[str, str]:
    """The support address, the data protection officer's name (or the department's), and where the portal is."""
    settings = current_app.extensions["settings"]
    return {
        "support_email": settings.support_email,
        "dpo_name": settings.dpo_name or _("Legal and Customer Care Department"),
        "base_url": settings.base_url,
    }
