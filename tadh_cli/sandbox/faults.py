"""Rules for what goes wrong on purpose: which requests are met, how often, and what happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, NamedTuple

from tadh_cli.api.operation import Operation

# What can be hit besides the operations.
COS = ("cos.put", "cos.get", "cos.multipart", "cos.part")
MEDIA = ("media.get", "subtitles.get", "sample.get")
CHANNEL = "channel"
TARGETS = (*COS, *MEDIA, CHANNEL)
ANYTHING = "*"

API, STORE, FILES, CREATION, KEYS, FRAMES = "api", "cos", "files", "creation", "credentials", "frames"
# A rule for the first meets the second too.
_INCLUDES = {"cos.multipart": "cos.part"}
GROUPS = {**dict.fromkeys(COS, STORE), **dict.fromkeys(MEDIA, FILES)}


class Kind(NamedTuple):
    """A way to go wrong: to whom it can happen, what its value may be, and the other keys it understands."""

    groups: tuple[str, ...]
    wants: str
    also: tuple[str, ...] = ()


_EVERYWHERE = (API, STORE, FILES, CHANNEL)
KINDS: Mapping[str, Kind] = {
    "http": Kind(_EVERYWHERE, "an HTTP status from 400 to 599", ("retry_after",)),
    "delay_s": Kind(_EVERYWHERE, "seconds"),
    "truncate": Kind((API, FILES), "a number of bytes, or a share between 0 and 1"),
    "slow_bytes_s": Kind((API, FILES), "bytes a second"),
    "bad_json": Kind((API,), "true"),
    "reset": Kind(_EVERYWHERE, "before or after"),
    "code": Kind((API, CHANNEL), "a Header.Code other than 0", ("message",)),
    "omit": Kind((API,), "the name of a field"),
    "replace": Kind((API,), "the name of a field", ("by",)),
    "expired_credentials": Kind((STORE, KEYS), "true"),
    "valid_s": Kind((KEYS,), "real seconds"),
    "clock_skew_s": Kind((API, CHANNEL), "seconds"),
    "task_fail": Kind((CREATION,), "a FailCode or ErrorCode other than 0", ("message",)),
    "link_expired": Kind((FILES,), "true"),
    "websocket": Kind((FRAMES,), "close, reset, stall, error or end"),
}
_COMMON = ("operation", "times", "probability", "after")
# Calls whose task, or whose session, can be made to fail.
_CREATIONS = (
    "audio.create",
    "video.create",
    "video.create-advanced",
    "session.create",
    "session.create-by-avatar",
)


class Finding(NamedTuple):
    """Something wrong in a file of rules, and where."""

    line: int
    message: str


@dataclass
class Fault:
    """One rule, and how often it was met so far."""

    operation: str
    kind: str
    value: Any
    times: int | None = None
    probability: float | None = None
    after: int = 0
    message: str = ""
    # What the value of a field is replaced by.
    by: Any = ""
    retry_after: float | None = None
    seen: int = 0
    fired: int = 0

    def document(self) -> dict[str, Any]:
        """The rule as it is written in a file."""
        rule: dict[str, Any] = {"operation": self.operation, self.kind: self.value}
        rule |= {"message": self.message} if self.message else {}
        rule |= {"by": self.by} if self.kind == "replace" else {}
        for name in ("times", "probability", "retry_after"):
            if getattr(self, name) is not None:
                rule[name] = getattr(self, name)
        return rule | ({"after": self.after} if self.after else {})

    def fires(self, dice: Random) -> bool:
        """Whether a request that the rule matches is hit; counts it."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        if self.probability is not None and dice.random() >= self.probability:
            return False
        self.fired += 1
        return True


class Faults:
    """The rules in force."""

    def __init__(self, rules: Iterable[Fault] = (), *, seed: int = 1) -> None:
        self._seed = seed
        self.set(rules)

    def set(self, rules: Iterable[Fault]) -> None:
        """Replace the rules; counting and chance begin anew."""
        self.rules = tuple(replace(rule, seen=0, fired=0) for rule in rules)
        self._dice = Random(f"faults {self._seed}")

    def pick(self, target: str, path: str = "", *, frame: bool = False) -> Fault | None:
        """The first rule that fires for a request; `target` is an operation's name or one of TARGETS.

        A channel is met twice: when it is opened, and with each `frame` that comes up through it.
        """
        groups = {FRAMES} if frame else _groups(target) - {FRAMES}
        matching = (
            rule
            for rule in self.rules
            if (rule.operation in (ANYTHING, target, path) or _INCLUDES.get(rule.operation) == target)
            and groups & set(KINDS[rule.kind].groups)
        )
        return next((rule for rule in matching if rule.fires(self._dice)), None)


