"""Features: what a service package can contain and an Admin User can grant (clauses 2.2, 2.3; DECISIONS 4)."""

from enum import StrEnum


class Feature(StrEnum):
    # a customer's package
    TEAM = "team"
    COMPANY = "company"
    CONTENT = "content"
    CONTRACT = "contract"
    REQUESTS = "requests"
    CUSTOMER_EXPORT = "customer-export"
    CUSTOMER_CLOSE = "customer-close"
    PRODUCT_PMS = "product-pms"
    PRODUCT_BESPOKE = "product-bespoke"
    PRODUCT_BOOKING = "product-booking"
    # Smartos's own console
    SUPPORT = "support"
    CUSTOMERS = "customers"
    POLICIES = "policies"
    NOTICES = "notices"
    CAMPAIGNS = "campaigns"
    DISCLOSURES = "disclosures"
    HOLDS = "holds"
    INCIDENTS = "incidents"
    LINKS = "links"
    AUDIT = "audit"
    RETENTION = "retention"
    OPERATORS = "operators"


CUSTOMER_FEATURES = (
    Feature.TEAM,
    Feature.COMPANY,
    Feature.CONTENT,
    Feature.CONTRACT,
    Feature.REQUESTS,
    Feature.CUSTOMER_EXPORT,
    Feature.CUSTOMER_CLOSE,
)
CONSOLE_FEATURES = (
    Feature.SUPPORT,
    Feature.CUSTOMERS,
    Feature.POLICIES,
    Feature.NOTICES,
    Feature.CAMPAIGNS,
    Feature.DISCLOSURES,
    Feature.HOLDS,
    Feature.INCIDENTS,
    Feature.LINKS,
    Feature.AUDIT,
    Feature.RETENTION,
    Feature.OPERATORS,
)
