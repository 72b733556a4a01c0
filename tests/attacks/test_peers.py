"""What threads at other gateways and guards describe, beside the lettered incidents; all fail here.

The table of all of them is docs/explanation/peers.md.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.houses import Watched, running
from support.models import Body, Echo, Scripted, whole

from louver.core.errors import UpstreamFailed
from louver.minimize.detectors.health_terms import HealthTermsDetector
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.finder import Finder

MAIL = "alice.martin@example.com"


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Watched]:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        yield watched


def ask(watched: Watched, text: str, **headers: str) -> str:
    answer = watched.client(**headers).chat.completions.create(
        model="home", messages=[{"role": "user", "content": text}]
    )
    return answer.choices[0].message.content or ""


def left(watched: Watched) -> str:
    content: str = json.loads(watched.left[-1][1])["messages"][-1]["content"]
    return content


@pytest.mark.parametrize("other", ["tenant", "person", "conversation", "turn"])
def test_a_placeholder_of_somebody_else_is_only_text(echo: Watched, other: str) -> None:
    ask(echo, f"Mail {MAIL}", **{"X-Louver-Person": "p1", "X-Louver-Conversation": "c1"})
    placeholder = left(echo).split()[-1]
    person = "p2" if other in {"person", "tenant"} else "p1"
    conversation = "c1" if other == "turn" else "c2"
    if other == "tenant":
        echo.key = echo.house.store.create_key("other", "tests").result().reveal()
    headers = {"X-Louver-Person": person, "X-Louver-Conversation": conversation}
    text = f"Who is {placeholder}?"
    assert ask(echo, text, **headers) == text
    assert placeholder not in left(echo)


def test_a_placeholder_is_text_and_never_a_pattern(tmp_path: Path) -> None:
    def spelling(body: Body) -> list[Body]:
        token = body["messages"][-1]["content"].split()[-1]
        letters = "".join(sorted(set(token)))
        return [whole({"content": f"[{token[:4]}] [{letters}] {letters} {token[::-1]} .* {token}"})]

    with running(tmp_path, providers={"home": Scripted(spelling)}) as watched:
        answer = ask(watched, f"Mail {MAIL}")
    assert answer.count(MAIL) == 1
    assert answer.endswith(f" .* {MAIL}")


# Names of services and machines, and words of every day, that guards elsewhere took for people.
ORDINARY = [
    "Deploy the C4 diagram to S3, then restart EKS and check EC2, K8s and the R2 bucket.",
    "Each individual has the right to read what an individual record says.",
    "May will be warm; Will may come, and Grace periods end in August.",
    "Set p99 below 5 ms on H100 and A100, and keep B2B and B2C apart.",
    "See RFC 6962 section 2.1, ISO 8601 and page 42 of volume 7.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_are_nobodys_data(text: str) -> None:
    finder = Finder((PatternDetector(), HealthTermsDetector()), digest=lambda _: b"")
    assert [(f.category, f.span.of(text)) for f in finder.find(text, remember=False)] == []


@pytest.mark.parametrize(
    ("words", "seconds"), [(8_000, 3), (200_000, 30)], ids=["article", "megabyte"]
)
def test_a_long_text_is_read_in_a_moment(words: int, seconds: float) -> None:
    """Peers took 11 s for 8,000 words, and minutes for megabytes; the bars are in `make bench`."""
    finder = Finder((PatternDetector(), HealthTermsDetector()), digest=lambda _: b"")
    text = f"The window is open. Call +44 20 7946 0731, or write to {MAIL}. " * (words // 12)
    began = time.process_time()
    found = finder.find(text, remember=False)
    assert time.process_time() - began < seconds
    assert len(found) >= words // 12


def test_no_key_of_a_client_is_kept_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_: Body) -> list[BaseException]:
        return [UpstreamFailed("no", status=500)]

    with (
        caplog.at_level(logging.DEBUG),
        running(tmp_path, providers={"home": Echo(), "cloud": Scripted(failing)}) as watched,
    ):
        ask(watched, f"Mail {MAIL}")
        with pytest.raises(Exception, match=r"403|500"):
            watched.client().chat.completions.create(
                model="cloud", messages=[{"role": "user", "content": MAIL}]
            )
        secret = watched.key.split("_", 2)[2]
        assert len(secret) > 20
    told = "\n".join(record.getMessage() for record in caplog.records if "louver" in record.name)
    assert watched.key not in told
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not any(secret.encode() in content or MAIL.encode() in content for content in files)
