r"""Full matches of the Java regular expressions in AWS's service models.

Two differences to Python matter: a dot excludes five line terminators, not one; and \d, \s, \w mean ASCII,
while \p{L} and its like mean Unicode.
"""

from __future__ import annotations

import functools
from typing import Final

import regex

_OUTSIDE_CLASS: Final = {
    ".": "[^\\n\\r\\u0085\\u2028\\u2029]",
    "\\d": "[0-9]",
    "\\s": "[ \\t\\n\\x0b\\f\\r]",
    "\\w": "[A-Za-z0-9_]",
}
_INSIDE_CLASS: Final = {"\\d": "0-9", "\\s": " \\t\\n\\x0b\\f\\r", "\\w": "A-Za-z0-9_"}
# AWS's pattern for a pipeline definition lets a space match in two ways, so that a text that does not match
# takes a backtracking engine exponential time; and Java reads two surrogates in a class as one character.
# These match the same texts.
_EQUIVALENT: Final = {
    r".*(?:[ \r\n\t].*)*": "[^\\u0085\\u2028\\u2029]*",
    r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*": (
        r"[\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF\t]*"
    ),
}
_TOKEN: Final = regex.compile(r"\\.|.", regex.DOTALL)


def _translate(pattern: str) -> str:
    out: list[str] = []
    in_class = False
    for token in _TOKEN.findall(pattern):
        out.append((_INSIDE_CLASS if in_class else _OUTSIDE_CLASS).get(token, token))
        in_class = token == "[" or (in_class and token != "]")
    return "".join(out)


@functools.cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(_EQUIVALENT.get(pattern) or _translate(pattern))


def full_match(pattern: str, text: str) -> bool:
    """Whether the whole text matches, as AWS's validation requires even of unanchored patterns."""
    return _compiled(pattern).fullmatch(text) is not None
