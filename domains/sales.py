"""Sales & Revenue: one row per deal.

Relations that hold in every generated table: Stage determines Probability and ForecastCategory, Rep determines Region
(a rep works one region). A won or lost deal closed in the past, an open one closes later; amounts follow the product.
"""

from collections.abc import Mapping
from datetime import date

import narwhals as nw
import numpy as np
import polars as pl

from domains._claims import follows, mostly_filled, one_of, shaped, within
from domains._drawing import companies, crew, days_after, draw, draw_by, ids, lookup, people, take, words
from domains._expressions import bands, mapped, number, share, steps
from domains._questions import SALES
from oreflow.arithmetic import rounded
from oreflow.contract import Aggregate, Column, Contract, Feature
from oreflow.corruptions.mess import messy
from oreflow.domain import Domain, Source

AS_OF = date(2025, 6, 30)
STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Won", "Lost")
PROBABILITY = {
    "Prospecting": 10.0,
    "Qualification": 25.0,
    "Proposal": 50.0,
    "Negotiation": 75.0,
    "Won": 100.0,
    "Lost": 0.0,
}
FORECAST = ("Pipeline", "Pipeline", "Best Case", "Commit", "Closed", "Closed")
REGIONS = ("East", "West", "Central", "North", "South")
PRODUCTS = {"GTX Pro": 4800.0, "GTX Basic": 900.0, "GTX Plus": 2400.0, "MG Special": 7500.0, "MG Advanced": 26000.0}
LEADS = ("Website", "Referral", "Partner", "Trade Show", "Cold Call")
WON_SHARE = (0.48, 0.66, 0.60, 0.42, 0.28)
OPEN_WEIGHTS = (0.15, 0.18, 0.15, 0.10)
STAGE_DAYS = np.asarray([12.0, 20.0, 28.0, 24.0, 30.0, 40.0])
INDUSTRIES = {
    "analytics": "SIC-7374",
    "systems": "SIC-7372",
    "bank": "SIC-6020",
    "foods": "SIC-2000",
    "freight": "SIC-4213",
    "logistics": "SIC-4731",
    "health": "SIC-8011",
    "labs": "SIC-8731",
    "media": "SIC-7310",
    "motors": "SIC-3711",
    "partners": "SIC-8742",
    "retail": "SIC-5311",
}
VELOCITY = ((15.0, 1.0), (30.0, 0.7), (60.0, 0.4))

contract = Contract(
    domain="sales",
    table="deals",
    columns=(
        Column(name="DealID", role="id", required=True, unique=True, description="Names the deal."),
        Column(name="AccountName", description="The company that buys."),
        Column(name="Stage", role="status", description="Where the deal stands."),
        Column(name="Amount", type="number", role="amount", description="Value of the deal."),
        Column(name="CloseDate", type="date", role="end_date", description="When it closed or is to close."),
        Column(name="Rep", role="person_name", pii="direct", description="Who sells."),
        Column(name="Product", role="category", description="What is sold."),
        Column(name="Region", role="category", description="Follows from the rep."),
        Column(name="LeadSource", role="category", description="Where the lead came from."),
        Column(name="DaysInStage", type="integer", role="duration", description="Days in the present stage."),
        Column(name="Probability", type="integer", role="percent", description="Percent, follows from the stage."),
        Column(name="ForecastCategory", role="category", description="Follows from the stage."),
    ),
    key=("DealID",),
    rules=(
        follows("Probability", "Stage"),
        follows("ForecastCategory", "Stage"),
        follows("Region", "Rep"),
        shaped("DealID", r"^DEAL-\d{4,}$"),
        within("Amount", 0, None),
        within("DaysInStage", 0, None),
        within("Probability", 0, 100),
        one_of("Stage", STAGES),
        one_of("ForecastCategory", ("Pipeline", "Best Case", "Commit", "Closed")),
        one_of("Region", REGIONS, severity="warning"),
        one_of("Product", tuple(PRODUCTS), severity="warning"),
        one_of("LeadSource", LEADS, severity="warning"),
        *(mostly_filled(name) for name in ("AccountName", "Stage", "Amount", "CloseDate", "Rep")),
        within("win_probability_model", 0, 1, severity="warning", gold=True),
    ),
    features=(
        Feature(
            name="weighted_amount",
            expression="round(Amount * Probability / 100, 2)",
            description="The amount times the chance of winning it.",
        ),
    ),
    aggregates=(
        Aggregate(
            name="by_stage",
            group_by=("Stage",),
            measures={
                "deals": "count(*)",
                "amount": "round(sum(Amount), 2)",
                "mean_days": "round(avg(DaysInStage), 1)",
            },
        ),
    ),
    questions=SALES,
)


