"""ODCS: contracts survive the way through YAML whole, and bad ones are refused with file, place and fix."""

import json
from pathlib import Path

import pytest
import yaml

from oreflow.contract import Aggregate, Column, Contract, Feature, Question, Rule
from oreflow.contract_check import lint
from oreflow.domain import domains
from oreflow.errors import ContractError
from oreflow.odcs import read_contract, write_contract

FULL = Contract(
    domain="sales",
    table="orders",
    version="1.2.0",
    status="active",
    owner="ana",
    columns=(
        Column(name="day", type="date", description="When."),
        Column(name="order_id", type="integer", role="id", required=True),
        Column(name="größe", type="number", optional=True),
        Column(name="mail", role="email", pii="direct", unique=True),
    ),
    key=("order_id", "day"),
    rules=(
        Rule(id="rows", kind="row_count", arguments={"min": 10}, severity="warning"),
        Rule(id="size", kind="between", column="größe", arguments={"max": 9.5}, mostly=0.9, layers=("silver", "gold")),
        Rule(id="mail_shape", kind="matches", column="mail", arguments={"pattern": r"[^@]+@[^@]+"}, severity="info"),
        Rule(id="days", kind="between", column="day", arguments={"min": "2020-01-01"}),
        Rule(id="yes", kind="in_set", column="mail", arguments={"values": ["Yes", "no", "2020-01-01", "007", "1e3"]}),
        Rule(id="risk", kind="between", column="risk_score", arguments={"min": 0}, layers=("gold",)),
    ),
    features=(Feature(name="half", expression='"größe" / 2', description="Half."),),
    aggregates=(Aggregate(name="by_day", group_by=("day",), measures={"n": "count(*)"}),),
    questions=(Question(text="How many?", sql="SELECT count(*) FROM gold", cites=("day",)),),
)  # fmt: skip
FOREIGN = """\
apiVersion: v3.0.2
kind: DataContract
id: 53581432-6c55-4ba2-a65f-72344a91553a
name: seller_payments
version: 1.1.0
status: active
domain: seller
tenant: ClimateQuantum
description: {purpose: Views built on top of the seller tables., limitations: None}
tags: [finance, payments]
team:
- {username: ceastwood, role: Data Scientist}
- {username: mhopper, role: owner, dateIn: 2022-10-01}
servers:
- {server: prod, type: postgres, host: localhost, port: 5432, database: pypl, schema: access}
slaProperties:
- {property: latency, value: 4, unit: d}
schema:
- name: tbl
  physicalName: tbl_1
  physicalType: table
  businessName: Core payments
  properties:
  - name: txn_id
    primaryKey: true
    primaryKeyPosition: 1
    logicalType: string
    physicalType: varchar(18)
    required: true
    classification: public
    encryptedName: enc_txn_id
    customProperties:
    - {property: owner_note, value: keep me}
    quality:
    - {metric: nullValues, mustBe: 0, businessImpact: operational, severity: error}
    - {type: text, description: Looks right to the team.}
  - name: code
    logicalType: string
    physicalType: char(2)
    logicalTypeOptions: {minLength: 2, maxLength: 2, pattern: '^[A-Z]+$'}
  - name: at
    logicalType: time
    physicalType: time
  quality:
  - {metric: rowCount, mustBeGreaterThan: 100, name: enough}
  - type: custom
    engine: soda
    implementation: 'type: duplicate_percent'
  - name: pairs
    type: custom
    engine: oreflow
    implementation: {kind: compound_unique, columns: [txn_id, code]}
    severity: critical
    tags: [mine]
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
customProperties:
- {property: refRulesetName, value: gcsc.ruleset.name}
"""


def test_a_contract_comes_back_from_yaml_as_it_was(tmp_path: Path) -> None:
    write_contract(FULL, tmp_path / "c.yaml")
    assert read_contract(tmp_path / "c.yaml") == FULL


