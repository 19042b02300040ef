"""What each category is, in one sentence, and which feature opens the customer's part of it."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.categories import Category
from portal.core.features import Feature

CATEGORY_SENTENCES: dict[Category, Any] = {
    Category.PROFILE: _l("Who you are and how you are reached, as you told us."),
    Category.ACCOUNT: _l("What your account needs to work: your role, your address's proof, links under way."),
    Category.CONTRACT: _l("Your service contract with Smartos: package, products, and how long it runs."),
    Category.VISITS: _l("When you signed in, from which address on the Internet, with which browser and system."),
    Category.DEVICES: _l("The browsers that are signed in to your account now."),
    Category.LINKED_ACCOUNTS: _l("Accounts at Google or Facebook that you sign in with."),
    Category.CONSENTS: _l("What you agreed to, and what you took back."),
    Category.POLICIES: _l("Which versions of the privacy policy and the Terms of Service you accepted, and when."),
    Category.REQUESTS: _l("What you asked us or told us, and what came of it."),
    Category.CONTENT: _l("Images, texts, videos and other files that you put here."),
    Category.NEARBY: _l("Your location, only where you granted it."),
    Category.NOTICES: _l("Letters that we sent you, and whether they arrived."),
    Category.EXPORTS: _l("Copies of your data that you asked for."),
    Category.DISCLOSURES: _l("Whom your data was given to, and on what ground."),
}

CUSTOMERS_PART_NEEDS: dict[Category, Feature] = {
    Category.CONTRACT: Feature.CONTRACT,
    Category.CONTENT: Feature.CONTENT,
    Category.REQUESTS: Feature.REQUESTS,
}


def opens_customers_part(category: Category) -> Feature:
    """The feature that shows what belongs to the customer rather than to the person (DECISIONS 3)."""
    return CUSTOMERS_PART_NEEDS.get(category, Feature.COMPANY)
