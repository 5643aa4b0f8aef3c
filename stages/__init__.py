"""Stages: bronze, silver, gold: what each layer reads, does, writes and must pass. No Prefect here."""
