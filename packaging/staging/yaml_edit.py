"""Changes single values of a YAML text, and leaves every other character unchanged.

The parser gives each value's position, and the text is replaced there. This keeps tags such as `!Sub`,
comments and layout, which parsing and serializing would not.
"""

from __future__ import annotations

import functools

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_TEXT_TAG = "tag:yaml.org,2002:str"


class YamlError(Exception):
    """The YAML is not as expected."""


class Document:
    """A YAML text, and the changes to make in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, str]] = []
        self._root = _composed(text)

    def find(self, *path: str | int) -> Node | None:
        """The value at the path of keys and positions, if it exists."""
        node: Node | None = self._root
        for step in path:
            if isinstance(node, MappingNode) and isinstance(step, str):
                values = [value for key, value in node.value if key.value == step]
                if len(values) > 1:
                    raise YamlError(f"it has {step} twice")
                node = values[0] if values else None
            elif isinstance(node, SequenceNode) and isinstance(step, int):
                node = node.value[step] if step < len(node.value) else None
            else:
                return None
        return node

    def texts(self, *path: str | int) -> list[str]:
        """The texts of the list at the path."""
        return [self.text(*path, position) for position in range(self.length(*path))]

    def text(self, *path: str | int) -> str:
        """The text at the path. Raises an error for numbers, lists and values with a tag."""
        node = self.find(*path)
        if not isinstance(node, ScalarNode) or node.tag != _TEXT_TAG:
            raise YamlError(f"{_dotted(path)} is not a text")
        return str(node.value)

    def length(self, *path: str | int) -> int:
        """The number of items in the list at the path."""
        node = self.find(*path)
        if not isinstance(node, SequenceNode):
            raise YamlError(f"{_dotted(path)} is not a list")
        return len(node.value)

    def set_text(self, value: str, *path: str) -> None:
        """Sets the text at the path. Adds a new last key if it does not exist."""
        node = self.find(*path)
        if node is not None:
            self._replace(node, _quoted(value))
            return
        parent = self.find(*path[:-1])
        if not isinstance(parent, MappingNode) or not parent.value or parent.flow_style:
            raise YamlError(f"{_dotted(path[:-1])} is not a block mapping")
        end = _end(parent)
        indent = " " * parent.value[0][0].start_mark.column
        self._edits.append((end, end, f"\n{indent}{path[-1]}: {_quoted(value)}"))

    def set_list(self, values: list[str], *path: str | int) -> None:
        """Sets a list of plain words at the path, on one line."""
        self._replace(self._node(*path), f"[{', '.join(values)}]")

    def remove(self, *path: str) -> None:
        """Removes a key and its value, with their lines."""
        parent = self._node(*path[:-1])
        for key, value in parent.value:
            if key.value == path[-1]:
                start = self._text.rindex("\n", 0, key.start_mark.index)
                self._edits.append((start, self._line_end(_end(value)), ""))

    def repeat_item(self, changes: list[dict[tuple[str, ...], str]], *path: str) -> None:
        """Repeats the first item of the list at the path once for each change, with these texts in it."""
        items = self._node(*path)
        if not isinstance(items, SequenceNode) or not items.value or items.flow_style:
            raise YamlError(f"{_dotted(path)} is not a block list")
        first = items.value[0]
        start = self._text.rindex("\n", 0, first.start_mark.index)
        pattern = self._text[start : _end(first)]
        written = []
        for texts in changes:
            edits = []
            for inner, value in texts.items():
                node = self._node(*path, 0, *inner)
                edits.append((node.start_mark.index - start, _end(node) - start, _quoted(value)))
            written.append(_applied(pattern, edits))
        self._edits.append((start, _end(items), "".join(written)))

    def changed(self) -> str:
        """The text with all changes applied."""
        return _applied(self._text, self._edits)

    def _node(self, *path: str | int) -> Node:
        node = self.find(*path)
        if node is None:
            raise YamlError(f"it has no {_dotted(path)}")
        return node

    def _replace(self, node: Node, text: str) -> None:
        self._edits.append((node.start_mark.index, _end(node), text))

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        return len(self._text) if end < 0 else end


@functools.lru_cache(maxsize=8)
def _composed(text: str) -> Node:
    """Parses the text. Cached, because a large template takes most of a second and is used repeatedly."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first = next(iter(str(error).splitlines()), "unreadable")
        raise YamlError(f"it is not YAML ({first})") from error
    if root is None:
        raise YamlError("it is empty")
    return root


def _applied(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts = []
    position = 0
    for start, end, replacement in sorted(edits):
        parts += [text[position:start], replacement]
        position = end
    return "".join([*parts, text[position:]])


def _end(node: Node) -> int:
    """The end of the node's text. The parser's end mark of a block is the start of the next one."""
    if isinstance(node, ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, MappingNode) else last)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
