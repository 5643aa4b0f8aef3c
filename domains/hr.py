"""HR & People: one row per employee.

Relations that hold in every generated table: JobRole determines Department, and nobody joined before the age of 18
(YearsAtCompany ≤ Age − 18). Income follows the role, attrition follows overtime, tenure and satisfaction.
"""

from collections.abc import Mapping

import narwhals as nw
import numpy as np
import polars as pl

from domains._claims import follows, in_order, mostly_filled, one_of, shaped, within
from domains._drawing import draw, ids, lookup, take, words
from domains._expressions import bands, is_yes, mapped, number, share, steps
from domains._questions import HR
from oreflow.contract import Aggregate, Column, Contract, Feature
from oreflow.corruptions.mess import messy
from oreflow.domain import Domain, Source

DEPARTMENTS = ("Sales", "Research & Development", "Human Resources")
ROLES = {
    "Sales Executive": "Sales",
    "Research Scientist": "Research & Development",
    "Lab Technician": "Research & Development",
    "Manufacturing Director": "Research & Development",
    "Healthcare Representative": "Sales",
    "Manager": "Human Resources",
}
ROLE_WEIGHTS = (0.26, 0.24, 0.21, 0.09, 0.11, 0.09)
MEDIAN_INCOME = {
    "Sales Executive": 5900.0,
    "Research Scientist": 4100.0,
    "Lab Technician": 2900.0,
    "Manufacturing Director": 8600.0,
    "Healthcare Representative": 5200.0,
    "Manager": 11500.0,
}
YES_NO = ("No", "Yes")
BENCHMARK = {
    "Sales Executive": 65000.0,
    "Research Scientist": 72000.0,
    "Manager": 85000.0,
    "Lab Technician": 45000.0,
    "Manufacturing Director": 95000.0,
    "Healthcare Representative": 55000.0,
    "Human Resources": 60000.0,
}
TENURE_RISK = ((2.0, 0.8), (5.0, 0.4), (10.0, 0.2))

contract = Contract(
    domain="hr",
    table="employees",
    columns=(
        Column(name="EmployeeID", role="id", required=True, unique=True, description="Names the employee."),
        Column(name="Age", type="integer", role="age", pii="indirect", description="In years."),
        Column(name="Department", role="category", description="Follows from the job role."),
        Column(name="JobRole", role="category", description="What the employee does."),
        Column(name="MonthlyIncome", type="integer", role="amount", description="Gross, per month."),
        Column(name="YearsAtCompany", type="integer", role="duration", description="Whole years since joining."),
        Column(name="Attrition", role="flag", description="Yes once the employee has left."),
        Column(name="JobSatisfaction", type="integer", role="score", description="Own rating, 1 to 5."),
        Column(name="OverTime", role="flag", description="Works overtime."),
        Column(name="DistanceFromHome", type="integer", role="distance", description="Way to work in km."),
        Column(name="Education", type="integer", role="level", description="1 school to 5 doctorate."),
        Column(name="PerformanceRating", type="integer", role="score", description="Last review, 1 to 5."),
    ),
    key=("EmployeeID",),
    rules=(
        in_order("YearsAtCompany", "Age"),
        follows("Department", "JobRole"),
        shaped("EmployeeID", r"^EMP-\d{4,}$"),
        within("Age", 14, 100),
        within("Age", 18, 70, severity="warning"),
        within("MonthlyIncome", 0, None),
        within("YearsAtCompany", 0, 80),
        within("JobSatisfaction", 1, 5),
        within("Education", 1, 5),
        within("PerformanceRating", 1, 5),
        within("DistanceFromHome", 0, None),
        one_of("Attrition", YES_NO),
        one_of("OverTime", YES_NO),
        one_of("Department", DEPARTMENTS, severity="warning"),
        one_of("JobRole", tuple(ROLES), severity="warning"),
        *(mostly_filled(name) for name in ("Age", "Department", "JobRole", "MonthlyIncome", "YearsAtCompany")),
        within("flight_risk_score", 0, 1, severity="warning", gold=True),
    ),
    features=(
        Feature(
            name="annual_income",
            expression="MonthlyIncome * 12",
            description="Gross income of a year of twelve months.",
        ),
    ),
    aggregates=(
        Aggregate(
            name="by_department",
            group_by=("Department",),
            measures={
                "employees": "count(*)",
                "mean_income": "round(avg(MonthlyIncome), 2)",
                "mean_satisfaction": "round(avg(JobSatisfaction), 3)",
            },
        ),
    ),
    questions=HR,
)


