"""Reading: every row as it stands in the file, or an error that names the line; nothing is lost without a word."""

import csv
import gzip
import io
import json
import os
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oreflow.errors import InfrastructureError, OreflowError, RecipeError, SourceError, UnknownName
from oreflow.locating import locate
from oreflow.reading import ReadingRecipe, open_reading, read, unique_names
from oreflow.reading_bytes import form, opened_file

CSV = ReadingRecipe(kind="csv")


def rows(path: Path, recipe: ReadingRecipe = CSV) -> list[tuple[object, ...]]:
    """Header and rows, after the independent count agreed."""
    reading = open_reading(recipe, path)
    frame = reading.frame.collect()
    assert frame.height == reading.records
    return [tuple(frame.columns), *frame.rows()]


def file(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2\n", [("a", "b"), ("1", "2")]),
        ("a,b\n1,2", [("a", "b"), ("1", "2")]),
        ("a,b\r\n1,2\r\n", [("a", "b"), ("1", "2")]),
        ("a,b\r1,2\r3,4", [("a", "b"), ("1", "2"), ("3", "4")]),
        ("\ufeffa,b\n1,2\n", [("a", "b"), ("1", "2")]),
        ('\ufeff"a","b"\n1,2\n', [("a", "b"), ("1", "2")]),
        ("a,b\n007, x \n", [("a", "b"), ("007", " x ")]),
        ("a,b\nNA,?\nnull,NaN\n", [("a", "b"), ("NA", "?"), ("null", "NaN")]),
        ('a,b\n,""\n', [("a", "b"), (None, None)]),
        ('a,b\n"x\ny","p""q"\n', [("a", "b"), ("x\ny", 'p"q')]),
        ('a,b\n"x,y\r\nz",2\n', [("a", "b"), ("x,y\r\nz", "2")]),
        ("a,b\n", [("a", "b")]),
        ("a,b", [("a", "b")]),
        ("a\n1\n", [("a",), ("1",)]),
        ("a,b\n\n1,2\n\n\n3,4\n\n", [("a", "b"), ("1", "2"), ("3", "4")]),
        ("\n\na,b\n1,2\n", [("a", "b"), ("1", "2")]),
        ("a,b\n,\n\n1,2\n", [("a", "b"), (None, None), ("1", "2")]),
        ("a\n1\n\n3\n\n\n", [("a",), ("1",), (None,), ("3",)]),
        ("a,a,A, a ,\n1,2,3,4,5\n", [("a", "a_2", "A_3", "a_4", "column_5"), ("1", "2", "3", "4", "5")]),
        ("größe,城市,имя\n1,2,3\n", [("größe", "城市", "имя"), ("1", "2", "3")]),
        ("_row_id,b\n1,2\n", [("row_id", "b"), ("1", "2")]),
        ('"first\nname",b\n1,2\n', [("first name", "b"), ("1", "2")]),
        ("a,b\n1,2\na,b\nTotal,2\n", [("a", "b"), ("1", "2"), ("a", "b"), ("Total", "2")]),
        ("a,b\n1\n2,3\n", [("a", "b"), ("1", None), ("2", "3")]),
        ("a,b\n1,2,3\n4,5\n", [("a", "b", "column_3"), ("1", "2", "3"), ("4", "5", None)]),
        ("a,b\n1\x00x,2\n", [("a", "b"), ("1\x00x", "2")]),
        ("a,b\n1\rx,2\n3,4\n", [("a", "b"), ("1\rx", "2"), ("3", "4")]),
        ('a,b\n1,5" pipe\n2,6" pipe\n', [("a", "b"), ("1", '5" pipe'), ("2", '6" pipe')]),
        ('a,b\n1,5" pipe\n"2,0",x\n', [("a", "b"), ("1", '5" pipe'), ("2,0", "x")]),
        ('a,b\n"1" ,x\n', [("a", "b"), ("1 ", "x")]),
    ],
)
def test_delimited_text_is_read_as_it_stands(tmp_path: Path, content: str, expected: list[tuple[object, ...]]) -> None:
    assert rows(file(tmp_path, content)) == expected


