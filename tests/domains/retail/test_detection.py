"""What the lake found is held against what was planted, kind by kind."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from domains.retail import frames
from domains.retail.sources import ANOMALIES, write_sources
from matrix import check_formats
from typer.testing import CliRunner

from carms_lake.cli import make_app
from carms_lake.domains.retail import detection
from carms_lake.domains.retail.anomaly_questions import QUESTIONS
from carms_lake.domains.retail.detection import Planted, Score, planted, scores
from carms_lake.names import Layer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.slow

SILVER = [f"silver.{table}" for table in sorted(frames.contracts(Layer.SILVER))]
PRICES = ("products", "missing_price")


def document(*keys: list[Any], key: tuple[str, ...] = ("product_id",)) -> dict[str, Any]:
    entry = {"source": "products", "kind": "missing_price", "key": list(key), "keys": list(keys)}
    return {"anomalies": [entry]}


def score_of(
    place: tuple[str, str], truth: dict[tuple[str, str], Planted], rows: list[dict[str, Any]]
) -> Score:
    found = scores(truth, lambda sql: rows if sql == QUESTIONS.get(place) else [])
    return next(score for score in found if (score.source, score.kind) == place)


@pytest.mark.parametrize(
    ("injected", "called", "expected"),
    [
        ([], [], (0, 0, 0, 0)),
        ([1, 2], [1, 2], (2, 2, 0, 0)),
        ([1, 2], [2], (2, 1, 1, 0)),
        ([1], [1, 2, 3], (1, 1, 0, 2)),
        ([], [5], (0, 0, 0, 1)),
        ([1], [2], (1, 0, 1, 1)),
        ([1, 1], [1, 1], (1, 1, 0, 0)),
    ],
)
def test_each_planted_key_is_found_or_missed_and_each_other_called_falsely(
    injected, called, expected
) -> None:
    truth = planted([document(*([number] for number in injected))])
    rows = [{"product_id": number} for number in called]
    assert score_of(PRICES, truth, rows) == Score(*PRICES, *expected)


def test_a_kind_that_nobody_planted_must_find_nothing() -> None:
    rows = [{"event_id": "e1"}]
    assert score_of(("events", "unknown_user"), {}, rows).called_falsely == 1


def test_a_kind_that_nothing_looks_for_is_missed() -> None:
    place = ("products", "wrong_colour")
    truth = {place: Planted(("product_id",), frozenset({("1",)}))}
    assert score_of(place, truth, []) == Score(*place, 1, 0, 1, 0)


def test_the_same_moment_in_another_spelling_is_the_same_key() -> None:
    place = ("sensors", "out_of_range")
    key = ("sensor_ts", "store_id")
    entry = {"source": place[0], "kind": place[1], "key": key}
    texts = ["2024-01-01 01:00:00.500000", "2024-01-01T02:00:00Z", "2024-01-01T11:00:00+08:00"]
    truth = planted([{"anomalies": [{**entry, "keys": [[text, 1] for text in texts]}]}])
    at = [
        datetime(2024, 1, 1, 1, 0, 0, 500_000),  # noqa: DTZ001  # as DuckDB gives it
        datetime(2024, 1, 1, 2, tzinfo=UTC),
        datetime(2024, 1, 1, 3, tzinfo=UTC),
    ]
    rows = [{"sensor_ts": moment, "store_id": 1, "shelf_id": "S"} for moment in at]
    assert score_of(place, truth, rows) == Score(*place, 3, 3, 0, 0)


def test_several_runs_planted_all_their_keys() -> None:
    truth = planted([document([1], [2]), document([2], [3])])
    assert truth[PRICES].keys == {("1",), ("2",), ("3",)}


@pytest.mark.parametrize(
    "documents",
    [
        [{}],
        [[]],
        [{"anomalies": {}}],
        [{"anomalies": [{"source": "products"}]}],
        [document([1]), document(["a"], key=("sku",))],
    ],
)
def test_what_is_no_ground_truth_is_refused(documents: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"anomalies|keys"):
        planted(documents)


def test_a_kind_planted_by_a_key_that_its_question_lacks_is_refused() -> None:
    truth = planted([document(["SKU-1"], key=("sku",))])
    with pytest.raises(ValueError, match="sku"):
        score_of(PRICES, truth, [{"product_id": 1}])


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Path:
    """A project whose silver was built from a small shop's files, with a fault of each kind."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "carms.toml").write_text("", encoding="utf-8")
    write_sources(folder / "data_raw" / "retail")
    for words in (["ingest"], ["build", *SILVER]):
        result = CliRunner().invoke(make_app(), ["-p", str(folder), "-d", "retail", *words])
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def carms(lake: Path) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(make_app(), ["-p", str(lake), "-d", "retail", *arguments])

    return run