@pytest.mark.parametrize("name", sorted(domains()))
def test_every_domains_contract_comes_back_and_is_valid_odcs(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    write_contract(domains()[name].contract, path)
    first = read_contract(path)
    write_contract(first, path)
    assert read_contract(path) == first
    assert len(first.rules) == len(domains()[name].contract.rules)
    _validate(path)


def test_parts_that_oreflow_does_not_use_survive_a_rewrite(tmp_path: Path) -> None:
    source, copy = tmp_path / "a.yaml", tmp_path / "b.yaml"
    source.write_text(FOREIGN, encoding="utf-8")
    contract = read_contract(source)
    write_contract(contract, copy)
    assert read_contract(copy) == contract
    before, after = (yaml.load(p.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) for p in (source, copy))
    assert _unordered(after) == _unordered(before)


def test_the_standards_own_checks_become_rules(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(FOREIGN, encoding="utf-8")
    contract = read_contract(path)
    assert contract.owner == "mhopper"
    assert contract.key == ("txn_id",)
    assert [(r.kind, r.column, r.arguments) for r in contract.rules] == [
        ("not_null", "txn_id", {}),
        ("length_between", "code", {"min": 2, "max": 2}),
        ("matches", "code", {"pattern": "^[A-Z]+$"}),
        ("row_count", None, {"min": 101}),
        ("compound_unique", None, {"columns": ["txn_id", "code"]}),
    ]
    assert sum("does not judge" in line for line in lint(contract)) == 2


def test_yes_no_dates_and_leading_zeros_are_text_and_a_new_owner_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    said = "{kind: in_set, values: [Yes, no, 007, 2020-01-01, 5]}"
    rule = f"- {{name: v, type: custom, engine: oreflow, implementation: {said}}}"
    path.write_text(FOREIGN.replace("  - name: at\n", f"    quality:\n    {rule}\n  - name: at\n"), encoding="utf-8")
    contract = read_contract(path)
    assert next(r for r in contract.rules if r.id == "v").arguments["values"] == ["Yes", "no", "007", "2020-01-01", 5]
    write_contract(contract.model_copy(update={"owner": "zoe"}), path)
    assert read_contract(path).owner == "zoe"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: DataContract", "kind: DataProduct", "kind: DataContract"),
        ("apiVersion: v3.0.2", "apiVersion: v2.2.2", "ODCS v3"),
        ("version: 1.1.0\n", "\n", "version is missing"),
        ("name: code", "name: txn_id", 'column "txn_id" is there 2 times'),
        ("name: code", "nam: code", "properties[1] has no name"),
        ("logicalType: time", "logicalType: strng", 'did you mean "string"?'),
        ("kind: compound_unique", "kind: compound_uniqe", 'did you mean "compound_unique"?'),
        ("columns: [txn_id, code]", "columns: [txn_id, cod]", 'no column "cod"; did you mean "code"?'),
        ("columns: [txn_id, code]", "columns: [code]", "columns: "),
        ("columns: [txn_id, code]", "colums: [txn_id, code]", "It takes: "),
        ("severity: critical", "severity: criticl", 'did you mean "critical"?'),
        ("minLength: 2", "minLength: 3", "min 3 is above max 2"),
        ("pattern: '^[A-Z]+$'", r"pattern: '^\bA$'", "not read alike"),
        ("tenant: ", "domain: x\ntenant: ", 'line 8, column 1: the key "domain" is there twice'),
        ("tags: [finance", "tags: [[finance", "line "),
        ("schema:\n", "schema: orders\nschemas:\n", 'schema is "orders"'),
        ("required: true", "required: perhaps", "required: "),
    ],
)
def test_a_bad_contract_is_refused_with_file_place_and_fix(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    assert old in FOREIGN
    path.write_text(FOREIGN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError) as refused:
        read_contract(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_a_missing_a_binary_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    for name, said in (("none.yaml", "no such contract"), ("binary.yaml", "UTF-8"), ("empty.yaml", "is empty")):
        with pytest.raises(ContractError, match=said):
            read_contract(tmp_path / name)


def test_a_file_of_two_tables_asks_which_and_keeps_the_other(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(FOREIGN.replace("price: {", "- name: other\n  properties: []\nprice: {"), encoding="utf-8")
    with pytest.raises(ContractError, match="choose one of: tbl, other"):
        read_contract(path)
    write_contract(read_contract(path, table="tbl"), path)
    assert read_contract(path, table="other").table == "other"


def _unordered(value: object) -> object:
    """The same content, with lists of checks in any order and Oreflow's defaults left out."""
    if isinstance(value, dict):
        kept = {k: _unordered(v) for k, v in value.items()}
        return sorted((k, json.dumps(v, default=str)) for k, v in kept.items())
    if isinstance(value, list):
        return sorted((_unordered(v) for v in value), key=str)
    return value


def _validate(path: Path) -> None:
    standard = pytest.importorskip("open_data_contract_standard")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(standard.__file__).parent / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
