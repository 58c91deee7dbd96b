"""One request to the service: what is sent how often, and what a failure is called."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.production import Names
from tadh_cli.api.provider import Answer, Exchange
from tadh_cli.config import Settings
from tadh_cli.engine.client import ATTEMPTS, CREATE_TIMEOUT_S, LONGEST_RETRY_AFTER_S, Client, Prepared
from tadh_cli.engine.transport import READ_TIMEOUT_S, Transport
from tadh_cli.errors import (
    AuthError,
    ConfigError,
    InputError,
    NetworkError,
    NotFound,
    OutcomeUnknown,
    QuotaError,
    Refused,
    ServiceError,
    TadhError,
)
from tadh_cli.masking import Mask
from tadh_cli.providers.tencent import TENCENT
from tests import wire
from tests.calls import APP_KEY, TOKEN, VIDEO, client_for, creation, question
from tests.certificates import certificate, context
from tests.clocks import NOON_S, FakeClock
from tests.wire import Server, Step, closed_url, reply, say, serving

HTML = "<html><body>Bad Gateway</body></html>"
STATUS = {"TaskId": "T1", "Status": "MAKING"}


@pytest.fixture
def exchanges(transport: Transport) -> list[Exchange]:
    """Every exchange that the transport tells of."""
    seen: list[Exchange] = []
    transport.observe = seen.append
    return seen


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that finds every task in the making, until a test tells it otherwise."""
    with serving(say(STATUS)) as server:
        yield server


@pytest.fixture
def client(server: Server, transport: Transport, clock: FakeClock) -> Client:
    return client_for(server.url, transport, clock)


def http_date(moved_s: float) -> str:
    """A date so many seconds from the clock of the tests."""
    return format_datetime(datetime.fromtimestamp(NOON_S, timezone.utc) + timedelta(seconds=moved_s), usegmt=True)


def failure(client: Client, prepared: Prepared, **options: Any) -> TadhError:
    with pytest.raises(TadhError) as caught:
        client.send(prepared, **options)
    return caught.value


# What fails, and how often it is tried -----------------------------------------------------------------

# What the other side does; how often a question, and how often a creation is sent; what they end with.
FAILURES: dict[str, tuple[Step, int, type[TadhError], int, type[TadhError]]] = {
    "reset unread": (wire.close_unread, 4, NetworkError, 1, OutcomeUnknown),
    "answer lost": (wire.close_after_reading, 4, NetworkError, 1, OutcomeUnknown),
    "reset after reading": (wire.reset_after_reading, 4, NetworkError, 1, OutcomeUnknown),
    "never answers": (wire.silence, 4, NetworkError, 1, OutcomeUnknown),
    "answer cut": (wire.cut(b'{"Header": {}}', after=5), 4, NetworkError, 1, OutcomeUnknown),
    "not HTTP": (wire.raw(b"SSH-2.0-OpenSSH\r\n\r\n"), 4, NetworkError, 1, OutcomeUnknown),
    "HTTP 429": (reply(HTML, status=429), 4, Refused, 4, Refused),
    "HTTP 500": (reply(HTML, status=500), 4, ServiceError, 1, OutcomeUnknown),
    "HTTP 502": (reply(HTML, status=502), 4, ServiceError, 1, OutcomeUnknown),
    "HTTP 503": (reply(HTML, status=503), 4, ServiceError, 1, OutcomeUnknown),
    "a login page": (reply(HTML), 4, ServiceError, 1, OutcomeUnknown),
    "no JSON": (reply("{'Header'"), 4, ServiceError, 1, OutcomeUnknown),
    "JSON broken off": (reply('{"Header": {"Code": 0'), 4, ServiceError, 1, OutcomeUnknown),
    "JSON without envelope": (reply('{"errCode": 0}'), 4, ServiceError, 1, OutcomeUnknown),
    "an envelope without code": (reply('{"Header": {}, "Payload": {}}'), 4, ServiceError, 1, OutcomeUnknown),
    "an array": (reply("[]"), 4, ServiceError, 1, OutcomeUnknown),
    "nothing": (reply(""), 4, ServiceError, 1, OutcomeUnknown),
    "bytes": (reply(b"\xff\xfe\x00"), 4, ServiceError, 1, OutcomeUnknown),
    "JSON without a floor": (reply("[" * 200_000), 4, ServiceError, 1, OutcomeUnknown),
    "redirection": (reply("", status=302, Location="/elsewhere"), 4, ServiceError, 1, OutcomeUnknown),
    "HTTP 400": (reply(HTML, status=400), 1, Refused, 1, Refused),
    "HTTP 401": (reply(HTML, status=401), 1, AuthError, 1, AuthError),
    "HTTP 403": (reply(HTML, status=403), 1, AuthError, 1, AuthError),
    "HTTP 404": (reply(HTML, status=404), 1, Refused, 1, Refused),
    "code 100000": (say({}, code=100000), 4, ServiceError, 1, ServiceError),
    "code -100000": (say({}, code=-100000), 4, ServiceError, 1, ServiceError),
    "code -101000": (say({}, code=-101000), 4, ServiceError, 1, ServiceError),
    "code 801000": (say({}, code=801000), 4, ServiceError, 1, ServiceError),
    "code 801004": (say({}, code=801004), 4, Refused, 4, Refused),
    "code 100012": (say({}, code=100012), 4, Refused, 4, Refused),
    "code 100008": (say({}, code=100008), 1, QuotaError, 1, QuotaError),
    "code 100005": (say({}, code=100005), 1, AuthError, 1, AuthError),
    "code 110006": (say({}, code=110006), 1, NotFound, 1, NotFound),
    "code 100001": (say({}, code=100001), 1, Refused, 1, Refused),
    "unknown code": (say({}, code=424242), 1, Refused, 1, Refused),
    "unknown code of HTTP 500": (say({}, code=424242, status=500), 4, ServiceError, 1, ServiceError),
    "code under HTTP 500": (say({}, code=110006, status=500), 1, NotFound, 1, NotFound),
}


