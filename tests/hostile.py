"""What names, keys, texts and links of a service could be, at the worst."""

from __future__ import annotations

from typing import Any

OWN = "document.documentElement.dataset.owned=1"
TEXTS = (
    f"<script>{OWN}</script>",
    f'"><img src=x onerror="{OWN}">',
    f"' onmouseover='{OWN}' autofocus onfocus='{OWN}",
    f"</style></script></title></textarea><script>{OWN}</script>",
    f"<svg onload={OWN}>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "<base href=https://evil.example/><style>*{display:none}</style>",
    "<!-- ]]> --!> <![CDATA[",
    "${script} $policy $$ {{7*7}} %s {0}",
    "&lt;b&gt;&amp;amp;&#60;script&#62;",
    f"javascript:{OWN}",
    "\u202egnp.exe\u202c\u2066\u2067 right to left",
    "مرحبا بالعالم",
    "吴老师，蓝色西装 𠮷",
    "👩🏽‍🏫🇨🇳é",
    "line\u2028separator\u2029and\ttab\nbreak",
    "bell\x07 escape\x1b[31m nul\x00 next\x85 return\r.",
    "half a pair \ud800.",
    "long" * 5000,
    "x",
)
LINKS = (
    f"javascript:{OWN}",
    f" \tJaVaScRiPt:{OWN}",
    f"java\nscript:{OWN}",
    f"data:text/html,<script>{OWN}</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml;base64,PHN2Zy8+",
    'data:image/png;base64,AAAA" onerror="x',
    "data:image/png,unencoded",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://evil.example/1",
    "//evil.example/x.png",
    "/x.png",
    "x.png",
    "http:evil.example",
    "http:///x",
    "http://user:secret@evil.example/x.png",
    "http://\\evil.example/x",
    "http://evil.example:99999999/x",
    "http://ev il.example/x",
    "http://evil.example/a\u202eb",
    "https://[::1/x",
    "https://evil.example/" + "x" * 9000,
)


def avatar(text: str, link: str = "") -> dict[str, Any]:
    """An avatar that says a text wherever it can."""
    return {
        "VirtualmanKey": text,
        "AnchorName": text,
        "AnchorCode": text,
        "ClothesName": text,
        "PoseName": text,
        "Resolution": "1920x1080" if text == "Anna" else text,
        "HeaderImage": link,
        "PoseImage": link,
        "ClothesImage": link,
        "SupportDriverTypes": ["Text", "OriginalVoice"] if text == "Anna" else [text],
        "ExpireDate": "" if text == "Anna" else text,
        "VideoDuration": 0,
        "VideoNum": 0,
        "ReferenceVideoSegmentUrl": link,
        "VirtualmanTypeCode": text,
        text: text,
    }


def voice(text: str, link: str = "") -> dict[str, Any]:
    """A voice that does the same."""
    is_plain = text in ("Anna", "Ben")
    return {
        "TimbreKey": text,
        "TimbreName": text,
        "TimbreSample": link,
        "TimbreDesc": text,
        "TimbreGender": 2,
        "TimbreType": "Boutique" if is_plain else text,
        "PurchaseType": "Lease" if is_plain else text,
        "TimbreLanguages": ["zh-CN", "en-US"] if is_plain else [text],
        "EmotionalCategories": ["tc_happy"] if is_plain else [text],
        "SupportVirtualmanTypeCodes": [text],
        "ExpireDate": "" if is_plain else text,
        **({} if is_plain else {text: text}),
    }
