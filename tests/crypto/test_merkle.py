"""The tree against published roots, against its definition, and against forged proofs."""

from __future__ import annotations

import base64
import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import Tampered
from louver.crypto.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that Certificate Transparency implementations are tested with.
# Source: the reference implementation's merkle tree tests; the empty root is SHA-256 of nothing.
CT_INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

sizes = st.integers(min_value=0, max_value=70)


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(4, "big")) for index in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    leaves = [leaf_hash(entry) for entry in CT_INPUTS[:size]]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    assert root(leaves).hex() == CT_ROOTS[size]
    assert frontier.root().hex() == CT_ROOTS[size]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    left, right = some_leaves(2)
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert node_hash(left, right) != leaf_hash(left + right)


def test_the_roots_of_a_published_log() -> None:
    """A log of 15 entries and a checkpoint after each, written by another implementation."""
    data = Path(os.environ.get("LOUVER_DATA", Path(__file__).parents[2] / "../shared/data"))
    folder = data / "vectors" / "tlog_tessera"
    if not folder.is_dir():
        pytest.skip("the published log is not here; set LOUVER_DATA to its folder")
    bundle = (folder / "tile" / "entries" / "000.p" / "15").read_bytes()
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    assert len(entries) == 15
    leaves = [leaf_hash(entry) for entry in entries]
    checked = 0
    for checkpoint in sorted(folder.glob("checkpoint.*")):
        lines = checkpoint.read_text("utf-8").splitlines()
        size, expected = int(lines[1]), base64.b64decode(lines[2])
        frontier = Frontier()
        for leaf in leaves[:size]:
            frontier.append(leaf)
        assert frontier.root() == root(leaves[:size]) == expected
        checked += 1
    assert checked == 16


@given(sizes)
def test_the_frontier_is_the_tree(size: int) -> None:
    leaves = some_leaves(size)
    frontier = Frontier()
    assert [frontier.append(leaf) for leaf in leaves] == list(range(size))
    assert frontier.size == size
    assert frontier.root() == root(leaves)


@given(sizes, sizes)
def test_a_stored_frontier_goes_on_where_it_was(first: int, more: int) -> None:
    leaves = some_leaves(first + more)
    frontier = Frontier()
    for leaf in leaves[:first]:
        frontier.append(leaf)
    again = Frontier.from_bytes(frontier.size, frontier.to_bytes())
    assert again.peaks == frontier.peaks
    for leaf in leaves[first:]:
        again.append(leaf)
    assert again.root() == root(leaves)


@pytest.mark.parametrize(
    ("size", "data"), [(0, b"x" * 32), (1, b""), (1, b"x" * 31), (2, b"x" * 64), (-1, b"")]
)
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, data: bytes) -> None:
    with pytest.raises(Tampered):
        Frontier.from_bytes(size, data)


@given(st.data())
def test_inclusion_is_proven_and_nothing_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(size)
    head = root(leaves)
    proof = inclusion_proof(leaves, index)
    verify_inclusion(leaves[index], index, size, proof, head)

    wrong = data.draw(st.integers(0, size + 1).filter(lambda other: other != index))
    forged = [
        (leaf_hash(b"forged"), index, size, proof, head),
        (leaves[index], wrong, size, proof, head),
        (leaves[index], -1, size, proof, head),
        (leaves[index], index, size, (*proof, head), head),
        (leaves[index], index, size, proof, leaf_hash(b"another root")),
    ]
    if proof:
        forged.append((leaves[index], index, size, proof[:-1], head))
        forged.append((leaves[index], index, size, (*proof[:-1], head), head))
    for arguments in forged:
        with pytest.raises(Tampered):
            verify_inclusion(*arguments)


@given(st.data())
def test_consistency_is_proven_and_nothing_else(data: st.DataObject) -> None:
    new = data.draw(st.integers(0, 40))
    old = data.draw(st.integers(0, new))
    leaves = some_leaves(new)
    roots = (root(leaves[:old]), root(leaves))
    proof = consistency_proof(leaves, old)
    verify_consistency((old, new), roots, proof)

    other = leaf_hash(b"another history")
    forged = [
        ((old, new), (other, roots[1]), proof),
        ((old, new), roots, (*proof, other)),
        ((new + 1, new), roots, proof),
        ((-1, new), roots, proof),
    ]
    if old:
        forged.append(((old, new), (roots[0], other), proof))
    if proof:
        forged.append(((old, new), roots, proof[:-1]))
        forged.append(((old, new), roots, (other, *proof[1:])))
        forged.append(((old, new), roots, ()))
    for sizes_, roots_, proof_ in forged:
        with pytest.raises(Tampered):
            verify_consistency(sizes_, roots_, proof_)


def test_proofs_outside_the_tree_do_not_exist() -> None:
    leaves = some_leaves(3)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(leaves, index)
    for size in (-1, 4):
        with pytest.raises(IndexError):
            consistency_proof(leaves, size)


def test_the_empty_tree() -> None:
    assert EMPTY_ROOT == sha256(b"").digest() == root([]) == Frontier().root()


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 100])
def test_the_ranges_of_a_proof_are_those_of_its_nodes(size: int) -> None:
    leaves = [leaf_hash(bytes([i])) for i in range(size)]
    for index in range(size):
        ranges = inclusion_ranges(index, size)
        nodes = tuple(root(leaves[one.start : one.stop]) for one in ranges)
        assert nodes == inclusion_proof(leaves, index)
        assert sorted([index, *(i for one in ranges for i in one)]) == list(range(size))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_bad_ranges_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_ranges(index, size)