def generate(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """A clean table of `rows` deals."""
    reps = people(rng, crew(rows, per=25, least=5, most=400))
    rep = draw(rng, rows, np.linspace(1.5, 0.5, len(reps)).tolist())
    region_of_rep = draw(rng, len(reps), (0.26, 0.22, 0.20, 0.18, 0.14))
    accounts = companies(rng, crew(rows, per=8, least=8, most=700))
    products = tuple(PRODUCTS)
    product = draw(rng, rows, (0.24, 0.28, 0.22, 0.16, 0.10))
    lead = draw(rng, rows, (0.34, 0.20, 0.16, 0.12, 0.18))
    stage = draw_by(rng, lead, [(*OPEN_WEIGHTS, 0.42 * won, 0.42 * (1 - won)) for won in WON_SHARE])
    amount = lookup(products, PRODUCTS)[product] * rng.lognormal(0.0, 0.9, rows)
    past, ahead = rng.integers(-540, 1, rows), rng.integers(1, 121, rows)
    days = np.clip(1 + np.floor(rng.exponential(1.0, rows) * STAGE_DAYS[stage]), 1, 240).astype(np.int64)
    return pl.DataFrame(
        {
            "DealID": ids("DEAL-", rows, digits=4),
            "AccountName": take(accounts, draw(rng, rows, [1.0] * len(accounts))),
            "Stage": take(STAGES, stage),
            "Amount": np.round(np.clip(amount, 50.0, None), 2),
            "CloseDate": days_after(AS_OF, np.where(stage >= 4, past, ahead)),
            "Rep": take(reps, rep),
            "Product": take(products, product),
            "Region": take(REGIONS, region_of_rep[rep]),
            "LeadSource": take(LEADS, lead),
            "DaysInStage": days,
            "Probability": lookup(STAGES, PROBABILITY)[stage].astype(np.int64),
            "ForecastCategory": take(FORECAST, stage),
        }
    )


def _velocity(columns: Mapping[str, str]) -> nw.Expr:
    return steps(number(columns["DaysInStage"]), VELOCITY, 0.1)


def _win_probability(columns: Mapping[str, str]) -> nw.Expr:
    chance = mapped(columns["Stage"], {stage: percent / 100 for stage, percent in PROBABILITY.items()})
    velocity = _velocity(columns)
    settled = nw.when((chance == 0.0) | (chance == 1.0)).then(chance).otherwise(0.7 * chance + 0.3 * velocity)
    return share(nw.when(~velocity.is_null() & ~chance.is_null()).then(settled))


def _industry(columns: Mapping[str, str]) -> nw.Expr:
    account = nw.col(columns["AccountName"]).cast(nw.String).str.to_lowercase().str.strip_chars()
    code: nw.Expr = nw.when(~account.is_null()).then(nw.lit("SIC-9999"))
    for word, sic in INDUSTRIES.items():
        code = nw.when(account.str.ends_with(word)).then(nw.lit(sic)).otherwise(code)
    return code


SOURCES = (
    Source(
        "deal_size_category",
        "The size class of the deal.",
        ("Amount",),
        lambda c: bands(number(c["Amount"]), ((5000, "Small"), (25000, "Medium"), (100000, "Large")), "Enterprise"),
        formula="Small below 5,000, Medium below 25,000, Large below 100,000, Enterprise from there.",
    ),
    Source(
        "velocity_score",
        "How fast the deal moves, 0.1 to 1.",
        ("DaysInStage",),
        _velocity,
        formula="1.0 below 15 days in the stage, 0.7 below 30, 0.4 below 60, 0.1 from there.",
    ),
    Source(
        "win_probability_model",
        "Chance that the deal is won, 0 to 1.",
        ("Stage", "DaysInStage"),
        _win_probability,
        formula="0.7 × chance of the stage + 0.3 × velocity score; exactly 1 for won and 0 for lost deals.",
    ),
    Source(
        "industry_code",
        "The SIC code of the account's industry, read from its name.",
        ("AccountName",),
        _industry,
        formula="By the last word of the account name; SIC-9999 where it names no listed industry.",
    ),
    Source(
        "competitive_risk",
        "Risk that a slow deal goes to a competitor, 0 to 0.9.",
        ("DaysInStage",),
        lambda c: rounded(1 - _velocity(c)),
        formula="1 − velocity score.",
    ),
)

domain = Domain(
    name="sales",
    title="Sales & Revenue",
    contract=contract,
    generate=generate,
    damage=messy(contract),
    sources=SOURCES,
    questions=contract.questions,
    words=frozenset(
        words(
            "sale sales deal opportunity account customer amount revenue price quantity product item order "
            "invoice transaction rep region lead stage pipeline forecast quota discount spent payment store close "
            "probability total purchase"
        )
    ),
)
