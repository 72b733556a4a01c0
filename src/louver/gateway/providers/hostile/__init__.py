"""The hostile model: shows the guarantees under attack; every attack has a name, none is random.

It never sees a real value, like any other model. It does its worst with the placeholders it sees:
cuts, bends, mixes, invents and smuggles them, in words, tool arguments and fields nobody asked for.
"""

from louver.gateway.providers.hostile.attacks import Attack
from louver.gateway.providers.hostile.model import Hostile

__all__ = ["Attack", "Hostile"]
