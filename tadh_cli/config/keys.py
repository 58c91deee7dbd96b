"""What a configuration file may say, and every environment variable that is read."""

from __future__ import annotations

# The first is the one that holds when none is named.
PROVIDERS = ("tencent",)
DEFAULT_ENDPOINT = "https://gw-sg.tvs.qq.com"
DEFAULT_TIMEOUT_S = 1800.0
# The profile of the local emulator: built in, and never redirected by the environment.
SANDBOX = "sandbox"

TOKEN_KEYS = {
    "access_token": "the secret itself",
    "access_token_env": "name of an environment variable with the secret",
    "access_token_command": "a shell command that prints the secret",
    "access_token_keyring": "true: the secret is in the system's keyring",
}
SERVICE_KEYS = {"app_key": "appkey of this service", **TOKEN_KEYS}
SERVICES = ("customization", "video", "session", "assets")
DEFAULTS_KEYS = {
    "avatar": "avatar when --avatar is left out",
    "voice": "voice when --voice is left out",
    "output_dir": "directory for downloads",
    "timeout": "longest wait, such as 30m",
}
PROFILE_KEYS = {
    "provider": ", ".join(PROVIDERS),
    "endpoint": "URL of the service",
    "ws_endpoint": "URL of the WebSocket; derived from endpoint when left out",
    **SERVICE_KEYS,
    "services": "own credentials for single services: " + ", ".join(SERVICES),
    "defaults": "values for options that are left out",
    "proxy": "proxy for all requests; else HTTPS_PROXY and NO_PROXY",
    "ca_bundle": "file with the certificates to trust",
}
FILE_KEYS = {"default_profile": "profile when none is chosen", "profiles": "profiles by name"}

# Every environment variable that tadh reads, and what it stands for.
ENVIRONMENT = {
    "TADH_PROFILE": "profile to use, as --profile",
    "TADH_CONFIG": "configuration file, as --config",
    "TADH_APP_KEY": "appkey that signs requests",
    "TADH_ACCESS_TOKEN": "access token that signs requests",
    "TADH_ENDPOINT": "URL of the service",
    "TADH_WS_ENDPOINT": "URL of the WebSocket",
    "TADH_OUTPUT": "output format, as --output",
    "TADH_STATE_DIR": "directory of the ledger, the sandbox and caches",
    "TADH_TIMEOUT": "longest wait, as --timeout",
    "NO_COLOR": "no colours when set",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "proxies",
    "REQUESTS_CA_BUNDLE, SSL_CERT_FILE": "file with the certificates to trust",
}


def suggestion(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
