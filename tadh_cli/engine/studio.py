"""From what a user wants to the request for it: the script read and checked, the order put together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from tadh_cli.api.material import Limit
from tadh_cli.api.production import Order, Script
from tadh_cli.api.video import AudioOptions, VideoOptions
from tadh_cli.engine.client import Client, Prepared
from tadh_cli.engine.inputs import TO_BE_UPLOADED, Sound, is_url, sound, text_argument, text_file
from tadh_cli.errors import InputError, TadhError
from tadh_cli.media import narration, ssml

# Asks for the action codes of the avatar, None when they can't be had; in a rehearsal nobody is asked.
Ask: TypeAlias = "Callable[[], Collection[str] | None] | None"
# The key of an avatar for its key or name.
KeyOf: TypeAlias = "Callable[[str], str]"


@dataclass(frozen=True)
class Draft:
    """What drives a production: the script, a file to upload for it, and what to warn of."""

    script: Script
    upload: Sound | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A production that passed every check and can be ordered."""

    prepared: Prepared
    upload: Sound | None
    estimate_s: float | None
    warnings: tuple[str, ...]
    script: Script

    @classmethod
    def nothing(cls) -> Plan:
        """Of what was refused."""
        return cls(_NOTHING, None, None, (), Script())

    @property
    def minutes(self) -> float | None:
        """The estimate in minutes, to hundredths."""
        return None if self.estimate_s is None else round(self.estimate_s / 60, 2)

    def with_request(self, prepared: Prepared) -> Plan:
        """The same with another request for it, whose warnings come after those about the script."""
        added = prepared.warnings[len(self.prepared.warnings) :]
        return replace(self, prepared=prepared, warnings=(*self.warnings, *added))

    def with_upload(self, url: str) -> Prepared:
        """The request with the URL of the uploaded file in the place kept for it."""
        return self.prepared._replace(payload={**self.prepared.payload, "InputAudioUrl": url})


def plan_video(
    client: Client,
    chosen: VideoOptions,
    *,
    is_rehearsal: bool = False,
    key_of: KeyOf = str,
    ask: Ask = None,
    **wishes: Any,
) -> Plan:
    """Check a video completely; raises InputError with every problem.

    A rehearsal sends nothing, not even a question. `key_of` tells the key of what the avatar is called, `ask` is
    another way to learn its actions. See `_plan` for the wishes.
    """
    provider = client.provider
    asks = None if is_rehearsal else ask or (lambda: actions(client, chosen.avatar, key_of))
    draft, problems, hint = _drafted(chosen, provider.limit("driving-audio"), asks)
    return _plan(client, provider.video_order(chosen, draft.script), draft, problems, hint, **wishes)


def plan_audio(
    client: Client, chosen: AudioOptions, *, is_rehearsal: bool = False, key_of: KeyOf = str, **wishes: Any
) -> Plan:
    """Check an audio completely; raises InputError with every problem."""
    ask = None if is_rehearsal else lambda: actions(client, chosen.avatar, key_of)
    draft, problems, hint = _drafted(chosen, None, ask)
    return _plan(client, client.provider.audio_order(chosen, draft.script), draft, problems, hint, **wishes)


def _plan(
    client: Client,
    order: Order,
    draft: Draft,
    problems: list[str],
    hint: str,
    *,
    overrides: Mapping[str, str],
    found: Sequence[str] = (),
    most_minutes: float | None = None,
) -> Plan:
    """`overrides` are fields of --set, `found` problems of other options, `most_minutes` a limit of the estimate."""
    # Once the script itself is refused, its absence from the request is no second problem.
    exempt = ("InputSsml", "InputAudioUrl") if problems else ()
    problems = [*found, *problems, *order.problems]
    plan = Plan(_NOTHING, draft.upload, draft.script.estimate_s, draft.warnings, draft.script)
    if most_minutes is not None and (complaint := _too_long(plan, most_minutes)):
        problems.append(complaint)
    try:
        prepared = client.prepare(
            order.operation, order.values, overrides=overrides, names=order.names, problems=problems, exempt=exempt
        )
    except InputError as error:
        error.hint = error.hint or hint
        raise
    return replace(plan, prepared=prepared, warnings=(*draft.warnings, *prepared.warnings))