def test_skipped_lines_may_hold_anything(tmp_path: Path) -> None:
    path = file(tmp_path, "Bob's \"report\n\n# by hand\na,b\n1,2\n")
    assert rows(path, CSV.model_copy(update={"skip": 3})) == [("a", "b"), ("1", "2")]


def test_a_table_without_a_header_gets_numbered_columns(tmp_path: Path) -> None:
    path = file(tmp_path, "1,x\n2,y\n")
    expected = [("column_1", "column_2"), ("1", "x"), ("2", "y")]
    assert rows(path, CSV.model_copy(update={"header": False})) == expected


def test_names_of_the_recipe_stand_in_for_the_header(tmp_path: Path) -> None:
    path = file(tmp_path, "x,y\nr1,1,2\nr2,3,4\n")
    expected = [("key", "x", "y"), ("r1", "1", "2"), ("r2", "3", "4")]
    assert rows(path, CSV.model_copy(update={"columns": ("key", "x", "y")})) == expected


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", ":", "~", "\x01", " ", "§"])
def test_any_single_character_delimits(tmp_path: Path, delimiter: str) -> None:
    path = file(tmp_path, f'a{delimiter}b\n"x{delimiter}y"{delimiter}2\n')
    assert rows(path, CSV.model_copy(update={"delimiter": delimiter})) == [("a", "b"), (f"x{delimiter}y", "2")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "utf-8-sig", "cp1250"])
def test_text_in_other_encodings_comes_out_the_same(tmp_path: Path, encoding: str) -> None:
    path = file(tmp_path, "näme,b\nMüller,1\n".encode(encoding))
    assert rows(path, CSV.model_copy(update={"encoding": encoding})) == [("näme", "b"), ("Müller", "1")]


def test_single_quotes_backslashes_and_spaced_quotes_are_dialects(tmp_path: Path) -> None:
    single = file(tmp_path, "a,b\n'x,y',it\n", "1.csv")
    assert rows(single, CSV.model_copy(update={"quote": "'"}))[1] == ("x,y", "it")
    escaped = file(tmp_path, 'a,b\n"say \\"hi\\", ok",C:\\temp\n', "2.csv")
    assert rows(escaped, CSV.model_copy(update={"escape": "\\"}))[1] == ('say "hi", ok', "C:\\temp")
    spaced = file(tmp_path, 'a, b\n"x, y", "z"\n', "3.csv")
    assert rows(spaced, CSV.model_copy(update={"space_after_delimiter": True}))[1] == ("x, y", "z")


