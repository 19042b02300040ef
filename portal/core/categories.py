"""The words of the data map: what an item is about, why it is held, where it came from (policy articles 3 and 4)."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l


class Category(StrEnum):
    """What the item is about; also the page /my-data/<category> and the file data/<category>.json."""

    PROFILE = "profile"
    ACCOUNT = "account"
    CONTRACT = "contract"
    VISITS = "visits"
    DEVICES = "devices"
    LINKED_ACCOUNTS = "linked-accounts"
    CONSENTS = "consents"
    POLICIES = "policies"
    REQUESTS = "requests"
    CONTENT = "content"
    NEARBY = "nearby"
    NOTICES = "notices"
    EXPORTS = "exports"
    DISCLOSURES = "disclosures"


class Purpose(StrEnum):
    """Why it is held (policy article 4)."""

    SERVICE = "service"
    FRAUD = "fraud"
    NOTICES = "notices"
    DISPUTES = "disputes"
    RIGHTS = "rights"


class Source(StrEnum):
    """Where it came from (policy articles 3 and 4)."""

    YOU = "you"
    AUTOMATIC = "automatic"
    PROVIDER = "provider"
    SMARTOS = "smartos"
    CUSTOMER = "customer"


CATEGORY_WORDS = {
    Category.PROFILE: _l("Profile"),
    Category.ACCOUNT: _l("Account"),
    Category.CONTRACT: _l("Service contract"),
    Category.VISITS: _l("Visits"),
    Category.DEVICES: _l("Devices"),
    Category.LINKED_ACCOUNTS: _l("Linked accounts"),
    Category.CONSENTS: _l("Consents"),
    Category.POLICIES: _l("Policies you agreed to"),
    Category.REQUESTS: _l("Requests and messages"),
    Category.CONTENT: _l("Customer Content"),
    Category.NEARBY: _l("Nearby"),
    Category.NOTICES: _l("Letters and notices"),
    Category.EXPORTS: _l("Exports"),
    Category.DISCLOSURES: _l("Disclosures"),
}
PURPOSE_WORDS = {
    Purpose.SERVICE: _l("Providing the service and support"),
    Purpose.FRAUD: _l("Preventing fraud and protecting your account"),
    Purpose.NOTICES: _l("Telling you about policy and system changes"),
    Purpose.DISPUTES: _l("Resolving disputes, claims and issues"),
    Purpose.RIGHTS: _l("Keeping your rights and proving that they were kept"),
}
SOURCE_WORDS = {
    Source.YOU: _l("You gave it"),
    Source.AUTOMATIC: _l("Recorded automatically"),
    Source.PROVIDER: _l("Received from Google or Facebook"),
    Source.SMARTOS: _l("Made by Smartos"),
    Source.CUSTOMER: _l("Given by your organisation"),
}
