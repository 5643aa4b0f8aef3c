"""Claims of the domain projects: tasks whose status, progress and hours contradict each other."""

import narwhals as nw

from oreflow.labeling import labels_row

DONE = ("completed", "done", "closed")
UNSTARTED = ("not started", "planned", "to do")


@labels_row(("Status", "CompletionPct"), reads=("text", "number"), precision=0.9, domain="projects")
def completed_below_a_hundred(status: nw.Expr, percent: nw.Expr) -> nw.Expr:
    """A completed task is complete to 100 percent."""
    return status.str.to_lowercase().is_in(DONE) & (percent < 100) & (percent != 1)


@labels_row(("Status", "CompletionPct"), reads=("text", "number"), precision=0.9, domain="projects")
def unstarted_with_progress(status: nw.Expr, percent: nw.Expr) -> nw.Expr:
    """A task that has not started has made no progress."""
    return status.str.to_lowercase().is_in(UNSTARTED) & (percent > 0)


@labels_row(("Status", "ActualHours"), reads=("text", "number"), precision=0.85, domain="projects")
def unstarted_with_hours(status: nw.Expr, hours: nw.Expr) -> nw.Expr:
    """Nobody booked hours on a task that has not started."""
    return status.str.to_lowercase().is_in(UNSTARTED) & (hours > 0)


@labels_row(("EstimatedHours",), reads=("number",), precision=0.85, domain="projects")
def no_work_planned(hours: nw.Expr) -> nw.Expr:
    """A task is planned to take some time."""
    return hours <= 0


@labels_row(("EstimatedHours", "ActualHours"), reads=("number", "number"), precision=0.8, domain="projects")
def booked_far_beyond_the_plan(planned: nw.Expr, booked: nw.Expr) -> nw.Expr:
    """Hours of more than twenty times the plan have a slipped digit."""
    return (planned > 0) & (booked > 20 * planned)


@labels_row(("TaskID", "Dependencies"), reads=("text", "text"), precision=0.97, domain="projects")
def waits_for_itself(task: nw.Expr, dependencies: nw.Expr) -> nw.Expr:
    """A task does not depend on itself."""
    return task == dependencies
