"""Project Management: one row per task.

Relations that hold in every generated table: Assignee determines ProjectName (a person works on one project), status
Not Started means 0 percent and 0 hours, Completed means 100 percent. Dependencies name earlier tasks only.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl

from domains._claims import follows, holds, mostly_filled, one_of, shaped, within
from domains._drawing import Indices, crew, days_after, draw, draw_by, halves, ids, numbered, people, take, words
from domains._expressions import MINUTES_PER_DAY, minutes_since, number, share, text
from domains._questions import PROJECTS
from oreflow.arithmetic import rounded
from oreflow.contract import Aggregate, Column, Contract, Feature
from oreflow.corruptions.mess import messy
from oreflow.domain import Domain, Source

AS_OF = date(2025, 6, 30)
STATUSES = ("Not Started", "In Progress", "Completed", "On Hold", "Cancelled")
PRIORITIES = ("Critical", "High", "Medium", "Low")
RISKS = ("High", "Medium", "Low", "None")
MILESTONES = ("Kickoff", "Design", "Build", "Test", "Launch")
SUBJECTS = words(
    "Billing,Checkout,Customer Portal,Data Warehouse,Field Service,Fleet Tracking,Identity,Inventory,"
    "Mobile App,Onboarding,Partner Portal,Payroll,Procurement,Search,Support Desk,Warehouse Floor",
    sep=",",
)
EFFORTS = ("Migration", "Redesign", "Rollout", "Upgrade", "Consolidation", "Pilot", "Audit", "Automation")
LATE = (0.02, 0.09, 0.80, 0.04, 0.05)
SOON = (0.30, 0.50, 0.12, 0.05, 0.03)
FAR = (0.72, 0.18, 0.01, 0.05, 0.04)
WINDOW = 200  # a task depends on one of the last 200 before it
HORIZON_DAYS = 60.0

contract = Contract(
    domain="projects",
    table="tasks",
    columns=(
        Column(name="TaskID", role="id", required=True, unique=True, description="Names the task."),
        Column(name="ProjectName", role="category", description="Follows from the assignee."),
        Column(name="Assignee", role="person_name", pii="direct", description="Who does it."),
        Column(name="Status", role="status", description="Where the task stands."),
        Column(name="Priority", role="priority", description="How urgent it is."),
        Column(name="DueDate", type="date", role="end_date", description="When it is to be done."),
        Column(name="EstimatedHours", type="number", role="duration", description="Planned work."),
        Column(name="ActualHours", type="number", role="duration", description="Work booked so far."),
        Column(name="Dependencies", optional=True, description="Ids of the tasks it waits for, with commas."),
        Column(name="Milestone", role="category", description="The phase it belongs to."),
        Column(name="RiskFlag", role="priority", description='"None" is a level here: no risk seen.'),
        Column(name="CompletionPct", type="integer", role="percent", description="0 to 100."),
    ),
    key=("TaskID",),
    rules=(
        follows("ProjectName", "Assignee"),
        holds(
            "completed_is_100", "Status <> 'Completed' OR CompletionPct = 100", "A completed task is 100 percent done."
        ),
        holds(
            "not_started_is_0", "Status <> 'Not Started' OR CompletionPct = 0", "A task not started is 0 percent done."
        ),
        shaped("TaskID", r"^TASK-\d{4,}$"),
        within("EstimatedHours", 0, None),
        within("ActualHours", 0, None),
        within("CompletionPct", 0, 100),
        one_of("Status", STATUSES),
        one_of("Priority", PRIORITIES),
        one_of("RiskFlag", RISKS),
        one_of("Milestone", MILESTONES, severity="warning"),
        *(mostly_filled(name) for name in ("ProjectName", "Assignee", "Status", "DueDate", "EstimatedHours")),
        within("schedule_risk_score", 0, 1, severity="warning", gold=True),
        within("delay_probability", 0, 1, severity="warning", gold=True),
    ),
    features=(
        Feature(
            name="remaining_hours",
            expression="EstimatedHours * (100 - CompletionPct) / 100",
            description="Planned work that is not done yet.",
        ),
    ),
    aggregates=(
        Aggregate(
            name="by_project",
            group_by=("ProjectName",),
            measures={
                "tasks": "count(*)",
                "planned_hours": "sum(EstimatedHours)",
                "booked_hours": "sum(ActualHours)",
                "mean_completion": "round(avg(CompletionPct), 1)",
            },
        ),
    ),
    questions=PROJECTS,
)


def generate(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """A clean table of `rows` tasks."""
    count = crew(rows, per=60, least=3, most=len(SUBJECTS) * len(EFFORTS))
    names = [f"{s} {e}" for e in EFFORTS for s in SUBJECTS]
    projects = [names[i] for i in rng.permutation(len(names))[:count].tolist()]
    staff = people(rng, 4 * count)
    assignee = draw(rng, rows, [1.0] * len(staff))
    project = assignee % count
    phase = rng.random(rows)
    due = np.floor(rng.integers(-420, -60, count)[project] + phase * rng.integers(180, 480, count)[project])
    due = due.astype(np.int64)
    when = np.where(due <= 0, 0, np.where(due <= 30, 1, 2)).astype(np.int64)
    status = draw_by(rng, when, (LATE, SOON, FAR))
    percent = _percent(rng, status)
    planned = np.clip(halves(rng.lognormal(np.log(16.0), 0.8, rows)), 1.0, 400.0)
    booked = halves(planned * percent / 100 * rng.lognormal(0.02, 0.25, rows))
    priority = draw(rng, rows, (0.08, 0.24, 0.46, 0.22))
    return pl.DataFrame(
        {
            "TaskID": ids("TASK-", rows, digits=4),
            "ProjectName": take(projects, project),
            "Assignee": take(staff, assignee),
            "Status": take(STATUSES, status),
            "Priority": take(PRIORITIES, priority),
            "DueDate": days_after(AS_OF, due),
            "EstimatedHours": planned,
            "ActualHours": np.where(percent > 0, np.maximum(booked, 0.5), 0.0),
            "Dependencies": _dependencies(rng, rows),
            "Milestone": take(MILESTONES, np.floor(phase * len(MILESTONES)).astype(np.int64)),
            "RiskFlag": take(RISKS, _risk(rng, priority, percent, due)),
            "CompletionPct": percent,
        }
    )


def _percent(rng: np.random.Generator, status: Indices) -> Indices:
    running = 5 * rng.integers(1, 20, status.size)
    stopped = 5 * rng.integers(0, 18, status.size)
    return np.choose(status, [np.zeros_like(running), running, np.full_like(running, 100), stopped, stopped])


def _risk(rng: np.random.Generator, priority: Indices, percent: Indices, due: Indices) -> Indices:
    pressure = (100 - percent) / 100 * np.where(due <= 0, 1.0, np.maximum(0.0, 1 - due / HORIZON_DAYS))
    strain = pressure + 0.12 * (3 - priority) + rng.normal(0, 0.15, priority.size)
    return np.asarray(3 - np.searchsorted([0.15, 0.40, 0.75], strain), dtype=np.int64)


def _dependencies(rng: np.random.Generator, rows: int) -> pl.Series:
    """None to three earlier tasks each, in ascending order, none twice."""
    task = np.arange(rows)
    wanted = draw(rng, rows, (0.55, 0.25, 0.14, 0.06))
    first = task - 1 - np.floor(rng.random(rows) * np.minimum(task, WINDOW)).astype(np.int64)
    second = first + 1 + np.floor(rng.random(rows) * np.maximum(task - first - 1, 0)).astype(np.int64)
    third = second + 1 + np.floor(rng.random(rows) * np.maximum(task - second - 1, 0)).astype(np.int64)
    frame = pl.DataFrame({f"d{i}": numbered("TASK-", d + 1, digits=4) for i, d in enumerate((first, second, third))})
    shown = [
        pl.when(pl.Series((wanted > i) & (d >= 0) & (d < task))).then(pl.col(f"d{i}"))
        for i, d in enumerate((first, second, third))
    ]
    joined = pl.concat_str(shown, separator=",", ignore_nulls=True)
    return frame.select(pl.when(joined != "").then(joined)).to_series()


def _today(sample: pl.DataFrame, columns: Mapping[str, str]) -> dict[str, str]:
    """The table's own "today": a late due date among the finished tasks, so that a replay next year changes nothing."""
    days = pl.col(columns["DueDate"]).cast(pl.Date).to_physical().cast(pl.Float64)  # Polars has no quantile of no dates
    finished = days.filter(pl.col(columns["CompletionPct"]) >= 100).quantile(0.95, "nearest")
    day = sample.select(pl.coalesce(finished, days.quantile(0.5, "nearest"))).item()
    return {"as_of": str(AS_OF if day is None else date(1970, 1, 1) + timedelta(days=day))}


