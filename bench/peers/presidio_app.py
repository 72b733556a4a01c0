"""Presidio's analyzer and anonymizer behind their HTTP API, for gunicorn in the peers' own venv.

As light as it gets, which is in the peer's favor: all recognizers that are on by default, and a
blank English pipeline (a tokenizer; no model that would find names).
"""

from __future__ import annotations

import tempfile
from typing import Any

import flask
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import RecognizerResult


def analyzer() -> flask.Flask:
    """`POST /analyze` with `text` and `language`; a list of what was found."""
    with tempfile.TemporaryDirectory() as folder:
        spacy.blank("en").to_disk(folder)
        models = [{"lang_code": "en", "model_name": folder}]
        settings = {"nlp_engine_name": "spacy", "models": models}
        nlp = NlpEngineProvider(nlp_configuration=settings).create_engine()
    engine = AnalyzerEngine(nlp_engine=nlp)
    app = flask.Flask("analyzer")

    @app.post("/analyze")
    def analyze() -> Any:
        asked = flask.request.get_json()
        found = engine.analyze(
            text=asked["text"], language=asked["language"], entities=asked.get("entities")
        )
        return flask.jsonify([result.to_dict() for result in found])

    return app


def anonymizer() -> flask.Flask:
    """`POST /anonymize` with `text` and `analyzer_results`; the text without what was found."""
    engine = AnonymizerEngine()
    app = flask.Flask("anonymizer")

    @app.post("/anonymize")
    def anonymize() -> Any:
        asked = flask.request.get_json()
        found = [RecognizerResult.from_json(result) for result in asked["analyzer_results"]]
        made = engine.anonymize(text=asked["text"], analyzer_results=found)
        return flask.Response(made.to_json(), mimetype="application/json")

    return app
