"""The taxonomy: what data can be; dotted codes with a tier, a meaning and mappings to other terms.

Rules of growth: a code is never removed or re-defined. Mappings: Presidio entity names,
fideslang data categories (3.2, CC BY 4.0), W3C DPV-PD terms (2.3); None where no true one exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class Tier(IntEnum):
    """How much still shows once the value itself is replaced; a policy compares tiers.

    A secret is worthless without its value; that a text is about somebody's health shows around it.
    """

    ORDINARY = 0
    PERSONAL = 1
    SENSITIVE = 2
    SECRET = 3
    SPECIAL = 4


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of data. `label` is what a placeholder of this kind is called (`[A-Z_]+`)."""

    code: str
    label: str
    tier: Tier
    meaning: str
    source: str
    article9: bool = False
    presidio: str | None = None
    fideslang: str | None = None
    dpv: str | None = None


_O, _P, _S, _K, _X = Tier.ORDINARY, Tier.PERSONAL, Tier.SENSITIVE, Tier.SECRET, Tier.SPECIAL
_ID = "user.government_id.national_identification_number"
_PASSPORT, _DRIVER = (
    "user.government_id.passport_number",
    "user.government_id.drivers_license_number",
)
_KEY = "user.authorization.credentials"

_ALL: tuple[Category, ...] = (
    # Who somebody is.
    Category("person.name", "PERSON", _P, "A person's name or part of it", "GDPR Art. 4(1)",
             presidio="PERSON", fideslang="user.name", dpv="pd:Name"),
    Category("person.user_id", "USER", _P, "A name or number that a system gave a person",
             "GDPR Art. 4(1)", fideslang="user.account.username", dpv="pd:Username"),
    Category("person.birth_date", "BIRTH_DATE", _S, "The day on which a person was born",
             "ISO 8601; GDPR Art. 4(1)", fideslang="user.demographic.date_of_birth",
             dpv="pd:BirthDate"),
    # How to reach somebody.
    Category("contact.email", "EMAIL", _P, "An address of an electronic mailbox",
             "RFC 5321 §4.1.2", presidio="EMAIL_ADDRESS", fideslang="user.contact.email",
             dpv="pd:EmailAddress"),
    Category("contact.phone", "PHONE", _P, "A telephone or fax number", "ITU-T E.164",
             presidio="PHONE_NUMBER", fideslang="user.contact.phone_number",
             dpv="pd:TelephoneNumber"),
    Category("contact.address", "ADDRESS", _P, "Where a person lives or gets post, to the door",
             "UPU S42", fideslang="user.contact.address", dpv="pd:PhysicalAddress"),
    Category("contact.profile", "PROFILE", _P, "The page or handle of a person in a social network",
             "GDPR Art. 4(1)", fideslang="user.contact.social_url"),
    # Where and with what somebody is on a network.
    Category("network.ip_address", "IP", _P, "An address of a machine, version 4 or 6",
             "RFC 791; RFC 4291", presidio="IP_ADDRESS", fideslang="user.device.ip_address",
             dpv="pd:IPAddress"),
    Category("network.mac_address", "MAC", _P, "The hardware address of a network interface",
             "IEEE 802", presidio="MAC_ADDRESS", fideslang="user.device.device_id",
             dpv="pd:MACAddress"),
    Category("network.device_id", "DEVICE", _P, "The number of a phone or device, such as an IMEI",
             "3GPP TS 23.003", fideslang="user.device.device_id"),
    # Money.
    Category("finance.card_number", "CARD", _S, "The number of a payment card", "ISO/IEC 7812-1",
             presidio="CREDIT_CARD", fideslang="user.financial.credit_card",
             dpv="pd:PaymentCardNumber"),
    Category("finance.iban", "IBAN", _S, "An international bank account number", "ISO 13616-1",
             presidio="IBAN_CODE", fideslang="user.financial.bank_account", dpv="pd:BankAccount"),
    Category("finance.account_number", "ACCOUNT", _S, "A bank account number in a national form",
             "GDPR Art. 4(1)", fideslang="user.financial.bank_account", dpv="pd:BankAccount"),
    Category("finance.crypto_wallet", "WALLET", _S, "The address of a cryptocurrency wallet",
             "BIP 173; EIP-55", presidio="CRYPTO"),
    # Numbers that states give to people.
    Category("id.us_ssn", "US_SSN", _S, "United States Social Security number",
             "SSA, number randomization (2011)", presidio="US_SSN", fideslang=_ID,
             dpv="pd:OfficialID"),
    Category("id.us_itin", "US_ITIN", _S, "United States individual taxpayer number",
             "IRS Form W-7", presidio="US_ITIN", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.uk_nino", "UK_NINO", _S, "United Kingdom National Insurance number",
             "HMRC NIM39110", presidio="UK_NINO", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.uk_nhs", "UK_NHS", _S, "Number of a patient in the National Health Service",
             "NHS Data Dictionary, NHS NUMBER", presidio="UK_NHS",
             fideslang="user.health.record_id", dpv="pd:OfficialID"),
    Category("id.de_tax_id", "DE_TAX_ID", _S, "German tax identification number",
             "AO §139b; StIdV §1", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.fr_nir", "FR_NIR", _S, "French registration number of a person (social security)",
             "Code de la sécurité sociale R.114-25", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.es_dni", "ES_DNI", _S, "Spanish identity number (DNI) or foreigner's (NIE)",
             "Real Decreto 255/2025", presidio="ES_NIF", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.it_fiscal_code", "IT_FISCAL_CODE", _S, "Italian fiscal code of a person",
             "D.M. 23/12/1976 n. 13813", presidio="IT_FISCAL_CODE", fideslang=_ID,
             dpv="pd:OfficialID"),
    Category("id.nl_bsn", "NL_BSN", _S, "Dutch citizen service number", "Wabb art. 1",
             fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.pl_pesel", "PL_PESEL", _S, "Polish registry number of a person",
             "Ustawa o ewidencji ludności art. 15", presidio="PL_PESEL", fideslang=_ID,
             dpv="pd:OfficialID"),
    Category("id.br_cpf", "BR_CPF", _S, "Brazilian taxpayer number of a person",
             "Receita Federal IN 2172/2024", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.in_aadhaar", "IN_AADHAAR", _S, "Indian identity number of a resident",
             "Aadhaar Act 2016 §2(a)", presidio="IN_AADHAAR", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.ch_ahv", "CH_AHV", _S, "Swiss social insurance number (AHV, AVS)",
             "AHVV art. 133", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.be_national_number", "BE_NATIONAL_NUMBER", _S, "Belgian national register number",
             "Wet van 8 augustus 1983", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.se_personal_number", "SE_PERSONAL_NUMBER", _S, "Swedish personal identity number",
             "Folkbokföringslagen 18 §", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.fi_identity_code", "FI_IDENTITY_CODE", _S, "Finnish personal identity code",
             "Laki 661/2009 11 §", presidio="FI_PERSONAL_IDENTITY_CODE", fideslang=_ID,
             dpv="pd:OfficialID"),
    Category("id.pt_nif", "PT_NIF", _S, "Portuguese taxpayer number of a person",
             "Decreto-Lei 14/2013", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.ca_sin", "CA_SIN", _S, "Canadian social insurance number",
             "Service Canada, SIN Code of Practice", fideslang=_ID, dpv="pd:OfficialID"),
    Category("id.passport", "PASSPORT", _S, "The number of a passport", "ICAO Doc 9303",
             fideslang=_PASSPORT, dpv="pd:Passport"),
    Category("id.driver_license", "DRIVER_LICENSE", _S, "The number of a license to drive",
             "Directive 2006/126/EC", fideslang=_DRIVER),
    # Health.
    Category("health.condition", "CONDITION", _X, "An illness, disorder, injury or its treatment",
             "GDPR Art. 4(15), Art. 9(1)", article9=True, fideslang="user.health.condition",
             dpv="pd:MedicalHealth"),
    Category("health.record_number", "RECORD", _S, "The number of a patient, case or insurance",
             "GDPR recital 35", fideslang="user.health.record_id", dpv="pd:HealthRecord"),
    # What opens doors.
    Category("secret.api_key", "API_KEY", _K, "A key or token that a service accepts",
             "RFC 6750; the providers' own notes", fideslang=_KEY),
    Category("secret.private_key", "PRIVATE_KEY", _K, "The private half of a key pair",
             "RFC 7468", fideslang=_KEY),
    Category("secret.jwt", "JWT", _K, "A signed or encrypted web token with claims", "RFC 7519",
             fideslang=_KEY),
    Category("secret.password", "PASSWORD", _K, "A password, passphrase or PIN", "NIST SP 800-63B",
             fideslang="user.authorization.password", dpv="pd:Password"),
    Category("secret.connection_string", "CONNECTION", _K,
             "An address of a service together with what logs in to it", "RFC 3986 §3.2.1",
             fideslang=_KEY),
    # Groups, places, journeys.
    Category("organization.name", "ORGANIZATION", _P, "The name of a company or institution",
             "GDPR recital 14", presidio="ORGANIZATION"),
    Category("location.place", "PLACE", _P, "A place that tells where a person is or was",
             "GDPR Art. 4(1)", presidio="LOCATION", fideslang="user.location", dpv="pd:Location"),
    Category("location.coordinates", "COORDINATES", _P, "A point on the earth, as two angles",
             "ISO 6709", fideslang="user.location.precise"),
    Category("travel.booking_code", "BOOKING", _P, "A record locator that opens a journey's data",
             "IATA Resolution 830d"),
    Category("vehicle.number", "VEHICLE", _P, "A vehicle identification number", "ISO 3779",
             fideslang="user.government_id.vehicle_registration"),
    # What the house itself adds.
    Category("custom.term", "TERM", _S, "A term that the installation's own dictionary names",
             "louver.yaml"),
    Category("louver.literal", "LITERAL", _O, "Text that comes in with a placeholder's shape",
             "Louver placeholders"),
)  # fmt: skip

TAXONOMY: Mapping[str, Category] = MappingProxyType({c.code: c for c in _ALL})
LABELS: Mapping[str, Category] = MappingProxyType({c.label: c for c in _ALL})


def category(code: str) -> Category:
    """Return the category of `code`. Raises KeyError for an unknown code."""
    return TAXONOMY[code]
