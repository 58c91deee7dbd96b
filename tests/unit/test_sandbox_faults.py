"""Rules for what goes wrong: how they are read, and which request they hit."""

from __future__ import annotations

import pytest

from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox.faults import Fault, Faults, read

OPERATIONS = tuple(operations())

EXAMPLE = """\
# the second and third order meet a bad gateway
- operation: video.create
  http: 502
  retry_after: 2
  times: 2
  after: 1
- operation: /v2/ivh/videomaker/broadcastservice/getprogress
  reset: before
  probability: 0.05
- {operation: media.get, truncate: 0.5, times: 1}
- {operation: audio.create, task_fail: 801004, message: it crashed}
- {operation: "*", delay_s: 0.5}
"""


def test_a_file_is_a_list_of_rules() -> None:
    rules, findings = read(EXAMPLE, OPERATIONS)
    assert not findings
    assert rules == [
        Fault("video.create", "http", 502, times=2, after=1, retry_after=2),
        Fault("/v2/ivh/videomaker/broadcastservice/getprogress", "reset", "before", probability=0.05),
        Fault("media.get", "truncate", 0.5, times=1),
        Fault("audio.create", "task_fail", 801004, message="it crashed"),
        Fault("*", "delay_s", 0.5),
    ]
    assert rules[0].document() == {
        "operation": "video.create",
        "http": 502,
        "times": 2,
        "retry_after": 2,
        "after": 1,
    }


def test_json_will_do_too() -> None:
    rules, findings = read('[{"operation": "cos.put", "expired_credentials": true, "times": 1}]', OPERATIONS)
    assert not findings
    assert rules == [Fault("cos.put", "expired_credentials", True, times=1)]


def test_a_field_is_replaced_by_any_scalar_or_emptied() -> None:
    text = "- {operation: video.get, replace: Status, by: 7}\n- {operation: customization.get, replace: StageInfo}"
    rules, findings = read(text, OPERATIONS)
    assert not findings
    assert [rule.document() for rule in rules] == [
        {"operation": "video.get", "replace": "Status", "by": 7},
        {"operation": "customization.get", "replace": "StageInfo", "by": ""},
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- operation: video.crate\n  http: 502", 1, "did you mean video.create?"),
        ("- operation: video.get\n  htp: 502", 1, "has none of"),
        ("- operation: video.get\n  http: 502\n  tims: 2", 3, "unknown key tims; did you mean times?"),
        ("- operation: video.get\n  http: 200", 2, "http 200 is not an HTTP status from 400 to 599"),
        ("- operation: video.get\n  http: 502\n  code: 1", 1, "http and code; exactly one"),
        ("- operation: video.get\n\n  code: 0", 3, "code 0 is not"),
        ("- http: 502", 1, "no operation"),
        ("- operation: video.get\n  reset: maybe", 2, "before or after"),
        ("- operation: video.get\n  http: 502\n  probability: 1.5", 3, "probability"),
        ("- operation: video.get\n  http: 502\n  times: -1", 3, "times"),
        ("- operation: video.get\n  delay_s: 1\n  retry_after: 1", 3, "unknown key retry_after"),
        ("- operation: video.get\n  http: 502\n  http: 503", 3, "given twice"),
        ("- operation: cos.put\n  bad_json: true", 1, "can't happen to cos.put"),
        ("- operation: video.get\n  task_fail: 801004", 1, "can't happen to video.get"),
        ("- operation: channel\n  link_expired: true", 1, "can't happen to channel"),
        ("- operation: video.get\n  bad_json: false", 2, "bad_json False is not true"),
        ("- operation: video.get\n  omit: Status\n  by: x", 3, "unknown key by"),
        ("- operation: video.get\n  replace: ''", 2, "replace '' is not the name of a field"),
        ("- operation: video.get\n  valid_s: 5", 1, "valid_s can't happen to video.get"),
        ("- operation: assets.credentials\n  valid_s: 0", 2, "valid_s 0 is not real seconds"),
        ("- video.get", 1, "has to be a mapping"),
        ("operation: video.get", 1, "has to be a list"),
        ("- operation: video.get: http", 1, "mapping values are not allowed"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    rules, findings = read(text, OPERATIONS)
    assert not rules
    assert any(finding.line == line and words in finding.message for finding in findings), findings


def test_all_rules_are_checked_at_once() -> None:
    _, findings = read("- {operation: a, http: 502}\n- {operation: b, http: 502}", OPERATIONS)
    assert [finding.line for finding in findings] == [1, 2]


def test_an_empty_file_has_no_rules() -> None:
    assert read("# nothing\n", OPERATIONS) == ([], [])


def hits(rules: Faults, target: str, count: int) -> str:
    return "".join("x" if rules.pick(target) else "." for _ in range(count))


def test_times_and_after_count_matching_requests() -> None:
    rules = Faults([Fault("video.get", "http", 502, times=2, after=1)])
    assert rules.pick("video.create") is None
    assert hits(rules, "video.get", 5) == ".xx.."
    assert (rules.rules[0].seen, rules.rules[0].fired) == (5, 2)


def test_probability_is_seeded() -> None:
    patterns = [hits(Faults([Fault("*", "http", 502, probability=0.3)], seed=seed), "a", 40) for seed in (1, 1, 2)]
    assert patterns[0] == patterns[1] != patterns[2]
    assert 4 <= patterns[0].count("x") <= 20


def test_the_first_rule_that_fires_counts_and_the_next_goes_on_from_there() -> None:
    rules = Faults([Fault("video.get", "http", 502, times=1), Fault("*", "http", 503)])
    assert [getattr(rules.pick("video.get"), "value", None) for _ in range(2)] == [502, 503]


def test_a_rule_for_everything_leaves_out_what_it_can_not_happen_to() -> None:
    rules = Faults([Fault("*", "task_fail", 801004)])
    assert rules.pick("video.get") is None
    assert rules.pick("media.get") is None
    assert rules.pick("video.create-advanced")


def test_a_path_is_as_good_as_a_name() -> None:
    path = next(operation.path for operation in OPERATIONS if operation.name == "video.get")
    assert Faults([Fault(path, "http", 502)]).pick("video.get", path)


def test_parts_are_among_the_requests_of_an_upload_in_parts() -> None:
    for target, met in {"cos.multipart": "xx.", "cos.part": ".x."}.items():
        rules = Faults([Fault(target, "http", 500)])
        assert "".join("x" if rules.pick(one) else "." for one in ("cos.multipart", "cos.part", "cos.put")) == met


def test_a_channel_is_met_when_opened_and_with_each_frame() -> None:
    rules = Faults([Fault("channel", "websocket", "close", times=1), Fault("channel", "http", 503, times=1)])
    opened = rules.pick("channel")
    frame = rules.pick("channel", frame=True)
    assert opened is not None
    assert frame is not None
    assert (opened.kind, frame.kind) == ("http", "websocket")


def test_setting_rules_begins_counting_anew() -> None:
    rules = Faults([Fault("*", "http", 502, times=1)])
    assert hits(rules, "a", 2) == "x."
    rules.set([Fault("*", "http", 502, times=1)])
    assert hits(rules, "a", 2) == "x."
