"""The report page: whatever the record holds, it is whole, safe, small and says the record's own numbers."""

import re
from datetime import UTC, datetime
from functools import reduce
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from oreflow.errors import InfrastructureError
from oreflow.reports import plots, words
from oreflow.reports.html import MAX_BYTES, cell, render, write_report
from oreflow.run import ColumnReport, LabelReport, Rows, RuleResult, RunRecord, StepReport, TableRef, Verdict

RECORDS = Path(__file__).parent / "records"
HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "link", "br", "input", "hr", "img"}


def record(name: str) -> RunRecord:
    return RunRecord.model_validate_json((RECORDS / f"{name}.json").read_text(encoding="utf-8"))


def empty_record(**fields: Any) -> RunRecord:
    base = {
        "run": "run_1",
        "domain": "sales",
        "table": "t",
        "source": "t.csv",
        "started": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    }
    return RunRecord(**{**base, **fields})


class Page(HTMLParser):
    """Checks nesting; collects tags with attributes, headings, visible text and the figures that name their field."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.figures: list[tuple[str, str]] = []
        self.text, self.bad = "", []
        self._figure: tuple[str, int, str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        path = dict(attrs).get("data-figure")
        if path:
            self._figure = (path, len(self.open), "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self._figure and len(self.open) == self._figure[1]:
            self.figures.append((self._figure[0], self._figure[2].strip()))
            self._figure = None
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data
        if self._figure:
            self._figure = (*self._figure[:2], self._figure[2] + data)


def at(path: str, data: Any) -> Any:
    return reduce(lambda value, key: value[int(key)] if isinstance(value, list) else value[key], path.split("."), data)


def same_number(text: str, value: Any, path: str) -> bool:
    if isinstance(value, int):
        return text == f"{value:,}"
    if value is None:
        return text == "–"
    if path == "seconds" or path.endswith(".seconds") or path.startswith("timings."):
        return text in (f"{value:.1f} s", f"{value * 1000:.0f} ms")
    if path.startswith("labels."):
        return text in (f"{value * 100:.1f} %", f"{value:.0%}".replace("%", " %"), "< 0.1 %")
    return text == f"{value:.3f}"


@pytest.mark.parametrize("name", ["cafe", "hostile"])
def test_every_figure_on_the_page_equals_the_field_of_the_record_that_it_names(name: str) -> None:
    run = record(name)
    figures = Page(render(run)).figures
    data = run.model_dump(mode="json")
    wrong = [(path, text) for path, text in figures if not same_number(text, at(path, data), path)]
    assert wrong == []
    named = {path for path, _ in figures}
    assert {"rows.in_", "rows.out", "rows.quarantined", "rows.merged", "seconds"} <= named
    assert {f"steps.{i}.changed_cells" for i, step in enumerate(run.steps) if step.changed_cells} <= named
    assert {f"columns.{i}.{f}" for i in range(len(run.columns)) for f in ("nulls_after", "changed_cells")} <= named


@pytest.mark.parametrize("name", ["cafe", "hostile"])
def test_the_page_is_well_formed_and_its_headings_never_skip_a_level(name: str) -> None:
    page = Page(render(record(name)))
    assert page.bad == [] and page.open == []
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    assert all("aria-label" in a or "aria-hidden" in a for tag, a in page.tags if tag == "svg")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert {a["href"] for tag, a in page.tags if tag == "a"} <= {f"#{i}" for i in ids}


@pytest.mark.parametrize("name", ["cafe", "hostile"])
def test_no_attribute_and_no_style_refers_to_anything_outside_the_file(name: str) -> None:
    text = render(record(name))
    page = Page(text)
    targets = [
        a[k] or "" for _, a in page.tags for k in ("src", "href", "srcset", "action", "data", "poster") if k in a
    ]
    assert all(target.startswith(("#", "data:")) for target in targets)
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"@import|@font-face|//|url\((?!#)", style)
    assert "default-src 'none'" in text
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)


def test_hostile_text_in_every_field_stays_text() -> None:
    text = render(record("hostile"))
    page = Page(text)
    assert HOSTILE not in text and "<img" not in text
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert HOSTILE in page.text


def test_hidden_and_reordering_characters_are_made_visible() -> None:
    assert str(cell("a\u202eb\x00c")) == (
        '<bdi>a<span class="mark">⟨U+202E⟩</span>b<span class="mark">⟨U+0000⟩</span>c</bdi>'
    )
    assert "··" in cell("  Coffee") and "empty text" in cell("") and "null" in cell(None)
    assert words.printable("\ud800") == "⟨U+D800⟩"
    assert "10,485,760 characters" in cell("x" * 10_485_760) and len(cell("x" * 10_485_760)) < 500


def test_a_cell_of_ten_megabytes_and_a_lone_surrogate_can_be_written(tmp_path: Path) -> None:
    big = "é\ud83d" * 5_000_000
    run = empty_record(
        source=big, message=big, status="failed", quarantine={big: 1}, reading={big[:9]: big}, timings={big[:9]: 1.0}
    )
    assert write_report(run, tmp_path / "deep" / "r.html").stat().st_size < MAX_BYTES


def test_three_hundred_columns_and_a_thousand_rules_a_layer_stay_under_five_megabytes() -> None:
    wide = wide_record()
    text = render(wide)
    assert len(text.encode()) <= MAX_BYTES
    seen = Page(text).text
    assert "Showing" in seen and "1,000" in seen and "of 1,234 operations" in seen


def test_a_run_of_no_rows_says_so_in_every_section() -> None:
    text = Page(render(empty_record(status="ok"))).text
    for line in (
        "The source holds no rows.",
        "No gate was reached.",
        "Nothing was changed.",
        "No row was quarantined.",
        "No field was added.",
        "The contract asks no business question.",
        "The table holds no column of its own.",
        "No labeling function applies to this table.",
        "The reading recipe is empty.",
        "The recipe holds no step.",
        "No agent worked in this run.",
    ):
        assert line in text


def test_rows_that_do_not_add_up_are_named() -> None:
    text = Page(render(empty_record(rows=Rows(in_=10, out=6, quarantined=1, merged=1)))).text
    assert "does not add up: 2 rows unaccounted for" in text


def test_a_failed_gate_is_the_first_thing_that_is_read() -> None:
    failed = RuleResult(rule="silver.id.unique", kind="unique", severity="critical", passed=False, checked=9, failing=2)
    text = Page(render(empty_record(status="failed_gate", gates=[Verdict(layer="silver", results=(failed,))]))).text
    assert "Not published: a gate failed" in text
    assert "The silver gate stopped it: 1 critical rule did not hold." in text
    assert text.index("Not published") < text.index("Summary\n", text.index("sales ·"))


def test_a_folder_that_cannot_be_written_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="can't be written"):
        write_report(empty_record(), tmp_path / "file" / "r.html")


def test_no_share_is_rounded_into_all_or_nothing() -> None:
    assert [words.share(n, 10_000) for n in (0, 1, 5_000, 9_999, 10_000)] == [
        "0 %",
        "< 0.1 %",
        "50.0 %",
        "> 99.9 %",
        "100 %",
    ]
    assert words.score(0.99999) == "> 0.999" and words.score(1.0) == "1.000" and words.score(float("nan")) == "–"
    assert [words.duration(s) for s in (0.012, 3.44, 125, 3720)] == ["12 ms", "3.4 s", "2 min 05 s", "1 h 02 min"]


def test_plots_pool_what_does_not_fit_and_lose_no_count() -> None:
    many = [(str(i), 1) for i in range(1000)]
    titles = re.findall(r"<title>[^<]*: ([\d,]+)</title>", plots.histogram(many, label="x"))
    assert len(titles) <= plots.MAX_BINS and sum(int(t) for t in titles) == 1000
    titles = re.findall(r"<title>[^<]*: ([\d,]+)</title>", plots.bars(many, label="x"))
    assert len(titles) == plots.MAX_BARS and sum(int(t) for t in titles) == 0 + 7 + 993


def test_plots_of_nothing_and_of_zeros_are_drawn() -> None:
    for drawn in (plots.bars([], label="x"), plots.histogram([], label="x"), plots.flow([("out", 0)], label="x")):
        assert drawn.startswith("<svg") and "nan" not in drawn
    assert 'width="0.0"' in plots.bars([("a", 0)], label="x")


def test_a_sliver_of_the_flow_bar_is_still_seen() -> None:
    drawn = plots.flow([("out", 50_000_000), ("quarantined", 1), ("merged", 0)], label="x")
    widths = [float(w) for w in re.findall(r'y="0" width="([\d.]+)"', drawn)]
    assert len(widths) == 2 and widths[1] >= 4


def wide_record() -> RunRecord:
    rules = tuple(
        RuleResult(
            rule=f"silver.column_{i}.between",
            kind="between",
            column=f"column_{i}",
            severity=("critical", "warning", "info")[i % 3],
            passed=i % 2 == 0,
            checked=50_000_000,
            failing=0 if i % 2 == 0 else i,
            observed="x" * 500,
            description=f"{HOSTILE} " * 30,
            sql="SELECT " + "y" * 5000,
            examples=tuple((row, "z" * 3000) for row in range(100)),
        )
        for i in range(1000)
    )
    steps = [
        StepReport(
            layer="silver",
            operation="trim_spaces",
            sentence=f"Remove spaces around column_{i} " + "s" * 900,
            reason="r" * 500,
            columns=(f"column_{i}",),
            changed_cells=i + 1,
            examples=tuple({"row_id": n, "column": "c", "old": "o" * 9000, "new": None} for n in range(50)),
        )
        for i in range(1234)
    ]
    columns = [
        ColumnReport(
            name=f"column_{i} " + "n" * 300,
            type_before="String",
            type_after="Float64" if i % 2 else "String",
            plot=tuple((f"{HOSTILE}{b}", b) for b in range(40)),
            summary={f"measure {n}": 1 / (n + 3) for n in range(20)},
        )
        for i in range(300)
    ]
    return empty_record(
        status="ok",
        rows=Rows(in_=50_000_000, out=49_999_999, quarantined=1, merged=0),
        gates=[Verdict(layer=layer, results=rules) for layer in ("bronze", "silver", "gold")],
        steps=steps,
        columns=columns,
        labels=[LabelReport(name=f"label_{i}", claim="c" * 400, columns=("a",) * 300) for i in range(400)],
        quarantine={f"reason {i} " + "q" * 500: 1 for i in range(5000)},
        quarantine_examples=[{f"column_{c}": "v" * 2000 for c in range(300)} for _ in range(100)],
        versions={"gold": TableRef(layer="gold", domain="d", table="t", version=1)},
    )
