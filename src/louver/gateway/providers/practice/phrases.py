"""The few fixed phrases of the practice model, and how it tells four languages apart."""

from __future__ import annotations

from dataclasses import dataclass

from louver.gateway.providers.practice.words import fold, words

NOTICE = "[practice model, not a language model]"


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the practice model says in one language; `labels` name the kinds of placeholders."""

    says: str
    nothing: str
    noted: str
    summary: str
    items: str
    mentioned: str
    greeting: str
    greeting_open: str
    thanks: str
    closing: str
    result: str
    labels: dict[str, str]

    def label(self, label: str) -> str:
        """How this language calls what a placeholder's label stands for."""
        return self.labels.get(label, label.lower().replace("_", " "))


ENGLISH = Phrases(
    says="The conversation says:",
    nothing="The conversation does not say anything about that.",
    noted="Noted:",
    summary="In short:",
    items="What I found:",
    mentioned="People and data mentioned:",
    greeting="Dear {},",
    greeting_open="Hello,",
    thanks="thank you for your message. This is what it is about:",
    closing="We will get back to you about each point.\n\nKind regards",
    result="The tool {} answered:",
    labels={"PERSON": "people"},
)
GERMAN = Phrases(
    says="Im Gespräch steht:",
    nothing="Dazu steht nichts im Gespräch.",
    noted="Notiert:",
    summary="Kurz gefasst:",
    items="Gefunden:",
    mentioned="Erwähnte Personen und Daten:",
    greeting="Guten Tag {},",
    greeting_open="Guten Tag,",
    thanks="vielen Dank für Ihre Nachricht. Es geht um Folgendes:",
    closing="Wir melden uns zu jedem Punkt.\n\nMit freundlichen Grüßen",
    result="Das Werkzeug {} meldet:",
    labels={"PERSON": "Personen", "EMAIL": "E-Mail", "PHONE": "Telefon", "DATE": "Datum"},
)
SPANISH = Phrases(
    says="La conversación dice:",
    nothing="La conversación no dice nada sobre eso.",
    noted="Anotado:",
    summary="En resumen:",
    items="Lo que encontré:",
    mentioned="Personas y datos mencionados:",
    greeting="Hola, {}:",
    greeting_open="Hola:",
    thanks="gracias por su mensaje. Se trata de lo siguiente:",
    closing="Le responderemos sobre cada punto.\n\nUn cordial saludo",
    result="La herramienta {} respondió:",
    labels={"PERSON": "personas", "EMAIL": "correo", "PHONE": "teléfono", "DATE": "fecha"},
)
FRENCH = Phrases(
    says="La conversation dit :",
    nothing="La conversation ne dit rien à ce sujet.",
    noted="C'est noté :",
    summary="En bref :",
    items="Voici ce que j'ai trouvé :",
    mentioned="Personnes et données mentionnées :",
    greeting="Bonjour {},",
    greeting_open="Bonjour,",
    thanks="merci pour votre message. Voici de quoi il s'agit :",
    closing="Nous reviendrons vers vous sur chaque point.\n\nCordialement",
    result="L'outil {} a répondu :",
    labels={"PERSON": "personnes", "EMAIL": "e-mail", "PHONE": "téléphone", "DATE": "date"},
)

_STOP_WORDS: tuple[tuple[Phrases, str], ...] = (
    (
        ENGLISH,
        "the a an and or of to in on at for from with by is are was were be been it its this that "
        "these those i you he she we they me my your his her our their him them us do does did not "
        "can could will would should have has had what who when where which how why please as if "
        "so but about there here tell give know say says said just also any all more than into",
    ),
    (
        GERMAN,
        "der die das den dem des ein eine einen einem einer und oder von zu zum zur in im am an "
        "auf für mit bei aus ist sind war waren sein ich du er sie es wir ihr mich mir dich dir "
        "ihn ihm uns euch mein meine meinen meinem meiner dein deine ihre ihren ihrem ihrer unser "
        "nicht kann können wird werden würde soll hat haben hatte was wer wann wo welche welcher "
        "wie warum bitte als wenn so aber über auch noch nur dass nach um bis sich mal",
    ),
    (
        SPANISH,
        "el la los las un una unos unas y o de del a al en por para con sin es son era eran ser "
        "estar está están yo tú él ella nosotros ellos me te se le lo mi mis tu tus su sus nuestro "
        "no puede puedo pueden ha han he tiene tienen que quién cuál cuándo dónde cómo qué porque "
        "favor como si pero sobre también más muy hay este esta estos ese esa desde hasta",
    ),
    (
        FRENCH,
        "le la les un une des et ou de du à au aux en sur pour par avec sans est sont était être "
        "je tu il elle nous vous ils elles me te se moi mon ma mes ton ta tes son sa ses notre "
        "votre vos leur ne pas peut peux peuvent a ont ai avez que qui quel quelle quand où "
        "comment pourquoi comme si mais aussi plus ce cette ces cet c'est s'il plaît dans chez "
        "quels quelles qu'est",
    ),
)
STOP_WORDS: frozenset[str] = frozenset(
    word for _, text in _STOP_WORDS for word in fold(text).split()
)
_BY_LANGUAGE = tuple((phrases, frozenset(fold(text).split())) for phrases, text in _STOP_WORDS)


def phrases_for(text: str) -> Phrases:
    """The phrases of the language whose stop words `text` uses most; English in doubt."""
    found = words(text[:4_000])
    scores = [(sum(word in stop for word in found), phrases) for phrases, stop in _BY_LANGUAGE]
    return max(scores, key=lambda score: score[0])[1]
