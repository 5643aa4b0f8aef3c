"""Agents: one file each; a class with `name`, `stages`, `act(observation)` and `identity()`."""
