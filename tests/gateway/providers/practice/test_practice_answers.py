"""The practice model's words: honest, in the user's language, quoting what was said."""

from __future__ import annotations

import pytest
from gateway.providers.requests import EMAIL, OTHER, PERSON, PHONE, PLACE, chat, events, said
from hypothesis import given
from hypothesis import strategies as st

from louver.core.errors import UpstreamFailed
from louver.gateway.providers.practice import Practice
from louver.gateway.providers.practice.phrases import NOTICE
from louver.gateway.providers.practice.words import sentences, shortened, tokens

MODEL = Practice(PLACE, delay=0)


def test_every_answer_says_that_it_is_no_language_model() -> None:
    for text in ("hello", "Summarize: a. b. c.", "Write an e-mail", "¿Qué?", ""):
        assert said(MODEL, chat(text)).startswith(NOTICE + "\n")
    assert said(MODEL, chat("hello")).count(NOTICE) == 1
    assert "no language model" in (Practice.__doc__ or "")


def test_a_question_is_answered_by_the_sentence_that_holds_the_answer() -> None:
    text = f"I am {PERSON}. My order 4471 is late. Write to {EMAIL}. What is my e-mail address?"
    answer = said(MODEL, chat(text))
    assert f"> Write to {EMAIL}." in answer
    assert "> My order" not in answer
    assert f"people: {PERSON}; email: {EMAIL}." in answer


def test_an_early_turn_of_a_long_chat_is_recalled() -> None:
    filler = [text for i in range(9) for text in (f"Thing {i} is blue.", "Noted.")]
    turns = [f"My locker number is 317 and my coach is {OTHER}.", "Noted.", *filler]
    answer = said(MODEL, chat(*turns, "What was my locker number?"))
    assert f"> My locker number is 317 and my coach is {OTHER}." in answer
    assert "blue" not in answer


@pytest.mark.parametrize(
    ("text", "phrase", "quoted"),
    [
        (f"Ich bin {PERSON}. Meine Nummer ist {PHONE}. Wie ist meine Telefonnummer?",
         "Im Gespräch steht:", PHONE),
        (f"Soy {PERSON} y mi correo es {EMAIL}. ¿Cuál es mi correo?",
         "La conversación dice:", EMAIL),
        (f"Je suis {PERSON}. Mon courriel est {EMAIL}. Quel est mon courriel ?",
         "La conversation dit :", EMAIL),
        ("Fasse zusammen: Der Zug kam zu spät. Das Ticket war teuer.", "Kurz gefasst:", "Zug"),
        ("List the items: two pens, one desk.", "What I found:", "pens"),
    ],
)  # fmt: skip
def test_the_language_of_the_user(text: str, phrase: str, quoted: str) -> None:
    answer = said(MODEL, chat(text))
    assert phrase in answer
    assert quoted in answer.split(phrase)[1]


def test_a_letter_greets_the_person_and_quotes() -> None:
    answer = said(MODEL, chat(f"Write a reply to {PERSON}. The parcel came broken on 3 May."))
    assert f"Dear {PERSON}," in answer
    assert "> The parcel came broken on 3 May." in answer
    assert "Kind regards" in answer


def test_a_tool_result_is_quoted() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    body = chat("Look it up.")
    body["messages"] = [
        {"role": "user", "content": [{"type": "text", "text": "Look it up."}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": f"It belongs to {PERSON}"},
    ]
    answer = said(MODEL, body)
    assert f"The tool look_up answered:\n> It belongs to {PERSON}" in answer


def test_nothing_said_is_said_so() -> None:
    assert "does not say anything about that" in said(MODEL, chat("Which color is the moon?"))


def test_the_answer_is_a_function_of_the_request() -> None:
    body = chat(f"{PERSON} and {OTHER} met. Who met?", n=3)
    assert events(MODEL, body, stream=True) == events(Practice(PLACE, delay=0), body, stream=True)


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": "x"}])
def test_a_request_without_messages_fails_like_a_server(body: dict[str, object]) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        events(MODEL, body, stream=False)
    assert caught.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["messages", "tools", "tool_choice", "stop", "n", "max_tokens", "response_format",
     "stream_options", "role", "content", "function", "name", "parameters", "type"]
)  # fmt: skip


@given(st.dictionaries(FIELDS, JSON, max_size=5), st.dictionaries(FIELDS, JSON, max_size=3))
def test_no_request_makes_it_fail_otherwise(body: dict[str, object], turn: object) -> None:
    for tree in (body, {**body, "n": 1, "messages": [turn], "tools": [turn]}):
        try:
            assert events(MODEL, tree, stream=True)
        except UpstreamFailed as failure:
            refused = failure.status
        else:
            refused = 400
        assert refused == 400


@given(st.text())
def test_tokens_join_to_their_text(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert all(len(token.strip()) <= 6 for token in tokens(text))


@given(st.text(alphabet="ab .!?\n", max_size=60), st.integers(1, 30))
def test_shortening_never_breaks_a_word(text: str, length: int) -> None:
    assert set(shortened(text, length).split()) <= {*text.split(), "…"}


def test_sentences_end_at_periods_and_lines_but_not_after_titles() -> None:
    assert sentences("I saw Dr. Adler. She left!\n- at 9\n\n") == [
        "I saw Dr. Adler.",
        "She left!",
        "- at 9",
    ]
    assert sentences("Am 4. Mai kam nichts an.") == ["Am 4. Mai kam nichts an."]
