r"""Full matches of the Java regular expressions in AWS's service models.

They differ from Python's in two ways: a dot excludes five line terminators, not one; and \d, \s and \w match
ASCII only, while \p{L} and the like match Unicode.
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
# Equivalent patterns. AWS's pattern for a pipeline definition matches a space in two ways, which takes
# exponential time for a text that does not match. Java reads two surrogates in a class as one character.
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
    """Whether the whole text matches. AWS requires that even for unanchored patterns."""
    return _compiled(pattern).fullmatch(text) is not None
