"""Law 5: whatever a guarantee rests on fails, the request fails, and nothing goes upstream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import openai
import pytest
from support import canaries
from support.houses import Watched, running
from support.http import chat, post
from support.models import Body, Echo, Scripted, chunk

from louver.core.errors import Unavailable, UpstreamFailed
from louver.core.spans import Finding

TEXT = f"write to {canaries.EMAIL}"


class Broken:
    """A detector that fails, with content in its own error text."""

    name = "broken"
    version = "1"
    categories = frozenset({"custom.term"})

    def find(self, text: str) -> Sequence[Finding]:
        raise RuntimeError(f"cannot read {text}")


def kinds(watched: Watched) -> list[str]:
    return [str(getattr(e.kind, "value", e.kind)) for e in watched.house.store.entries()]


def test_a_detector_that_raises(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}, detectors=(Broken(),)) as watched:
        got = post(watched, chat(TEXT))
        assert (got.status, got.error["code"]) == (503, "detector_failed")
        assert "broken" in got.error["message"]
        assert canaries.EMAIL.encode() not in got.body
        assert watched.left == []
        assert "sent" not in kinds(watched)


def test_an_unknown_model(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        got = post(watched, chat(TEXT).replace(b'"home"', b'"' + canaries.EMAIL.encode() + b'"'))
        assert (got.status, got.error["code"]) == (404, "model_not_found")
        assert canaries.EMAIL.encode() not in got.body
        assert watched.left == []


def test_a_missing_or_wrong_key(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        for key in ("", "Bearer", "Bearer lv_nosuch", "Basic abc", f"Bearer {watched.key}x"):
            got = post(watched, chat(TEXT), Authorization=key)
            assert got.status == 401, key
        assert watched.left == []


def test_a_policy_that_is_not_the_active_one(tmp_path: Path) -> None:
    """Another process activated another policy: this one must not go on with the old."""
    with running(tmp_path, providers={"home": Echo()}) as watched:
        watched.house.store.activate_policy("another", b"{}").result()
        got = post(watched, chat(TEXT))
        assert got.status == 503
        assert watched.left == []
        assert "sent" not in kinds(watched)


def test_a_lost_database(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        assert post(watched, chat("hi")).status == 200
        count = len(watched.left)
        watched.house.store.close()
        got = post(watched, chat(TEXT))
        assert got.status == 503
        assert canaries.EMAIL.encode() not in got.body
        assert len(watched.left) == count


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's own tests fill a real one; here is what the gateway makes of it."""
    with running(tmp_path, providers={"home": Echo()}) as watched:

        def full(*_: object, **__: object) -> None:
            raise Unavailable("the disk is full", code="store_full")

        monkeypatch.setattr(watched.house.store, "post_sent", full)
        got = post(watched, chat(TEXT))
        assert (got.status, got.error["code"]) == (503, "store_full")
        assert watched.left == []


def test_the_end_that_cannot_be_recorded_is_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:

        def full(*_: object, **__: object) -> None:
            raise Unavailable("the disk is full", code="store_full")

        monkeypatch.setattr(watched.house.store, "post_answered", full)
        got = post(watched, chat("hi", stream=True))
        assert b"[DONE]" not in got.body
        assert b'"store_full"' in got.body
        assert post(watched, chat("hi")).status == 503


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_an_upstreams_error_passes_with_its_status(tmp_path: Path, status: int) -> None:
    body = b'{"error": {"message": "busy", "type": "x", "param": null, "code": "slow_down"}}'
    failure = UpstreamFailed("no", status=status, body=body, headers=(("retry-after", "7"),))
    with running(tmp_path, providers={"home": Scripted(lambda _: [failure])}) as watched:
        got = post(watched, chat("hi"))
        assert got.status == status
        assert got.error["code"] == "slow_down"
        assert got.headers["retry-after"] == "7"
        assert kinds(watched)[-2:] == ["sent", "answered"]


def test_a_failure_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    def half(_: Body) -> list[Body | BaseException]:
        return [chunk({"content": "half an "}), UpstreamFailed("reset", code="upstream_reset")]

    with running(tmp_path, providers={"home": Scripted(half)}) as watched:
        stream = watched.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        assert next(stream).choices[0].delta.content == "half an "
        with pytest.raises(openai.APIError) as caught:
            next(stream)
        assert caught.value.code == "upstream_reset"
        assert kinds(watched)[-1] == "answered"


def test_the_sdk_retries_what_can_be_retried(tmp_path: Path) -> None:
    failures = [UpstreamFailed("busy", status=429, headers=(("retry-after-ms", "1"),))]

    def flaky(body: Body) -> list[Body | BaseException]:
        if failures:
            return [failures.pop()]
        return [chunk({"content": "at last"}), chunk({}, finish="stop")]

    with running(tmp_path, providers={"home": Scripted(flaky)}) as watched:
        client = watched.client().with_options(max_retries=2)
        stream = client.chat.completions.create(
            model="home", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        assert "".join(e.choices[0].delta.content or "" for e in stream) == "at last"
