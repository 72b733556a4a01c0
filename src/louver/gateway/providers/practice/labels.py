"""Which words ask for which kind of placeholder, in four languages: `e-mail` asks for `EMAIL_…`."""

from __future__ import annotations

from collections.abc import Iterable

from louver.gateway.providers.practice.words import fold

# The key is one word of a label: `ID` covers `US_SSN` by its own key, `DE_TAX_ID` by this one.
_ASKED_BY = {
    "PERSON": "person people name names who whom customer patient employee client passenger guest "
    "traveler sender recipient author contact wer wen wem namen kunde kundin patientin mitarbeiter "
    "reisende nombre quien paciente cliente pasajero nom qui client passager voyageur",
    "EMAIL": "email mail emails correo courriel mailadresse",
    "PHONE": "phone telephone mobile cell call telefon telefonnummer handy rufnummer nummer "
    "telefono movil portable",
    "ADDRESS": "address street adresse anschrift strasse direccion calle rue domicile",
    "CARD": "card karte kreditkarte tarjeta carte",
    "IBAN": "iban account konto kontonummer cuenta compte bank",
    "ACCOUNT": "account konto kontonummer cuenta compte",
    "DATE": "date birthday born when day geburtsdatum geburtstag geboren wann datum fecha "
    "nacimiento nacio cuando naissance quand",
    "PLACE": "place city town where origin destination location ort stadt wo wohin ziel ciudad "
    "donde destino ville lieu",
    "ORGANIZATION": "company organization employer firma unternehmen arbeitgeber empresa "
    "entreprise societe employeur",
    "BOOKING": "booking reservation locator buchung buchungsnummer reserva",
    "CONDITION": "diagnosis condition illness diagnose krankheit diagnostico enfermedad diagnostic "
    "maladie",
    "RECORD": "record case chart akte fallnummer expediente dossier",
    "IP": "ip host server",
    "KEY": "key token secret credential",
    "PASSWORD": "password passphrase pin passwort kennwort contrasena",
    "PASSPORT": "passport reisepass pasaporte passeport",
    "USER": "user login username benutzer usuario utilisateur",
    "SSN": "ssn social security",
    "DNI": "dni nie",
    "NIR": "securite sociale nir",
    "ID": "tax steuer identification",
    "VEHICLE": "car vehicle vin fahrzeug coche voiture",
}
_LABELS_OF = {
    word: frozenset(key for key, words in _ASKED_BY.items() if word in words.split())
    for words in _ASKED_BY.values()
    for word in words.split()
}


def asked_labels(words: Iterable[str]) -> frozenset[str]:
    """The label words that `words` (folded) ask for."""
    return frozenset(label for word in words for label in _LABELS_OF.get(word, ()))


def answers(label: str, asked: frozenset[str]) -> bool:
    """Whether a placeholder with `label` is one of the kinds asked for.

    >>> answers("BIRTH_DATE", asked_labels(["birthday"]))
    True
    """
    return not asked.isdisjoint(label.split("_")) or fold(label) in asked
