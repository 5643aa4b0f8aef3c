"""What the documents say can be done can be done."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oreflow.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"^\.venv/bin/oreflow ([a-z]+(?: list)?)", README, flags=re.MULTILINE)))


def test_the_first_commands_of_the_readme_are_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^\$ make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_exists_and_shows_an_example(command):
    result = CliRunner().invoke(app, [*shlex.split(command), "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.stdout


def test_the_embedded_default_refines_and_the_readers_of_the_readme_read_it(tmp_path):
    lake = tmp_path / "lake"
    result = CliRunner().invoke(app, ["refine", "--warehouse", str(lake)])
    assert result.exit_code == 0
    assert "Published" in result.stdout
    code = re.search(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert code is not None
    names: dict[str, object] = {}
    exec(code[1].replace('Path("lake")', f'Path("{lake}")'), names)  # the README's own lines
    assert names["gold"] is not None


@pytest.mark.parametrize("page", sorted(p.name for p in ROOT.glob("*.md")))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", (ROOT / page).read_text()):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("example", sorted(p.name for p in (ROOT / "examples").glob("*.py")))
def test_every_example_runs(example, tmp_path):
    import os
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / example)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout
