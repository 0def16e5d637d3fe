"""A text is shown as text, whatever is in it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.report.markup import Markup, data, h, join, seen, text

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; drop table gold; --",
    "</script><script>alert(1)</script>",
    "</title></style></pre>",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe\u200f",
    "<!-- --> ]]> &lt; &amp;",
    "{{7*7}} ${7*7} javascript:alert(1)",
]


class Read(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, said: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(said)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_text_is_read_back_as_it_is_seen_and_opens_no_tag(said: str) -> None:
    read = Read(h("p", said, title=said))
    assert [tag for tag, _ in read.tags] == ["p"]
    assert read.text == seen(said)
    assert read.tags[0][1] == {"title": seen(said)}


@given(st.text() | st.sampled_from(HOSTILE))
def test_nothing_in_a_text_moves_a_cursor_or_turns_writing(said: str) -> None:
    left = set(text(said)) & set("\x00\x07\x1b\x9b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff")
    assert not left


@given(st.recursive(st.text() | st.sampled_from(HOSTILE), st.lists))
def test_nothing_in_data_ends_its_element(value: object) -> None:
    element = data("here", value)
    inner = element.removesuffix("</script>").partition(">")[2]
    assert not set(inner) & set("<>&\u2028\u2029")


@pytest.mark.parametrize("name", ["onclick", "style", "on_load", "a b", "1x"])
def test_an_attribute_that_runs_or_that_the_policy_blocks_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="attribute"):
        h("p", "x", **{name: "y"})


def test_absent_attributes_and_children_are_left_out() -> None:
    assert h("p", None, ["a", ["b", 3]], id=None, hidden=True, lang=False) == "<p hidden>ab3</p>"
    assert h("br") == "<br>"
    assert join([Markup("<b>"), "<b>"]) == "<b>&lt;b&gt;"
