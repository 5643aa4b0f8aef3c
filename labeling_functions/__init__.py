"""Labeling functions: one file per topic, addressed to a column role so that new domains inherit them."""
