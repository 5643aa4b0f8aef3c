"""Clean a table in memory: an agent at a workbench leaves a recipe, and the recipe cleans the next table alike.

python examples/01_clean_a_table.py
"""

from datetime import UTC, datetime

import narwhals as nw
import polars as pl

from oreflow.agent import make_agent
from oreflow.recipe import FittedRecipe
from oreflow.rollout import rollout
from oreflow.tables import active, with_marks, with_row_ids
from oreflow.workbench import TableBench

table = pl.DataFrame(
    {
        "item": ["Tea", "Cake", "tea", "Cake", "Tea", " Cake"] * 10,
        "quantity": ["2", "1", "3", "UNKNOWN", "5", "4"] * 10,
        "price": ["1.5", "3.0", "1.5", "3.0", "ERROR", "3.0"] * 10,
        "total": ["3.0", "3.0", "4.5", "6.0", "7.5", "12.0"] * 10,
    }
)

bench = TableBench(table)
episode = rollout(make_agent("scripted", "clean"), bench, max_steps=100, now=lambda: datetime.now(UTC))
print(f"{len(episode.turns)} turns, {episode.ending}")
for step in bench.recipe().steps:
    print(f"- {step.sentence()}: {step.operation.reason}")
print(active(bench.frame).head(6))

# Tomorrow's table needs no agent: the recipe is plain JSON and gives the same cells again.
recipe = FittedRecipe.from_json(bench.recipe().to_json())
tomorrow = with_marks(with_row_ids(table.head(3)))
print(
    nw.to_native(recipe.apply(nw.from_native(tomorrow, eager_only=True))).select("item", "quantity", "price", "total")
)