@pytest.mark.parametrize("what", FAILURES)
@pytest.mark.parametrize("is_safe", [True, False], ids=["question", "creation"])
def test_only_what_can_do_no_harm_is_repeated(
    what: str, is_safe: bool, transport: Transport, exchanges: list[Exchange], clock: FakeClock
) -> None:
    step, questions, for_question, creations, for_creation = FAILURES[what]
    with serving(step) as server:
        client = client_for(server.url, transport, clock)
        error = failure(client, question(client) if is_safe else creation(client), timeout_s=0.15)
    assert type(error) is (for_question if is_safe else for_creation)
    assert len(exchanges) == (questions if is_safe else creations)
    assert len(server.seen) == (0 if step is wire.close_unread else len(exchanges))


@pytest.mark.parametrize("step", [wire.reset_after_reading, wire.close_after_reading])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_creation_lost_behind_a_proxy_is_sent_once(step: Step, scheme: str, clock: FakeClock, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "DNS:gw.example.com")
    proxied = wire.tunnel(step, context(pem)) if scheme == "https" else step
    with serving(proxied) as server, closing(Transport(proxy=server.url, ca_bundle=str(pem))) as transport:
        client = client_for(f"{scheme}://gw.example.com", transport, clock)
        assert type(failure(client, creation(client))) is OutcomeUnknown
    assert [seen.method for seen in server.seen].count("POST") == 1


@pytest.mark.parametrize("make", [question, creation], ids=["question", "creation"])
def test_what_never_left_is_always_tried_again(
    make: Any, transport: Transport, exchanges: list[Exchange], clock: FakeClock
) -> None:
    client = client_for(closed_url(), transport, clock)
    assert type(failure(client, make(client))) is NetworkError
    assert len(exchanges) == ATTEMPTS


@pytest.mark.parametrize("what", FAILURES)
def test_no_failure_tells_a_secret(what: str, transport: Transport, clock: FakeClock) -> None:
    with serving(FAILURES[what][0]) as server:
        client = client_for(server.url, transport, clock)
        error = failure(client, creation(client), timeout_s=0.15)
    told = f"{error!r} {error.message} {error.hint} {error.__cause__!r} {error.__context__!r}"
    assert not [word for word in (TOKEN, "signature=", "timestamp=", "appkey=", APP_KEY) if word in told]


@pytest.mark.parametrize("failures", [1, 2, 3])
@pytest.mark.parametrize("step", [wire.reset_after_reading, reply(HTML, status=502), say({}, code=-101000)])
def test_a_question_survives_failures_that_pass(
    step: Step, failures: int, transport: Transport, clock: FakeClock
) -> None:
    with serving(*[step] * failures, say(STATUS)) as server:
        client = client_for(server.url, transport, clock)
        assert client.send(question(client))["Status"] == "MAKING"
    assert len(clock.slept) == failures


