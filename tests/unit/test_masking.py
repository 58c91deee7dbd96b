"""Secrets stay out of texts and of JSON data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.masking import MASK, Mask

# Without the mask's own star: a secret of which a mask is a part can't be told from a masked text.
secrets = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=6, max_size=20)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
# No names of secrets, and nothing that could be a query or part of a URL.
harmless = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_characters="?&;@")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["Name", "Key", "键"]), inner),
    max_leaves=10,
)


def planted(document: Any, secret: str) -> Any:
    """The document with a secret in the middle of each of its texts."""
    if isinstance(document, str):
        return f"{document}{secret}{document}"
    if isinstance(document, list):
        return [planted(item, secret) for item in document]
    if isinstance(document, dict):
        return {key: planted(item, secret) for key, item in document.items()}
    return document


def strings(document: Any) -> list[str]:
    if isinstance(document, (list, tuple)):
        return [text for item in document for text in strings(item)]
    if isinstance(document, dict):
        return [text for item in document.values() for text in strings(item)]
    return [document] if isinstance(document, str) else []


@given(secret=secrets, before=texts, after=texts)
def test_a_known_secret_never_survives_in_a_text(secret: str, before: str, after: str) -> None:
    mask = Mask([secret])
    assert secret not in mask.text(f"{before}{secret}{after}")
    assert secret not in mask.values(f"{before}{secret}{after}{secret}")


@given(known=st.lists(secrets, min_size=1, max_size=4), parts=st.lists(texts, min_size=5, max_size=5))
def test_no_secret_of_several_survives_even_where_they_overlap(known: list[str], parts: list[str]) -> None:
    text = "".join(part + secret for part, secret in zip(parts, known, strict=False))
    assert not any(secret in Mask(known).text(text) for secret in known)


@given(secret=secrets, document=documents)
def test_a_known_secret_never_survives_in_a_document(secret: str, document: Any) -> None:
    masked = Mask([secret]).document(planted(document, secret))
    assert not any(secret in text for text in strings(masked))


@given(secret=secrets, document=documents)
def test_a_known_secret_never_survives_in_data_that_is_printed(secret: str, document: Any) -> None:
    masked = Mask([secret]).data(planted(document, secret))
    assert not any(secret in text for text in strings(masked))


@given(document=documents)
def test_data_that_is_printed_keeps_everything_but_known_secrets(document: Any) -> None:
    link = {"MediaUrl": "https://example.com/a.mp4?q-signature=abcdef", "Token": "of the reader", "More": document}
    assert repr(Mask(["a secret that is nowhere"]).data(link)) == repr(link)


def test_a_secret_that_comes_back_as_a_key_is_masked() -> None:
    assert "s3cret-token" not in json.dumps(Mask(["s3cret-token"]).document({"Tokens": {"s3cret-token": 1}}))


@given(document=harmless)
def test_a_document_without_secrets_is_not_changed(document: Any) -> None:
    assert repr(Mask(["a secret that is nowhere"]).document(document)) == repr(document)


@pytest.mark.parametrize(
    "name",
    [
        "Token",
        "TmpSecretId",
        "TmpSecretKey",
        "UserSig",
        "TrtcUserSig",
        "PrivateMapKey",
        "access_token",
        "Authorization",
    ],
)
def test_fields_that_carry_secrets_are_masked_by_name(name: str) -> None:
    assert Mask().document({"Credentials": {name: "value-1"}}) == {"Credentials": {name: MASK}}


@pytest.mark.parametrize("name", ["TokenCount", "Signal", "RoomId", "SessionId"])
def test_fields_whose_names_only_resemble_a_secret_stay(name: str) -> None:
    assert Mask().document({name: "value-1"}) == {name: "value-1"}


@pytest.mark.parametrize(
    "name",
    ["signature", "q-signature", "x-cos-security-token", "X-Amz-Signature", "sign", "token", "txSecret", "userSig"],
)
def test_secrets_in_a_query_are_masked_by_name(name: str) -> None:
    url = f"https://example.com/a.mp4?first=1&{name}=abc%2Bdef&last=2"
    assert Mask().text(f"GET {url} failed") == f"GET https://example.com/a.mp4?first=1&{name}={MASK}&last=2 failed"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:pw@proxy:8080/a", "http://***@proxy:8080/a"),
        ("socks5h://me:p@ss:w0rd@proxy", "socks5h://***@proxy"),
        ("wss://token@host/a?b=c@d", "wss://***@host/a?b=c@d"),
        ("https://host/a@b", "https://host/a@b"),
        ("https://host?mail=a@b", "https://host?mail=a@b"),
        ("mail a@b or see https://host", "mail a@b or see https://host"),
    ],
)
def test_name_and_password_in_a_url_are_masked(url: str, shown: str) -> None:
    assert Mask().text(f"by {url} it failed") == f"by {shown} it failed"


def test_only_known_values_go_from_data_so_that_links_keep_working() -> None:
    """What a command prints may hold a link that is signed for the reader: it has to stay usable."""
    link = "https://example.com/a.mp4?q-signature=abcdef123456"
    assert Mask(["s3cret-token"]).values(f"{link} s3cret-token") == f"{link} {MASK}"


@pytest.mark.parametrize("secret", ["", "a", "12345"])
def test_values_too_short_to_be_secrets_do_not_tear_texts_apart(secret: str) -> None:
    assert Mask([secret]).text("a banana 12345") == "a banana 12345"


def test_empty_secrets_show_that_they_are_empty() -> None:
    assert Mask().document({"Token": "", "UserSig": None}) == {"Token": "", "UserSig": None}