def _schedule_risk(columns: Mapping[str, str]) -> nw.Expr:
    today = datetime.strptime(columns["as_of"], "%Y-%m-%d")
    days_left = minutes_since(today, columns["DueDate"]) / MINUTES_PER_DAY
    urgency = (1 - days_left / HORIZON_DAYS).clip(0.1, 1.0)
    return share(_remaining(columns) * urgency)


def _remaining(columns: Mapping[str, str]) -> nw.Expr:
    return (1 - number(columns["CompletionPct"]) / 100).clip(0.0, 1.0)


def _spent(columns: Mapping[str, str]) -> nw.Expr:
    planned, booked = number(columns["EstimatedHours"]), number(columns["ActualHours"])
    return nw.when(planned > 0).then(booked / planned)


def _burndown(columns: Mapping[str, str]) -> nw.Expr:
    spent, done = _spent(columns), 1 - _remaining(columns)
    moving = nw.when(spent > 0).then(done / spent)
    return rounded(nw.when((spent == 0) & ~done.is_null()).then(nw.lit(0.0)).otherwise(moving))


def _delay(columns: Mapping[str, str]) -> nw.Expr:
    pace, spent = _burndown(columns), _spent(columns)
    unstarted = nw.when((spent == 0) & ~pace.is_null()).then(nw.lit(1.0)).otherwise(pace)
    return share(_schedule_risk(columns) / unstarted.clip(0.1, None))


