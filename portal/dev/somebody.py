"""Who one can be at the stand-ins for Google and Facebook: a few made-up people, or somebody of one's own."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from portal.core import forms, hashes
from portal.signin.providers.models import Provider

TYPED = "typed"
CANCEL = "cancel"


@dataclass(frozen=True)
class Somebody:
    """One person at a provider. `speaks_for`: Google answers for the mailbox."""

    full_name: str
    email: str
    speaks_for: bool
    about: Any = ""

    def number(self, provider: Provider) -> str:
        """The person's number there: the same each time they come."""
        return str(int(hashes.keyed(f"demo {provider}", self.email or self.full_name)[:15], 16))


PEOPLE = {
    Provider.GOOGLE: {
        "ha": Somebody("Trần Thu Hà", "ha@nhanghi.example.com", True, _l("New here; Google answers for the address")),
        "khoa": Somebody("Lý Đăng Khoa", "khoa@vidu.example.com", False, _l("New here; the address is not verified")),
        "an": Somebody("Nguyễn Văn An", "an@example.com", True, _l("His address has an account in the portal")),
        "binh": Somebody("Trần Thị Bình", "binh@example.com", True, _l("Linked to her account in the portal")),
    },
    Provider.FACEBOOK: {
        "my": Somebody("Phạm Hoài My", "my@vidu.example.com", False, _l("New here, with an e-mail")),
        "tam": Somebody("Đỗ Minh Tâm", "", False, _l("New here; Facebook gives no e-mail")),
        "binh": Somebody("Trần Thị Bình", "binh@example.com", False, _l("Her address has an account in the portal")),
    },
}


class GoogleForm(forms.PublicForm):
    """Somebody of one's own at Google."""

    full_name = forms.Text(_l("Full name"), validators=[forms.at_most(100)])
    email = forms.Email(_l("E-mail"), validators=[forms.required(), forms.at_most(320)])
    email_verified = BooleanField(_l("E-mail verified: Google answers for this mailbox"), default=True)

    def somebody(self) -> Somebody:
        return Somebody(self.full_name.data or "", self.email.data, bool(self.email_verified.data))


class FacebookForm(forms.PublicForm):
    """Somebody of one's own at Facebook, which need not give an e-mail."""

    full_name = forms.Text(_l("Full name"), validators=[forms.required(), forms.at_most(100)])
    email = forms.Email(_l("E-mail"), validators=[forms.optional(), forms.at_most(320)])
    without_email = BooleanField(_l("No e-mail: Facebook does not give it"))

    def somebody(self) -> Somebody:
        return Somebody(self.full_name.data, "" if self.without_email.data else self.email.data or "", False)
