"""The scripted ingesting agent: any delimiter, encoding, header or none, notes before the table, the right sheet."""

import csv
import io
import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.scripted_parts import ingest
from agents.scripted_parts.shapes import first_table_row, names_columns
from oreflow.encoding_guess import guess_encodings
from oreflow.episode import Episode
from oreflow.errors import SourceError
from oreflow.ingesting import SourceBench, SourceObservation
from oreflow.operation import Finish, Operation
from oreflow.operations.reading import ReadCsv, ReadParquet
from oreflow.rollout import rollout

DATA = Path(os.environ.get("OREFLOW_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


class Ingester:
    """The plan under test as an agent."""

    name: ClassVar[str] = "ingester"
    stages: ClassVar[tuple[str, ...]] = ("ingest",)

    def act(self, observation: SourceObservation) -> Operation:
        return ingest.choose(observation)

    def identity(self) -> dict[str, Any]:
        return {"name": self.name}


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def work(source: object) -> tuple[SourceBench, Episode]:
    bench = SourceBench(str(source))
    return bench, rollout(Ingester(), bench, max_steps=8, now=now)


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> list[tuple[object, ...]]:
    """Header and rows that the agent's recipe reads; it must have finished by itself."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    bench, episode = work(path)
    assert episode.ending == "finished"
    assert bench.reading is not None, bench.failure()
    frame = bench.reading.frame.collect()
    assert frame.height == bench.reading.records
    return [tuple(frame.columns), *frame.rows()]


PEOPLE = [("name", "age", "joined"), ("Ann", "31", "2024-01-02"), ("Bob", "40", "2023-11-30")]
NUMBERED = ("column_1", "column_2", "column_3")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", ":", "~", "\x01", " "])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    assert table(tmp_path, "".join(delimiter.join(row) + "\n" for row in PEOPLE)) == PEOPLE


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Ann,31,2024-01-02\nBob,40,2023-11-30\n", [NUMBERED, *PEOPLE[1:]]),
        ("Staff list 2024\n\nname,age,joined\nAnn,31,2024-01-02\nBob,40,2023-11-30\n", PEOPLE),
        ("# made by hand\n# twice, at least\nname,age,joined\nAnn,31,2024-01-02\nBob,40,2023-11-30\n", PEOPLE),
        ("Staff list,,\n,,\nname,age,joined\nAnn,31,2024-01-02\nBob,40,2023-11-30\n", PEOPLE),
        ("Title\nAnn,31,2024-01-02\nBob,40,2023-11-30\n", [NUMBERED, *PEOPLE[1:]]),
        ("#name,age,joined\nAnn,31,2024-01-02\nBob,40,2023-11-30\n", [("#name", "age", "joined"), *PEOPLE[1:]]),
        ("name,age,joined\n", [PEOPLE[0]]),
        ("sep=;\nname;age;joined\nAnn;31;2024-01-02\nBob;40;2023-11-30\n", PEOPLE),
        ("7,8,9\n", [NUMBERED, ("7", "8", "9")]),
        ("name;price\nPen;1,50\nInk;12,00\n", [("name", "price"), ("Pen", "1,50"), ("Ink", "12,00")]),
        ("at,n\n10:30:00,1\n11:30:00,2\n", [("at", "n"), ("10:30:00", "1"), ("11:30:00", "2")]),
        ("name\nDoe, Jane\nRoe, Rick\n", [("name",), ("Doe, Jane",), ("Roe, Rick",)]),
        ("price\n1,5\n2,7\n", [("price",), ("1,5",), ("2,7",)]),
        ("n\n1\n2\n", [("n",), ("1",), ("2",)]),
        ("1\n2\n3\n", [("column_1",), ("1",), ("2",), ("3",)]),
        ("x,y\nr1,1,2\nr2,3,4\n", [("column_1", "x", "y"), ("r1", "1", "2"), ("r2", "3", "4")]),
        ("a,b\n1,2,\n3,4,\n", [("a", "b", "column_3"), ("1", "2", None), ("3", "4", None)]),
        (
            "land,1990,1991,1992\nFrance,58.2,58.5,58.8\nSpain,38.8,38.9,39.1\n",
            [("land", "1990", "1991", "1992"), ("France", "58.2", "58.5", "58.8"), ("Spain", "38.8", "38.9", "39.1")],
        ),
        ("kind,is\nnew,up\nold,up\nnew,shut\n", [("kind", "is"), ("new", "up"), ("old", "up"), ("new", "shut")]),
        (
            "new,open\nold,open\nnew,shut\nnew,open\n",
            [("column_1", "column_2"), ("new", "open"), ("old", "open"), ("new", "shut"), ("new", "open")],
        ),
        ("a,b\n1,x, y\n2,z\n", [("a", "b", "column_3"), ("1", "x", " y"), ("2", "z", None)]),
        ("10:30:00\n11:30:15\n", [("column_1",), ("10:30:00",), ("11:30:15",)]),
        ("name,note\n'Ann','a, b'\n'Bob','c'\n", [("name", "note"), ("Ann", "a, b"), ("Bob", "c")]),
        ('name, note\n"Ann", "a, b"\n"Bob", "c"\n', [("name", "note"), ("Ann", "a, b"), ("Bob", "c")]),
        ('id,say\n1,"he said \\"hi\\", ok"\n2,"x"\n', [("id", "say"), ("1", 'he said "hi", ok'), ("2", "x")]),
        ("id,size\n1,5\" pipe\n2,6\" pipe\n", [("id", "size"), ("1", '5" pipe'), ("2", '6" pipe')]),
    ],
)  # fmt: skip
def test_header_notes_and_quoting_are_found(tmp_path: Path, content: str, expected: list[tuple[object, ...]]) -> None:
    assert table(tmp_path, content) == expected


def test_a_mark_that_only_stands_in_cells_of_a_wider_table_is_no_delimiter(tmp_path: Path) -> None:
    hostile = (
        "id,<script>alert(1)</script>,=cmd|calc,{{7*7}},n\n"
        "0,<script>alert(0)</script>,=cmd|' /C calc'!A0,{{7*7}} ${7*7},1e5\n"
        "1,<script>alert(1)</script>,=cmd|' /C calc'!A0,{{7*7}} ${7*7},NaN\n"
        "2,<script>alert(2)</script>,=cmd|' /C calc'!A0,{{7*7}} ${7*7},-0\n"
    )
    read = table(tmp_path, hostile)
    assert read[0] == ("id", "<script>alert(1)</script>", "=cmd|calc", "{{7*7}}", "n")
    assert [row[4] for row in read[1:]] == ["1e5", "NaN", "-0"]


@pytest.mark.parametrize("row", ["Doe, Jane|Oslo, NO", "1,5;2,5;3,5", "Doe,Jane|Oslo,NO", "red,big;wood,oak;x,y"])
def test_commas_in_each_cell_do_not_hide_the_delimiter(tmp_path: Path, row: str) -> None:
    delimiter = "|" if "|" in row else ";"
    content = f"{row}\n" + f"{row.replace('o', 'a')}\n" * 3
    assert tuple(row.split(delimiter)) in table(tmp_path, content)


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("utf-8", "Łódź 東京"),
        ("utf-8-sig", "Łódź"),
        ("utf-16", "Köln"),
        ("utf-16-le", "Köln"),
        ("latin-1", "Köln"),
        ("cp1252", "café “déjà vu” – 5 €"),
        ("cp1250", "Plzeň Jiří"),
        ("cp1251", "Москва"),
        ("koi8-r", "Москва"),
        ("cp932", "東京タワー"),
        ("gb18030", "北京市朝阳区"),
        ("mac-roman", "München"),
        ("cp850", "Müller"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, word: str) -> None:
    content = f"id,city\n1,{word}\n2,Rome\n".encode(encoding)
    assert table(tmp_path, content)[1] == ("1", word)


def test_a_byte_that_is_not_utf8_late_in_the_file_still_counts(tmp_path: Path) -> None:
    content = b"id,city\n" + b"1,Rome\n" * 700_000 + "2,Köln\n".encode("cp1252")
    assert table(tmp_path, content)[-1] == ("2", "Köln")


def test_a_broken_byte_in_utf8_is_an_error_and_does_not_garble_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id,city\n1,Köln\n2,Łódź\n3,Zürich\n4,B".encode() + b"\xff\n")
    bench, _ = work(path)
    assert bench.reading is None
    assert "byte 0xff" in str(bench.failure())
    assert "line 5" in str(bench.failure())


def test_a_decimal_comma_is_recorded_and_thousands_are_not_one(tmp_path: Path) -> None:
    for name, content, mark in [
        ("1.csv", "a;b\nx;1.234,50\ny;7,25\n", ","),
        ("2.csv", "a;b\nx;1,234\ny;7,250\n", "."),
        ("3.csv", 'a,b\nx,"1,234"\ny,"12,345"\n', "."),
        ("4.csv", 'a,b\nx,"1,5"\ny,"12,75"\n', ","),
        ("5.csv", "a;b\nx;1.5\ny;2.25\n", "."),
    ]:
        (tmp_path / name).write_text(content)
        bench, _ = work(tmp_path / name)
        assert bench.recipe_record()["decimal"] == mark, content


def test_of_several_sheets_the_one_with_a_table_is_read(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    notes = book.active
    assert notes is not None
    for line in range(9):
        notes.append([f"note {line}"])
    data = book.create_sheet("Data")
    for row in (["Report 2024"], [], ["id", "name"], [1, "Ann"], [2, "Bob"], [3, "Cid"]):
        data.append(row)
    book.create_sheet("Empty")
    book.save(tmp_path / "t.bin")
    assert table(tmp_path, (tmp_path / "t.bin").read_bytes(), "u.dat") == [
        ("id", "name"), ("1", "Ann"), ("2", "Bob"), ("3", "Cid"),
    ]  # fmt: skip


def test_json_and_parquet_are_known_by_their_bytes(tmp_path: Path) -> None:
    assert table(tmp_path, '{"a": 1}\n{"a": 2, "b": "x"}\n', "1.txt") == [("a", "b"), ("1", None), ("2", "x")]
    assert table(tmp_path, '[{"a": 1}]', "2.txt") == [("a",), ("1",)]
    assert table(tmp_path, '{\n "n": 1,\n "rows": [{"a": 1}]\n}', "3.txt") == [("a",), ("1",)]
    assert table(tmp_path, '{"a": 1, "tags": ["x"]}', "4.txt") == [("a", "tags"), ("1", '["x"]')]
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "p")
    assert table(tmp_path, (tmp_path / "p").read_bytes(), "p.csv") == [("a",), (1,)]


def test_a_database_with_one_table_needs_no_more_than_its_path(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, item TEXT)")
        connection.execute("INSERT INTO orders VALUES (1, 'pen')")
    connection.close()
    bench, episode = work(tmp_path / "shop.db")
    assert episode.ending == "finished"
    assert bench.reading is not None
    assert bench.reading.frame.collect().to_dicts() == [{"id": 1, "item": "pen"}]
    assert bench.recipe_record()["table"] == "orders"


def test_a_broken_file_ends_with_its_own_error_and_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"x\n2,y\n')
    bench, episode = work(path)
    assert bench.reading is None
    assert episode.ending == "steps"
    assert "opened in line 2 is never closed" in str(bench.failure())


def test_finishing_without_a_recipe_that_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    bench = SourceBench(str(tmp_path / "t.csv"))
    with pytest.raises(SourceError, match="no recipe reads this source yet"):
        bench.do(Finish())
    with pytest.raises(SourceError, match="is no parquet file"):
        bench.do(ReadParquet())
    seen = bench.observe()
    assert seen.error is not None
    assert seen.refused[0].action == {"operation": "read_parquet", "reason": ""}
    assert bench.do(ReadCsv()) == 0
    assert bench.observe().trial is not None
    assert bench.do(Finish()) == 0


def test_an_observation_is_plain_json_and_the_bytes_stand_in_the_first_only(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    _, episode = work(tmp_path / "t.csv")
    observations = [turn.observation for turn in episode.turns]
    assert json.loads(json.dumps(observations)) == observations
    assert observations[0]["lines"] == ["a,b", "1,2"]
    assert "lines" not in observations[1]
    assert episode.recipe is not None
    assert episode.recipe["columns"] == ["a", "b"]


def test_a_title_is_no_header_and_a_sparse_row_no_title() -> None:
    assert first_table_row([["Report", None, None], ["a", "b", "c"], ["1", "2", "3"], ["1", "2", "3"]]) == 1
    assert first_table_row([["a", "b", "c"], ["1", None, None], ["2", None, None], ["3", None, None]]) == 0
    assert first_table_row([["1", None, None, None], ["2", "a", "b", "c"], ["3", "a", "b", "c"]]) == 0
    assert names_columns(["id", "name"], [["1", "Ann"], ["2", "Bob"]])
    assert not names_columns(["1", "Ann"], [["2", "Bob"], ["3", "Cid"]])


def test_languages_tell_encodings_apart() -> None:
    for word, encoding in [
        ("Łukasz, Żaneta, Gdańsk", "iso8859-2"),
        ("Øster Ærø, Ångström", "cp1252"),
        ("İbrahim Eskişehir", "cp1254"),
    ]:
        assert word.encode(encoding).decode(guess_encodings(word.encode(encoding))[0]) == word


letters = st.text(st.sampled_from("abcdefgh XYZ"), min_size=1, max_size=8).map(lambda t: f"w{t.strip()}")
ordinary = st.one_of(letters, st.integers(0, 99999).map(str), st.dates().map(str), st.just(""))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tables_of_ordinary_cells_are_read_whatever_their_dialect(tmp_path: Path, data: st.DataObject) -> None:
    width = data.draw(st.integers(2, 6))
    rows = data.draw(
        st.lists(st.tuples(letters, st.integers(0, 999).map(str), *[ordinary] * (width - 2)), min_size=3, max_size=12)
    )
    header = tuple(f"field_{place}" for place in range(width))
    delimiter, end = data.draw(st.sampled_from(",;\t|")), data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    text = io.StringIO(newline="")
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([header, *rows])
    expected = [header, *[tuple(cell or None for cell in row) for row in rows]]
    assert table(tmp_path, text.getvalue().encode(encoding)) == expected


def real_tables() -> list[dict[str, str]]:
    manifest = DATA / "MANIFEST.csv"
    if not manifest.exists():
        return []
    with manifest.open() as file:
        return [row for row in csv.DictReader(file) if row["file"].endswith(".csv") and row["rows"]]


@pytest.mark.real
@pytest.mark.skipif(not real_tables(), reason="the third-party tables are not beside the checkout")
def test_third_party_files_are_read_with_their_known_sizes_and_no_configuration() -> None:
    wrong = []
    for row in real_tables():
        bench, episode = work(DATA / row["file"])
        size = (bench.reading.records, len(bench.reading.recipe.columns)) if bench.reading else None
        if size != (int(row["rows"]), int(row["cols"])) or episode.ending != "finished":
            wrong.append((row["file"], size, (row["rows"], row["cols"])))
    assert wrong == []
