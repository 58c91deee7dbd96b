"""Time and I/O, without a terminal."""
