"""Flows: Prefect only. Each flow calls stages; nothing else in Oreflow imports Prefect."""
