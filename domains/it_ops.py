"""IT Operations: one row per ticket.

Relations that hold in every generated table: Priority determines SLATarget, AffectedSystem determines Category, and
CreatedDate ≤ ResolvedDate, which is there exactly when Status is Resolved or Closed (ResolutionType likewise).
"""

from collections.abc import Mapping
from datetime import date

import narwhals as nw
import numpy as np
import polars as pl

from domains._claims import follows, holds, in_order, mostly_filled, one_of, shaped, within
from domains._drawing import Indices, crew, draw, draw_by, ids, lookup, minutes_after, people, take, words
from domains._expressions import MINUTES_PER_HOUR, bands, known, mapped, minutes_between, number, share, text
from domains._questions import IT_OPS
from oreflow.contract import Aggregate, Column, Contract, Feature
from oreflow.corruptions.mess import messy
from oreflow.domain import Domain, Source

START = date(2024, 1, 1)
SPAN_MINUTES = 546 * 1440  # a year and a half, up to the end of June 2025
CATEGORIES = ("Hardware", "Software", "Network", "Access", "Email")
PRIORITIES = ("P1-Critical", "P2-High", "P3-Medium", "P4-Low")
SLA_HOURS = {"P1-Critical": 4.0, "P2-High": 8.0, "P3-Medium": 24.0, "P4-Low": 48.0}
STATUSES = ("Open", "In Progress", "Resolved", "Closed", "Pending")
SYSTEMS = {
    "Laptop Fleet": "Hardware",
    "Print Services": "Hardware",
    "Meeting Rooms": "Hardware",
    "ERP Suite": "Software",
    "CRM Suite": "Software",
    "Build Server": "Software",
    "Office Wi-Fi": "Network",
    "VPN Gateway": "Network",
    "Core Switches": "Network",
    "Single Sign-On": "Access",
    "Badge System": "Access",
    "Mail Server": "Email",
    "Calendar Service": "Email",
}
SYSTEM_WEIGHTS = (9, 5, 3, 12, 8, 5, 9, 11, 3, 14, 4, 12, 5)
RESOLUTIONS = ("Fix Applied", "Workaround", "No Fix", "Duplicate", "User Error")
IMPACTS = ("High", "Medium", "Low", "None")
IMPACT_WEIGHTS = (
    (0.70, 0.22, 0.06, 0.02),
    (0.35, 0.42, 0.18, 0.05),
    (0.08, 0.32, 0.42, 0.18),
    (0.02, 0.12, 0.40, 0.46),
)
SEVERITY = {"P1-Critical": 1.0, "P2-High": 0.7, "P3-Medium": 0.4, "P4-Low": 0.1}
IMPACT_SHARE = {"High": 1.0, "Medium": 0.6, "Low": 0.3, "None": 0.0}
RECURRING = ("network", "email", "access")
ESCALATION = {
    "P1-Critical": "L3 -> Manager -> VP",
    "P2-High": "L2 -> L3 -> Manager",
    "P3-Medium": "L1 -> L2",
    "P4-Low": "L1",
}

contract = Contract(
    domain="it_ops",
    table="tickets",
    columns=(
        Column(name="TicketID", role="id", required=True, unique=True, description="Names the ticket."),
        Column(name="Category", role="category", description="Follows from the affected system."),
        Column(name="Priority", role="priority", description="P1 to P4."),
        Column(name="Status", role="status", description="Where the ticket stands."),
        Column(name="Assignee", role="person_name", pii="direct", description="Who works on it."),
        Column(name="CreatedDate", type="timestamp", role="start_date", description="When it was opened."),
        Column(
            name="ResolvedDate", type="timestamp", role="end_date", optional=True, description="When it was solved."
        ),
        Column(name="SLATarget", type="integer", role="duration", description="Hours allowed, follows from priority."),
        Column(name="EscalationLevel", type="integer", role="level", description="0 to 4 steps up."),
        Column(name="AffectedSystem", role="category", description="What broke."),
        Column(name="ResolutionType", role="category", optional=True, description="How it was solved."),
        Column(name="CustomerImpact", role="priority", description='"None" is a level here: nobody noticed.'),
    ),
    key=("TicketID",),
    rules=(
        follows("SLATarget", "Priority"),
        follows("Category", "AffectedSystem"),
        holds(
            "resolved_has_date",
            "Status NOT IN ('Resolved', 'Closed') OR ResolvedDate IS NOT NULL",
            "A resolved or closed ticket says when it was solved.",
        ),
        holds(
            "open_has_no_date",
            "Status IN ('Resolved', 'Closed') OR ResolvedDate IS NULL",
            "A ticket that is still open has no date of solution.",
        ),
        shaped("TicketID", r"^INC-\d{5,}$"),
        in_order("CreatedDate", "ResolvedDate"),
        within("SLATarget", 0, None),
        within("EscalationLevel", 0, 10),
        one_of("Priority", PRIORITIES),
        one_of("Status", STATUSES),
        one_of("CustomerImpact", IMPACTS),
        one_of("Category", CATEGORIES, severity="warning"),
        one_of("ResolutionType", RESOLUTIONS, severity="warning"),
        *(mostly_filled(name) for name in ("Category", "Priority", "Status", "CreatedDate", "SLATarget")),
        within("incident_severity_score", 0, 1, severity="warning", gold=True),
    ),
    features=(
        Feature(
            name="resolution_hours",
            expression="round(date_diff('minute', CreatedDate, ResolvedDate) / 60.0, 2)",
            description="Hours from opening to solution.",
        ),
    ),
    aggregates=(
        Aggregate(
            name="by_priority",
            group_by=("Priority",),
            measures={
                "tickets": "count(*)",
                "resolved": "count(ResolvedDate)",
                "mean_escalation": "round(avg(EscalationLevel), 2)",
            },
        ),
    ),
    questions=IT_OPS,
)


