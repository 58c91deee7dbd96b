"""Operator command line for Tencent Cloud AI Digital Human."""

__version__ = "0.1.0"
