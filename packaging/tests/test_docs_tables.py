"""Compares the tables of docs/configure.md with their sources."""

from pathlib import Path

import pytest

import docs_tables
from docs_tables import PAGE, ROOT, parameters, rewritten, settings, variables_documented, variables_read
from staging.errors import PackagingError
from staging.yaml_edit import Document

TEMPLATE = """
Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups:
      - Label: {default: First}
        Parameters: [Needed, Days]
      - Label: {default: Second}
        Parameters: [Engine, Delay, Empty]
Parameters:
  Needed: {Type: String, Description: Such as s3://<bucket>, ConstraintDescription: "no * or \\\\"}
  Days: {Type: Number, Description: How long, Default: 3, AllowedValues: [1, 2, 3, 4, 5, 6, 7]}
  Engine: {Type: String, Description: Which, Default: a, AllowedValues: [a, b]}
  Delay: {Type: Number, Description: Pause, Default: 900, MinValue: 30, MaxValue: 7200}
  Empty: {Type: String, Description: "a | b", Default: '', ConstraintDescription: a name}
"""


def page() -> str:
    return (ROOT / PAGE).read_text()


def test_page_is_current() -> None:
    assert page() == rewritten(page(), ROOT), f"run `python packaging/docs_tables.py` to update {PAGE}"


def test_function_variables_are_those_of_the_code() -> None:
    assert variables_documented(page()) == variables_read(ROOT)


def test_finds_variables_of_the_function() -> None:
    found = variables_read(ROOT)
    assert {"SM_PIPELINE_NAME", "INPUT_PARAMETER", "RUST_LOG", "AWS_REGION", "SSL_CERT_FILE"} <= found


def test_keys_become_rows() -> None:
    source = '\nkeys! {\n    FLOW "flow" "DW_FLOW_URL" "a path, or s3://<bucket>"\n}\n'
    assert settings(source).splitlines()[2] == r"| `flow` | `DW_FLOW_URL` | a path, or s3://\<bucket> |"


@pytest.mark.parametrize(
    "source", ["", "\nkeys! {\n    FLOW flow\n}\n", '\nkeys! {\n A "a" "A" "b" "c"\n}\n']
)
def test_rejects_unknown_form_of_keys(source: str) -> None:
    with pytest.raises(PackagingError, match="is not as expected"):
        settings(source)


def test_parameters_become_tables() -> None:
    assert parameters(Document(TEMPLATE)) == "\n".join(
        [
            "### First",
            "",
            "| parameter | default | accepts | meaning |",
            "| --- | --- | --- | --- |",
            r"| `Needed` | required | no \* or \\ | Such as s3://\<bucket> |",
            "| `Days` | `3` | `1`, `2`, `3`, … `7` | How long |",
            "",
            "### Second",
            "",
            "| parameter | default | accepts | meaning |",
            "| --- | --- | --- | --- |",
            "| `Engine` | `a` | `a`, `b` | Which |",
            "| `Delay` | `900` | 30 to 7200 | Pause |",
            r"| `Empty` | empty | a name | a \| b |",
            "",
        ]
    )


@pytest.mark.parametrize("name", docs_tables.TEMPLATES)
def test_every_parameter_is_in_a_group(name: str) -> None:
    template = (ROOT / "cfn-templates" / name).read_text()
    declared = [key.value for key, _ in Document(template).find("Parameters").value]  # type: ignore[union-attr]
    table = parameters(Document(template))
    assert sorted(declared) == sorted(
        line.split("`")[1] for line in table.splitlines() if line.startswith("| `")
    )


def test_rejects_page_without_a_table() -> None:
    with pytest.raises(PackagingError, match=r"has the tables none; expected: pipeline\.yaml"):
        rewritten("# Configure\n", ROOT)


def test_command_updates_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = page().replace("`FEATURE_GROUP_NAME`", "`OLD_NAME`")
    monkeypatch.setattr(docs_tables, "PAGE", tmp_path / "configure.md")
    docs_tables.PAGE.write_text(stale)
    docs_tables.main()
    assert docs_tables.PAGE.read_text() == page()
    docs_tables.main()
    assert capsys.readouterr().out.splitlines()[1].endswith("is up to date.")
