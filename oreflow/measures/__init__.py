"""Measures: pure numbers about a table. Nothing here changes a table or decides what to do about it."""
