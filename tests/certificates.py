"""A certificate of one's own for a server on this machine, made by the openssl command where there is one."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """A PEM file with key and self-signed certificate for a name; it is its own authority."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl command to make a certificate with")
    key, pem = folder / "key.pem", folder / "server.pem"
    wanted = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    made = ["-keyout", str(key), "-out", str(pem)]
    subprocess.run([program, "req", "-x509", *wanted, *made], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + key.read_bytes())
    return pem


def context(pem: Path) -> ssl.SSLContext:
    """TLS for a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
