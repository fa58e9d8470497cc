"""A session of the WebSocket API: who is logged on, what it answers, what it subscribes to."""

from typing import Any

import pytest

from tests.web.binance.talk import ALICE, READER, Talk, signed
from web.auth.caller import Caller
from web.binance.catalogue import ENDPOINTS
from web.clock import now_ms


@pytest.mark.parametrize("request_id", [7, -7, "7", "a-b_c", None])
def test_answers_with_the_id_in_its_type(request_id: Any) -> None:
    answer = Talk().ask("ping", request_id)

    limits = answer.pop("rateLimits")
    assert answer == {"id": request_id, "status": 200, "result": {}}
    assert [each["rateLimitType"] for each in limits] == ["REQUEST_WEIGHT"]


def test_takes_a_version_before_the_method() -> None:
    assert Talk().ask("v3/time")["status"] == 200


def test_every_endpoint_with_a_method_is_reachable() -> None:
    """By what is missing or unknown of each it can be told from an unknown method."""
    talk = Talk()
    for endpoint in ENDPOINTS:
        if endpoint.ws_method:
            assert talk.ask(endpoint.ws_method).get("error", {}).get("code") != -1020
    assert talk.ask("no.such")["error"] == {
        "code": -1020,
        "msg": "This operation is not supported. Unknown method 'no.such'.",
    }


def test_no_two_endpoints_have_one_method() -> None:
    methods = [each.ws_method for each in ENDPOINTS if each.ws_method]

    assert len(set(methods)) == len(methods)


def test_says_the_time_in_the_unit_of_the_connection() -> None:
    microseconds = Talk(in_microseconds=True).ask("time")["result"]["serverTime"]

    assert microseconds > 10**15


def test_hides_rate_limits_by_connection_and_by_request() -> None:
    quiet = Talk(return_rate_limits=False)

    assert "rateLimits" not in quiet.ask("ping")
    assert "rateLimits" in quiet.ask("ping", returnRateLimits=True)
    assert "rateLimits" not in Talk().ask("ping", returnRateLimits=False)


def test_admits_what_is_signed_over_sorted_parameters() -> None:
    talk = Talk()

    assert talk.ask("whoami", **signed(ALICE))["result"] == {"account": "alice", "at": 1_000}
    wrong = {**signed(ALICE), "recvWindow": 5_000}
    assert talk.ask("whoami", **wrong)["error"]["code"] == -1022
    assert talk.ask("whoami")["error"]["code"] == -2014
    assert talk.ask("trade", **signed(READER, quantity="1"))["error"]["code"] == -2015
    old = signed(ALICE, timestamp=now_ms() - 60_000)
    assert talk.ask("whoami", **old)["error"]["code"] == -1021


def test_a_signature_of_strange_characters_is_wrong_and_no_more() -> None:
    params = {**signed(ALICE), "signature": "é" * 64}

    assert Talk().ask("whoami", **params)["error"]["code"] == -1022


def test_after_a_logon_key_and_signature_may_be_left_out() -> None:
    talk = Talk()

    status = talk.logon()["result"]
    assert (status["apiKey"], status["userDataStream"]) == (ALICE.key, False)
    assert talk.ask("session.status")["result"]["authorizedSince"] == status["authorizedSince"]
    assert talk.ask("whoami", timestamp=now_ms())["result"]["account"] == "alice"
    assert talk.ask("trade", timestamp=now_ms(), quantity="1")["status"] == 200
    assert talk.ask("whoami")["error"]["code"] == -1102
    # Who brings a key all the same must sign.
    assert talk.ask("whoami", **signed(READER))["result"]["account"] == "reader"
    assert talk.ask("whoami", apiKey=READER.key, timestamp=now_ms())["error"]["code"] == -1102


def test_a_logout_forgets_the_key() -> None:
    talk = Talk()
    talk.logon()

    status = talk.ask("session.logout")["result"]

    assert (status["apiKey"], status["authorizedSince"]) == (None, None)
    assert talk.ask("whoami", timestamp=now_ms())["error"]["code"] == -2014


def test_a_wrong_logon_leaves_the_one_before_as_it_was() -> None:
    talk = Talk()
    talk.logon()

    wrong = {**signed(READER), "signature": "0" * 64}
    assert talk.ask("session.logon", **wrong)["error"]["code"] == -1022
    assert talk.ask("whoami", timestamp=now_ms())["result"]["account"] == "alice"


