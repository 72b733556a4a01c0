"""The guess of a language: right where it speaks, silent where it is unsure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.text.language import guess


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Could you please tell me what the status of my order is? It was not delivered."),
        ("de", "Können Sie mir bitte sagen, wie der Stand ist? Ich habe das Paket nicht bekommen."),
        ("es", "¿Me puede decir cómo está el pedido? Quiero saber qué pasa con las facturas."),
        ("fr", "Pouvez-vous me dire où en est la commande ? Je ne sais pas ce que vous avez reçu."),
        ("it", "Mi può dire come va la pratica? Non ho ricevuto il documento che ho chiesto."),
        ("pt", "Você pode me dizer como está o meu pedido? Não sei se os dados estão certos."),
        ("nl", "Kunt u mij zeggen hoe het met de bestelling is? Ik heb er niet veel van gehoord."),
        ("pl", "Proszę mi powiedzieć, jak jest z zamówieniem, bo nie wiem, czy to już jest."),
        ("ru", "Скажите, пожалуйста, где мой заказ"),
        ("zh", "请告诉我订单的状态"),
        ("ja", "注文の状況を教えてください"),
        ("ko", "주문 상태를 알려주세요"),
        ("ar", "أخبرني عن حالة الطلب"),
        ("el", "Πείτε μου για την παραγγελία"),
        ("he", "ספר לי על ההזמנה"),
        ("hi", "मुझे आदेश के बारे में बताएं"),
    ],
)
def test_knows_the_language_of_a_sentence(language: str, text: str) -> None:
    assert guess(text) == language


@pytest.mark.parametrize("text", ["", "42", "hello", "EMAIL_KXQWRTZPLMBV", "foo(bar)", "a b c d"])
def test_is_silent_when_unsure(text: str) -> None:
    assert guess(text) is None


@given(st.text(max_size=200))
def test_answers_with_a_code_or_none_for_anything(text: str) -> None:
    answer = guess(text)
    assert answer is None or (len(answer) == 2 and answer.islower())
