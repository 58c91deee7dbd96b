"""`tadh session`: live sessions, opened, driven and closed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tadh_cli.api.production import Names
from tadh_cli.api.script import DriveOptions
from tadh_cli.api.session import DRIVERS, PictureOptions, SessionOptions
from tadh_cli.commands import closing, offers
from tadh_cli.commands._command import Commands
from tadh_cli.commands.confirming import confirm
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.driving import channel_rehearsal, drivable, driven, in_a_new_session, silent
from tadh_cli.commands.following import chosen, look
from tadh_cli.commands.names import Lookup, key_of
from tadh_cli.commands.opening import SESSION, about, opened, ordered, ready, started
from tadh_cli.commands.options import All, DryRun, Following, OneSession, Sessions, Set, Yes, pairs
from tadh_cli.commands.script import scripted
from tadh_cli.commands.speaking import given_text, marked_up
from tadh_cli.commands.submitting import Sending, planned, rehearsal, rehearsed
from tadh_cli.errors import InputError, Interrupted, OutcomeUnknown
from tadh_cli.ui.records import Column, Record, Records, View

commands = Commands("session", "Live sessions: open, drive with text and sound, close.")

WaitReady = Annotated[bool, typer.Option("--wait", help="wait until it is ready: loading an avatar may take minutes")]


@commands.command(
    "create",
    examples=(
        'tadh session create --avatar "$AVATAR" --start',
        'tadh session create --project "$PROJECT" --protocol rtmp --driver text --wait --timeout 5m',
    ),
)
def create(
    tadh: Tadh,
    options: SessionOptions,
    following: Following,
    lookup: Lookup,
    wait: WaitReady = False,
    start: Annotated[bool, typer.Option("--start", help="wait until it is ready, then start it")] = False,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record | None:
    """Open a live session, which costs money until it is closed.

    It has to be ready and started before it can be driven: --start does both. What fails or is interrupted
    before this command has told the session's id closes the session again. Later, `tadh session close` or
    `tadh session gc` does.
    """
    following.check(tadh)
    submission = ordered(tadh, options, Sending(dry_run=dry_run, set=set_ or (), lookup=lookup))
    if dry_run:
        return Record(rehearsed(tadh, submission))
    with opened(tadh, submission.prepared) as session:
        if wait or start:
            session.wait(following)
        if start:
            session.start()
        # In here: a session whose id could not be told is closed again.
        tadh.draw(Record(session.record, SESSION))
        session.keep()
    tadh.messages.say(f"it is open until you close it: `{tadh.command(f'session close {session.id}')}`")
    return None


@commands.command("status", examples=('tadh session status "$SESSION"', "tadh session status --all -o json"))
def status(tadh: Tadh, sessions: Sessions = None, all_: All = False) -> Record | Records:
    """Show where sessions stand.

    Ready or started, whether they speak, and what an error or the reason of a closing means.
    --all are those that were opened from here and are not known to be closed.
    """
    return look(tadh, "session", sessions, SESSION, all_=all_)


@commands.command(
    "start", examples=('tadh session start "$SESSION" --wait', 'tadh session start "$SESSION" --wait --timeout 3m')
)
def start(
    tadh: Tadh,
    session: OneSession,
    following: Following,
    wait: WaitReady = False,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record:
    """Start a session that is ready, so that it can be driven."""
    following.check(tadh)
    overrides = dict(pairs(tadh, "--set", set_))
    if dry_run:
        return Record(rehearsal(tadh, about(tadh, "session.start", session, overrides), (), ()))
    with tadh.resumable(f"session start {session} --wait", session):
        if wait:
            ready(tadh, session, following)
        return Record(started(tadh, session, overrides), SESSION)


@commands.command("close", examples=('tadh session close "$SESSION"', "tadh session close --all"))
def close(
    tadh: Tadh, sessions: Sessions = None, all_: All = False, dry_run: DryRun = False, set_: Set = None
) -> Record | Records:
    """Close sessions and free their slots.

    --all are those that were opened from here and are not known to be closed, also by other processes that
    use them now; `tadh session gc` leaves those alone.
    """
    ids = chosen(tadh, "session", sessions, all_=all_)
    closed = closing.rehearsals(tadh, ids, set_) if dry_run else closing.close_all(tadh, ids, forgives=all_, set_=set_)
    return closed if all_ or len(ids) > 1 else Record(next(iter(closed.items)), closed.view)


@commands.command("list", examples=("tadh session list", 'tadh session list --avatar "$AVATAR" -o id'))
def list_(
    tadh: Tadh,
    lookup: Lookup,
    project: Annotated[str | None, typer.Option("--project", metavar="ID", help="only those of this project")] = None,
    avatar: Annotated[
        str | None,
        typer.Option(
            "--avatar",
            metavar="KEY|NAME",
            help="only those of this avatar, by key or unique name",
            autocompletion=offers.avatars,
        ),
    ] = None,
) -> Records:
    """List the open sessions of the account, whoever opened them."""
    if project and avatar:
        raise InputError("--project and --avatar exclude each other")
    if project:
        answer = tadh.call("session.list-by-project", VirtualmanProjectId=project)
    elif avatar:
        key = key_of(tadh, "avatar", avatar, lookup, "--avatar")
        answer = tadh.call("session.list-by-avatar", AssetVirtualmanKey=key)
    else:
        answer = tadh.call("session.list")
    return Records([_listed(tadh, session) for session in answer["Sessions"]], SESSION)


def _listed(tadh: Tadh, session: Mapping[str, Any]) -> dict[str, Any]:
    from tadh_cli.engine.tasks import task_record

    session_id = str(session["SessionId"])
    past = tadh.ledger.find(session_id)
    return task_record("session", session_id, tadh.settings.profile, session, past, None)


@commands.command(
    "update",
    examples=(
        'tadh session update "$SESSION" --x 0.2 --y 0 --zoom 0.8 --background https://example.com/studio.png',
        'tadh session update "$SESSION" --x 0 --y 0 --zoom 1 --dry-run',
    ),
)
def update(
    tadh: Tadh, session: OneSession, picture: PictureOptions, dry_run: DryRun = False, set_: Set = None
) -> Record:
    """Change background, position, attitude or colours of a running session.

    The service takes one change in 5 seconds for each session: this command waits for its turn, also after
    other processes of this machine. The documentation does not recommend this call any more.
    """
    submission = planned(tadh, tadh.provider.picture_order(session, picture), Sending(set=set_ or ()))
    if dry_run:
        return Record(rehearsed(tadh, submission))
    prepared = submission.prepared
    assert prepared.operation is not None
    with tadh.turns.apart(session, "picture", prepared.operation.apart_s, _telling(tadh)):
        tadh.client.send(prepared)
    return Record({"TaskId": session, "Kind": "session", "Profile": tadh.settings.profile, **prepared.payload})


def _telling(tadh: Tadh) -> Any:
    return lambda pause_s: tadh.messages.say(f"waiting {pause_s:.1f} s for its turn")


_KEY = View(
    id="UserSig",
    columns=(
        Column("RoomId", "Room"),
        Column("UserId", "User"),
        Column("UserSig", whole=True),
        Column("PrivateMapKey", whole=True),
    ),
    hidden=("ReqId",),
)


@commands.command(
    "trtc-key",
    examples=(
        'tadh session trtc-key "$TRTC_SESSION" --room 1200111 --user viewer-1',
        'tadh session trtc-key "$TRTC_SESSION" --room 1200111 --user viewer-1 -o json --query UserSig',
    ),
)
def trtc_key(
    tadh: Tadh,
    session: OneSession,
    room: Annotated[str, typer.Option("--room", metavar="ID", help="room, from the play address")],
    user: Annotated[str, typer.Option("--user", metavar="ID", help="user that enters it, not the session's own")],
    set_: Set = None,
) -> Record:
    """Get the keys with which a viewer enters the TRTC room of a session.

    They are secrets, and shown because that is what the command is for. Only for rooms of the platform's own
    TRTC application: of yours you have the keys yourself.
    """
    values = {"SessionId": session, "RoomId": room, "UserId": user}
    overrides = dict(pairs(tadh, "--set", set_))
    names = Names({"SessionId": "ID", "RoomId": "--room", "UserId": "--user"})
    operation = tadh.provider.operation("session.trtc-key")
    answer = tadh.client.send(tadh.client.prepare(operation, values, overrides=overrides, names=names))
    tadh.mask.reveal(answer["UserSig"], answer["PrivateMapKey"])
    return Record({**values, **answer}, _KEY)


@commands.command(
    "say",
    examples=(
        'tadh session say "$SESSION" "Hello, how are you?"',
        'tadh session say "$SESSION" --interrupt',
    ),
)
def say(
    tadh: Tadh,
    session: OneSession,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT|@FILE|-", help="what to say, 4000 bytes at most, SSML allowed")
    ] = None,
    interrupt: Annotated[
        bool, typer.Option("--interrupt", help="even where it must not be interrupted; without TEXT it falls silent")
    ] = False,
    chat_command: Annotated[
        str | None,
        typer.Option("--chat-command", metavar="C", help="NotUseChat: say the text, do not answer it"),
    ] = None,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record:
    """Let the avatar of a started session say a text, in place of what it says now.

    One request over HTTPS, which tells nothing about what becomes of the text: `tadh session drive` does, and takes
    texts of any length. Texts are more than a second apart: this command waits for its turn, also after other
    processes of this machine. A request whose answer is lost is not repeated: the text may have been heard.
    """
    given = given_text(tadh, "TEXT", text)
    if not given and not interrupt:
        tadh.problems += [] if tadh.problems else ["TEXT is required, or --interrupt"]
        # Nothing of a request without a text can be checked.
        tadh.refuse()
    overrides = dict(pairs(tadh, "--set", set_))
    spoken = marked_up(tadh, "TEXT", given) if given else None
    data = {"Text": spoken, "Interrupt": interrupt or None, "ChatCommand": chat_command}
    values = {"SessionId": session, "Command": "SEND_TEXT", **{f"Data.{name}": value for name, value in data.items()}}
    names = Names({"SessionId": "ID", "Data.Text": "TEXT", "Data.ChatCommand": "--chat-command"})
    operation = tadh.provider.operation("session.say")
    found, tadh.problems = tadh.problems, []
    prepared = tadh.client.prepare(operation, values, overrides=overrides, names=names, problems=found)
    if dry_run:
        return Record(rehearsal(tadh, prepared, (), prepared.warnings))
    with tadh.turns.apart(session, "text", operation.apart_s, _telling(tadh)):
        try:
            tadh.client.send(prepared)
        except OutcomeUnknown as error:
            error.hint, error.task_id = "the text may have been heard, so it was not repeated", session
            raise
    payload = prepared.payload
    return Record(
        {
            "TaskId": session,
            "Kind": "session",
            "Profile": tadh.settings.profile,
            "SessionId": session,
            "ReqId": payload["ReqId"],
            **payload["Data"],
        }
    )


@commands.command(
    "drive",
    examples=(
        'tadh session drive "$SESSION" --text "Hello, how are you?"',
        'tadh session drive "$SESSION" --audio voice.wav --burst 6 --events events.ndjson',
        'echo "Streamed as it comes." | tadh session drive "$SESSION" --stream - --sentences',
    ),
)
def drive(tadh: Tadh, session: OneSession, options: DriveOptions, dry_run: DryRun = False) -> Record | None:
    """Let a started session speak: text, text as it arrives, or sound.

    Opens the session's channel, of which there is one only. --text says one paragraph after another; --stream says
    what a program writes while it writes; --audio converts any sound while it plays it, --pcm takes it raw, with
    --live from a microphone. Without any of them, lines typed at a terminal are said.

    Sound goes out in packets of 160 ms, one every 120 ms, so that its report has a ratio of 0.75; see
    `tadh help pacing`. A broken channel is opened again for two minutes and goes on where it was; what may have
    been lost is told. At the end the session stays open: `tadh session close` ends it.
    """
    with scripted(tadh, options, is_rehearsal=dry_run) as script:
        if dry_run:
            return Record(channel_rehearsal(tadh, session, script))
        record = drivable(tadh, session)
        with tadh.turns.driving(session):
            try:
                most_s = options.max_duration or math.inf
                started_s = tadh.clock.monotonic_s()
                is_speaking = not silent(tadh, record, script, most_s)
                left_s = max(0.0, most_s - (tadh.clock.monotonic_s() - started_s))
                return driven(tadh, session, script, options, longest_s=left_s, is_speaking=is_speaking)
            except Interrupted as error:
                error.hint = f"the session is still open: `{tadh.command(f'session close {session}')}` ends it"
                raise


@commands.command(
    "run",
    examples=(
        'tadh session run --avatar "$AVATAR" --text "Hello, and goodbye."',
        'tadh session run --avatar "$AVATAR" --audio voice.wav --max-duration 30m -o json',
    ),
)
def run(
    tadh: Tadh,
    session: SessionOptions,
    following: Following,
    lookup: Lookup,
    options: DriveOptions,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record | None:
    """Open a session, wait until it is ready, drive it and close it, all in one.

    The play address is told first. The session is closed on every way out: when all is said, when something fails,
    on Ctrl-C and other requests to end. --max-duration counts from the moment at which it is opened.
    """
    following.check(tadh)
    if (session.driver or "").lower() in ("text", DRIVERS["text"]) and (options.audio or options.pcm):
        tadh.problems.append("--audio and --pcm need --driver audio, which takes texts as well")
    with scripted(tadh, options, is_rehearsal=dry_run) as script:
        submission = ordered(tadh, session, Sending(dry_run=dry_run, set=set_ or (), lookup=lookup))
        if dry_run:
            return Record({**rehearsed(tadh, submission), **script.describe()})
        return in_a_new_session(tadh, submission.prepared, following, script, options)


@commands.command("gc", examples=("tadh session gc", "tadh session gc --all --yes"))
def gc(
    tadh: Tadh,
    all_: Annotated[bool, typer.Option("--all", help="every open session of the account, whoever opened it")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Records:
    """Close the sessions that were opened from this machine and never closed.

    The ledger knows them, also after a crash. Those that a living process of this machine uses are left open.
    """
    if all_ and dry_run:
        request = tadh.client.prepare(tadh.provider.operation("session.list"), {})
        return Records([rehearsal(tadh, request, (), ("every session in its answer would be closed",))])
    if all_:
        found = [str(session["SessionId"]) for session in tadh.call("session.list")["Sessions"]]
    else:
        found = tadh.ledger.unfinished("session", tadh.settings.profile) if dry_run else closing.left_open(tadh)
    ids = closing.without_driven(tadh, found)
    if dry_run:
        return closing.rehearsals(tadh, ids)
    if all_ and ids:
        confirm(f"Close {len(ids)} sessions of the account: {', '.join(ids)}?", "--all", yes=yes)
    return closing.close_all(tadh, ids, forgives=True)
