"""Results by signed link, and the pictures and sounds by which avatars and voices present themselves."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl

from tadh_cli.sandbox import files, progress
from tadh_cli.sandbox.catalogue import Avatar
from tadh_cli.sandbox.cos import CosError
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.jobs import Audio, JobFailed, Line, Picture, Video
from tadh_cli.sandbox.links import LinkError
from tadh_cli.sandbox.names import Gender
from tadh_cli.sandbox.offspring import anchor_code, gender, size, voice_key
from tadh_cli.sandbox.orders import local_file
from tadh_cli.sandbox.replies import Piece, Reply
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.wire import Incoming
from tadh_cli.sandbox.workshop import Workshop

MEDIA, SAMPLES = "/media/", "/samples/"
_AVATAR = re.compile(r"/samples/avatars/([0-9a-f]{32})(?:/(header|pose|clothes)\.png|\.mp4)")
_VOICE = re.compile(r"/samples/voices/(\w{1,40})\.mp3")
_CUSTOMIZATION = re.compile(r"/samples/customizations/([0-9a-f]{32})/\d+\.(mp4|mp3)")
HEADER_SIZE = (240, 240)
SAMPLE_SIZE = (270, 480)
SAMPLE_TEXTS = {"zh": "你好，很高兴认识你。"}
SAMPLE_TEXT = "Hello, nice to meet you."
DEMO_TEXT = "你好，这是为你定制的效果演示。"


def target_of(incoming: Incoming) -> str:
    """The name under which faults know a request for a file."""
    if incoming.path.startswith(SAMPLES):
        return "sample.get"
    return "subtitles.get" if incoming.path.endswith(".srt") else "media.get"


class FileRoutes:
    """Serves what was rendered, and renders samples when they are asked for."""

    def __init__(self, service: Service, workshop: Workshop, samples: Path) -> None:
        self._service = service
        self._workshop = workshop
        self._samples = samples

    async def answer(self, incoming: Incoming, fault: Fault | None) -> Reply:
        try:
            if incoming.method not in ("GET", "HEAD"):
                raise CosError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
            if incoming.path.startswith(SAMPLES):
                return _file(await self._sample(incoming.path), incoming)
            return _file(self._result(incoming, fault), incoming)
        except CosError as error:
            return Reply(error.status, error.document(incoming.path, ""), {"Content-Type": "application/xml"})

    def _result(self, incoming: Incoming, fault: Fault | None) -> Path:
        """The file of a result whose link is right and whose days are not over."""
        now = self._service.clock.now()
        if fault is not None and fault.kind == "link_expired":
            raise CosError(403, "AccessDenied", "Request has expired")
        try:
            self._service.links.check(incoming.path, dict(parse_qsl(incoming.query)), now)
        except LinkError as error:
            raise CosError(403, "AccessDenied", str(error)) from None
        path = self._service.media / Path(incoming.path).name
        task = self._service.tasks.get(path.stem)
        kept_until = progress.kept_until(task) if task else None
        if kept_until is None or now > kept_until or not path.exists():
            raise CosError(404, "NoSuchKey", "The specified key does not exist.")
        return path

    async def _sample(self, path: str) -> Path:
        try:
            job = self._job(path)
            if job is None:
                raise CosError(404, "NoSuchKey", "The specified key does not exist.")
            await self._workshop.sample(job.target, job)
        except JobFailed as error:
            raise CosError(500, "InternalError", error.message) from None
        return job.target

    def _job(self, path: str) -> Audio | Video | Picture | None:
        now = self._service.clock.now()
        if match := _AVATAR.fullmatch(path):
            avatar = self._service.avatar(match[1], now)
            return self._of_avatar(avatar, match[2]) if avatar else None
        if match := _VOICE.fullmatch(path):
            voice = self._service.voice(match[1], now)
            if voice is None:
                return None
            line = _line(voice.key, voice.gender, voice.languages[0])
            return Audio(self._samples / f"voice-{voice.key}.mp3", line)
        if match := _CUSTOMIZATION.fullmatch(path):
            return self._of_customization(match[1], match[2])
        return None

    def _of_avatar(self, avatar: Avatar, picture: str | None) -> Picture | Video:
        if picture == "header":
            target = self._samples / f"{avatar.key}-header.png"
            return Picture(target, avatar.face, avatar.gender, HEADER_SIZE, is_head=True)
        if picture:
            return Picture(self._samples / f"{avatar.key}-pose.png", avatar.face, avatar.gender, avatar.pose_size)
        line = _line(avatar.voice, avatar.gender, avatar.language)
        return Video(self._samples / f"{avatar.key}.mp4", avatar.face, avatar.gender, SAMPLE_SIZE, "Mp4", line=line)

    def _of_customization(self, id: str, kind: str) -> Audio | Video | None:
        """The demo: it says the text of the request, or moves to its sound."""
        made = self._service.customizations.get(id)
        if made is None:
            return None
        target = self._samples / f"custom-{id}.{kind}"
        # The face and the voice that come of it.
        line = Line(made.payload.get("TextDriver") or DEMO_TEXT, voice_key(made), gender(made), "zh-CN")
        if kind == "mp3":
            return Audio(target, line)
        url = made.payload.get("VoiceDriverCosFile")
        sound = local_file(self._service, url) if url and not made.payload.get("TextDriver") else None
        extent = _sample_size(size(made))
        face = anchor_code(made)
        return Video(target, face, line.gender, extent, "Mp4", line=None if sound else line, sound=sound)


def _sample_size(size: tuple[int, int]) -> tuple[int, int]:
    """As large as other samples, in the shape of the avatar."""
    share = max(SAMPLE_SIZE) / max(size)
    width, height = (max(2, round(side * share / 2) * 2) for side in size)
    return width, height


def _line(voice: str, sex: Gender, language: str) -> Line:
    return Line(SAMPLE_TEXTS.get(language.partition("-")[0], SAMPLE_TEXT), voice, sex, language)


def _file(path: Path, incoming: Incoming) -> Reply:
    facts = path.stat()
    part = files.slice_of(facts.st_size, files.etag_of(path), facts.st_mtime, incoming.headers)
    headers = {**part.headers, "Content-Type": files.content_type_of(path)}
    return Reply(part.status, Piece(path, part.start, part.length), headers)
