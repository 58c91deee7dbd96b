"""What the service says no with: a code of its documentation and a message of the form `Kind.Detail:text`."""

from __future__ import annotations


class Refusal(Exception):
    """A business error: HTTP 200, Header.Code is not 0, no Payload."""

    def __init__(self, code: int, kind: str, text: str) -> None:
        super().__init__(f"{kind}:{text}")
        self.code = code
        self.message = f"{kind}:{text}"


class Unauthorized(Exception):
    """The gateway's no before anything was looked at: HTTP 401, Header.Code 100005."""

    code = 100005

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"AuthFailure.{kind}:{text}")
        self.message = f"AuthFailure.{kind}:{text}"


class Malformed(Exception):
    """A request that is none of the service's: another method, no JSON, no envelope."""

    code = 100001

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.message = f"InvalidParameter.MissContentLength:miss Content Length: {text}"


def missing(name: str, value: object) -> Refusal:
    """A record that is not there (Result Code Dictionary, 110006)."""
    return Refusal(110006, "InternalError.DataNotExist", f"{name} {value} does not exist")


def unknown(name: str, value: object) -> Refusal:
    """A resource that is not there, or not for this account (100009)."""
    return Refusal(100009, "ResourceNotFound", f"{name} {value} does not exist")


def bad_value(path: str, text: str) -> Refusal:
    """A value that can't be (100002)."""
    return Refusal(100002, f"InvalidParameterValue.{path}", text)


def too_frequent() -> Refusal:
    """100012: sooner than the documentation's frequency allows."""
    return Refusal(100012, "RequestLimitExceeded", "Requests are too frequent.")
