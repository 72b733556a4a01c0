"""RFC 6962 Merkle trees: append and prove in log n; a proof that does not fit raises Tampered.

Source: RFC 6962 §2.1 (same tree as RFC 9162 §2.1); proofs are checked as in RFC 9162 §2.1.3.2
and §2.1.4.2. Leaves and nodes are hashed under different prefixes, so neither passes for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from louver.core.errors import Tampered

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf that holds `entry`."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that appending needs, one hash per complete subtree.

    >>> frontier = Frontier()
    >>> frontier.append(leaf_hash(b"first"))
    0
    >>> frontier.root() == root([leaf_hash(b"first")])
    True
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """`peaks` run from the largest subtree down. Raises Tampered if they do not fit `size`."""
        self._size = size
        self._peaks = list(peaks)
        fits = size >= 0 and len(self._peaks) == size.bit_count()
        if not fits or any(len(peak) != HASH_BYTES for peak in self._peaks):
            raise Tampered("the stored edge of the tree does not fit its size")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The inverse of `to_bytes`. Raises Tampered if `data` does not fit `size`."""
        return cls(size, (data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        return b"".join(self._peaks)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash and return its index, counted from 0."""
        index = carry = self._size
        # A binary counter: each trailing one bit is a complete subtree that this leaf completes.
        while carry & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            carry >>= 1
        self._peaks.append(leaf)
        self._size += 1
        return index

    def root(self) -> bytes:
        """The tree's root; of the empty tree, the hash of nothing."""
        if not self._peaks:
            return EMPTY_ROOT
        head = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            head = node_hash(peak, head)
        return head


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, as RFC 6962 §2.1 defines it; slow and obviously right."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path from leaf `index` to the root. Raises IndexError outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError("no such leaf in a tree of this size")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root(leaves[:split]))


def inclusion_ranges(index: int, size: int) -> tuple[range, ...]:
    """The leaves below each step of an inclusion proof, from the leaf to the root.

    For a tree too large to hold: the proof is the roots over these. Raises IndexError outside.
    """
    if not 0 <= index < size:
        raise IndexError("no such leaf in a tree of this size")
    ranges: list[range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append(range(middle, end))
            end = middle
        else:
            ranges.append(range(start, middle))
            start = middle
    return tuple(reversed(ranges))


def consistency_proof(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """That the first `size` leaves are what a smaller tree held. Raises IndexError outside."""
    if not 0 <= size <= len(leaves):
        raise IndexError("no smaller tree of this size")
    if size in (0, len(leaves)):
        return ()
    return _subproof(leaves, size, whole=True)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> None:
    """Check that `leaf` stands at `index` under the root `expected`. Raises Tampered."""
    if not 0 <= index < size:
        raise Tampered("the index lies outside the tree")
    node, last, head = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Tampered("the inclusion proof is too long")
        if node & 1 or node == last:
            head = node_hash(sibling, head)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            head = node_hash(head, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or head != expected:
        raise Tampered("the inclusion proof does not lead to the root")


def verify_consistency(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> None:
    """Check that the first tree (of `sizes`, `roots`) starts the second. Raises Tampered."""
    (old, new), (old_root, new_root) = sizes, roots
    if not 0 <= old <= new:
        raise Tampered("a log does not shrink")
    if old in (0, new):
        same = old_root == (new_root if old == new else EMPTY_ROOT)
        if proof or not same:
            raise Tampered("the consistency proof does not fit the roots")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise Tampered("the consistency proof is too short")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_head = new_head = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Tampered("the consistency proof is too long")
        if node & 1 or node == last:
            old_head, new_head = node_hash(sibling, old_head), node_hash(sibling, new_head)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_head = node_hash(new_head, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or old_head != old_root or new_head != new_root:
        raise Tampered("the consistency proof does not lead to the roots")


def _subproof(leaves: Sequence[bytes], size: int, *, whole: bool) -> tuple[bytes, ...]:
    if size == len(leaves):
        return () if whole else (root(leaves),)
    split = _split(len(leaves))
    if size <= split:
        return (*_subproof(leaves[:split], size, whole=whole), root(leaves[split:]))
    return (*_subproof(leaves[split:], size - split, whole=False), root(leaves[:split]))


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)
