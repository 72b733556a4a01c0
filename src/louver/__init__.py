"""Louver: a self-hosted privacy gateway for AI. Prompts pass, the people in them stay unseen.

>>> import louver
>>> with louver.open() as house:  # doctest: +SKIP
...     safe = house.protect("Please write to alice@example.com")
...     answer = my_model(safe.text)
...     print(house.restore(answer, safe.values))
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from louver.house import House

__version__ = "0.1.0"


def open(config: str | Path | None = None) -> House:  # noqa: A001  -- read as `louver.open`
    """The services of one installation; `config` is a louver.yaml, None the embedded default.

    Raises Invalid with all errors of the file at once; Unavailable where the store is out of reach.
    """
    import os

    from louver.doors.settings.load import default_settings, find, load
    from louver.house import build

    given = None if config is None else Path(config)
    file = find(given, os.environ, Path.cwd())
    settings = default_settings() if file is None else load(file, environment=os.environ)
    house = build(settings, in_force=False)
    house.put_in_force_if_none_is()
    return house