_NOTHING = Prepared("POST", "", {}, None, "")


def _too_long(plan: Plan, most_minutes: float) -> str:
    if plan.minutes is None:
        return f"--max-minutes {most_minutes:g}: how long the result will be can't be told for a sound at a URL"
    if plan.minutes > most_minutes:
        return f"--max-minutes {most_minutes:g} would be exceeded: about {plan.minutes:g} minutes are estimated"
    return ""


# A check that is only a courtesy does not hold up what it is about.
_ACTIONS_TIMEOUT_S = 5.0


def actions(client: Client, avatar: str | None, key_of: KeyOf = str) -> Collection[str] | None:
    """The action codes of an avatar, None when they can't be had: a check less, no reason to stop.

    Raises InputError for a name that is no avatar's.
    """
    if not avatar:
        return None
    key = key_of(avatar)
    try:
        question = client.prepare(client.provider.operation("avatar.actions"), {"VirtualmanKey": key})
        answer = client.send(question, attempts=1, timeout_s=_ACTIONS_TIMEOUT_S)
    except TadhError:
        return None
    return [action["ActionCode"] for action in answer["Actions"]]


# The script --------------------------------------------------------------------------------------------


def _drafted(chosen: VideoOptions | AudioOptions, limit: Limit | None, actions: Ask) -> tuple[Draft, list[str], str]:
    """The script, or an empty one with what is wrong, so that other problems can be told along with it."""
    try:
        return _draft(chosen, limit, actions), [], ""
    except InputError as error:
        return Draft(Script()), error.problems, error.hint


def _draft(chosen: VideoOptions | AudioOptions, limit: Limit | None, actions: Ask) -> Draft:
    given = {"--text": chosen.text, "--ssml": chosen.ssml}
    if isinstance(chosen, VideoOptions):
        given["--audio"] = chosen.audio
    named = [flag for flag, value in given.items() if value is not None]
    if len(named) != 1:
        instead = f", not {' and '.join(named)}" if named else ""
        raise InputError(f"exactly one of {', '.join(given)} is needed{instead}")
    speed = chosen.speed or 1.0
    if chosen.text is not None:
        return _from_text(chosen.text, speed)
    if chosen.ssml is not None:
        return _from_ssml(chosen.ssml, speed, actions)
    return _from_audio(str(given["--audio"]), limit)


def _from_text(given: str, speed: float) -> Draft:
    text = text_argument("--text", given)
    _refuse_findings("--text", ssml.problem_characters(text))
    if not text.strip():
        raise InputError("--text is empty: there is nothing to speak")
    hint = ("--text contains SSML tags, which are spoken as they are written; use --ssml FILE for markup",)
    return Draft(_script(narration.escape(text), speed), warnings=hint if ssml.looks_like_ssml(text) else ())


def _from_ssml(name: str, speed: float, actions: Ask) -> Draft:
    text = text_file("--ssml", name)
    asks = "<insert-action" in text
    known = actions() if actions and asks else None
    findings = ssml.check(text, actions=known)
    _refuse_findings(f"--ssml {name}", findings)
    warnings = tuple(_sentence(f"--ssml {name}", finding) for finding in findings)
    if asks and actions is None:
        warnings += (f"--ssml {name}: whether the avatar knows these actions is not checked in a rehearsal",)
    return Draft(_script(narration.fold(text), speed), warnings=warnings)


def _script(text: str, speed: float) -> Script:
    return Script(text=text, estimate_s=narration.spoken_seconds(text, speed=max(speed, 0.1)))


def _from_audio(given: str, limit: Limit | None) -> Draft:
    if is_url(given):
        return Draft(Script(audio_url=given))
    assert limit is not None
    found = sound("--audio", given, limit)
    script = Script(audio_url=f"{TO_BE_UPLOADED}{found.path.name}", estimate_s=found.seconds)
    return Draft(script, upload=found, warnings=found.warnings)


def _refuse_findings(what: str, findings: tuple[ssml.Finding, ...]) -> None:
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        hints = [finding.hint for finding in errors if finding.hint]
        raise InputError([_sentence(what, finding) for finding in errors], hint=hints[0] if hints else "")


def _sentence(what: str, finding: ssml.Finding) -> str:
    return f"{what}:{finding.line}:{finding.column}: {finding.message}"
