"""From the request for a production to the job that renders it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from tadh_cli.sandbox.jobs import Audio, Format, JobFailed, Line, Video
from tadh_cli.sandbox.links import LinkError
from tadh_cli.sandbox.progress import Task
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.wire import Json

EXTENSIONS: Mapping[Format, str] = {"Mp4": "mp4", "GreenScreenMp4": "mp4", "TransparentWebm": "webm"}
_DEFAULT_FORMATS: Mapping[str, Format] = {"video.create": "TransparentWebm", "video.create-advanced": "Mp4"}
# "For small sample avatars, the duration should not exceed 60 minutes; for non-avatars 10 minutes."
_LONGEST_S = {True: 3600.0, False: 600.0}
# The recording that every avatar of the sandbox was made of: a minute at 25 frames a second.
CLIP_FRAMES = 1500


def job_of(service: Service, task: Task, media: Path) -> Audio | Video:
    """What there is to render; raises JobFailed for inputs that can't be had. Results go to the directory `media`."""
    return _audio(service, task, media) if task.kind == "audio" else _video(service, task, media)


def local_file(service: Service, url: str) -> Readable:
    """The file behind a URL: only what this sandbox serves itself is ever read."""
    parts = urlsplit(url)
    own = urlsplit(service.links.base_url)
    path = unquote(parts.path)
    if parts.scheme == own.scheme and parts.port == own.port and parts.hostname in (own.hostname, "localhost"):
        stored = service.store.content(path.removeprefix("/"))
        if stored is not None:
            return stored
        found = _own_result(service, path, parts.query)
        if found is not None and found.exists():
            return found
        raise JobFailed(801010, f"Retrieving the URL resource failed: nothing is stored at {parts.path}")
    raise JobFailed(801010, f"Retrieving the URL resource failed: {parts.hostname} is outside of the sandbox")


def _own_result(service: Service, path: str, query: str) -> Path | None:
    try:
        service.links.check(path, dict(parse_qsl(query)), service.clock.now())
    except LinkError:
        return None
    return service.media / Path(path).name if path.startswith("/media/") else None


def _audio(service: Service, task: Task, media: Path) -> Audio:
    payload = task.payload
    codec = payload.get("Codec") or "mp3"
    line = _line(service, task, payload, payload, prefix="Sentence")
    rate = payload.get("SampleRate") or 24_000
    return Audio(media / f"{task.id}.{codec}", line, "wav" if codec == "wav" else "mp3", rate)


def _video(service: Service, task: Task, media: Path) -> Video:
    payload = task.payload
    picture = payload.get("VideoParam") or {}
    anchor = picture.get("AnchorParam") or {}
    form: Format = picture.get("Format") or _DEFAULT_FORMATS[task.operation]
    avatar = service.avatar(task.avatar, task.accepted)
    if avatar is None:
        raise JobFailed(801009, "The avatar is gone")
    _check_clip(picture.get("SmallSampleParam") or {})
    captions = picture.get("SubtitlesParam") or {}
    is_spoken = task.is_text_driven
    return Video(
        target=media / f"{task.id}.{EXTENSIONS[form]}",
        avatar=avatar.face,
        gender=avatar.gender,
        size=avatar.size,
        format=form,
        line=_line(service, task, payload["SpeechParam"], captions, prefix="") if is_spoken else None,
        sound=None if is_spoken else local_file(service, payload["InputAudioUrl"]),
        longest_s=_LONGEST_S[avatar.is_small_sample],
        subtitles=media / f"{task.id}.srt" if is_spoken else None,
        shows_subtitles=task.shows_subtitles,
        place=_place(anchor, avatar.tag),
        backdrop=_input(service, picture, "BackgroundFileUrl"),
        intro=_input(service, picture, "VideoHeadFileUrl"),
        outro=_input(service, picture, "VideoTailFileUrl"),
        logos=[_logo(service, logo) for logo in picture.get("LogoParams") or []],
    )


def _line(service: Service, task: Task, speech: dict[str, Json], captions: dict[str, Json], *, prefix: str) -> Line:
    voice = service.voice(task.voice, task.accepted)
    if voice is None:
        raise JobFailed(801009, "The voice is gone")
    split = captions.get(f"{prefix}SplitPunctuation")
    return Line(
        text=task.payload["InputSsml"],
        voice=voice.key,
        gender=voice.gender,
        language=voice.languages[0],
        speed=speech["Speed"],
        volume=speech.get("Volume") or 0,
        max_words=captions.get(f"{prefix}MaxWords") or 0,
        display_punctuation=captions.get(f"{prefix}DisplayPunctuation") or "1",
        split_punctuation=split or "",
    )


def _place(anchor: dict[str, Json], tag: str) -> tuple[float, float, float]:
    """The avatar's place; what its tag does not allow is taken for 0 (AnchorParam)."""
    horizontal = 0.0 if tag == "Advanced" else anchor.get("HorizontalPosition") or 0.0
    vertical = anchor.get("VerticalPosition") or 0.0
    scale = anchor.get("Scale") or 1.0
    if tag != "Basic":
        vertical, scale = max(0.0, vertical), min(1.0, scale)
    return float(horizontal), float(vertical), float(scale)


def _check_clip(clip: dict[str, Json]) -> None:
    for name in ("StartIdx", "EndIdx"):
        if (clip.get(name) or 0) >= CLIP_FRAMES:
            raise JobFailed(801509, f"{name} {clip[name]} is beyond the {CLIP_FRAMES} frames of the clip")


def _input(service: Service, picture: dict[str, Json], name: str) -> Readable | None:
    return local_file(service, picture[name]) if picture.get(name) else None


def _logo(service: Service, logo: dict[str, Json]) -> dict[str, Json]:
    scale = logo.get("Scale") or 1.0
    return {
        "path": local_file(service, logo.get("LogoFileUrl") or ""),
        "left": logo.get("PositionX") or 0,
        "top": logo.get("PositionY") or 0,
        "scale": scale if math.isfinite(scale) else 1.0,
    }