def _groups(target: str) -> set[str]:
    if target == CHANNEL:
        return {CHANNEL, FRAMES}
    if target in GROUPS:
        return {GROUPS[target]}
    groups = {API}
    groups |= {CREATION} if target in _CREATIONS else set()
    return groups | ({KEYS} if target == "assets.credentials" else set())


# Reading -----------------------------------------------------------------------------------------------


def read(text: str, operations: Iterable[Operation]) -> tuple[list[Fault], list[Finding]]:
    """The rules of a YAML or JSON document, and everything that is wrong with it."""
    import yaml

    try:
        root: Any = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [], [Finding(mark.line + 1 if mark else 1, getattr(error, "problem", None) or "not valid YAML")]
    if root is None:
        return [], []
    if root.id != "sequence":
        return [], [Finding(_line(root), "the file has to be a list of rules")]
    names = {operation.name: operation.name for operation in operations}
    known = [*names, *(operation.path for operation in operations), *TARGETS, ANYTHING]
    rules: list[Fault] = []
    findings: list[Finding] = []
    for node in root.value:
        rule, problems = _rule(node, known, {operation.path: operation.name for operation in operations})
        findings += problems
        if rule is not None and not problems:
            rules.append(rule)
    return rules, findings


def _rule(node: Any, known: list[str], names_by_path: Mapping[str, str]) -> tuple[Fault | None, list[Finding]]:
    if node.id != "mapping":
        return None, [Finding(_line(node), "a rule has to be a mapping of keys to values")]
    entries = [(key.value, _value(value), _line(key)) for key, value in node.value]
    keys = [name for name, _, _ in entries]
    kinds = [name for name in keys if name in KINDS]
    findings = [Finding(line, f"{name} is given twice") for name, _, line in entries if keys.count(name) > 1]
    if len(kinds) != 1:
        what = f"has {' and '.join(kinds)}; exactly one is possible" if kinds else f"has none of {', '.join(KINDS)}"
        findings.append(Finding(_line(node), f"the rule {what}"))
    if "operation" not in keys:
        findings.append(Finding(_line(node), "the rule has no operation"))
    kind = kinds[0] if len(kinds) == 1 else ""
    for name, value, line in entries:
        findings += (Finding(line, message) for message in _problems(name, value, kind, known))
    if findings:
        return None, findings
    values = {name: value for name, value, _ in entries}
    operation = values.pop("operation")
    target = names_by_path.get(operation, operation)
    if target != ANYTHING and not _groups(target) & set(KINDS[kind].groups):
        return None, [Finding(_line(node), f"{kind} can't happen to {operation}")]
    return Fault(operation, kind, values.pop(kind), **values), []


def _problems(name: str, value: Any, kind: str, known: list[str]) -> Iterator[str]:
    if name == "operation":
        if value not in known:
            yield f"operation {value!r} is unknown{_near(value, known)}"
    elif name in KINDS:
        if not _is_valid(name, value):
            yield f"{name} {value!r} is not {KINDS[name].wants}"
    elif name in _COMMON or (kind and name in KINDS[kind].also):
        if wants := _unfit(name, value):
            yield f"{name} {value!r} is not {wants}"
    elif kind:
        yield f"unknown key {name}{_near(name, [*KINDS, *_COMMON, *KINDS[kind].also])}"
    else:
        yield f"unknown key {name}{_near(name, [*KINDS, *_COMMON])}"


def _is_valid(kind: str, value: Any) -> bool:
    if kind in ("bad_json", "expired_credentials", "link_expired"):
        return value is True
    if kind == "reset":
        return value in ("before", "after")
    if kind == "websocket":
        return value in ("close", "reset", "stall", "error", "end")
    if kind in ("omit", "replace"):
        return isinstance(value, str) and bool(value)
    if not _is_number(value):
        return False
    if kind == "http":
        return isinstance(value, int) and 400 <= value <= 599
    if kind in ("code", "task_fail"):
        return isinstance(value, int) and value != 0
    if kind == "truncate":
        return value >= 0 if isinstance(value, int) else 0 < value < 1
    return kind == "clock_skew_s" or value > 0


def _unfit(name: str, value: Any) -> str:
    """What the value of a key has to be, when it is not."""
    if name == "by":
        return ""
    if name == "message":
        return "" if isinstance(value, str) else "a text"
    if name == "probability":
        return "" if _is_number(value) and 0 < value <= 1 else "a number above 0, up to 1"
    if name == "retry_after":
        return "" if _is_number(value) and value >= 0 else "a number of seconds"
    return "" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "a whole number from 0"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(node: Any) -> Any:
    """A scalar in its type; anything else is no value of a rule and comes out as None."""
    import yaml

    return yaml.SafeLoader("").construct_object(node) if node.id == "scalar" else None


def _near(word: Any, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(str(word), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