def _dependency_count(columns: Mapping[str, str]) -> nw.Expr:
    listed = text(columns["Dependencies"])
    commas = listed.str.len_chars().cast(nw.Int64) - listed.str.replace_all(",", "", literal=True).str.len_chars()
    return nw.when(listed == "").then(nw.lit(0)).otherwise(commas.cast(nw.Int64) + 1)


SOURCES = (
    Source(
        "schedule_risk_score",
        "Risk that the task misses its due date, 0 to 1.",
        ("DueDate", "CompletionPct"),
        _schedule_risk,
        formula="Share still to do × urgency, which is 1 from the due date on and less before, down to 0.1 at 54 days"
        " ahead. Today is the latest due date that finished tasks commonly have.",
        learned=_today,
    ),
    Source(
        "resource_utilization",
        "Hours booked per hour planned.",
        ("ActualHours", "EstimatedHours"),
        lambda c: rounded(_spent(c)),
        formula="ActualHours ÷ EstimatedHours; empty where nothing was planned.",
    ),
    Source(
        "dependency_chain_depth",
        "How many tasks this one waits for directly.",
        ("Dependencies",),
        _dependency_count,
        formula="Number of ids in Dependencies; empty where none are listed.",
    ),
    Source(
        "burndown_rate",
        "Progress per share of the planned hours used; 1 is on plan.",
        ("CompletionPct", "ActualHours", "EstimatedHours"),
        _burndown,
        formula="Share done ÷ (ActualHours ÷ EstimatedHours); 0 where no hours were booked.",
    ),
    Source(
        "delay_probability",
        "Chance of a delay from schedule and pace together, 0 to 1.",
        ("DueDate", "CompletionPct", "ActualHours", "EstimatedHours"),
        _delay,
        formula="Schedule risk ÷ burndown rate (at least 0.1; 1 before work began), held within 0 to 1.",
        learned=_today,
    ),
)

domain = Domain(
    name="projects",
    title="Project Management",
    contract=contract,
    generate=generate,
    damage=messy(contract),
    sources=SOURCES,
    questions=contract.questions,
    words=frozenset(
        words(
            "project task milestone assignee due deadline estimated actual hours dependency dependencies "
            "completion sprint phase budget schedule baseline forecast risk deliverable backlog story progress "
            "pid managing borough"
        )
    ),
)