def test_cells_of_ten_megabytes_and_300_columns_are_whole(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    path = file(tmp_path, f'a,b\n{long},1\n"{long[:-2]}\n,",2\n')
    lengths = [len(str(row[0])) for row in rows(path)[1:]]
    assert lengths == [10_000_000, 10_000_000]
    wide = file(tmp_path, ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join("1" * 300) + "\n", "wide.csv")
    assert len(rows(wide)[0]) == 300


def test_short_and_long_rows_and_renamed_headers_are_told(tmp_path: Path) -> None:
    reading = open_reading(CSV, file(tmp_path, "a,A,\n1,2,3\n1\n\n1,2,3,4\n"))
    told = " / ".join(reading.problems)
    assert 'column "A" is called "A_2"' in told
    assert "1 records have 1 fields, not 3 (first: line 3)" in told
    assert "1 records have 4 fields, not 3 (first: line 5)" in told
    assert "1 blank lines" in told


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,b\n1,2\n3,"x\n4,5\n', 3),
        ('a,b\n1,2\n3,"x\n4,5\n6,"y,z"\n', 3),
        ('a,b\n1,5" pipe\n3,"x\n4,5\n', 3),
        ('a,b\n1,"cut of', 2),
    ],
)
def test_a_quote_that_runs_wild_is_an_error_that_names_its_line(tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(SourceError, match=f"opened in line {line}\\b"):
        open_reading(CSV, file(tmp_path, content))


def test_fields_beyond_the_recipes_columns_are_refused_by_line(tmp_path: Path) -> None:
    recipe = CSV.model_copy(update={"columns": ("a", "b")})
    with pytest.raises(SourceError, match="line 3: more fields than the 2 columns"):
        open_reading(recipe, file(tmp_path, "a,b\n1,2\n1,2,3\n"))


def test_a_wrong_encoding_names_the_byte_the_line_and_the_fix(tmp_path: Path) -> None:
    path = file(tmp_path, "a,b\n1,2\nMüller,3\n".encode("latin-1"))
    with pytest.raises(SourceError, match=r"not utf-8: byte 0xfc at offset 9 \(line 3\).*cp1252"):
        open_reading(CSV, path)
    with pytest.raises(SourceError, match='no encoding "utf-9"'):
        open_reading(CSV.model_copy(update={"encoding": "utf-9"}), path)


def test_the_recipe_survives_json_and_refuses_what_it_does_not_know() -> None:
    recipe = ReadingRecipe(kind="csv", delimiter=";", decimal=",", skip=2, columns=("ä", "b"), sha256="x")
    assert ReadingRecipe.from_json(recipe.to_json()) == recipe
    with pytest.raises(RecipeError, match="no reading recipe"):
        ReadingRecipe.from_json('{"kind": "csv", "delimeter": ";"}')


def test_names_that_numbering_would_repeat_stay_apart() -> None:
    assert unique_names(["a", "a_2", "a", ""]) == ("a", "a_2", "a_3", "column_4")
    assert unique_names(["column_2", ""]) == ("column_2", "column_2_2")


cell_text = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=("Cs",)), max_size=12)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_the_csv_module_writes_reads_back_equal(tmp_path: Path, data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 5))
    table = data.draw(st.lists(st.lists(cell_text, min_size=width, max_size=width), min_size=1, max_size=8))
    delimiter = data.draw(st.sampled_from(",;\t|^:"))
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(table)
    path = file(tmp_path, text.getvalue().encode(encoding))
    recipe = ReadingRecipe(kind="csv", delimiter=delimiter, encoding=encoding, header=False)
    expected = [tuple(cell or None for cell in row) for row in table]
    if text.getvalue().startswith("\ufeff"):  # a mark at the very front is the encoding's, not the table's
        return
    assert rows(path, recipe)[1:] == expected


def test_json_keeps_digits_nesting_and_late_keys(tmp_path: Path) -> None:
    lines = '{"a": 1.50, "b": 12345678901234567890.12, "c": "007"}\n\n{"a": null, "d": [1, {"x": 2.0}], "e": true}\n'
    path = file(tmp_path, lines, "t.jsonl")
    assert rows(path, ReadingRecipe(kind="jsonl")) == [
        ("a", "b", "c", "d", "e"),
        ("1.50", "12345678901234567890.12", "007", None, None),
        (None, None, None, '[1, {"x": 2.0}]', "true"),
    ]
    array = file(tmp_path, '[ {"a": 1e5},\n {"a": "ü", "b": ""} ]', "t.json")
    assert rows(array, ReadingRecipe(kind="json")) == [("a", "b"), ("1e5", None), ("ü", "")]
    held = file(tmp_path, '{"n": 2, "data": [{"a": 1}, {"a": 2}]}', "o.json")
    assert rows(held, ReadingRecipe(kind="json", member="data")) == [("a",), ("1",), ("2",)]
    empty = file(tmp_path, "[]", "e.json")
    assert rows(empty, ReadingRecipe(kind="json", columns=("a",))) == [("a",)]
    with pytest.raises(SourceError, match="holds no records"):
        open_reading(ReadingRecipe(kind="json"), empty)


def test_a_json_array_longer_than_the_buffer_is_read_element_by_element(tmp_path: Path) -> None:
    records = [{"id": i, "text": "ü" * (i % 700)} for i in range(9000)]
    path = file(tmp_path, json.dumps(records, ensure_ascii=False, indent=1), "t.json")
    got = rows(path, ReadingRecipe(kind="json"))[1:]
    assert got == [(str(r["id"]), r["text"]) for r in records]


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("jsonl", '{"a": 1}\n{"a": \n', "line 2: no JSON"),
        ("jsonl", '{"a": 1}\n[1]\n', "line 2: a record is an object"),
        ("json", '[{"a": 1}, {"a": ', "no complete JSON"),
        ("json", '[{"a": 1}', "no complete JSON"),
        ("json", "[1, 2]", "record 1: a record is an object"),
    ],
)
def test_broken_json_is_named_where_it_breaks(tmp_path: Path, kind: str, content: str, message: str) -> None:
    recipe = ReadingRecipe.model_validate({"kind": kind})
    with pytest.raises(SourceError, match=message):
        open_reading(recipe, file(tmp_path, content))


