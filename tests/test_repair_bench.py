"""The repair benchmark counts cells; what it writes keeps the column's own style."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from oreflow.agent import make_agent
from oreflow.cli import app
from oreflow.errors import SourceError
from oreflow.repair_bench import find_pairs, repair, score_pair


def agent(stage):
    return make_agent("scripted", stage)


def pair(folder: Path, dirty: pl.DataFrame, clean: pl.DataFrame) -> Path:
    folder.mkdir(exist_ok=True)
    dirty.write_csv(folder / "dirty.csv")
    clean.write_csv(folder / "clean.csv")
    return folder


CITIES = pl.DataFrame({"id": [f"{i}.0" for i in range(60)], "city": ["Oslo", "Bergen", "Turku"] * 20})
DIRTY = CITIES.with_columns(
    pl.when(pl.int_range(60) == 4).then(pl.lit("Brgen")).otherwise(pl.col("city")).alias("city")
)


def test_a_repaired_typo_counts_as_detected_and_repaired(tmp_path):
    score = score_pair(pair(tmp_path / "p", DIRTY, CITIES), agent)
    assert (score.errors, score.changed, score.detected, score.repaired, score.broken) == (1, 1, 1, 1, 0)
    assert score.repair == (1.0, 1.0, 1.0)
    assert score.right == 119


def test_a_broken_right_cell_is_counted(tmp_path):
    score = score_pair(pair(tmp_path / "p", DIRTY, DIRTY), agent)
    assert (score.errors, score.broken) == (0, 1)
    assert score.broken_share == 1 / 120


def test_a_clean_table_is_written_as_it_was_read():
    table = pl.DataFrame(
        {
            "share": ["50.0%", "25.5%", "10.0%"] * 10,
            "paid": ["$1,234.50", "$2.00", "$10.00"] * 10,
            "day": ["13/02/2024", "01/03/2024", "02/03/2024"] * 10,
            "n": ["1.0", "2.0", "3.0"] * 10,
        }
    )
    assert repair(table, agent).equals(table)


def test_a_unit_spelt_in_several_ways_is_written_as_the_bare_number():
    table = pl.DataFrame({"size": ["12.0 oz", "12.0 OZ.", "16.0 ounce", "8.4 oz"] * 10})
    assert set(repair(table, agent)["size"]) == {"12", "16", "8.4"}


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"dirty\.csv"):
        find_pairs(tmp_path)
    with pytest.raises(SourceError, match="no folder"):
        find_pairs(tmp_path / "nowhere")


def test_the_command_prints_json(tmp_path):
    pair(tmp_path / "p", DIRTY, CITIES)
    result = CliRunner().invoke(app, ["bench", "repair", str(tmp_path), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["repair"]["f1"] == 1.0


def test_a_few_cells_without_the_columns_mark_do_not_strip_it_from_the_others():
    table = pl.DataFrame({"paid": ["$1,234.50", "$2.00", "$10.00"] * 30 + ["7.25"] * 5})
    assert repair(table, agent).equals(table)
