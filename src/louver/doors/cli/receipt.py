"""`louver receipt`: the key that checks receipts, and checking one, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson

from louver.core.encoding import Json
from louver.core.errors import Invalid
from louver.doors.cli.options import current_settings, decode, examples, read_whole, shared
from louver.doors.cli.output import moment, show_json, wants_json

if TYPE_CHECKING:
    from louver.core.receipts import Receipt
    from louver.crypto.signing import PublicKey
    from louver.store.proofs import Proof

LARGEST_RECEIPT = 64 * 2**10
LARGEST_BODY = 256 * 2**20
_LONGEST_NAME = 255


@click.group(epilog=examples("louver receipt key", "louver receipt verify receipt.txt --ledger"))
def receipt() -> None:
    """Check the receipts that come with answers (header X-Louver-Receipt)."""


@receipt.command(epilog=examples("louver receipt key > louver.jwk"))
@shared
def key() -> None:
    """Print the public key that checks this installation's receipts, as a JWK.

    The gateway shows it at /.well-known/louver/keys too.
    """
    from louver.house import receipt_key

    show_json(receipt_key(current_settings(starting=False)).jwk())


@receipt.command(
    epilog=examples(
        "louver receipt verify receipt.txt",
        "louver receipt verify receipt.txt --key louver.jwk --bytes sent.json",
        'louver ask "What is a louver?" --json | jq -r .receipt | louver receipt verify - --ledger',
    )
)
@click.argument("receipt_", metavar="RECEIPT")
@click.option(
    "--key",
    "key_",
    metavar="JWK|FILE",
    help="The public key or key set to check with; by default this installation's own.",
)
@click.option(
    "--bytes",
    "bytes_",
    metavar="FILE",
    help="Check that this file holds the bytes that left.",
)
@click.option("--ledger", is_flag=True, help="Check that this installation's ledger holds it.")
@shared
def verify(receipt_: str, key_: str | None, bytes_: str | None, *, ledger: bool) -> None:
    """Check RECEIPT: its text, or a file that holds it (- for stdin).

    Exit code 1 says that something was changed, or that the key is another's.
    """
    from louver.gateway.receipts import require_body, verified
    from louver.house import receipt_key, recorded

    keys = _keys(key_) if key_ else [receipt_key(current_settings(starting=False))]
    token = _token(receipt_)
    found = verified(token, keys)
    if bytes_ is not None:
        require_body(found, read_whole(bytes_, LARGEST_BODY))
    proof = recorded(current_settings(starting=False), found) if ledger else None
    if wants_json():
        show_json(
            {
                "valid": True,
                "receipt": orjson.loads(found.payload()),
                "bytes": None if bytes_ is None else True,
                "ledger": None if proof is None else _as_json(proof),
            }
        )
        return
    _show(found, checked_bytes=bytes_ is not None, proof=proof)


def _token(given: str) -> str:
    """The receipt's text. Raises Invalid, TooLarge."""
    # A receipt is longer than any file's name, and has no slash as a long path would.
    written = len(given) > _LONGEST_NAME and "/" not in given
    text = given if written else decode(read_whole(given, LARGEST_RECEIPT))
    return text.strip()


def _keys(given: str) -> list[PublicKey]:
    """The keys in a JWK, a JWK set, or a file with one. Raises Invalid."""
    from louver.core.receipts import TYPE
    from louver.crypto.signing import PublicKey

    content = given.encode() if given.lstrip()[:1] == "{" else read_whole(given, LARGEST_RECEIPT)
    try:
        tree = orjson.loads(content)
    except orjson.JSONDecodeError:
        tree = None
    jwks = tree.get("keys", [tree]) if isinstance(tree, dict) else None
    if not isinstance(jwks, list) or not jwks or not all(isinstance(jwk, dict) for jwk in jwks):
        raise Invalid("--key takes a JWK or a JWK set, or a file that holds one")
    return [PublicKey.from_jwk(jwk, TYPE) for jwk in jwks]


def _show(found: Receipt, *, checked_bytes: bool, proof: Proof | None) -> None:
    where = "remote" if found.remote else "local"
    click.echo(f"The receipt is valid: {found.exchange}, {moment(found.time)} UTC.")
    click.echo(f"sent to {found.destination} ({where}) for {found.purpose}, mode {found.mode}")
    if found.consent is not None:
        consent = found.consent
        about = f"{consent.state} for {consent.purpose} to {consent.recipient}"
        click.echo(f"consent: {about} (ledger entry {consent.version})")
    click.echo(f"policy {found.policy}")
    if checked_bytes:
        click.echo("The bytes are those that left.")
    if proof is not None:
        click.echo(f"The ledger holds it: entry {proof.seq} of {proof.size}.")
        click.echo(f"root {proof.root.hex()}")


def _as_json(proof: Proof) -> Json:
    return {
        "entry": proof.seq,
        "size": proof.size,
        "root": proof.root.hex(),
        "path": [node.hex() for node in proof.path],
    }