def workbook(path: Path) -> Path:
    import datetime as dt

    import openpyxl

    book = openpyxl.Workbook()
    notes = book.active
    assert notes is not None
    notes.title = "Notes"
    notes.append(["made by hand"])
    data = book.create_sheet("Data")
    data.append(["My report", None, None])
    data.append([])
    data.append(["id", "when", "amount"])
    data.append([1, dt.date(2024, 1, 2), 1e-12])
    data.append([])
    data.append([" 007", None, 0.123456789012345])
    book.save(path)
    return path


def test_a_sheet_keeps_digits_spaces_and_zeros(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx")
    assert rows(path, ReadingRecipe(kind="xlsx", sheet="Data", skip=2)) == [
        ("id", "when", "amount"),
        ("1", "2024-01-02 00:00:00", "1e-12"),
        (" 007", None, "0.123456789012345"),
    ]
    with pytest.raises(UnknownName, match='no sheet "Dta"; did you mean "Data"'):
        open_reading(ReadingRecipe(kind="xlsx", sheet="Dta"), path)


def test_parquet_keeps_scalar_types_and_turns_nested_values_into_json(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"n": [1, None], "s": ["", None], "l": [[1, 2], None], "d": [{"x": 1.5}, None]}).write_parquet(path)
    frame = read(ReadingRecipe(kind="parquet"), path).collect()
    assert frame.rows() == [(1, "", "[1,2]", '{"x":1.5}'), (None, None, None, None)]
    assert frame.schema["n"] == pl.Int64


def database(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, name TEXT, pay, mixed, born DATE, none)")
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1, 'Ann "A"', 0.1 + 0.2, 1, "2020-01-02", None),
                (2, "", None, "x", None, None),
                (3, None, 7, 2.5, "", None),
            ],
        )
    connection.close()
    return path


def test_a_database_table_keeps_its_types_and_tells_null_from_empty(tmp_path: Path) -> None:
    source = f"sqlite:///{database(tmp_path / 'db.bin')}?table=people"
    frame = read(ReadingRecipe(kind="sql"), source).collect()
    assert frame.rows() == [
        (1, 'Ann "A"', 0.1 + 0.2, "1", "2020-01-02", None),
        (2, "", None, "x", None, None),
        (3, None, 7.0, "2.5", "", None),
    ]
    query = f"{tmp_path / 'db.bin'}::SELECT count(*) AS n, 1 AS n FROM people"
    assert read(ReadingRecipe(kind="sql"), query).collect().to_dicts() == [{"n": 3, "n_2": 1}]
    empty = f"{tmp_path / 'db.bin'}::SELECT id FROM people WHERE id > 9"
    assert read(ReadingRecipe(kind="sql"), empty).collect().shape == (0, 1)


