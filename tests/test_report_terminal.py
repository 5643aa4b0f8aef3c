"""The summary in the terminal, and the progress that comes before it."""

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from oreflow.reports.progress import Progress
from oreflow.reports.terminal import show
from oreflow.run import RunRecord

RECORDS = Path(__file__).parent / "records"


def record(name: str) -> RunRecord:
    return RunRecord.model_validate_json((RECORDS / f"{name}.json").read_text(encoding="utf-8"))


def printed(run: RunRecord, *, width: int = 80, encoding: str = "utf-8", tty: bool = False) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    show(run, Console(file=file, width=width, force_terminal=tty, color_system="standard" if tty else None))
    return raw.getvalue().decode(encoding)


def test_the_summary_says_what_happened_in_the_record_s_numbers() -> None:
    text = printed(record("cafe"))
    for part in (
        "✓ Published",
        "10,000 in = 9,958 out + 26 quarantined + 16 merged",
        "silver  0.871 → 0.987",
        "silver  passed, 1 warning, 1 note; 6 of 8 rules held",
        "warning   At most 30 % of Location is missing",
        "3,871 cells  Read ERROR and UNKNOWN as missing in seven columns",
        "and 6 more; see the report",
        "Friday, with 1,391 sales.",
        "gold        /srv/lake/gold/sales/corner_cafe_sales",
        "Report   /srv/lake/reports/run_20261121T093015_7f3a2c.html",
    ):
        assert part in text


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", ["cafe", "hostile"])
def test_no_line_is_wider_than_the_terminal_except_a_path(name: str, width: int) -> None:
    run = record(name)
    lines = printed(run, width=width).splitlines()
    paths = [*run.tables.values(), run.report or "-"]
    assert all(cell_len(line) <= width for line in lines if not any(line.endswith(path) for path in paths))
    assert all(any(line.endswith(path) for line in lines) for path in run.tables.values())


def test_without_a_terminal_there_is_no_colour_and_with_one_there_is() -> None:
    assert "\x1b" not in printed(record("cafe"))
    assert "\x1b[1;32m" in printed(record("cafe"), tty=True)


def test_a_terminal_that_knows_ascii_alone_gets_ascii() -> None:
    text = printed(record("cafe"), encoding="ascii")
    assert text.isascii() and "+ Published" in text and "0.871 > 0.987" in text and "caf\\xe9" in text


def test_hostile_text_can_neither_colour_nor_move_the_cursor() -> None:
    run = record("cafe").model_copy(update={"message": "\x1b[2J[red]boo[/red]\r", "status": "failed", "gates": []})
    text = printed(run)
    assert "\x1b" not in text and "\r" not in text and "⟨U+001B⟩[2J[red]boo[/red]␍" in text


def test_rows_that_do_not_add_up_are_said_in_the_terminal_too() -> None:
    run = record("cafe")
    run.rows.out -= 3
    assert "does not add up: 3 rows unaccounted for" in printed(run)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def progress(*, tty: bool, quiet: bool = False, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    with Progress(Console(file=file, width=60, force_terminal=tty), quiet=quiet, clock=Clock()) as shown:
        shown.stage("bronze")
        shown.stage("silver")
        shown.turn("trim spaces in Item")
        shown.turn("ü" * 500)
    return raw.getvalue().decode(encoding)


def test_progress_in_a_log_is_one_plain_line_for_each_stage() -> None:
    assert progress(tty=False).splitlines() == ["bronze done in 1.0 s", "silver done in 1.0 s, 2 steps"]


def test_progress_on_a_terminal_leaves_one_line_for_each_stage_and_the_cursor_as_it_was() -> None:
    text = progress(tty=True)
    assert "bronze done in 1.0 s" in text and "silver done in 1.0 s, 2 steps" in text and "✓" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 2


def test_quiet_progress_says_nothing_and_ascii_progress_is_ascii() -> None:
    assert progress(tty=True, quiet=True) == progress(tty=False, quiet=True) == ""
    assert progress(tty=True, encoding="ascii").isascii()


def test_a_stage_that_fails_is_said_to_have_stopped_and_the_error_goes_on() -> None:
    file = io.StringIO()
    with pytest.raises(ValueError), Progress(Console(file=file), clock=Clock()) as shown:
        shown.stage("gold")
        raise ValueError
    assert file.getvalue() == "gold stopped in 1.0 s\n"
