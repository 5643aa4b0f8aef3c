"""The scripted agent's plans, one file per stage."""
