"""A wrapped value shows itself nowhere but through reveal()."""

from __future__ import annotations

import json
import logging
import pickle
import traceback

import pytest

from louver.core.sensitive import Sensitive

CANARY = "alice.canary@example.com"


def test_no_usual_way_of_printing_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    value = Sensitive(CANARY)
    logging.getLogger("test").warning("%s %r", value, value)
    shown = [repr(value), str(value), f"{value}", f"{value:>9}", repr([value]), caplog.text]
    assert all(CANARY not in text for text in shown)
    assert value.reveal() == CANARY


def test_json_and_pickle_refuse_it() -> None:
    with pytest.raises(TypeError):
        json.dumps(Sensitive(CANARY))
    with pytest.raises(TypeError) as caught:
        pickle.dumps(Sensitive(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_equal_values_are_equal_and_hash_alike() -> None:
    assert Sensitive("a") == Sensitive("a")
    assert len({Sensitive("a"), Sensitive("a"), Sensitive("b")}) == 2
