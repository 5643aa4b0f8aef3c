"""Claims of the domain sales: deals whose stage, chance, amount and forecast contradict each other."""

import narwhals as nw

from oreflow.labeling import labels_row

CLOSED = ("won", "lost", "closed won", "closed lost")
TEN_YEARS = 3653


@labels_row(("Stage", "Probability"), reads=("text", "number"), precision=0.85, domain="sales")
def won_without_certainty(stage: nw.Expr, chance: nw.Expr) -> nw.Expr:
    """A deal that is won has a chance of 100 percent."""
    return stage.str.to_lowercase().is_in(["won", "closed won"]) & ~chance.is_in([1.0, 100.0])


@labels_row(("Stage", "Probability"), reads=("text", "number"), precision=0.85, domain="sales")
def lost_with_a_chance(stage: nw.Expr, chance: nw.Expr) -> nw.Expr:
    """A deal that is lost has no chance left."""
    return stage.str.to_lowercase().is_in(["lost", "closed lost"]) & (chance != 0)


@labels_row(("Amount",), reads=("number",), precision=0.9, domain="sales")
def deal_of_nothing(amount: nw.Expr) -> nw.Expr:
    """A deal is worth more than nothing."""
    return amount <= 0


@labels_row(("Stage", "ForecastCategory"), reads=("text", "text"), precision=0.85, domain="sales")
def open_deal_forecast_as_closed(stage: nw.Expr, forecast: nw.Expr) -> nw.Expr:
    """Only a deal that is won or lost is forecast as closed."""
    return ~stage.str.to_lowercase().is_in(CLOSED) & (forecast.str.to_lowercase() == "closed")


@labels_row(("Stage", "ForecastCategory"), reads=("text", "text"), precision=0.85, domain="sales")
def closed_deal_still_forecast(stage: nw.Expr, forecast: nw.Expr) -> nw.Expr:
    """A deal that is won or lost is no longer pipeline, best case or commit."""
    open_forecast = forecast.str.to_lowercase().is_in(["pipeline", "best case", "commit"])
    return stage.str.to_lowercase().is_in(CLOSED) & open_forecast


@labels_row(("DaysInStage",), reads=("number",), precision=0.85, domain="sales")
def ten_years_in_one_stage(days: nw.Expr) -> nw.Expr:
    """No deal stays in one stage for ten years."""
    return days > TEN_YEARS