def generate(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """A clean table of `rows` tickets, the oldest first."""
    staff = people(rng, crew(rows, per=40, least=6, most=300))
    systems = tuple(SYSTEMS)
    created = np.sort(rng.integers(0, SPAN_MINUTES, rows))
    priority = draw(rng, rows, (0.05, 0.15, 0.50, 0.30))
    sla = lookup(PRIORITIES, SLA_HOURS)[priority]
    strain = rng.lognormal(-0.75, 0.85, rows)  # share of the allowed time that was needed: about 4 in 5 stay within
    resolved = created + np.maximum(3, np.round(strain * sla * 60)).astype(np.int64)
    status = _status(rng, solved=(resolved < SPAN_MINUTES) & (rng.random(rows) > 0.06))
    done = (status == 2) | (status == 3)
    system = draw(rng, rows, SYSTEM_WEIGHTS)
    table = pl.DataFrame(
        {
            "TicketID": ids("INC-", rows, digits=5),
            "Category": take(tuple(SYSTEMS.values()), system),
            "Priority": take(PRIORITIES, priority),
            "Status": take(STATUSES, status),
            "Assignee": take(staff, draw(rng, rows, [1.0] * len(staff))),
            "CreatedDate": minutes_after(START, created),
            "ResolvedDate": minutes_after(START, resolved),
            "SLATarget": sla.astype(np.int64),
            "EscalationLevel": _escalation(rng, priority, strain),
            "AffectedSystem": take(systems, system),
            "ResolutionType": take(RESOLUTIONS, draw(rng, rows, (0.52, 0.18, 0.06, 0.09, 0.15))),
            "CustomerImpact": take(IMPACTS, draw_by(rng, priority, IMPACT_WEIGHTS)),
        }
    )
    return table.with_columns(pl.when(pl.Series(done)).then(pl.col("ResolvedDate", "ResolutionType")))


def _status(rng: np.random.Generator, *, solved: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Indices:
    return draw_by(rng, solved.astype(np.int64), ((0.45, 0.38, 0.0, 0.0, 0.17), (0.0, 0.0, 0.4, 0.6, 0.0)))


def _escalation(
    rng: np.random.Generator, priority: Indices, strain: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> Indices:
    pressure = strain + 0.25 * (3 - priority) + rng.normal(0, 0.2, priority.size)
    return np.searchsorted([0.7, 1.2, 1.9, 3.0], pressure).astype(np.int64)


def _hours(columns: Mapping[str, str]) -> nw.Expr:
    minutes = minutes_between(columns["CreatedDate"], columns["ResolvedDate"])
    return nw.when(minutes >= 0).then(minutes / MINUTES_PER_HOUR)


def _sla(columns: Mapping[str, str]) -> nw.Expr:
    hours, target = _hours(columns), number(columns["SLATarget"])
    judged = nw.when(hours <= target).then(nw.lit("Compliant")).otherwise(nw.lit("Breached"))
    return nw.when(~hours.is_null() & ~target.is_null()).then(judged)


def _severity(columns: Mapping[str, str]) -> nw.Expr:
    return share(0.7 * mapped(columns["Priority"], SEVERITY) + 0.3 * mapped(columns["CustomerImpact"], IMPACT_SHARE))


SOURCES = (
    Source(
        "sla_compliance_flag",
        "Whether the ticket was solved within its SLA.",
        ("CreatedDate", "ResolvedDate", "SLATarget"),
        _sla,
        formula="Compliant if solved at most SLATarget hours after CreatedDate, else Breached; empty until solved.",
    ),
    Source(
        "mttr_band",
        "How long the solution took.",
        ("CreatedDate", "ResolvedDate"),
        lambda c: bands(_hours(c), ((4, "Fast"), (24, "Normal"), (72, "Slow")), "Critical"),
        formula="Fast below 4 hours from opening to solution, Normal below 24, Slow below 72, Critical from there.",
    ),
    Source(
        "escalation_path",
        "Who is called, in order.",
        ("Priority",),
        lambda c: mapped(c["Priority"], ESCALATION),
        formula="By priority: P1 " + ESCALATION["P1-Critical"] + ", P4 only L1.",
    ),
    Source(
        "incident_severity_score",
        "How bad the incident is for the business, 0 to 1.",
        ("Priority", "CustomerImpact"),
        _severity,
        formula="0.7 × weight of the priority (P1 1, P2 0.7, P3 0.4, P4 0.1) + 0.3 × weight of the customer impact.",
    ),
    Source(
        "recurring_pattern_flag",
        "Whether the category is one whose incidents come back.",
        ("Category",),
        lambda c: nw.when(known(c["Category"])).then(text(c["Category"]).str.to_lowercase().is_in(list(RECURRING))),
        formula="True for Network, Email and Access.",
    ),
)

domain = Domain(
    name="it_ops",
    title="IT Operations",
    contract=contract,
    generate=generate,
    damage=messy(contract),
    sources=SOURCES,
    questions=contract.questions,
    words=frozenset(
        words(
            "ticket incident sla priority category assignee created resolved resolution escalation affected "
            "system impact severity urgency assignment group opened closed caller reassignment reopen cmdb outage "
            "mttr change"
        )
    ),
)
