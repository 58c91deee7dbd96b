"""Many videos from one manifest: read, planned, run under the account's limit, and taken up again."""