def test_a_logon_that_somebody_has_read_lets_nobody_else_in() -> None:
    talk, logon = Talk(), signed(ALICE)
    assert talk.ask("session.logon", **logon)["status"] == 200
    assert talk.ask("session.logout")["status"] == 200

    assert talk.ask("session.logon", **logon)["error"]["code"] == -1022
    assert talk.ask("trade", timestamp=now_ms(), quantity="1")["error"]["code"] == -2014


def test_a_key_that_is_revoked_is_logged_on_no_more() -> None:
    talk = Talk()
    talk.logon()

    talk.keys.remove(ALICE)

    assert talk.ask("whoami", timestamp=now_ms())["error"]["code"] == -2015
    assert talk.ask("userDataStream.subscribe")["error"]["code"] == -2015


def test_subscribes_once_an_account() -> None:
    talk = Talk()
    assert talk.ask("userDataStream.subscribe")["error"]["code"] == -1002
    talk.logon()

    assert talk.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert talk.ask("userDataStream.subscribe")["error"]["code"] == -2035
    again = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))
    assert again["error"]["code"] == -2035
    other = talk.ask("userDataStream.subscribe.signature", **signed(READER))
    assert other["result"] == {"subscriptionId": 1}
    assert talk.ask("session.subscriptions")["result"] == [
        {"subscriptionId": 0},
        {"subscriptionId": 1},
    ]
    assert talk.ask("session.status")["result"]["userDataStream"] is True


def test_a_key_that_is_only_named_subscribes_to_nothing() -> None:
    talk = Talk()

    assert talk.ask("userDataStream.subscribe", apiKey=ALICE.key)["error"]["code"] == -1002
    talk.logon(READER)
    assert talk.ask("userDataStream.subscribe", apiKey=ALICE.key)["error"]["code"] == -1002
    assert talk.gateway.user_data.listeners == 0


def test_unsubscribes_one_or_all() -> None:
    talk = Talk()
    for key in (ALICE, READER):
        talk.ask("userDataStream.subscribe.signature", **signed(key))

    assert talk.ask("userDataStream.unsubscribe", subscriptionId=1)["result"] == {}
    assert talk.line.sent[-2]["subscriptionId"] == 1
    assert talk.line.sent[-2]["event"]["e"] == "eventStreamTerminated"
    assert talk.ask("userDataStream.unsubscribe", subscriptionId=1)["error"]["code"] == -2036
    assert talk.ask("userDataStream.unsubscribe")["result"] == {}
    assert talk.ask("userDataStream.unsubscribe")["error"]["code"] == -2036
    assert talk.gateway.user_data.listeners == 0
    # Ids are never used again.
    renewed = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))
    assert renewed["result"] == {"subscriptionId": 2}


def test_a_logout_ends_the_subscription_of_the_logon_alone() -> None:
    talk = Talk()
    talk.logon()
    talk.ask("userDataStream.subscribe")
    talk.ask("userDataStream.subscribe.signature", **signed(READER))

    talk.ask("session.logout")

    assert talk.ask("session.subscriptions")["result"] == [{"subscriptionId": 1}]
    assert talk.line.sent[-3]["event"]["e"] == "eventStreamTerminated"


def test_a_session_that_is_over_listens_to_nothing() -> None:
    talk = Talk()
    talk.ask("userDataStream.subscribe.signature", **signed(ALICE))

    talk.session.subscriptions.close()

    assert talk.gateway.user_data.listeners == 0


def test_bounds_how_many_it_subscribes_to() -> None:
    talk = Talk()
    for number in range(1_000):
        caller = Caller(account_id=f"account-{number}", key="key", scopes=frozenset())
        talk.session.subscriptions.add(caller, is_by_logon=False)

    refused = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))

    assert refused["error"]["code"] == -2042
    talk.session.subscriptions.end(5)
    talk.session.subscriptions._next_id = 65_535
    refused = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))
    assert refused["error"]["msg"] == "Maximum subscription ID reached for this connection."


def test_a_bug_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer = Talk().ask("breaks", 5)

    assert (answer["id"], answer["status"], answer["error"]["code"]) == (5, 500, -1000)
    assert "a bug" in caplog.text
