"""One installation's services, joined.

Nothing is global: a process can hold several houses, each with its own store, keys and policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from louver.core import receipts
from louver.core.encoding import canonical_json
from louver.core.exchanges import Exchange
from louver.core.policy import Policy
from louver.core.receipts import Receipt
from louver.core.sensitive import Sensitive
from louver.crypto.sealing import open_sealed, seal
from louver.crypto.signing import SigningKey
from louver.crypto.vault import Vault
from louver.doors.settings.digest import canonical_policy
from louver.doors.settings.values import Settings
from louver.gateway.ids import Ids
from louver.gateway.line import Line, Parts
from louver.gateway.memory import Memory
from louver.gateway.quotas import Quotas
from louver.gateway.readiness import Ready
from louver.gateway.receipts import Receipts, require_body
from louver.gateway.receipts import verified as verified_receipt
from louver.gateway.reception import Desk, Reception
from louver.gateway.thinking import Seals
from louver.gateway.vault import Conversations
from louver.house.furniture import Furnishing, detectors, formats, upstreams
from louver.house.ground import Ground, Seams, lay_ground
from louver.minimize.finder import Finder
from louver.minimize.protect import Protected, dump_values, load_values, protect
from louver.minimize.pseudonyms import Pseudonyms, scope_of
from louver.minimize.restore import restore_text
from louver.store.sweeper import Sweeper
from louver.store.usage import day_of

_MAP = b"louver/map/v1"


class House:
    """One installation's services. Use it as a context manager, or call `close()`."""

    def __init__(self, settings: Settings, ground: Ground, seams: Seams) -> None:
        """Takes the parts; `build()` makes them."""
        self.store = ground.store
        self._ground = ground
        self._keys = ground.keys
        self._seams = seams
        self._memory = Memory(self.store)
        self._receipt_key = SigningKey(self._keys.receipt_seed, receipts.TYPE)
        self._new_id = Ids(seams.clock, seams.randomness)
        self._furnishing = self._furnish(settings, None)
        self.reception = Reception(
            self._furnishing.desk,
            Quotas(seams.clock, self._used_today),
            self.store.halts,
            seams.clock,
            seams.watch,
        )
        self.ready = Ready(
            self._memory, lambda: self.line, lambda: self.reception.draining, seams.clock
        )
        self._sweeper = Sweeper(self.store, settings.store.sweep_after)

    @property
    def settings(self) -> Settings:
        """What this house was last furnished by."""
        return self._furnishing.settings

    @property
    def policy(self) -> Policy:
        """What its requests are decided by."""
        return self._furnishing.settings.policy

    @property
    def finder(self) -> Finder:
        """What looks at the text."""
        return self._furnishing.finder

    @property
    def line(self) -> Line:
        """What answers, without the reception's limits."""
        return self._furnishing.desk.line

    def refurnish(self, settings: Settings) -> Desk:
        """Make what `settings` say and put their policy in force; only then does it count here.

        The store and the keys stay as they are. Raises Invalid, Unavailable; then nothing changed.
        """
        furnishing = self._furnish(settings, self._furnishing)
        self._put_in_force(settings.policy)
        self._furnishing = furnishing
        return furnishing.desk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish what was taken, then release the store."""
        self._sweeper.stop()
        self._ground.close()

    def warm(self) -> None:
        """Load the models that the settings want at start. Raises Unavailable, with the reason."""
        for name, destination in self.policy.destinations.items():
            if destination.loading.at_start:
                self.line.upstreams[name].warm()

    def put_in_force(self) -> None:
        """Make this house's policy the one that every request on its store is decided by."""
        self._put_in_force(self.policy)

    def put_in_force_if_none_is(self) -> None:
        """For a house that may be the first on its store, and must not overrule another."""
        if self.store.active_policy() is None:
            self.put_in_force()

    def protect(
        self, text: str, *, conversation: str | None = None, tenant: str = "default"
    ) -> Protected:
        """`text` without its values. Placeholders are the same within one `conversation`.

        Without a conversation, no two calls share placeholders. Raises Refused, DetectorFailed.
        """
        scope = scope_of(
            self._keys,
            tenant,
            person=None,
            conversation=Sensitive(conversation) if conversation else None,
            opening=None,
            request_id=self._seams.randomness.bytes(16).hex(),
        )
        return protect(text, self.finder, self.policy, Pseudonyms(self._keys, scope))

    def restore(self, text: str, values: Mapping[str, Sensitive[str]]) -> str:
        """`text` with the placeholders of `values` put back; nothing else is touched."""
        return restore_text(text, values, link_hosts=self.policy.link_hosts)

    def verify_receipt(self, receipt: str, sent: bytes | None = None) -> Receipt:
        """What a receipt of this installation says (header `X-Louver-Receipt`). Raises Tampered.

        `sent`: the bytes that left, if they are to be checked too.
        """
        found = verified_receipt(receipt, [self._receipt_key.public])
        if sent is not None:
            require_body(found, sent)
        return found

    def seal_map(self, values: Mapping[str, Sensitive[str]]) -> bytes:
        """`values` for a file, readable only with this installation's key."""
        return seal(self._keys.map_key, dump_values(values), _MAP, self._seams.randomness)

    def open_map(self, sealed: bytes) -> Mapping[str, Sensitive[str]]:
        """The reverse of `seal_map`. Raises Tampered."""
        return load_values(open_sealed(self._keys.map_key, sealed, _MAP))

    def _put_in_force(self, policy: Policy) -> None:
        document = canonical_json(canonical_policy(policy))
        self.store.activate_policy(policy.digest, document).result()

    def _furnish(self, settings: Settings, before: Furnishing | None) -> Furnishing:
        """What the settings make; what is the same as `before` is used again."""
        if before is not None and before.settings.detectors == settings.detectors:
            finder = before.finder
        else:
            looking = (*detectors(settings.detectors), *self._seams.detectors)
            finder = Finder(looking, digest=self._keys.cache_digest)
        parts = Parts(
            policy=lambda: settings.policy,
            memory=self._memory,
            finder=finder,
            pseudonyms=self._pseudonyms,
            upstreams=upstreams(settings, self._seams, before),
            clock=self._seams.clock,
            new_id=self._new_id,
            observe=self._seams.observe,
            formats=formats(self._seams.clock),
            conversations=Conversations(
                self._memory, Vault(self._keys, self._seams.randomness), self._seams.clock
            ),
            seals=Seals(self._keys, self._seams.randomness),
            receipts=Receipts(self._receipt_key, self._seams.clock, self._seams.randomness),
        )
        return Furnishing(settings, finder, Desk(Line(parts), settings.limits))

    def _used_today(self, key: str) -> int:
        return self.store.usage(key, day_of(self._seams.clock.now())).tokens

    def _pseudonyms(self, exchange: Exchange) -> Pseudonyms:
        caller = exchange.caller
        scope = scope_of(
            self._keys,
            tenant=caller.tenant,
            person=caller.person,
            conversation=exchange.conversation,
            opening=exchange.opening,
            request_id=exchange.id,
        )
        return Pseudonyms(self._keys, scope)


def build(settings: Settings, seams: Seams | None = None, *, in_force: bool = True) -> House:
    """Join the parts: keys, migrated store, detectors, providers; put the policy in force.

    A house that is not `in_force` looks and explains, and leaves decisions to the one that is.
    Raises Invalid for settings that name what is not installed; Unavailable where the key file or
    the store cannot be opened.
    """
    seams = seams or Seams()
    ground = lay_ground(settings, seams)
    try:
        house = House(settings, ground, seams)
        if in_force:
            house.put_in_force()
        return house
    except BaseException:  # Whatever it was, no writer thread is left behind.
        ground.close()
        raise
