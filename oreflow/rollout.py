"""Rollout: one agent at one workbench until it finishes or runs out of steps; it leaves an episode."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from oreflow.agent import Agent, Observation
from oreflow.episode import Episode, Turn, new_episode_id
from oreflow.errors import BudgetSpent, NotApplicable, OreflowError
from oreflow.operation import Operation

MOST_FAILURES = 3


class Bench(Protocol):
    """What a rollout needs of a workbench, whatever lies on it."""

    stage: str

    def observe(self) -> Observation:
        """What the agent may see now."""
        ...

    def do(self, operation: Operation) -> int:
        """Do it and return the number of changed cells; raises an `OreflowError` that the agent then sees."""
        ...

    def recipe_record(self) -> dict[str, Any]:
        """The recipe made so far, as JSON."""
        ...


def rollout(
    agent: Agent,
    bench: Bench,
    *,
    max_steps: int,
    now: Callable[[], datetime],
    on_turn: Callable[[Turn], None] | None = None,
) -> Episode:
    """Let the agent work; a refused operation becomes the next observation's `error`, never an exception."""
    started = time.perf_counter()
    episode = Episode(id=new_episode_id(), stage=bench.stage, agent=agent.identity(), started=now())
    spent = False
    for _ in range(max_steps):
        turn, ended, over = _turn(agent, bench)
        spent = spent or over
        episode.turns.append(turn)
        if on_turn is not None:
            on_turn(turn)
        if ended:
            break
        if len(episode.turns) >= MOST_FAILURES and not any(t.action for t in episode.turns[-MOST_FAILURES:]):
            episode.ending = "agent_error"
            break
    else:
        episode.ending = "steps"
    if spent and episode.ending == "finished":
        episode.ending = "budget"
    episode.recipe = bench.recipe_record()
    episode.seconds = time.perf_counter() - started
    return episode


def _turn(agent: Agent, bench: Bench) -> tuple[Turn, bool, bool]:
    """One step, whether it ended the episode, and whether the budget refused it.

    A reply that is no operation leaves a turn without an action.
    """
    started, changed, error, over = time.perf_counter(), 0, None, False
    observation = bench.observe()
    operation: Operation | None = None
    try:
        operation = agent.act(observation)
        changed = bench.do(operation)
    except BudgetSpent as refused:
        error, over = str(refused), True
    except NotApplicable as refused:
        error = str(refused)
    except OreflowError as refused:
        error = f"{type(refused).__name__}: {refused}"
    turn = Turn(
        observation=observation.record(), action=operation.action() if operation else {}, changed_cells=changed,
        error=error, result=error or f"{changed} cells changed", seconds=time.perf_counter() - started,
    )  # fmt: skip
    return turn, operation is not None and operation.effect == "end" and error is None, over
