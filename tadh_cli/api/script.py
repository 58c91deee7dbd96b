"""What a live avatar is to say, and how it is driven, as options of a user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tadh_cli.api.options import is_given, opt, options
from tadh_cli.duration import seconds

# Packets of sound that may go out at once at the beginning, as the newest documentation has it.
MOST_BURST = 6
MOST_VISITOR_CHARS = 64
# The inputs, of which there is one at most.
INPUTS = ("text", "stream", "audio", "pcm")
_SOUNDS = ("audio", "pcm")


@dataclass(frozen=True, eq=False)
class DriveOptions:
    """One drive of a session: one input or, on a terminal, a conversation."""

    text: str | None = opt(
        "--text",
        "text to say, paragraph by paragraph, SSML allowed; @FILE or - reads it from a file or stdin",
        metavar="TEXT|@FILE|-",
    )
    stream: str | None = opt("--stream", "text to say while it arrives, such as a model's answer", metavar="FILE|-")
    audio: str | None = opt("--audio", "sound to say, of any kind", metavar="FILE|-")
    pcm: str | None = opt("--pcm", "raw sound: 16 kHz, 16 bits little-endian, mono", metavar="FILE|-")
    sentences: bool = opt("--sentences", "send --stream clause by clause, each when it is its turn", default=False)
    insert: tuple[str, ...] = opt(
        "--insert", "clause to say next, between those of --sentences", metavar="TEXT", many=True
    )
    smart_actions: bool = opt("--smart-actions", "let the service choose actions for --stream", default=False)
    live: bool = opt("--live", "send --pcm as it arrives, from a microphone", default=False)
    burst: int | None = opt("--burst", f"packets of sound to send at once in the beginning, 0 to {MOST_BURST} (0)")
    interrupt: bool = opt("--interrupt", "cut off what is being said instead of waiting for its end", default=False)
    chat_command: str | None = opt(
        "--chat-command", "NotUseChat: say the text, do not answer it, in projects with a chat", metavar="C"
    )
    chat_round_id: str | None = opt(
        "--chat-round-id",
        "round of the chat that the text belongs to; as a question it is sent as it is, and not as SSML",
        metavar="ID",
    )
    visitor_id: str | None = opt(
        "--visitor-id",
        f"visitor who puts the text to the chat, {MOST_VISITOR_CHARS} characters at most; sent as it is, too",
        metavar="ID",
    )
    events: str | None = opt("--events", "append every frame that comes to this file, a line each", metavar="FILE|-")
    keep_alive: bool = opt("--keep-alive", "hold the channel when all is said, until Ctrl-C", default=False)
    max_duration: float | None = opt(
        "--max-duration",
        "end after this time, with 8 if not everything is said then",
        metavar="DURATION",
        reader=seconds,
    )


def input_of(chosen: DriveOptions) -> str:
    """The name of the input, empty when there is none."""
    return next((name for name in INPUTS if getattr(chosen, name) is not None), "")


def problems_of(chosen: DriveOptions) -> Iterator[str]:
    """What can't be meant together."""
    flags = {name: option.flag for name, option in options(chosen)}
    given = [name for name in INPUTS if getattr(chosen, name) is not None]
    if len(given) > 1:
        yield f"{' and '.join(flags[name] for name in given)} exclude each other: one of them is said"
    for names, needed in _NEEDS:
        if not any(_is_chosen(chosen, name) for name in needed):
            for name in names:
                if _is_chosen(chosen, name) and (name not in _CHATS or given):
                    yield f"{flags[name]} needs {' or '.join(flags[other] for other in needed)}"
    if chosen.burst is not None and not 0 <= chosen.burst <= MOST_BURST:
        yield f"--burst {chosen.burst} is outside 0..{MOST_BURST} (Audio-driven Instructions)"
    if chosen.live and chosen.burst:
        yield "--burst and --live exclude each other: what is live can't be sent ahead"
    if chosen.visitor_id is not None and len(chosen.visitor_id) > MOST_VISITOR_CHARS:
        count = len(chosen.visitor_id)
        yield f"--visitor-id has {count} characters, at most {MOST_VISITOR_CHARS} (CloudAiVisitorBizId)"
    if chosen.max_duration is not None and chosen.max_duration <= 0:
        yield "--max-duration has to be more than nothing"


# In a conversation every line is a text.
_CHATS = ("chat_command", "chat_round_id", "visitor_id")
_NEEDS = (
    (("sentences", "smart_actions"), ("stream",)),
    (("insert",), ("sentences",)),
    (("live",), ("pcm",)),
    (("burst",), _SOUNDS),
    (_CHATS, ("text",)),
)


def _is_chosen(chosen: DriveOptions, name: str) -> bool:
    return is_given(getattr(chosen, name))