def generate(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """A clean table of `rows` employees."""
    roles = tuple(ROLES)
    role = draw(rng, rows, ROLE_WEIGHTS)
    age = np.clip(np.round(rng.normal(38, 10.5, rows)), 18, 70).astype(np.int64)
    years = np.minimum(age - 18, np.floor(rng.exponential(6.5, rows)).astype(np.int64))
    grown = lookup(roles, MEDIAN_INCOME)[role] * (1 + 0.012 * years) * rng.lognormal(0.0, 0.24, rows)
    satisfaction = 1 + draw(rng, rows, (0.08, 0.17, 0.28, 0.29, 0.18))
    overtime = draw(rng, rows, (0.71, 0.29))
    pull = -2.4 + 1.1 * overtime + 0.9 * (years < 2) - 0.35 * (satisfaction - 3) - 0.04 * years
    left = (rng.random(rows) < 1 / (1 + np.exp(-pull))).astype(np.int64)
    return pl.DataFrame(
        {
            "EmployeeID": ids("EMP-", rows, digits=4),
            "Age": age,
            "Department": take(tuple(ROLES.values()), role),
            "JobRole": take(roles, role),
            "MonthlyIncome": np.round(np.clip(grown, 1200, 60000)).astype(np.int64),
            "YearsAtCompany": years,
            "Attrition": take(YES_NO, left),
            "JobSatisfaction": satisfaction,
            "OverTime": take(YES_NO, overtime),
            "DistanceFromHome": np.clip(1 + np.floor(rng.exponential(9.0, rows)), 1, 70).astype(np.int64),
            "Education": 1 + draw(rng, rows, (0.12, 0.19, 0.38, 0.26, 0.05)),
            "PerformanceRating": 1 + draw(rng, rows, (0.02, 0.08, 0.55, 0.27, 0.08)),
        }
    )


def _satisfaction(columns: Mapping[str, str]) -> nw.Expr:
    return share(number(columns["JobSatisfaction"]) / 5)


def _tenure_risk(columns: Mapping[str, str]) -> nw.Expr:
    return steps(number(columns["YearsAtCompany"]), TENURE_RISK, 0.3)


def _flight_risk(columns: Mapping[str, str]) -> nw.Expr:
    overtime = nw.when(is_yes(columns["OverTime"])).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    known_overtime = nw.when(~is_yes(columns["OverTime"]).is_null()).then(overtime)
    unhappy = 1 - _satisfaction(columns)
    return share(0.4 * _tenure_risk(columns) + 0.4 * unhappy + 0.2 * known_overtime)


SOURCES = (
    Source(
        "salary_band",
        "The band of the monthly income.",
        ("MonthlyIncome",),
        lambda c: bands(number(c["MonthlyIncome"]), ((3000, "Entry"), (6000, "Mid"), (10000, "Senior")), "Executive"),
        formula="Entry below 3,000 a month, Mid below 6,000, Senior below 10,000, Executive from there.",
    ),
    Source(
        "tenure_risk",
        "How likely people of this tenure are to leave, 0 to 1.",
        ("YearsAtCompany",),
        _tenure_risk,
        formula="0.8 below 2 years, 0.4 below 5, 0.2 below 10, 0.3 from there.",
    ),
    Source(
        "satisfaction_index",
        "Job satisfaction as a share of the best rating.",
        ("JobSatisfaction",),
        _satisfaction,
        formula="Rating divided by 5.",
    ),
    Source(
        "industry_benchmark",
        "What the industry pays for the role in a year.",
        ("JobRole",),
        lambda c: mapped(c["JobRole"], BENCHMARK),
        formula="Looked up by job role; empty for a role that the benchmark does not list.",
    ),
    Source(
        "flight_risk_score",
        "Risk that the employee leaves, 0 to 1.",
        ("YearsAtCompany", "JobSatisfaction", "OverTime"),
        _flight_risk,
        formula="0.4 × tenure risk + 0.4 × (1 − satisfaction index) + 0.2 for overtime.",
    ),
)

domain = Domain(
    name="hr",
    title="HR & People",
    contract=contract,
    generate=generate,
    damage=messy(contract),
    sources=SOURCES,
    questions=contract.questions,
    words=frozenset(
        words(
            "employee emp staff hr department job role salary income wage payroll attrition turnover overtime "
            "tenure satisfaction hire hired hiring education performance supervisor termination exit marital "
            "gender headcount manager position employment"
        )
    ),
)
