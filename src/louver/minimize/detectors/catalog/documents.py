"""Numbers of documents and files about a person: passports, licenses, patients, bookings, cars."""

from __future__ import annotations

from louver.minimize.detectors.rules import EDGE, Context, Rule
from louver.minimize.detectors.surroundings import stands_alone


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value)


def _locator(value: str) -> bool:
    """Six letters are a word more often than a code; a code has a digit, or no vowel pattern."""
    return any(c.isdigit() for c in value) or not any(c in "AEIOU" for c in value)


def _vin(value: str) -> bool:
    """Letters and digits mixed. Source: ISO 3779 §4."""
    return _has_digit(value) and any(c.isalpha() for c in value)


_DOCUMENT = (
    r"(?:[A-Z]{0,3}[ -]?\d{5,10}[A-Z]{0,2}|[A-Z]\d{2}[A-Z]{1,2}\d{4,6}|\d{2}[A-Z]{2}\d{5}"
    r"|[CFGHJKLMNPRTVWXYZ0-9]{9})"
)

RULES = (
    Rule(
        name="passport",
        category="id.passport",
        pattern=rf"{EDGE}(?:{_DOCUMENT})" + EDGE,
        source="ICAO Doc 9303-3 §4.2",
        positive=(
            "passport no. ⟦C01X00T47⟧",
            "Reisepass: ⟦L01234567⟧",
            "pasaporte ⟦AAA123456⟧",
            "passeport n° ⟦12AB34567⟧",
            '"passport_number": "⟦531234567⟧"',
        ),
        negative=("code C01X00T47", "passport renewal in 2024", "passport CONTROLLED"),
        valid=_has_digit,
        reshape=stands_alone,
        context=Context(
            words=("passport", "reisepass", "reisepassnummer", "passnummer", "pasaporte",
                   "passeport", "passaporto", "paspoort", "paszport", "passaporte"),
            reach=4,
        ),
        retry=True,
    ),
    Rule(
        name="driver_license",
        category="id.driver_license",
        pattern=rf"{EDGE}(?:[A-Z0-9](?:[ -]?[A-Z0-9]){{5,17}})" + EDGE,
        source="Directive 2006/126/EC annex I, AAMVA DL/ID Card Design Standard",
        positive=(
            "driver's license: ⟦D1234567⟧",
            "Führerschein-Nr. ⟦B072RRE2I55⟧",
            "permis de conduire ⟦12AB34567⟧",
        ),
        negative=("license D1234567", "driver license PENDING"),
        valid=_has_digit,
        reshape=stands_alone,
        context=Context(
            words=("driver license", "drivers license", "driver s license", "driving licence",
                   "driving license", "driver licence", "führerschein", "führerscheinnummer",
                   "permis de conduire", "permiso de conducir", "carnet de conducir", "patente"),
            reach=5,
        ),
        retry=True,
    ),
    Rule(
        name="health_record",
        category="health.record_number",
        pattern=rf"{EDGE}(?:[A-Z]{{0,4}}[-/]?\d{{4,12}}(?:[-/][A-Z0-9]{{1,8}})?)" + EDGE,
        source="HIPAA 45 CFR 164.514(b)(2)(i)(H)",
        positive=(
            "MRN: ⟦00482913⟧",
            "patient id ⟦P-448291⟧",
            "Fallnummer ⟦2024/4711⟧",
            "Versichertennummer ⟦A123456780⟧",
            "numéro de dossier ⟦778812⟧",
            "historia clínica ⟦HC-99812⟧",
        ),
        negative=("ticket 00482913", "patient waited 45 minutes", "patient id unknown"),
        reshape=stands_alone,
        context=Context(
            words=("mrn", "medical record", "patient id", "patient number", "patient no",
                   "hospital number", "case number", "health insurance", "medicare", "member id",
                   "fallnummer", "patientennummer", "patienten id", "versichertennummer",
                   "versicherungsnummer", "krankenversichertennummer", "aktenzeichen",
                   "historia clínica", "historia clinica", "número de paciente", "nhc",
                   "numéro de dossier", "numero de dossier", "dossier médical",
                   "numéro de patient"),
            reach=4,
        ),
        retry=True,
    ),
    Rule(
        name="booking",
        category="travel.booking_code",
        pattern=rf"{EDGE}(?:[A-Z0-9]{{5,8}})" + EDGE,
        source="IATA Resolution 830d",
        positive=(
            "booking reference ⟦X7K9QL⟧",
            "PNR: ⟦KXQWRT⟧",
            "Buchungscode ⟦Q4ZT7P⟧",
            "reserva ⟦8HJ2KL⟧",
            "réservation : ⟦ZX81QP⟧",
            '"record_locator": "⟦ABC123⟧"',
        ),
        negative=("code X7K9QL", "booking PLEASE", "BOOKING_KXQWRTZPLMBV", "booking for 3 nights"),
        valid=_locator,
        reshape=stands_alone,
        context=Context(
            words=("booking", "reservation", "pnr", "locator", "confirmation", "buchung",
                   "buchungscode", "buchungsnummer", "reservierung", "reserva", "localizador",
                   "réservation", "itinerary", "ticket number", "prenotazione"),
            reach=3,
        ),
        retry=True,
    ),
    Rule(
        name="vin",
        category="vehicle.number",
        pattern=rf"{EDGE}(?:[A-HJ-NPR-Z0-9]{{17}})" + EDGE,
        source="ISO 3779",
        positive=("VIN ⟦1HGCM82633A004352⟧", "Fahrgestellnummer: ⟦WVWZZZ1JZXW000001⟧"),
        negative=("1HGCM82633A004352", "VIN 12345678901234567"),
        valid=_vin,
        context=Context(
            words=("vin", "vehicle identification", "chassis", "fahrgestellnummer", "fin",
                   "bastidor", "châssis"),
            reach=4,
        ),
        retry=True,
    ),
)  # fmt: skip
