"""Opens the house, or only its store, for one command; imported late, as it brings everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from louver.crypto.keys import Keys, load_or_create
from louver.crypto.randomness import SystemRandomness
from louver.doors.cli.options import current_settings
from louver.doors.settings.values import Settings
from louver.house import House, Seams, SystemClock, build
from louver.store.database import open_database
from louver.store.migrations import migrate
from louver.store.store import Store
from louver.store.verify import Report, verify


@contextmanager
def answering_house(seams: Seams | None = None) -> Iterator[House]:
    """The whole house; its policy becomes the one that every request is decided by."""
    with build(current_settings(starting=True), seams) as house:
        yield house


@contextmanager
def looking_house() -> Iterator[House]:
    """A house that answers nobody, so its policy stays its own and nothing is put in force."""
    settings = current_settings(starting=False)
    keys = _keys(settings)
    with opened_store(settings) as store, House(settings, keys, store, Seams()) as house:
        yield house


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Only the store; looking after keys and consents must not change the policy in force."""
    keys = _keys(settings)
    engine = open_database(settings.store.url)
    try:
        migrate(engine)
        randomness = SystemRandomness()
        with closing(Store(engine, SystemClock(), randomness, keys.person_digest)) as store:
            yield store
    finally:
        engine.dispose()


def _keys(settings: Settings) -> Keys:
    settings.store.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return load_or_create(settings.store.key_file, SystemRandomness())


def verified(settings: Settings, progress: Callable[[int, int], None] | None) -> Report:
    """Verify the ledger. Raises Tampered, Unavailable."""
    engine = open_database(settings.store.url)
    try:
        migrate(engine)
        return verify(engine, progress)
    finally:
        engine.dispose()
