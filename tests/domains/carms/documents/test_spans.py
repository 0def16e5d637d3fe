"""What was taken out of a text is found in it again."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.carms.documents.places import located, sentences, statement
from carms_lake.domains.carms.documents.spans import Mask, Span, masked_span, with_masks
from carms_lake.domains.carms.documents.text import logical_lines, unwrapped

PRINTED = st.text(alphabet="aB1 -.*#•\n", max_size=60)


@given(PRINTED)
def test_every_character_of_a_line_stands_where_the_line_says(text):
    for line in (*logical_lines(text), unwrapped(text)):
        for at, char in enumerate(line):
            if char != " ":
                assert text[slice(*line.span(at, at + 1))] == char
        said = text[slice(*line.span())]
        assert not said or (said[0], said[-1]) == (line[0], line[-1])


@given(PRINTED)
def test_sentences_stand_one_behind_the_other(text):
    end = 0
    for sentence, span in sentences(text, re.compile(r"(?<=[.])\s")):
        assert end <= span.start <= span.end
        said = re.sub(r"[\s*_]", "", text[slice(*span)])
        assert said == re.sub(r"\s", "", sentence) or not re.sub(r"\s", "", sentence)
        end = span.end


def test_a_statement_is_the_sentence_around_its_words():
    text = "# Head\n\nWe are small. This program\nis for 5 years. Come.  \n  * A bullet\n* * *\nEnd"

    def around(words):
        start = text.index(words)
        return text[slice(*statement(text, Span(start, start + len(words))))]

    assert around("5 years") == "This program\nis for 5 years."
    assert around("small") == "We are small."
    assert around("bullet") == "A bullet"
    assert around("Head") == "Head"
    assert around("End") == "End"


def test_words_are_found_whatever_their_emphasis_and_line_wrap():
    text = "no, No **ROS**\n  is due. No ROS is due."
    assert located("No ROS is due.", text, Span(0, len(text))) == (4, 24)
    assert located("No ROS is due.", text, Span(24, len(text))) == (25, 39)
    assert located("No ROS", text, Span(0, 8)) is None
    assert located("", text, Span(0, 8)) is None


@st.composite
def masked_texts(draw):
    text = draw(st.text(alphabet="abc", min_size=1, max_size=20))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    masks = [
        Mask(*pair, draw(st.sampled_from(["[x]", "[]"])))
        for pair in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    start, end = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    return text, masks, Span(start, end)


@given(masked_texts())
def test_a_span_holds_the_masked_form_of_what_it_held(drawn):
    text, masks, span = drawn
    touched = [m for m in masks if m.start < span.end and m.end > span.start]
    first = min([span.start, *(m.start for m in touched)])
    last = max([span.end, *(m.end for m in touched)])
    moved = [Mask(m.start - first, m.end - first, m.word) for m in touched]
    place = masked_span(span, [(m.start, m.end, len(m.word)) for m in masks])
    assert with_masks(text, masks)[slice(*place)] == with_masks(text[first:last], moved)
