"""Watching: what a refinery tells whoever follows the work while it goes on."""

from typing import Protocol


class Watcher(Protocol):
    """Who is told how the work goes on."""

    def stage(self, name: str) -> None:
        """A stage begins."""
        ...

    def turn(self, text: str) -> None:
        """An agent did something, or the run waits for another one."""
        ...


class Silent:
    """Nobody watches."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def turn(self, text: str) -> None:
        """Say nothing."""
