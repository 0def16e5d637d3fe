"""The diagram of tables is one that Mermaid reads."""

from __future__ import annotations

import re

from carms_lake.adapters.mermaid import flowchart

_LINE = re.compile(
    r"flowchart LR"
    r"|  subgraph (?P<frame>\w+)\[\"\w+\"\]"
    r"|    (?P<box>\w+)(?:\[\"\w+\"\]|\(\[\"\w+\"\]\))"
    r"|  end"
    r"|  (?P<from>\w+) --> (?P<to>\w+)"
)


def parsed(text: str) -> tuple[list[str], set[str], list[tuple[str, str]]]:
    """The frames, the boxes and the arrows; every line must be one of Mermaid's flowcharts."""
    frames, boxes, arrows, depth = [], set(), [], 0
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        assert found, line
        if found["frame"]:
            frames.append(found["frame"])
            depth += 1
        elif found["box"]:
            assert depth == 1
            boxes.add(found["box"])
        elif found["from"]:
            arrows.append((found["from"], found["to"]))
        depth -= line == "  end"
    assert depth == 0
    return frames, boxes, arrows


def test_tables_are_in_the_frames_of_their_layers_and_arrows_go_with_the_data() -> None:
    edges = [("gold.sales", "silver.sale"), ("silver.sale", "bronze.sales")]
    frames, boxes, arrows = parsed(flowchart(edges, {"gold.lonely": "view"}))
    assert frames == ["bronze_layer", "silver_layer", "gold_layer"]
    assert boxes == {"gold_sales", "silver_sale", "bronze_sales", "gold_lonely"}
    assert arrows == [("bronze_sales", "silver_sale"), ("silver_sale", "gold_sales")]


def test_a_table_may_be_called_like_a_word_of_mermaid() -> None:
    _, boxes, _ = parsed(flowchart([("gold.end", "silver.graph")], {}))
    assert boxes == {"gold_end", "silver_graph"}


def test_the_same_edges_in_any_order_are_the_same_diagram() -> None:
    edges = [("gold.a", "silver.b"), ("gold.a", "silver.c")]
    assert flowchart(edges, {}) == flowchart([*edges[::-1], edges[0]], {})
