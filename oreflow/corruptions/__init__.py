"""Corruptions: kinds of damage, one topic a file; each gives back the damaged table and its receipt."""