def test_every_planted_fault_of_a_small_shop_is_found_and_nothing_else_is(carms) -> None:
    result = carms("anomalies", "-f", "json")
    table = {(row["source"], row["kind"]): row for row in json.loads(result.stdout)}
    wanted = {(entry["source"], entry["kind"]): entry["count"] for entry in ANOMALIES}
    assert {place: row["injected"] for place, row in table.items() if row["injected"]} == wanted
    wrong = [row for row in table.values() if row["missed"] or row["called_falsely"]]
    assert wrong == []
    assert result.exit_code == 0
    assert "31 of 31 planted anomalies found" in result.stderr


def test_a_missed_or_an_invented_anomaly_ends_the_command_with_1(carms, tmp_path) -> None:
    truth = {"anomalies": [*ANOMALIES, *document([11])["anomalies"]]}
    more = tmp_path / "more.json"
    more.write_text(json.dumps(truth), encoding="utf-8")
    result = carms("anomalies", str(more))
    assert result.exit_code == 1
    assert "products,missing_price,2,1,1,0" in result.stdout
    less = tmp_path / "less.json"
    less.write_text(json.dumps({"anomalies": ANOMALIES[1:]}), encoding="utf-8")
    result = carms("anomalies", str(less))
    assert result.exit_code == 1
    assert "customers,malformed_email,0,0,0,1" in result.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is not JSON"), ("{}", "not a list of anomalies"), ("\udcff", "is not JSON")],
)
def test_a_file_that_is_no_ground_truth_is_told(carms, tmp_path, text: str, said: str) -> None:
    path = tmp_path / "truth.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = carms("anomalies", str(path))
    assert result.exit_code == 2
    assert said in result.stderr


def test_without_a_ground_truth_the_command_says_who_writes_one(carms, lake, tmp_path) -> None:
    shutil.copytree(lake / "lake", tmp_path / "lake")
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    result = carms("anomalies", "-p", str(tmp_path))
    assert result.exit_code == 2
    assert "carms generate retail" in result.stderr


def test_the_engine_takes_out_what_it_must_and_counts_every_row(carms) -> None:
    sql = "select table_name, row_key from ops.rejects where layer = 'silver' order by all"
    result = carms("query", sql, "-f", "json")
    found = [(row["table_name"], json.loads(row["row_key"])) for row in json.loads(result.stdout)]
    assert found == [
        ("event", {"event_id": "e4"}),
        ("event", {"event_id": None}),
        ("order_header", {"order_id": 102}),
        ("order_header", {"order_id": 104}),
        ("order_line", {"order_id": 101, "line_number": 2}),
        ("order_line", {"order_id": 102, "line_number": 1}),
        ("order_line", {"order_id": 102, "line_number": 2}),
        ("order_line", {"order_id": 104, "line_number": 1}),
        ("shipment", {"shipment_id": 44}),
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "select order_id, customer_id, channel from silver.order_header order by all",
            [(101, 1, "app"), (103, 1, "web")],
        ),
        (
            (
                "select return_id, reason, return_reason_code, is_deleted "
                "from silver.customer_return order by all"
            ),
            [(51, "wrong", "W", False), (52, "late", None, True), (53, "late", "L", False)],
        ),
        (
            "select event_id, user_id, json(payload)::varchar from silver.event order by all",
            [("e1", 1, '{"page":"/"}'), ("e3", 1, '{"sku":"SKU-000011"}')],
        ),
        (
            "select name, is_repaired from silver.store where store_id in (22, 23) order by all",
            [("Perth Plaza, Level 1", False), ("Perth Quay, Level 1", True)],
        ),
        ("select name from silver.supplier order by all", [("Dale, Sons",), ("Hill, Sons",)]),
        (
            "select currency, rate_to_aud::varchar from silver.exchange_rate order by all",
            [("AUD", "1.00000000"), ("USD", "1.50000000")],
        ),
        (
            "select shipment_id, delivered_at is null from silver.shipment order by all",
            [(41, False), (42, True), (43, False)],
        ),
        ("select count(*) from silver.customer_history where is_current", [(5,)]),
        ("select address_line2 from silver.customer where customer_id = 6", [(None,)]),
    ],
)
def test_the_files_become_silver(carms, sql: str, expected: list[tuple[Any, ...]]) -> None:
    result = carms("query", sql, "-f", "json")
    assert [tuple(row.values()) for row in json.loads(result.stdout)] == expected


def test_the_command_writes_every_format_to_every_place(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[list[Score]] = []  # asked once: the questions take seconds

    def once(*asked: Any) -> list[Score]:
        found.extend([scores(*asked)] if not found else [])
        return found[0]

    monkeypatch.setattr(detection, "scores", once)
    check_formats(["-p", str(lake), "-d", "retail", "anomalies"], tmp_path, {0})
