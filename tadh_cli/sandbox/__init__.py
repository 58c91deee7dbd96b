"""The sandbox: a local emulator of the service that answers like it and renders real media."""
