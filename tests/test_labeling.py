"""Labeling: votes, how they are combined, what is said about them; and that clean tables are left alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from oreflow.domain import domains
from oreflow.errors import ConfigError, UnknownName
from oreflow.labeling import (
    Bound,
    LabelingFunction,
    Votes,
    analysis,
    damage_prior,
    discover,
    fit_label_model,
    for_domain,
    labels,
    labels_row,
    labels_table,
    probabilities,
    reasons,
    vote,
)
from oreflow.roles import guess_roles
from oreflow.tables import DAMAGE, ROW_ID

DATA = Path(os.environ.get("OREFLOW_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data")


def functions(*names: str) -> list[LabelingFunction]:
    return [discover()[name] for name in names]


def cast(*lines: tuple[int, ...], precision: float = 0.95, apart: bool = True) -> Votes:
    """Votes as given, one tuple per row; each function reads a column of its own, or all read the same one."""

    def judge(cell: nw.Expr) -> nw.Expr:
        return cell.is_null()

    bound = tuple(
        Bound(
            LabelingFunction(f"f{i}", "A claim.", judge, (("id",),), ("text",), "clean", False, precision, None),
            ((f"c{i}" if apart else "c",),),
        )
        for i in range(len(lines[0]))
    )
    matrix = np.asarray(lines, dtype=np.int8)
    frame = pl.DataFrame({b.function.name: matrix[:, i] for i, b in enumerate(bound)})
    return Votes(frame.with_row_index(ROW_ID).with_columns(pl.col(ROW_ID).cast(pl.Int64)), bound)


def chances(votes: Votes) -> list[float | None]:
    return probabilities(votes).get_column(DAMAGE).to_list()


def test_a_vote_is_damaged_if_any_column_of_the_role_is_else_clean_if_any_is_else_abstains() -> None:
    table = pl.DataFrame(
        {
            "work": ["a@b.de", "a.b.de", None, ""],
            "home": ["c.d.de", "c@d.de", "c@d.de", None],
        }
    )
    votes = vote(table, {"work": "email", "home": "email"}, functions=functions("email_without_at"))
    assert votes.frame.to_dict(as_series=False) == {ROW_ID: [0, 1, 2, 3], "email_without_at": [1, 1, 0, -1]}


def test_votes_follow_the_row_ids_of_the_table() -> None:
    table = pl.LazyFrame({ROW_ID: [70, 30], "mail": ["a.b.de", "a@b.de"]})
    votes = vote(table, {"mail": "email"}, functions=functions("email_without_at"))
    assert votes.frame.rows() == [(70, 1), (30, 0)]
    assert votes.matrix().dtype == np.int8


def test_typed_and_written_numbers_get_the_same_votes() -> None:
    typed = pl.DataFrame({"age": [31.0, -4.0, None, 200.0, 1200.0]})
    written = pl.DataFrame({"age": ["31", "-4", "", "200.0", "1,200"]})
    ages = functions("age_out_of_range")
    assert (
        vote(typed, {"age": "age"}, functions=ages).matrix().tolist()
        == vote(written, {"age": "age"}, functions=ages).matrix().tolist()
        == [[0], [1], [-1], [1], [1]]
    )


def test_typed_and_iso_dates_get_the_same_votes() -> None:
    written = pl.DataFrame({"start": ["2024-05-02", "2024-05-01 10:00:00"], "end": ["2024-05-01T23:59", "2024-05-01"]})
    typed = written.select(
        pl.Series("start", [19845, 19844]).cast(pl.Date), pl.Series("end", [19844, 19844]).cast(pl.Date)
    )
    roles = {"start": "start_date", "end": "end_date"}
    late = functions("ends_before_it_starts")
    assert vote(typed, roles, functions=late).matrix().tolist() == [[1], [0]]
    assert vote(written, roles, functions=late).matrix().tolist() == [[1], [0]]


def test_a_function_without_a_column_is_passed_over_and_says_why() -> None:
    votes = vote(
        pl.DataFrame({"n": [1], "mail": [3]}),
        {"n": "quantity", "mail": "email"},
        functions=functions("latitude_off_the_globe", "email_without_at", "waits_for_itself"),
    )
    assert votes.names == []
    assert votes.matrix().shape == (1, 0)
    assert dict(votes.passed_over) == {
        "latitude_off_the_globe": "no column has the role latitude",
        "email_without_at": "no column of the role can be read as text",
        "waits_for_itself": "no column TaskID",
    }


def test_dates_are_paired_by_what_their_headers_say() -> None:
    columns = ["planned_start", "planned_end", "actual_start", "actual_end"]
    table = pl.DataFrame({name: ["2024-01-01"] for name in columns})
    roles = {name: "start_date" if name.endswith("start") else "end_date" for name in columns}
    (bound,) = vote(table, roles, functions=functions("ends_before_it_starts")).bound
    assert bound.column_sets == (("planned_start", "planned_end"), ("actual_start", "actual_end"))


def test_a_function_of_a_domain_judges_that_domain_only() -> None:
    table = pl.DataFrame({"SLATarget": [0]})
    assert "no_time_allowed" in vote(table, {}, domain="it_ops").names
    assert "no_time_allowed" not in vote(table, {}, domain="hr").names


def test_a_role_for_a_column_that_is_not_there_is_refused_with_a_hint() -> None:
    with pytest.raises(UnknownName, match='no column "emial"; did you mean "email"'):
        vote(pl.DataFrame({"email": ["a@b.de"]}), {"emial": "email"})


@pytest.mark.parametrize("name", ["hr", "sales", "projects", "it_ops"])
def test_at_least_eighteen_functions_apply_in_each_domain_and_none_fires_on_its_clean_table(name: str) -> None:
    domain = domains()[name]
    table = domain.generate(np.random.default_rng(5), 12_000)
    votes = vote(table, domain.contract.roles(), domain=name)
    assert (votes.matrix() >= 0).any(axis=0).sum() >= 18
    assert {n: int((votes.frame[n] == 1).sum()) for n in votes.names if (votes.frame[n] == 1).any()} == {}


@pytest.mark.parametrize("name", ["hr", "sales", "projects", "it_ops"])
def test_what_is_likely_damaged_in_a_messy_table_is_damaged(name: str) -> None:
    domain = domains()[name]
    clean = domain.generate(np.random.default_rng(5), 2000)
    clean = clean.with_row_index(ROW_ID).with_columns(pl.col(ROW_ID).cast(pl.Int64))
    messy = domain.damage(np.random.default_rng(6), clean)
    likely = probabilities(vote(messy, domain.contract.roles(), domain=name)).filter(pl.col(DAMAGE) >= 0.9)
    found = messy.join(likely, on=ROW_ID, how="semi").unique(ROW_ID)
    pairs = found.join(clean, on=ROW_ID, suffix="_was")
    differs = pl.any_horizontal(
        pl.col(c).cast(pl.String).ne_missing(pl.col(f"{c}_was").cast(pl.String)) for c in domain.contract.roles()
    )
    assert found.height > 100
    assert pairs.select(differs.mean()).item() > 0.95


def test_a_row_on_which_all_abstain_has_no_probability() -> None:
    assert chances(cast((0, 0, 0), (-1, -1, -1), (1, 0, 0)))[1] is None


def test_a_unanimous_vote_is_never_contradicted() -> None:
    votes = cast(*[(0, 0, 0)] * 5, *[(1, -1, -1)] * 90, (0, -1, -1), (1, 1, 1), (-1, 1, -1))
    found = chances(votes)
    assert [p is not None and p < 0.5 for p in (found[0], found[95])] == [True, True]
    assert [p is not None and p >= 0.5 for p in (found[5], found[96], found[97])] == [True, True, True]


def test_below_three_voting_functions_the_majority_decides() -> None:
    votes = cast((1, 0, -1), (1, -1, -1), (0, 0, -1), (-1, -1, -1))
    fit = fit_label_model(votes)
    assert (fit.method, fit.why) == ("majority vote", "only 2 functions vote; the model needs 3.")
    assert chances(votes) == [0.5, 1.0, 0.0, None]


def test_one_damaged_vote_of_a_precise_function_counts_beside_many_clean_ones() -> None:
    clean, hit = (0,) * 20, (1,) + (0,) * 19
    votes = cast(*[clean] * 995, *[hit] * 5, precision=0.97)
    found = chances(votes)
    assert found[0] is not None and found[0] < 0.06
    assert found[-1] is not None and found[-1] > 0.9


def test_a_damaged_vote_of_a_doubtful_function_does_not_count_alone() -> None:
    votes = cast(*[(0,) * 10] * 995, *[(1,) + (0,) * 9] * 5, precision=0.75)
    found = chances(votes)
    assert found[-1] is not None and 0.5 < found[-1] < 0.9


def test_a_function_that_damns_the_whole_table_is_not_believed() -> None:
    found = chances(cast(*[(1, 0, 0, 0, 0)] * 500, precision=0.97))
    assert found[0] is not None and found[0] < 0.9


def test_functions_that_read_one_column_prove_nothing_by_agreeing() -> None:
    lines = [(0,) * 4] * 900 + [(1, 1, 0, 0)] * 90 + [(0, 0, 1, 0)] * 10
    apart, together = (fit_label_model(cast(*lines, precision=0.75, apart=a)) for a in (True, False))
    single = np.array([[1, 0, 0, 0]])
    assert apart.damage(single)[0] > together.damage(single)[0]


def test_the_same_votes_always_get_the_same_probabilities() -> None:
    rng = np.random.default_rng(3)
    votes = cast(*[tuple(line) for line in rng.choice([-1, 0, 0, 0, 1], size=(300, 6)).tolist()])
    assert chances(votes) == chances(votes)


def test_the_prior_is_twice_the_share_of_suspected_rows_within_bounds() -> None:
    assert damage_prior(cast(*[(0, 0, 0)] * 9, (1, 0, 0))) == pytest.approx(0.2)
    assert damage_prior(cast((0, 0, 0))) == 0.05
    assert damage_prior(cast((1, 0, 0))) == 0.3


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_no_or_one_row_is_judged(rows: int) -> None:
    table = pl.DataFrame({"mail": ["a.b.de"], "age": [300], "flag": ["Yes"], "city": ["Ulm"]}).head(rows)
    votes = vote(table, {"mail": "email", "age": "age", "flag": "flag", "city": "city"})
    assert probabilities(votes).height == rows
    assert len(analysis(votes)) == len(votes.names)


def test_a_table_without_roles_or_text_has_no_probabilities_and_no_reports() -> None:
    votes = vote(pl.DataFrame({"x": [1, 2]}), {})
    assert probabilities(votes).rows() == [(0, None), (1, None)]
    assert analysis(votes) == []


def test_more_functions_than_one_key_holds_are_told_apart() -> None:
    rng = np.random.default_rng(4)
    lines = [tuple(line) for line in rng.choice([-1, 0, 0, 1], size=(200, 85), p=[0.1, 0.45, 0.44, 0.01]).tolist()]
    votes = cast(*lines, *lines)
    found = chances(votes)
    fit = fit_label_model(votes)
    assert found == pytest.approx(fit.damage(votes.frame.select(fit.names).to_numpy()).tolist())


def test_the_analysis_equals_snorkels_on_the_same_matrix() -> None:
    from snorkel.labeling import LFAnalysis

    domain = domains()["it_ops"]
    messy = domain.damage(np.random.default_rng(2), domain.generate(np.random.default_rng(1), 2000))
    votes = vote(messy, domain.contract.roles(), domain="it_ops")
    ours, theirs = analysis(votes), LFAnalysis(votes.matrix().astype(int))
    assert len(ours) >= 18
    assert [r.coverage for r in ours] == theirs.lf_coverages().tolist()
    assert [r.overlaps for r in ours] == theirs.lf_overlaps().tolist()
    assert [r.conflicts for r in ours] == theirs.lf_conflicts().tolist()
    assert [r.damaged for r in ours] == (votes.matrix() == 1).sum(axis=0).tolist()


def test_the_learned_accuracy_is_the_label_models_weight() -> None:
    votes = cast(*[(0, 0, 0)] * 90, *[(1, 0, 0)] * 5, (1, 1, 0), (-1, -1, 0))
    fit = fit_label_model(votes)
    assert [r.accuracy for r in analysis(votes, fit=fit)] == fit.model.get_weights().tolist()


def test_a_table_is_labelled_in_one_call() -> None:
    table = pl.LazyFrame({"mail": ["a@b.de", "a.b.de", None]})
    found = {r.name: r for r in labels_table(table, {"mail": "email"}, None)}["email_without_at"]
    assert (found.columns, found.damaged, found.coverage) == (("mail",), 1, pytest.approx(2 / 3))
    assert found.claim == "An address with no @ is damaged."


def test_reasons_name_the_row_the_function_the_columns_the_value_and_the_claim() -> None:
    table = pl.DataFrame({ROW_ID: [7, 8, 9], "lat": [0.0, 95.5, 95.5], "lng": [0.0, 1.0, 1.0]})
    roles = {"lat": "latitude", "lng": "longitude"}
    votes = vote(table, roles, functions=functions("latitude_off_the_globe", "on_null_island"))
    assert reasons(table, votes, [7, 8]).rows() == [
        (7, "on_null_island", "lat, lng", "0, 0", "Latitude 0 and longitude 0 together mean that there was no fix."),
        (8, "latitude_off_the_globe", "lat", "95.5", "Latitudes lie between -90 and 90."),
    ]
    assert reasons(table, votes, []).height == 0


def test_a_function_may_abstain_where_it_sees_no_damage() -> None:
    @labels(role="age", otherwise="abstain")
    def ancient(cell: nw.Expr) -> nw.Expr:
        """Nobody is that old."""
        return cell > 150

    function: LabelingFunction = ancient.labeling_function  # type: ignore[attr-defined]
    votes = vote(pl.DataFrame({"age": [40, 200]}), {"age": "age"}, functions=[function])
    assert votes.matrix().tolist() == [[-1], [1]]


def test_a_claim_is_one_line() -> None:
    def silent(cell: nw.Expr) -> nw.Expr:
        return cell.is_null()

    with pytest.raises(ConfigError, match="labeling function silent: give it a docstring of one line"):
        labels(role="age")(silent)
    with pytest.raises(ConfigError, match="2 roles need as many views, not 1"):
        silent.__doc__ = "A claim."
        labels_row(("age", "email"), reads=("number",))(silent)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "oreflow.yaml").write_text("")
    (tmp_path / "labeling_functions").mkdir()
    monkeypatch.chdir(tmp_path)
    discover.cache_clear()
    yield tmp_path / "labeling_functions"
    discover.cache_clear()


OWN = '''
from oreflow.labeling import labels

@labels(role="city", domain="hr")
def {name}(cell):
    """Nobody works in Atlantis."""
    return cell == "Atlantis"
'''


def test_a_project_adds_functions_beside_the_built_in_ones(project: Path) -> None:
    (project / "places.py").write_text(OWN.format(name="lost_town"))
    assert {"lost_town", "email_without_at"} <= {f.name for f in for_domain("hr")}
    assert "lost_town" not in {f.name for f in for_domain(None)}
    assert vote(pl.DataFrame({"c": ["Atlantis"]}), {"c": "city"}, domain="hr").frame["lost_town"].to_list() == [1]


def test_two_functions_of_one_name_are_refused(project: Path) -> None:
    (project / "places.py").write_text(OWN.format(name="email_without_at"))
    with pytest.raises(ConfigError, match='two labeling functions are called "email_without_at"'):
        discover()


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the third-party tables are not here")
def test_hardly_any_row_of_clean_real_tables_is_called_damaged() -> None:
    shares = {}
    for path in sorted(DATA.glob("pairs*/*/clean.csv")):
        table = pl.read_csv(path, infer_schema_length=None)
        votes = vote(table, guess_roles(table))
        shares[path.parent.name] = votes.frame.select((pl.max_horizontal(votes.names) == 1).mean()).item()
        assert (probabilities(votes)[DAMAGE].fill_null(0) < 0.9).all(), path.parent.name
    assert len(shares) >= 10
    assert {name: share for name, share in shares.items() if share > 0.01} == {}
