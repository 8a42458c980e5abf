"""Finds the longest values of a template's parameters from their patterns."""

import importlib
import re
from collections.abc import Mapping
from typing import Any

# CloudFormation's limit of a parameter's value, in bytes.
LONGEST_VALUE = 4096
# A character class is represented by the first of these characters that it contains.
ALPHABET = "a0-/."
# The standard library's parser. It returns a list of (operation, argument).
_sre: Any = importlib.import_module("re._parser")
# Operations with the same meaning in Java, JavaScript and Python.
PORTABLE = frozenset(
    {"ASSERT_NOT", "AT", "BRANCH", "IN", "LITERAL", "MAX_REPEAT", "NOT_LITERAL", "SUBPATTERN"}
    | {"CATEGORY", "NEGATE", "RANGE"}
)


class Pattern:
    """A parameter's pattern, which must match the whole value."""

    def __init__(self, text: str) -> None:
        self._tree = _sre.parse(text, re.ASCII)
        shortest, longest = self._tree.getwidth()
        self.shortest = int(shortest)
        # The width of an unbounded pattern is in the billions.
        self.longest = min(int(longest), LONGEST_VALUE)

    def of_length(self, length: int, alphabet: str = ALPHABET) -> str:
        """Return a matching text of exactly this length."""
        return _text(self._tree, length, alphabet)

    def operations(self) -> set[str]:
        """Return the names of all operations in the pattern."""
        return set(_operations(self._tree))


def longest(declared: Mapping[str, Any], alphabet: str = ALPHABET) -> str | None:
    """Return a parameter's longest value, or None if it has allowed values or no pattern."""
    if "AllowedPattern" not in declared or "AllowedValues" in declared:
        return None
    pattern = Pattern(declared["AllowedPattern"])
    return pattern.of_length(min(pattern.longest, int(declared.get("MaxLength", LONGEST_VALUE))), alphabet)


def _width(node: tuple[Any, Any]) -> tuple[int, int]:
    part = _sre.SubPattern(_sre.State(), [node])
    low, high = part.getwidth()
    return int(low), min(int(high), LONGEST_VALUE)


def _text(sequence: Any, length: int, alphabet: str) -> str:
    """Give each part as much of the length as the later parts leave."""
    parts, nodes = [], list(sequence)
    widths = [_width(node) for node in nodes]
    for number, (node, (_, most)) in enumerate(zip(nodes, widths, strict=True)):
        needed = sum(least for least, _ in widths[number + 1 :])
        own = min(most, length - needed)
        parts.append(_part(node, own, alphabet))
        length -= len(parts[-1])
    if length != 0:
        raise ValueError(f"{sequence} leaves {length} characters over")
    return "".join(parts)


def _part(node: tuple[Any, Any], length: int, alphabet: str) -> str:
    operation, argument = node
    match str(operation):
        case "AT" | "ASSERT_NOT":
            return ""
        case "LITERAL":
            return chr(argument)
        case "IN" | "NOT_LITERAL":
            return next(letter for letter in alphabet if _holds(node, letter))
        case "SUBPATTERN":
            return _text(argument[-1], length, alphabet)
        case "BRANCH":
            fitting = [each for each in argument[1] if each.getwidth()[0] <= length <= each.getwidth()[1]]
            return _text(fitting[0], length, alphabet)
        case "MAX_REPEAT":
            least, most, body = argument
            return _repeated(int(least), int(most), body, length, alphabet)
    raise ValueError(f"unsupported operation: {operation}")


def _repeated(least: int, most: int, body: Any, length: int, alphabet: str) -> str:
    short, long = (min(int(width), LONGEST_VALUE) for width in body.getwidth())
    count = max(least, -(-length // long))
    if count > most or count * short > length:
        raise ValueError(f"{count} repetitions of {body} cannot have {length} characters")
    texts = []
    for left in range(count, 0, -1):
        texts.append(_text(body, min(long, length - (left - 1) * short), alphabet))
        length -= len(texts[-1])
    return "".join(texts)


def _holds(node: tuple[Any, Any], letter: str) -> bool:
    """Return whether a character class contains a character."""
    operation, argument = node
    if str(operation) == "NOT_LITERAL":
        return ord(letter) != int(argument)
    negated = str(argument[0][0]) == "NEGATE"
    return negated != any(_is(item, letter) for item in argument)


def _is(item: tuple[Any, Any], letter: str) -> bool:
    operation, argument = item
    match str(operation):
        case "NEGATE":
            return False
        case "LITERAL":
            return ord(letter) == int(argument)
        case "RANGE":
            return int(argument[0]) <= ord(letter) <= int(argument[1])
        case "CATEGORY":
            kind = str(argument).removeprefix("CATEGORY_")
            return bool(re.match({"DIGIT": r"\d", "WORD": r"\w", "SPACE": r"\s"}[kind], letter, re.ASCII))
    raise ValueError(f"unsupported operation in a character class: {operation}")


def _operations(tree: Any) -> list[str]:
    found = []
    for operation, argument in tree:
        found.append(str(operation))
        match str(operation):
            case "SUBPATTERN" | "ASSERT_NOT" | "ASSERT":
                found += _operations(argument[-1])
            case "BRANCH":
                found += [name for each in argument[1] for name in _operations(each)]
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                found += _operations(argument[2])
            case "IN":
                found += [str(name) for name, _ in argument]
    return found
