"""The studio renders the media the sandbox hands out: voices, talking avatars, films, subtitles. No network."""
