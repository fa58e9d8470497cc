"""Why a Java program ended, from what it wrote before."""

import pytest

from tradeflow.broker.last_words import java_refusal, reason_to_fail


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            "12:00 ERROR Exiting Kafka\njava.lang.RuntimeException: outer\n\tat a.B.c(B.java:1)\n"
            "Caused by: java.io.IOException: disk full\n\tat a.B.d(B.java:2)\n",
            "Caused by: java.io.IOException: disk full",
        ),
        ("12:00 ERROR no leader (Server)\n12:01 INFO bye\n", "12:00 ERROR no leader (Server)"),
        ("Unrecognized option\n\n", "Unrecognized option"),
        ("", "it said nothing."),
    ],
)
def test_the_reason_to_fail_is_the_deepest_cause(log: str, reason: str) -> None:
    assert reason_to_fail(log) == reason


def test_a_kafka_that_fails_is_not_taken_for_a_java_that_does_not_start() -> None:
    assert java_refusal("12:00 ERROR no leader (Server)\n") is None


def test_what_java_says_by_the_way_is_not_its_reason() -> None:
    refusal = java_refusal(
        "Picked up JAVA_TOOL_OPTIONS: -Dx=y\n"
        "OpenJDK 64-Bit Server VM warning: Options -Xverify:none were deprecated\n"
        "Unrecognized VM option 'NoSuchOption'\n"
        "Error: Could not create the Java Virtual Machine.\n"
    )

    assert refusal is not None
    assert "options: Unrecognized VM option 'NoSuchOption'" in str(refusal)