def test_a_creation_survives_being_too_frequent(transport: Transport, clock: FakeClock) -> None:
    with serving(say({}, code=801004), reply("", status=429), say({"TaskId": "T7"})) as server:
        client = client_for(server.url, transport, clock)
        assert client.send(creation(client))["TaskId"] == "T7"
    assert len(server.seen) == 3


def test_a_last_attempt_can_be_the_first(client: Client, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [reply(HTML, status=502)]
    assert isinstance(failure(client, question(client), attempts=1), ServiceError)
    assert (len(server.seen), clock.slept) == (1, [])


def test_an_unknown_outcome_says_what_happened_and_what_to_do(client: Client, server: Server) -> None:
    server.steps[:] = [wire.close_after_reading]
    error = failure(client, creation(client))
    assert error.message.startswith(f"the outcome is unknown: the connection to {server.host} was lost")
    assert "nothing was repeated" in error.hint and "paid twice" in error.hint


# Pauses ------------------------------------------------------------------------------------------------


def test_pauses_are_doubled_and_stretched_by_dice(client: Client, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [reply(HTML, status=502)]
    failure(client, question(client))
    assert clock.slept == [0.5, 1.0, 2.0]
    clock.slept.clear()
    failure(
        client_for(server.url, client.transport, jumpy := FakeClock(jitters=[0.8, 1.2, 1.0, 1.0])), question(client)
    )
    assert jumpy.slept == pytest.approx([0.4, 1.2, 2.0])


@pytest.mark.parametrize(
    ("retry_after", "pause_s"),
    [
        ("7", 7.0),
        ("0", 0.5),
        (http_date(20), 20.0),
        (http_date(-20), 0.5),
        ("", 0.5),
        ("soon", 0.5),
        ("-3", 0.5),
        ("1.5", 0.5),
        ("²", 0.5),
    ],
)
@pytest.mark.parametrize("make", [question, creation], ids=["question", "creation"])
def test_the_service_is_given_the_time_it_asks_for(
    make: Any, retry_after: str, pause_s: float, client: Client, server: Server, clock: FakeClock
) -> None:
    server.steps[:] = [reply("", status=429, Retry_After=retry_after), say({"TaskId": "T1"})]
    client.send(make(client))
    assert clock.slept == [pytest.approx(pause_s)]


@pytest.mark.parametrize("retry_after", [str(int(LONGEST_RETRY_AFTER_S) + 1), http_date(3600)])
def test_a_service_that_wants_too_much_patience_is_told_and_not_waited_for(
    retry_after: str, client: Client, server: Server, clock: FakeClock
) -> None:
    server.steps[:] = [reply("", status=429, Retry_After=retry_after)]
    error = failure(client, question(client))
    assert error.retry_after_s is not None and error.retry_after_s > LONGEST_RETRY_AFTER_S
    assert (len(server.seen), clock.slept) == (1, [])


def test_retry_after_is_heeded_for_every_answer_that_may_pass(client: Client, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [say({}, code=-101000, Retry_After="30"), reply("", status=503, Retry_After="9"), say(STATUS)]
    client.send(question(client))
    assert clock.slept == [30.0, 9.0]


@pytest.mark.parametrize(("name", "apart_s"), [("session.update", 5.0), ("session.say", 1.0)])
def test_a_call_that_came_too_early_waits_for_its_documented_turn(
    name: str, apart_s: float, client: Client, server: Server, clock: FakeClock
) -> None:
    server.steps[:] = [say({}, code=100012), say({"ReqId": "r"})]
    values = (
        {"SessionId": "m1", "Command": "SEND_TEXT", "Data.Text": "Hi"} if name == "session.say" else {"SessionId": "m1"}
    )
    client.send(client.prepare(client.provider.operation(name), values))
    assert clock.slept == [apart_s]


# What is sent ------------------------------------------------------------------------------------------


def test_a_request_is_what_the_service_wants(client: Client, server: Server) -> None:
    client.send(creation(client, **{"InputSsml": "你好 <3", "SpeechParam.Speed": 1}))
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v2/ivh/videomaker/broadcastservice/videomake")
    assert seen.headers["content-type"] == "application/json;charset=utf-8"
    assert seen.headers["content-length"] == str(len(seen.body)) and "transfer-encoding" not in seen.headers
    assert seen.json == {
        "Header": {},
        "Payload": {"VirtualmanKey": "avatar-1", "InputSsml": "你好 <3", "SpeechParam": {"Speed": 1.0}},
    }
    assert "你好".encode() in seen.body


def test_every_attempt_is_signed_anew(transport: Transport) -> None:
    clock = FakeClock(jitters=[2.0])
    with serving(reply(HTML, status=502)) as server:
        client = client_for(server.url, transport, clock)
        failure(client, question(client))
    assert [int(seen.query["timestamp"]) - NOON_S for seen in server.seen] == [0, 1, 3, 7]
    for seen in server.seen:
        message = f"appkey={APP_KEY}&timestamp={seen.query['timestamp']}".encode()
        wanted = base64.b64encode(hmac.new(TOKEN.encode(), message, hashlib.sha256).digest()).decode()
        assert seen.query["signature"] == wanted


def test_questions_share_a_connection_and_a_creation_has_its_own(client: Client, server: Server) -> None:
    for make in (question, question, creation, question, creation):
        client.send(make(client))
    assert [seen.connection for seen in server.seen] == [0, 0, 1, 1, 2]


def test_a_connection_that_died_in_between_is_no_failure(client: Client, server: Server) -> None:
    server.steps[:] = [say(STATUS, Connection="close"), say(STATUS)]
    client.send(question(client))
    client.send(creation(client))
    assert [seen.connection for seen in server.seen] == [0, 1]


def test_a_get_has_no_body(client: Client, server: Server) -> None:
    client.send(Prepared("GET", "/v2/anything?more=1", {}, None, "video"))
    (seen,) = server.seen
    assert (seen.method, seen.body, seen.query["more"]) == ("GET", b"", "1")


def test_a_request_without_a_declaration_is_repeated_only_when_it_is_a_get(client: Client, server: Server) -> None:
    server.steps[:] = [reply(HTML, status=502)]
    assert isinstance(failure(client, Prepared("POST", "/v2/new", {}, None, "video")), OutcomeUnknown)
    assert isinstance(failure(client, Prepared("GET", "/v2/new", {}, None, "video")), ServiceError)
    assert [seen.method for seen in server.seen] == ["POST", "GET", "GET", "GET", "GET"]


class Border:
    """A transport that only notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], **options: Any) -> Answer:
        self.asked.append(options)
        return Answer(200, {}, wire.envelope(STATUS))

    def observe(self, exchange: Exchange) -> None:
        pass


def test_a_creation_is_given_more_time_than_a_question(clock: FakeClock) -> None:
    border = Border()
    client = client_for("https://example.com", border, clock)  # type: ignore[arg-type]
    client.send(question(client))
    client.send(creation(client))
    client.send(creation(client), timeout_s=3)
    assert [asked["timeout_s"] for asked in border.asked] == [READ_TIMEOUT_S, CREATE_TIMEOUT_S, 3]
    assert [asked["fresh"] for asked in border.asked] == [False, True, True]


def test_each_service_signs_with_its_own_credentials(transport: Transport, clock: FakeClock) -> None:
    with serving(say({**STATUS, "Virtualmans": [], "Total": 0})) as server:
        client = client_for(server.url, transport, clock)
        keys = {**client.settings.keys, "assets": {"app_key": "assets-key"}}
        client.settings = client.settings._replace(keys=keys)
        client.call("avatar.list", PageIndex=1, PageSize=1)
        client.call("video.get", TaskId="T1")
    assert [seen.query["appkey"] for seen in server.seen] == ["assets-key", APP_KEY]


def test_a_command_for_the_token_runs_once_for_each_service(transport: Transport, clock: FakeClock) -> None:
    """It may ask a person, or cost a login; each attempt is signed, a wait has hundreds."""
    keys = {
        "": {"app_key": "a", "access_token_command": "echo once >> ran; echo common-token"},
        "assets": {"app_key": "b", "access_token_command": "echo once >> ran; echo assets-token"},
    }
    with serving(reply(HTML, status=502), say({**STATUS, "Virtualmans": [], "Total": 0})) as server:
        client = client_for(server.url, transport, clock)
        client.settings = client.settings._replace(keys=keys)
        for _ in range(2):
            client.call("video.get", TaskId="T1")
            client.call("avatar.list", PageIndex=1, PageSize=1)
    assert [seen.query["appkey"] for seen in server.seen] == ["a", "a", "b", "a", "b"]
    assert Path("ran").read_text().split() == ["once", "once"]
    assert client.mask.text("common-token assets-token") == "*** ***"


def test_nothing_is_sent_without_credentials(client: Client, server: Server) -> None:
    client.settings = client.settings._replace(keys={"": {"app_key": "a"}})
    assert isinstance(failure(client, question(client)), ConfigError)
    assert server.seen == []


# Answers -----------------------------------------------------------------------------------------------


def test_the_service_says_why_under_which_code_and_id(client: Client, server: Server) -> None:
    server.steps[:] = [say({}, code=110006, message="InternalError.DataNotExist:任务不存在")]
    error = failure(client, question(client))
    assert error.message == "InternalError.DataNotExist:任务不存在 (the record does not exist)"
    assert (error.code, error.request_id, error.hint) == (110006, "req-1", "check the id")


def test_a_message_that_already_says_it_is_not_doubled(client: Client, server: Server) -> None:
    server.steps[:] = [say({}, code=100000, message="Internal system error")]
    assert failure(client, creation(client)).message == "Internal system error"


@pytest.mark.parametrize(
    ("moved_s", "words"),
    [(-3600, "1h00m ahead of"), (86_400 * 2, "2d 0h behind"), (-301, "5m01s ahead of"), (-300, ""), (299, "")],
)
def test_a_clock_that_is_too_far_off_is_named(client: Client, server: Server, moved_s: float, words: str) -> None:
    server.steps[:] = [reply("", status=403, Date=http_date(moved_s))]
    error = failure(client, question(client))
    assert (f"the clock of this machine is {words} the service's" in error.message) == bool(words)
    assert ("set the clock" in error.hint) == bool(words)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 32 Foo 20xx 99:99:99 GMT"])
def test_a_service_without_a_usable_date_is_not_accused(client: Client, server: Server, date: str) -> None:
    server.steps[:] = [reply("", status=403, Date=date)]
    assert "the clock of this machine" not in failure(client, question(client)).message


def test_secrets_in_an_answer_are_hidden_from_then_on(client: Client, server: Server) -> None:
    keys = {"Token": "token-123456", "TmpSecretId": "AKID123456", "TmpSecretKey": "key-123456"}
    server.steps[:] = [say({"Credentials": keys, "ExpiredTime": 1, "PathPrefix": "https://a.example.com/p"})]
    client.call("assets.credentials")
    told = client.mask.text(" ".join(keys.values()))
    assert told == "*** *** ***"


def test_the_token_is_hidden_from_the_first_request_on(client: Client) -> None:
    client.url(question(client))
    assert TOKEN not in client.mask.text(f"token {TOKEN}")


def test_every_exchange_is_told_with_both_bodies(client: Client, exchanges: list[Exchange], server: Server) -> None:
    server.steps[:] = [reply(HTML, status=502), say(STATUS)]
    client.send(question(client))
    first, second = exchanges
    assert (first.status, first.response, second.status) == (502, HTML, 200)
    assert first.request == second.request == {"Header": {}, "Payload": {"TaskId": "T1"}}
    assert "HTTP 502" in first.error and second.error == ""
    assert second.response["Payload"] == STATUS
    assert json.loads(client.last_answer) == second.response


def test_the_raw_answer_is_there_as_the_service_spelled_it(client: Client, server: Server) -> None:
    server.steps[:] = [say({"TaskID": 12})]
    assert client.exchange(creation(client)).payload == {"TaskID": 12}
    assert client.send(creation(client)) == {"TaskId": "12"}


@pytest.mark.parametrize("text", ["cut \\ud83d", "\\udcff", "\\ude00\\ud83d"])
def test_half_a_character_in_an_answer_does_no_harm(client: Client, server: Server, text: str) -> None:
    """A service that cuts a text between the halves of an emoji: files and terminals take only whole ones."""
    answer = '{"Header": {"Code": 0}, "Payload": {"Status": "MAKING", "Name": "%s", "%s": [{"A": "%s"}]}}'
    server.steps[:] = [reply(answer % (text, text, text))]
    record = client.send(question(client))
    assert record["Status"] == "MAKING" and len(record) == 4
    assert json.dumps(record, ensure_ascii=False).encode()


def test_half_a_character_in_a_message_does_no_harm(client: Client, server: Server) -> None:
    server.steps[:] = [reply('{"Header": {"Code": 110006, "Message": "cut \\ud83d", "RequestID": "\\ud83d"}}')]
    error = failure(client, question(client))
    assert f"{error.message}{error.request_id}".encode()


# Pages -------------------------------------------------------------------------------------------------


def paged(items: list[dict[str, Any]], *, total: object = "all", nothing: object = ()) -> Step:
    """A service that answers page by page; `nothing` is what it puts for no items."""

    def step(connection: wire.Connection) -> bool:
        seen = connection.read()
        first, size = (seen.payload["PageIndex"] - 1) * seen.payload["PageSize"], seen.payload["PageSize"]
        payload: dict[str, Any] = {"Virtualmans": items[first : first + size] or nothing}
        if total is not None:
            payload["Total"] = len(items) if total == "all" else total
        body = wire.envelope(payload)
        connection.send(wire.head(200, {"Content-Length": str(len(body))}) + body)
        return True

    return step


def avatars(count: int) -> list[dict[str, Any]]:
    return [{"VirtualmanKey": f"k{number}", "AnchorName": "n", "AnchorCode": "c"} for number in range(count)]


@pytest.mark.parametrize(
    ("count", "size", "total", "pages"),
    [
        (0, None, "all", 1),
        (1, None, "all", 1),
        (100, None, "all", 1),
        (101, None, "all", 2),
        (730, None, "all", 8),
        (730, 50, "all", 15),
        (250, None, "250", 3),
        (250, None, None, 3),
        (200, None, None, 3),
        (0, None, None, 1),
    ],
)
def test_all_items_of_all_pages_arrive(
    client: Client, server: Server, count: int, size: int | None, total: object, pages: int
) -> None:
    items = avatars(count)
    server.steps[:] = [paged(items, total=total)]
    found = [item["VirtualmanKey"] for item in client.pages("avatar.list", PageSize=size)]
    assert found == [item["VirtualmanKey"] for item in items]
    assert sorted(seen.payload["PageIndex"] for seen in server.seen) == list(range(1, pages + 1))


def test_a_null_list_is_an_empty_page(client: Client, server: Server) -> None:
    server.steps[:] = [paged([], nothing=None)]
    assert list(client.pages("avatar.list")) == []


def test_a_reader_that_has_enough_asks_for_no_more_pages(client: Client, server: Server) -> None:
    server.steps[:] = [paged(avatars(500))]
    items = client.pages("avatar.list", PageSize=10)
    assert [next(items)["VirtualmanKey"] for _ in range(10)] == [f"k{number}" for number in range(10)]
    assert len(server.seen) == 1


def test_filters_go_with_every_page(client: Client, server: Server) -> None:
    server.steps[:] = [paged(avatars(3))]
    list(client.pages("avatar.list", AnchorCodes=["a"], PageSize=2, overrides={"New": "1"}))
    assert [seen.payload["AnchorCodes"] for seen in server.seen] == [["a"], ["a"]]
    assert [seen.payload["New"] for seen in server.seen] == [1, 1]


@pytest.mark.parametrize("name", ["PageIndex", "PageSize"])
def test_pages_are_counted_here_and_not_by_set(client: Client, server: Server, name: str) -> None:
    """The same page again and again, or a page that looks like the last one."""
    server.steps[:] = [paged(avatars(3), total=None)]
    with pytest.raises(InputError, match=f"--set {name}: "):
        list(client.pages("avatar.list", overrides={name: "1"}))
    assert server.seen == []


def test_a_bad_page_size_is_told_with_its_option(client: Client, server: Server) -> None:
    with pytest.raises(InputError, match=r"--page-size 101 is outside 1\.\.100 \(PageSize, Querying for Avatar List"):
        list(client.pages("avatar.list", PageSize=101, names=Names({"PageSize": "--page-size"})))
    assert server.seen == []


# Preparing ---------------------------------------------------------------------------------------------

BASIC = TENCENT.operation("video.create")
SPEED = Names({"SpeechParam.Speed": "--speed", "DriverType": "--driver"}, {"OriginalVoice": "original-voice"})


def problems(client: Client, values: dict[str, object], **options: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        client.prepare(BASIC, {**VIDEO, **values}, **options)
    return caught.value.problems


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (
            {"SpeechParam.Speed": 3.0},
            "--speed 3.0 is outside 0.5..1.5 (SpeechParam.Speed, Video Production API - Basic Edition)",
        ),
        (
            {"DriverType": "OriginalVoice"},
            "InputAudioUrl is required when --driver is original-voice (Video Production API - Basic Edition)",
        ),
        ({"VirtualmanKey": None}, "VirtualmanKey is required (Video Production API - Basic Edition)"),
    ],
)
def test_a_problem_names_option_value_range_and_source(client: Client, values: dict[str, object], problem: str) -> None:
    assert problems(client, values, names=SPEED) == [problem]


def test_long_values_are_shortened_in_messages(client: Client) -> None:
    (problem,) = problems(client, {"CallbackUrl": "no url " * 20})
    assert problem.startswith("CallbackUrl 'no url no url") and "…' is not an http" in problem


def test_problems_found_before_come_first_and_all_together(client: Client) -> None:
    found = problems(client, {"SpeechParam.Speed": 9, "Else": 1}, problems=["--logo is odd"])
    assert found[0] == "--logo is odd"
    assert [problem.split(" ")[0] for problem in found[1:]] == ["SpeechParam.Speed", "Else"]


def test_warnings_do_not_stop_a_request(client: Client) -> None:
    values = {"DriverType": "OriginalVoice", "InputAudioUrl": "https://a/b.wav", "SpeechParam.Speed": 1.2}
    (warning,) = creation(client, **values).warnings
    assert warning.startswith("SpeechParam.Speed has no effect when audio drives the avatar")


@pytest.mark.parametrize(
    ("path", "text", "sent"),
    [
        ("SpeechParam.Speed", "9", {"Speed": 9}),
        ("SpeechParam.Newer", "true", {"Speed": 1.0, "Newer": True}),
        ("SpeechParam.TimbreKey", "007", {"Speed": 1.0, "TimbreKey": "007"}),
        ("SpeechParam", '{"Speed": "any"}', {"Speed": "any"}),
    ],
)
def test_set_goes_in_unchecked(client: Client, path: str, text: str, sent: dict[str, Any]) -> None:
    assert client.prepare(BASIC, VIDEO, overrides={path: text}).payload["SpeechParam"] == sent


def test_set_leaves_the_other_checks_in_force(client: Client) -> None:
    found = problems(client, {"CallbackUrl": "x"}, overrides={"SpeechParam.Speed": "9"})
    assert [problem.split(" ")[0] for problem in found] == ["CallbackUrl"]


LOGO = {"VideoParam.LogoParams": [{"LogoFileUrl": "https://a/b.png"}]}


@pytest.mark.parametrize(
    ("path", "text"), [("VideoParam.LogoParams.0.Scale", "-1"), ("VideoParam.LogoParams.0.New", "1")]
)
def test_set_reaches_into_an_array(client: Client, path: str, text: str) -> None:
    operation = TENCENT.operation("video.create-advanced")
    payload = client.prepare(operation, {**VIDEO, **LOGO}, overrides={path: text}).payload
    assert payload["VideoParam"]["LogoParams"][0][path.rpartition(".")[2]] == int(text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("VideoParam.LogoParams.5.Scale", "1"),
        ("VideoParam.LogoParams.5", "{}"),
        ("VideoParam.LogoParams.first.Scale", "1"),
        ("VideoParam.LogoParams.first", "1"),
        ("SpeechParam.Volume", "NaN"),
        ("SpeechParam.Volume", "-Infinity"),
        ("SpeechParam.Volume", "9" * 5000),
        ("CallbackUrl", "\udcff"),
        ("\udcff", "1"),
    ],
)
def test_what_set_can_not_do_is_a_problem_of_input(client: Client, path: str, text: str) -> None:
    """Whatever a user writes: it is sent, or refused before anything is sent."""
    operation = TENCENT.operation("video.create-advanced")
    try:
        body = client.body(client.prepare(operation, {**VIDEO, **LOGO}, overrides={path: text}))
    except InputError:
        return
    assert body is not None and json.loads(body)["Payload"]["VirtualmanKey"] == "avatar-1"


def test_a_command_for_the_token_is_run_once_for_all_threads(transport: Transport, tmp_path: Path) -> None:
    """It may ask a person."""
    ran = tmp_path / "ran"
    command = f"echo ran >> {ran}; sleep 0.2; echo token"
    settings = Settings(
        "test", endpoint="http://127.0.0.1:9", keys={"": {"app_key": "k", "access_token_command": command}}
    )
    client = Client(TENCENT, settings, transport, Mask())
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda twin: twin.account("video"), [client.twin(transport.twin()) for _ in range(2)]))
    assert ran.read_text() == "ran\n"
