"""Who lives in the fictional state of Alder: a lab, an evaluator, a coordinator, two vendors, seven small operators."""

from dataclasses import dataclass

from watchbell.domain.handling import OrganisationKind


@dataclass(frozen=True, slots=True)
class Resident:
    """One organisation and the person who signs in for it."""

    key: str
    name: str
    kind: OrganisationKind
    sector: str
    person: str
    zone: str = "America/Chicago"
    is_government: bool = False

    @property
    def email(self) -> str:
        """Return the address this person signs in with."""
        return f"{self.person.split()[0].lower()}@{self.key}.example"


GOVERNMENT = "Government Services and Facilities"
HEALTH = "Healthcare and Public Health"

RESIDENTS = (
    Resident(
        "lab", "Northlight Lab", OrganisationKind.LAB, "Information Technology", "Mara Voss", "America/Los_Angeles"
    ),
    Resident(
        "evaluator",
        "Alder Evaluation Office",
        OrganisationKind.EVALUATOR,
        GOVERNMENT,
        "Theo Lindqvist",
        is_government=True,
    ),
    Resident(
        "coordinator",
        "Harbour Clearinghouse",
        OrganisationKind.COORDINATOR,
        GOVERNMENT,
        "Ines Okafor",
        is_government=True,
    ),
    Resident("records", "Fernwright Software", OrganisationKind.VENDOR, "Information Technology", "Pavel Horn"),
    Resident("pumps", "Acme Infusion", OrganisationKind.VENDOR, HEALTH, "Ruth Castellano"),
    Resident("hospital", "Valley Hospital", OrganisationKind.OPERATOR, HEALTH, "Dana Whitfield"),
    Resident("bank", "Mill Street Bank", OrganisationKind.OPERATOR, "Financial Services", "Omar Reyes"),
    Resident(
        "water", "Juniper Water Utility", OrganisationKind.OPERATOR, "Water and Wastewater Systems", "Lucia Brandt"
    ),
    Resident(
        "ambulance", "County Ambulance Service", OrganisationKind.OPERATOR, "Emergency Services", "Sam Achterberg"
    ),
    Resident("bus", "Ridge Line Bus Company", OrganisationKind.OPERATOR, "Transportation Systems", "Noor Haddad"),
    Resident("town", "Town of Alder Falls", OrganisationKind.OPERATOR, GOVERNMENT, "Grace Molina", is_government=True),
    Resident("power", "Prairie Power Cooperative", OrganisationKind.OPERATOR, "Energy", "Ben Sorensen"),
)
BY_KEY = {resident.key: resident for resident in RESIDENTS}
OPERATORS = tuple(resident for resident in RESIDENTS if resident.kind is OrganisationKind.OPERATOR)
