"""A word list of illnesses in English, German, Spanish and French; so a clinical note stays local.

Written by us from everyday knowledge; it is a tripwire for a whole text, no medical coding. Words
that mostly mean something else (cold, shock, stroke of luck) are left out.
"""

from __future__ import annotations

from louver.core.sensitive import Sensitive
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry

TERMS: tuple[str, ...] = (
    # English, and what all four write alike.
    "diabetes", "type 2 diabetes", "type 1 diabetes", "diabetic", "asthma", "hypertension",
    "high blood pressure", "cancer", "breast cancer", "lung cancer", "prostate cancer", "leukemia",
    "lymphoma", "melanoma", "carcinoma", "tumor", "metastasis", "chemotherapy", "epilepsy",
    "epileptic", "migraine", "dementia", "alzheimer's disease", "parkinson's disease",
    "multiple sclerosis", "schizophrenia", "bipolar disorder", "major depression", "depression",
    "anxiety disorder", "panic attacks", "panic disorder", "ptsd", "anorexia", "bulimia", "autism",
    "adhd", "hiv", "hiv positive", "aids", "hepatitis", "hepatitis b", "hepatitis c",
    "tuberculosis", "pneumonia", "bronchitis", "copd", "heart attack", "heart failure",
    "myocardial infarction", "angina pectoris", "arrhythmia", "atrial fibrillation",
    "kidney failure", "dialysis", "cirrhosis", "crohn's disease", "ulcerative colitis",
    "arthritis", "rheumatoid arthritis", "osteoporosis", "fibromyalgia", "lupus", "psoriasis",
    "eczema", "anemia", "thyroiditis", "hypothyroidism", "endometriosis", "miscarriage",
    "pregnant", "syphilis", "gonorrhea", "chlamydia", "herpes", "substance abuse", "alcoholism",
    "opioid addiction", "suicidal",
    # German.
    "Zuckerkrankheit", "Bluthochdruck", "Krebs", "Brustkrebs", "Lungenkrebs", "Leukämie",
    "Chemotherapie", "Epilepsie", "Migräne", "Demenz", "Schizophrenie", "Depressionen",
    "depressive Episode", "Angststörung", "Magersucht", "Herzinfarkt", "Herzinsuffizienz",
    "Schlaganfall", "Nierenversagen", "Lungenentzündung", "Asthma bronchiale", "Rheuma",
    "Schuppenflechte", "Neurodermitis", "Fehlgeburt", "schwanger", "Alkoholsucht",
    "Bandscheibenvorfall", "Schilddrüsenunterfunktion",
    # Spanish.
    "hipertensión", "cáncer", "cáncer de mama", "leucemia", "quimioterapia", "epilepsia",
    "migraña", "demencia", "esquizofrenia", "depresión", "trastorno de ansiedad", "neumonía",
    "infarto", "insuficiencia cardíaca", "insuficiencia renal", "artritis", "embarazada",
    "tuberculosis pulmonar", "VIH", "sida", "asma",
    # French.
    "diabète", "hypertension artérielle", "cancer du sein", "leucémie", "chimiothérapie",
    "épilepsie", "démence", "schizophrénie", "dépression", "trouble anxieux", "pneumonie",
    "infarctus", "insuffisance cardiaque", "insuffisance rénale", "sclérose en plaques",
    "fausse couche", "asthme", "tuberculose", "séropositif", "séropositive",
)  # fmt: skip

_EXACT = frozenset({"aids", "sida"})
"""Those that count only in capitals: the small ones are other words of other languages."""


class HealthTermsDetector(DictionaryDetector):
    """`health.condition` by the built-in list."""

    def __init__(self) -> None:
        super().__init__([_entry(term) for term in TERMS], name="health_terms", version="1")


def _entry(term: str) -> DictionaryEntry:
    exact = term.lower() in _EXACT
    return DictionaryEntry(
        Sensitive(term.upper() if exact else term), "health.condition", ignore_case=not exact
    )
