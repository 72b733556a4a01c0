"""What Louver promises: each claim with what it assumes and the tests that would refute it.

`CLAIMS.md` is generated from this list; a test checks that every named test exists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One promise. `refuted_by` names tests, `path/to/test_file.py::test_name`."""

    name: str
    statement: str
    assumptions: tuple[str, ...]
    refuted_by: tuple[str, ...]


_FOUND = "A detector finds the value; what none of them knows is sent as it is."
_KEY = "The key file is known to nobody else."

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "complete",
        "A found value in any JSON leaf of a request, key or value, string or number, never "
        "reaches a model. Parts that cannot be inspected are refused by name.",
        (_FOUND, "The policy does not say `keep` for its category, or `allow` for its part."),
        (
            "tests/laws/test_complete.py::test_no_leaf_lets_a_canary_out",
            "tests/laws/test_complete.py::test_a_number_can_be_a_canary_too",
            "tests/laws/test_complete.py::test_parts_that_cannot_be_inspected_are_refused_by_name",
            "tests/attacks/test_incidents.py::test_d_history_tool_definitions_and_names_are_covered",
        ),
    ),
    Claim(
        "one-to-one",
        "The same value has the same placeholder in every turn, process and replica of one "
        "conversation, and another one in any other conversation or tenant. No value comes back "
        "as another.",
        (_KEY, "Two conversations differ in id, person or opening; else they count as one."),
        (
            "tests/laws/test_one_to_one.py::test_10_000_conversations_of_two_tenants",
            "tests/attacks/test_incidents.py::test_b_people_of_two_messages_are_not_confused",
            "tests/attacks/test_incidents.py::test_c_one_person_has_one_placeholder",
        ),
    ),
    Claim(
        "safe-restore",
        "A hostile model cannot make the gateway complete a truncated placeholder, guess a near "
        "miss, resolve one that the user typed, break the JSON of tool arguments, or put a value "
        "into a link or tool that the policy does not allow. Any chunking of its stream gives the "
        "same text.",
        ("The answer comes in fields that its format names; others pass unrestored.",),
        (
            "tests/laws/test_hostile.py::test_streamed_to_one_character_or_whole_it_is_the_same",
            "tests/laws/test_hostile.py::test_no_value_is_completed_or_guessed",
            "tests/laws/test_hostile.py::test_nothing_is_restored_into_foreign_links",
            "tests/laws/test_hostile.py::test_tool_arguments_stay_json_and_get_their_values",
            "tests/laws/test_hostile.py::test_tools_that_nobody_declared_get_placeholders",
            "tests/attacks/test_incidents.py::test_g_a_placeholder_that_the_user_typed_is_not_resolved",
            "tests/attacks/test_incidents.py::test_l_a_truncated_placeholder_names_nobody",
        ),
    ),
    Claim(
        "true-streaming",
        "Of a streamed answer only characters are held back that could still be a placeholder of "
        "the same request: of 200 paced events at least 190 arrive at times of their own.",
        ("The machine is not so loaded that events bunch up before us.",),
        (
            "tests/laws/test_streaming.py::test_200_chunks_arrive_at_190_distinct_times",
            "tests/attacks/test_incidents.py::test_j_a_stream_stays_a_stream",
        ),
    ),
    Claim(
        "fail-closed",
        "Where a detector, the policy, the store or the record fails, the request fails with a "
        "clear error and nothing goes upstream.",
        (),
        (
            "tests/laws/test_fail_closed.py::test_a_detector_that_raises",
            "tests/laws/test_fail_closed.py::test_a_policy_that_is_not_the_active_one",
            "tests/laws/test_fail_closed.py::test_a_lost_database",
            "tests/laws/test_fail_closed.py::test_a_full_disk",
            "tests/laws/test_fail_closed.py::test_the_end_that_cannot_be_recorded_is_no_end",
        ),
    ),
    Claim(
        "incremental",
        "In a conversation of 50 turns, no turn scans more than twice the characters of turn two.",
        ("The application sends the history unchanged, and not as no-store.",),
        ("tests/laws/test_incremental.py::test_scanning_stays_within_twice_that_of_turn_two",),
    ),
    Claim(
        "consent",
        "A remote destination sees no request without a given, unexpired consent of the person "
        "for the purpose and recipient: none before, none after an acknowledged withdrawal, and "
        "none in strict mode.",
        ("Destinations are marked local or remote as they are.",),
        (
            "tests/core/test_decision.py::test_no_remote_destination_without_given_consent",
            "tests/laws/test_consent.py::test_race_no_byte_after_an_acknowledged_withdrawal",
            "tests/laws/test_consent.py::test_local_first_then_consent_then_remote_then_withdrawn",
        ),
    ),
    Claim(
        "no-exchange-without-its-record",
        "No byte goes to a provider before its `sent` entry is durable, and no answer ends before "
        "its `answered` entry is. A crash at any moment loses no acknowledged entry, and the tree "
        "verifies afterwards.",
        ("The disk keeps what it says it has kept (fsync is honest).",),
        (
            "tests/journeys/test_kill.py::test_no_acknowledged_exchange_without_its_entries",
            "tests/store/test_kill.py::test_a_killed_process_loses_nothing_that_it_acknowledged",
            "tests/store/test_power_loss.py::test_a_power_cut_loses_nothing_that_was_acknowledged",
        ),
    ),
    Claim(
        "every-format",
        "All of the above holds for each pair of a client's format (chat completions, responses, "
        "completions, Anthropic messages, Ollama chat and generate) and a server's (OpenAI, "
        "Anthropic, Ollama).",
        ("The server keeps to its protocol; one that does not ends the answer by name.",),
        (
            "tests/laws/test_pairs.py::test_1_no_leaf_lets_a_canary_out",
            "tests/laws/test_pairs.py::test_2_one_value_one_placeholder_and_back",
            "tests/laws/test_pairs.py::test_3_any_chunking_gives_the_same_text",
            "tests/laws/test_pairs.py::test_3_tool_arguments_are_json_with_their_values",
            "tests/laws/test_pairs.py::test_3_nothing_comes_back_into_a_link",
            "tests/laws/test_pairs.py::test_4_a_stream_arrives_as_it_comes",
            "tests/laws/test_pairs.py::test_5_a_failure_is_told_and_nothing_leaves",
            "tests/laws/test_pairs.py::test_6_a_turn_costs_what_is_new",
        ),
    ),
    Claim(
        "content-free",
        "No value stays in the database, its log, the logs of the process or an error text.",
        ("The value does not stand in a name that an operator chose (tenant, model, purpose).",),
        (
            "tests/attacks/test_canary_search.py::test_no_planted_value_stays_anywhere",
            "tests/attacks/test_bad_input.py::test_a_clear_4xx_and_nothing_upstream",
        ),
    ),
    Claim(
        "kill-switch",
        "Once `louver halt` has returned, no process records anything as sent that depends on what "
        "is halted; what is under way on it ends within a second, is told so, and is recorded so.",
        ("All processes use one store. A client that does not read is told when it does.",),
        (
            "tests/gateway/test_reception.py::test_the_commit_looks_again",
            "tests/gateway/test_reception.py::test_what_is_under_way_ends_within_a_second",
            "tests/journeys/test_operations.py::test_halted_from_another_process_within_a_second",
        ),
    ),
    Claim(
        "quiet-telemetry",
        "What is logged, measured and traced holds no content, no person, no key, and no count of "
        "what was found; no trace id goes to a model's server.",
        ("Names in the settings (models, destinations, tenants if wanted) are not personal.",),
        (
            "tests/journeys/test_operations.py::"
            "test_what_is_exported_and_logged_holds_no_content_and_no_counts",
            "tests/doors/telemetry/test_told.py::"
            "test_what_is_told_has_no_place_for_a_key_a_person_or_a_category",
        ),
    ),
    Claim(
        "kept-by-consent",
        "A conversation is kept on this side only in mode full and with the person's given consent "
        "to retention, sealed under that person's key; only the same application and person see it "
        "again. A withdrawal erases it in the same commit. An answer that could not be kept is "
        "never said to be complete.",
        (_KEY, "`vault.without_person` is false; else what names no person is kept unasked."),
        (
            "tests/journeys/test_responses.py::test_nothing_is_kept_unless_mode_and_person_allow_it",
            "tests/journeys/test_responses.py::test_what_is_kept_is_sealed",
            "tests/journeys/test_responses.py::test_nobody_else_learns_that_it_exists",
            "tests/journeys/test_responses.py::test_a_withdrawal_erases_at_once",
            "tests/journeys/test_responses.py::test_an_answer_that_cannot_be_kept_is_not_complete",
            "tests/store/test_vault.py::test_nothing_is_kept_against_a_no_and_what_was_kept_is_erased",
        ),
    ),
    Claim(
        "receipts",
        "Every answer has a signed receipt that binds the bytes that left, the policy, the consent "
        "that decided, the destination and the place in the ledger, without content. Whoever "
        "changes one bit of it, the bytes or the entry is found out offline.",
        (_KEY, "Who checks has the right public key."),
        (
            "tests/journeys/test_receipts.py::test_every_answer_has_one",
            "tests/journeys/test_receipts.py::test_flipping_any_bit_is_found_out",
            "tests/journeys/test_receipts.py::test_another_installations_key_is_found_out",
            "tests/journeys/test_receipts.py::test_other_bytes_are_found_out",
            "tests/journeys/test_receipts.py::test_a_changed_ledger_is_found_out",
            "tests/journeys/test_receipts.py::test_the_ledger_alone_confirms_no_guess",
            "tests/crypto/test_signing.py::test_another_library_verifies_what_we_sign",
        ),
    ),
)

NOT_PROMISED: tuple[str, ...] = (
    "That every person in a text is found. What no detector knows is sent as it is; names need a "
    "dictionary in this version, or the names model of a later one.",
    "That a model cannot guess who somebody is from what remains around the placeholders.",
    "That nobody rewrote the whole ledger: against its owner that needs an outside witness, which "
    "comes with the signed log. Until then `louver ledger verify` finds damage and careless edits.",
    "That a provider honors `store: false`. It is asked for in every request, and that is all.",
    "That a receipt proves what its model did with the bytes, or that its installation told the "
    "truth about them; it proves what the installation said, and that nobody changed it since.",
    "Anything about images, audio and files that are no text, except that they are refused unless "
    "you allow them.",
)
