"""What a person can allow, one by one; nothing is allowed until it is given (Law 91/2025 Art. 9; clauses 4.4, 4.5)."""

from enum import StrEnum


class ConsentPurpose(StrEnum):
    """One purpose, one switch: no bundling (Law 91/2025 Art. 9.4)."""

    PROMOTIONS = "promotions"
    EVENTS = "events"
    NEW_SERVICES = "new-services"
    SURVEYS = "surveys"
    ACCOMMODATION = "accommodation"
    MEASUREMENT = "measurement"
    PERSONALISATION = "personalisation"
    LOCATION = "location"

    @property
    def is_marketing(self) -> bool:
        """One of the five kinds of marketing mail (clause 4.5)."""
        return self in MARKETING


MARKETING = (
    ConsentPurpose.PROMOTIONS,
    ConsentPurpose.EVENTS,
    ConsentPurpose.NEW_SERVICES,
    ConsentPurpose.SURVEYS,
    ConsentPurpose.ACCOMMODATION,
)
