"""Oreflow: messy operational tables in, tables that can be trusted out."""

__version__ = "0.1.0"
