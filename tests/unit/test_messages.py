"""What is said on stderr."""

from __future__ import annotations

import io
import json

import pytest

from tadh_cli.errors import InputError, NetworkError, QuotaError, TadhError
from tadh_cli.masking import Mask
from tadh_cli.ui.messages import Messages, error_fields


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def messages(out: io.StringIO) -> Messages:
    return Messages(Mask(["s3cret-token"]), stream=out)


def full() -> TadhError:
    error = QuotaError("no hours left", hint="buy hours", code=100013, request_id="gz1", task_id="T1")
    error.resume = "tadh video wait T1"
    return error


def test_an_error_says_what_whose_and_what_to_do(messages: Messages, out: io.StringIO) -> None:
    messages.report(full(), as_json=False)
    assert out.getvalue().splitlines() == [
        "error: no hours left",
        "service: code 100013, RequestID gz1",
        "task: T1",
        "hint: buy hours",
        "resume: tadh video wait T1",
    ]


def test_an_error_says_no_more_than_is_known(messages: Messages, out: io.StringIO) -> None:
    messages.report(NetworkError("video T1 is gone", task_id="T1"), as_json=False)
    assert out.getvalue() == "error: video T1 is gone\n"


def test_for_programs_the_last_line_is_json(messages: Messages, out: io.StringIO) -> None:
    messages.report(full(), as_json=True)
    assert json.loads(out.getvalue().splitlines()[-1]) == {
        "error": {
            "ExitCode": 6,
            "Code": 100013,
            "Message": "no hours left",
            "Hint": "buy hours",
            "RequestId": "gz1",
            "TaskId": "T1",
            "Resume": "tadh video wait T1",
        }
    }


def test_the_last_line_is_one_line_also_for_many_problems(messages: Messages, out: io.StringIO) -> None:
    messages.report(InputError(["--a is wrong", "--b 是错的"]), as_json=True)
    assert json.loads(out.getvalue().splitlines()[-1])["error"]["Message"].count("\n") == 2
    assert "是错的" in out.getvalue().splitlines()[-1]


def test_what_is_not_known_is_null_or_empty() -> None:
    fields = error_fields(TadhError("what"))
    assert (fields["Code"], fields["RequestId"], fields["TaskId"], fields["Hint"]) == (None, "", "", "")


@pytest.mark.parametrize("as_json", [False, True])
def test_no_message_tells_a_secret(messages: Messages, out: io.StringIO, as_json: bool) -> None:
    error = NetworkError(
        "lost s3cret-token", hint="https://a.example.com/?signature=abc%2B&x=1", request_id="s3cret-token"
    )
    messages.report(error, as_json=as_json)
    for write in (messages.say, messages.warn, messages.write):
        write("s3cret-token ?token=abc")
    assert "s3cret-token" not in out.getvalue() and "abc" not in out.getvalue()


def test_quiet_keeps_warnings_and_errors(messages: Messages, out: io.StringIO) -> None:
    messages.is_quiet = True
    messages.say("nice to know")
    messages.warn("careful")
    messages.report(NetworkError("lost"), as_json=False)
    assert out.getvalue() == "warning: careful\nerror: lost\n"


@pytest.mark.parametrize(
    ("is_terminal", "allows", "no_color", "has_color"),
    [(True, True, "", True), (False, True, "", False), (True, False, "", False), (True, True, "1", False)],
)
def test_colour_is_for_terminals_that_want_it(
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,
    allows: bool,
    no_color: str,
    has_color: bool,
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    out = screen if is_terminal else io.StringIO()
    messages = Messages(Mask(), stream=out)
    messages.allows_color = allows
    messages.warn("careful")
    messages.report(full(), as_json=True)
    assert ("\x1b[" in out.getvalue()) == has_color
    assert json.loads(out.getvalue().splitlines()[-1])


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_stderr_that_is_gone_is_no_failure(is_closed: bool) -> None:
    stream = Gone()
    if is_closed:
        stream.close()
    messages = Messages(Mask(), stream=stream)
    messages.write("hello")
    assert stream.closed == is_closed
