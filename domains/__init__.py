"""Domains: one business subject per file, each with one `domain`."""
