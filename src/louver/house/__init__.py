"""The house: the only place where the parts are joined."""

from louver.house.building import House, build
from louver.house.furniture import detectors
from louver.house.ground import (
    Ground,
    Seams,
    SystemClock,
    lay_ground,
    opened_ledger,
    opened_store,
    receipt_key,
    recorded,
    verified,
)

__all__ = [
    "Ground",
    "House",
    "Seams",
    "SystemClock",
    "build",
    "detectors",
    "lay_ground",
    "opened_ledger",
    "opened_store",
    "receipt_key",
    "recorded",
    "verified",
]
