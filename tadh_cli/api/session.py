"""What can be asked of a live session, in words that every vendor understands."""

from __future__ import annotations

from dataclasses import dataclass

from tadh_cli.api.options import opt

PROTOCOLS = {"rtmp": "rtmp", "trtc": "trtc", "webrtc": "webrtc"}
DRIVERS = {"text": "1", "audio": "3"}
ROOM_KINDS = {"number": "0", "text": "1"}
_FILE_OF_SECRET = "@FILE reads it from a file, where no list of processes shows it"


@dataclass(frozen=True, eq=False)
class SessionOptions:
    """One session: who appears, how it is streamed, how it speaks."""

    project: str | None = opt("--project", "project (VirtualmanProjectId), as made in the console", metavar="ID")
    avatar: str | None = opt(
        "--avatar", "avatar, by key or unique name: `tadh avatar list`", metavar="KEY|NAME", asset="avatar"
    )
    user: str | None = opt(
        "--user",
        "your id for it, a new one when left out; a new session of the same user closes the old one, and viewers in a "
        "TRTC room need another",
        metavar="ID",
    )
    protocol: str | None = opt("--protocol", "protocol of the stream (webrtc)", words=PROTOCOLS)
    driver: str | None = opt("--driver", "what drives it; audio takes text as well (audio)", words=DRIVERS)
    voice: str | None = opt(
        "--voice", "voice for texts, by key or unique name, with --avatar", metavar="KEY|NAME", asset="voice"
    )
    speed: float | None = opt(
        "--speed", "speed of texts in per cent, 50 to 200 (100), with --avatar", metavar="PERCENT"
    )
    volume: int | None = opt("--volume", "loudness of texts in dB, -10 to 10 (0), with --avatar", metavar="DB")
    language: str | None = opt("--language", "language of a voice that has several, with --avatar", metavar="L")
    alpha: bool = opt("--alpha", "put the alpha channel beside the picture, which is twice as wide then", default=False)
    push_url: str | None = opt(
        "--push-url", f"push the stream to this rtmp:// address instead; {_FILE_OF_SECRET}", metavar="URL|@FILE"
    )
    stream_max_interval: int | None = opt(
        "--stream-max-interval",
        "longest gap in a sound or streamed text before the service ends it, milliseconds, 2000 to 6000 (2000)",
        metavar="MS",
    )
    trtc_app_id: str | None = opt("--trtc-app-id", "TRTC application of your own; products need one", metavar="ID")
    trtc_room_id: int | None = opt("--trtc-room-id", "TRTC room by its number; made when left out", metavar="N")
    trtc_room_name: str | None = opt("--trtc-room-name", "TRTC room by a text; a number goes before it")
    trtc_room_kind: str | None = opt("--trtc-room-kind", "kind of TRTC room that the service makes", words=ROOM_KINDS)
    trtc_user_sig: str | None = opt(
        "--trtc-user-sig", f"signature of the avatar's user in your TRTC; {_FILE_OF_SECRET}", metavar="TEXT|@FILE"
    )
    trtc_private_map_key: str | None = opt(
        "--trtc-private-map-key",
        f"permission key of the avatar's user in your TRTC; {_FILE_OF_SECRET}",
        metavar="TEXT|@FILE",
    )


# What may hold a secret, and is therefore read from a file as well.
SECRET_OPTIONS = ("push_url", "trtc_user_sig", "trtc_private_map_key")


@dataclass(frozen=True, eq=False)
class PictureOptions:
    """What may change in the picture of a running session: the first four for 2D avatars, the others for 3D ones."""

    background: str | None = opt(
        "--background", "jpg, jpeg or png behind the avatar, below 1 MB; needs --x, --y, --zoom", metavar="URL"
    )
    x: float | None = opt("--x", "horizontal position, -0.5 to 0.5, 0 centre, negative left")
    y: float | None = opt("--y", "vertical position, -0.5 to 0.25, 0 at the bottom, negative lower")
    zoom: float | None = opt("--zoom", "size of the avatar, 1.0 its own, 0.25 to 2 advised")
    vertical_angle: float | None = opt("--vertical-angle", "turn of the upper body up or down, 3D avatars")
    horizontal_angle: float | None = opt("--horizontal-angle", "turn of the upper body to a side, 3D avatars")
    color: tuple[str, ...] = opt("--color", "colour of 3D clothes: NAME=#RRGGBB", metavar="NAME=#RRGGBB", many=True)
