"""Taking e-mail addresses and phone numbers out of free text. Names stay."""

from __future__ import annotations

import re

EMAIL_MASK = "[e-mail]"
PHONE_MASK = "[phone]"

_LOCAL = r"[\w.+%'~\\-]"
_LABEL = r"[\w-]{1,63}"
# A wrapped line may end at a hyphen inside an address: both halves belong to it. Runs of letters
# are taken whole (possessive), so that a text costs no more than its length.
EMAIL = re.compile(
    rf"(?<!{_LOCAL})(?:{_LOCAL}{{1,64}}+(?<=-)\n){{0,3}}{_LOCAL}{{1,64}}+"
    r"(?:@| @(?=[\w.-]{1,80}\.(?:ca|com|org|net|edu)\b))"
    rf"(?:{_LABEL}(?:(?<=-)\n{_LABEL})?\\?\.){{1,8}}[^\W\d_]{{2,24}}"
)

_GAP = r"(?: ?(?:[-.‐‑–]|\\[-.]) ?| {0,3}|[-.]?\n)"
# Not inside a word or an address of the web: the ids of online meetings look like phone numbers.
PHONE = re.compile(
    rf"(?<![A-Za-z0-9/=%&?#])(?<!\d[-.])(?:\+?1{_GAP})?(?:\(\d{{3}}\)|\d{{3}}\)?){_GAP}"
    rf"\d{{3}}{_GAP}\d{{4}}(?!\d)"
    rf"(?:,?{_GAP}(?:ext(?:ension)?|ex|xt|poste|local|x|#)\.?:?{_GAP}\d{{1,7}}(?!\d))?",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """Text with every e-mail address and phone number replaced by `[e-mail]` and `[phone]`.

    >>> masked("Write to ann.lee@example.org or call (416) 555-0100, ext. 12.")
    'Write to [e-mail] or call [phone].'
    """
    if "@" in text:
        text = EMAIL.sub(EMAIL_MASK, text)
    return PHONE.sub(PHONE_MASK, text)