def test_a_database_without_a_table_named_lists_them_and_says_how(tmp_path: Path) -> None:
    path = database(tmp_path / "db.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    with pytest.raises(SourceError, match=r"holds 2 tables: other, people; name one: .*\?table=other"):
        read(ReadingRecipe(kind="sql"), path)
    with pytest.raises(UnknownName, match='no table "peple"; did you mean "people"'):
        read(ReadingRecipe(kind="sql"), f"{path}?table=peple")
    with pytest.raises(SourceError, match=r"SQLite says: .*syntax error.*mend the query"):
        read(ReadingRecipe(kind="sql"), f"{path}::SELEC 1")
    with pytest.raises(SourceError, match="SQLite says"):
        read(ReadingRecipe(kind="sql"), f"{path}::DELETE FROM people")


def test_a_password_is_neither_shown_nor_kept() -> None:
    location = locate("postgresql://ann:geheim@127.0.0.1:1/shop?sslmode=disable&table=public.orders")
    assert "geheim" not in repr(location)
    assert location.label == "postgresql://ann@127.0.0.1:1/shop?sslmode=disable?table=public.orders"
    with pytest.raises(InfrastructureError, match="did not answer") as caught:
        read(ReadingRecipe(kind="sql"), "postgresql://ann:geheim@127.0.0.1:1/shop?table=orders")
    assert "geheim" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_queries_in_urls_may_hold_plus_and_percent_or_be_encoded() -> None:
    assert locate("postgresql://h/d?query=SELECT a+1 FROM t WHERE b LIKE '%2%'").query == (
        "SELECT a+1 FROM t WHERE b LIKE '%2%'"
    )
    assert locate("postgresql://h/d?query=SELECT%20a%2B1+FROM+t").query == "SELECT a+1 FROM t"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.csv", "does not exist; "),
        ("salse.csv", 'did you mean "sales.csv"'),
        (".", "is a folder; name one file in it"),
        ("empty.csv", r"is empty \(0 bytes\)"),
        ("blank.csv", "nothing but blanks"),
        ("picture.csv", "is a PNG picture, not a table"),
        ("noise.csv", "is binary, not text"),
        ("page.csv", "web page or XML"),
        ("cut.parquet", "parquet cut off"),
        ("cut.xlsx", "cut off before its end"),
        ("cut.csv.gz", "gzip that is cut off"),
        ("pack.zip", r"is a zip archive \(a.csv\); unzip it"),
        ("pack.tar", "is a tar archive"),
        ("pack.7z", "is packed with 7-zip"),
        ("https://example.com/a.csv", "not on this machine; download it"),
        ("mysql://h/d", '"mysql://" is no source'),
        ("sqlite:///sales.csv?table=x", "is no SQLite database"),
    ],
)
def test_a_source_that_is_no_table_is_refused_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    import zipfile

    monkeypatch.chdir(tmp_path)
    file(tmp_path, "a\n1\n", "sales.csv")
    file(tmp_path, "", "empty.csv")
    file(tmp_path, " \n\n\t\n", "blank.csv")
    file(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture.csv")
    file(tmp_path, bytes(range(256)) * 20, "noise.csv")
    file(tmp_path, "<!DOCTYPE html><html><body>Log in</body></html>", "page.csv")
    file(tmp_path, b"7z\xbc\xaf\x27\x1c", "pack.7z")
    file(tmp_path, b"\0" * 257 + b"ustar\0" + b"\0" * 300, "pack.tar")
    pl.DataFrame({"a": range(100)}).write_parquet("whole.parquet")
    file(tmp_path, Path("whole.parquet").read_bytes()[:-10], "cut.parquet")
    file(tmp_path, workbook(tmp_path / "whole.xlsx").read_bytes()[:2000], "cut.xlsx")
    file(tmp_path, gzip.compress(os.urandom(5000))[:-100], "cut.csv.gz")
    with zipfile.ZipFile("pack.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
    with pytest.raises(OreflowError, match=message):
        location = locate(source)
        form(opened_file(location.path or Path(source)))


def test_a_gzipped_table_is_read_like_its_content(tmp_path: Path) -> None:
    assert rows(file(tmp_path, gzip.compress(b"a,b\n1,2\n"), "t.csv.gz")) == [("a", "b"), ("1", "2")]


def test_a_name_with_marks_of_a_pattern_is_one_file(tmp_path: Path) -> None:
    file(tmp_path, "a\n2\n", "t1.csv")
    assert rows(file(tmp_path, "a\n1\n", "t[1]*.csv")) == [("a",), ("1",)]


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    recipe = CSV.model_copy(update={"encoding": "utf-16"})
    assert rows(file(tmp_path, "a\nx\n".encode("utf-16")), recipe)[1:] == [("x",)]
    assert rows(file(tmp_path, "a\nx\ny\n".encode("utf-16")), recipe)[1:] == [("x",), ("y",)]


def test_quotes_and_breaks_across_the_blocks_of_the_count_are_counted_right(tmp_path: Path) -> None:
    table = [[f"{i}", 'x"y' * (i % 5), "a\nb," * (i % 7)] for i in range(120_000)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([["i", "q", "n"], *table])
    path = file(tmp_path, text.getvalue())
    assert path.stat().st_size > 2_000_000
    got = rows(path)
    assert len(got) == 120_001
    assert got[-1] == ("119999", 'x"y' * 4, "a\nb," * (119_999 % 7) or None)
