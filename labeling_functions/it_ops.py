"""Claims of the domain it_ops: tickets whose status, resolution, levels and targets contradict each other."""

import narwhals as nw

from oreflow.labeling import labels_row

UNSOLVED = ("open", "new", "in progress", "pending", "assigned")


@labels_row(("Status", "ResolvedDate"), reads=("text", "moment"), precision=0.9, domain="it_ops")
def unsolved_with_a_resolution_date(status: nw.Expr, resolved: nw.Expr) -> nw.Expr:
    """A ticket that is still open has no date of resolution."""
    return status.str.to_lowercase().is_in(UNSOLVED) & ~resolved.is_null()


@labels_row(("Status", "ResolutionType"), reads=("text", "text"), precision=0.85, domain="it_ops")
def unsolved_with_a_resolution(status: nw.Expr, resolution: nw.Expr) -> nw.Expr:
    """A ticket that is still open has no kind of resolution."""
    return status.str.to_lowercase().is_in(UNSOLVED) & ~resolution.is_null()


@labels_row(("EscalationLevel",), reads=("number",), precision=0.9, domain="it_ops")
def escalation_beyond_the_ladder(level: nw.Expr) -> nw.Expr:
    """Escalation has whole levels from 0 to 10."""
    return ~level.is_between(0, 10) | (level % 1 != 0)


@labels_row(("SLATarget",), reads=("number",), precision=0.9, domain="it_ops")
def no_time_allowed(target: nw.Expr) -> nw.Expr:
    """A service level allows some time."""
    return target <= 0


@labels_row(("SLATarget",), reads=("number",), precision=0.8, domain="it_ops")
def a_year_allowed(target: nw.Expr) -> nw.Expr:
    """No service level allows more than a year of hours."""
    return target > 8784


@labels_row(("CreatedDate", "ResolvedDate"), reads=("moment", "moment"), precision=0.8, domain="it_ops")
def unsolved_for_ten_years(created: nw.Expr, resolved: nw.Expr) -> nw.Expr:
    """No ticket is solved more than ten years after it was opened."""
    return resolved.dt.year() - created.dt.year() > 10
