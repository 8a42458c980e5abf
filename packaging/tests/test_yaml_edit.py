"""Changes single values, and keeps every other character."""

from __future__ import annotations

import pytest

from staging.yaml_edit import Document, YamlError

TEMPLATE = """\
# A comment at the beginning
Parameters:
  A:
    Type: String   # a comment behind
    Default: old
    # a comment below
  B: # a comment on the key
    Type: String
    AllowedValues: [x, "y", 'z']

  Gone:
    Type: String
  # a comment between
  C: {Type: String, Default: ''}
Form:
  Names: [A, B, Gone]
List:
  - !If
    - X
    - !Sub '${A}' # a comment in a tagged list
  # a comment between items
  - Name: !Ref A
    Info:
      Url: !Sub https://${A}
Last: !Sub |
  text
"""


def test_keeps_unchanged_text() -> None:
    assert Document(TEMPLATE).changed() == TEMPLATE


def test_replaces_value_in_place() -> None:
    document = Document(TEMPLATE)
    document.set_text("it's new", "Parameters", "A", "Default")
    document.set_text("c", "Parameters", "C", "Default")
    expected = TEMPLATE.replace("Default: old", "Default: 'it''s new'").replace("Default: ''", "Default: 'c'")
    assert document.changed() == expected


def test_adds_missing_value_at_the_end() -> None:
    document = Document(TEMPLATE)
    document.set_text("b", "Parameters", "B", "Default")
    assert document.changed() == TEMPLATE.replace("'z']\n", "'z']\n    Default: 'b'\n")


def test_removes_key_with_its_lines() -> None:
    document = Document(TEMPLATE)
    document.remove("Parameters", "Gone")
    document.set_list(["A", "B"], "Form", "Names")
    expected = TEMPLATE.replace("  Gone:\n    Type: String\n", "").replace("[A, B, Gone]", "[A, B]")
    assert document.changed() == expected


def test_repeats_item_with_other_values() -> None:
    text = "Versions:\n  - Name: !Ref V # why\n    Info:\n      Url: !Sub u\n# behind\nOther: 1\n"
    document = Document(text)
    document.repeat_item(
        [{("Name",): "1", ("Info", "Url"): "a"}, {("Name",): "2", ("Info", "Url"): "b"}], "Versions"
    )
    first = "  - Name: '1' # why\n    Info:\n      Url: 'a'\n"
    second = "  - Name: '2' # why\n    Info:\n      Url: 'b'\n"
    assert document.changed() == f"Versions:\n{first}{second}# behind\nOther: 1\n"


def test_distinguishes_text_from_other_values() -> None:
    document = Document("a: text\nb: 1\nc: !Ref a\nd: [x]\ne: '1'\nf:\n")
    assert document.text("a") == "text"
    assert document.text("e") == "1"
    for other in "bcdfz":
        with pytest.raises(YamlError, match=f"{other} is not a text"):
            document.text(other)


@pytest.mark.parametrize(
    "text",
    ["", "# only a comment", "a: [", "a: b: c", "\x00", "[" * 5_000, "a: *none", "a: 1\n---\nb: 2\n"],
)
def test_rejects_invalid_yaml(text: str) -> None:
    with pytest.raises(YamlError):
        Document(text)


def test_alias_bomb_is_harmless() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 200))
    assert Document(bomb).length("a0") == 1


def test_rejects_duplicate_key() -> None:
    with pytest.raises(YamlError, match="twice"):
        Document("a: 1\na: 2\n").text("a")
