"""The written pages: links, lengths, and completeness."""

import json
import os
import re
from pathlib import Path
from typing import Any, get_args, get_origin

import jsonschema
import pytest
from docs.pages import PAGES as GENERATED
from infra.settings import Settings
from pydantic import BaseModel
from tests.project.blocks import DOCS, PAGES, ROOT, blocks, name_of

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.cli.main import cli
from aftertrain.compiler.document import read_document
from aftertrain.compiler.schema import definition_schema
from aftertrain.model.attribute_docs import attribute_docs
from aftertrain.model.definition import Compute, Definition, Foreach, PipelineSettings, Retry, Step
from aftertrain.model.policy import KINDS
from aftertrain.model.policy_spec import PolicySpecs

MISTAKES = ROOT / "tests" / "golden" / "mistakes"
LANGUAGE = (DOCS / "reference" / "pipeline-language.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "Keys of a pipeline": Definition,
    "Settings of a pipeline": PipelineSettings,
    "Keys of a step": Step,
    "`retry`": Retry,
    "`foreach`": Foreach,
    "`compute`": Compute,
}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    generated = {DOCS / name for name in GENERATED}
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        file = (page.parent / target).resolve()
        assert file in generated or file.exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pages_are_short(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").split()) <= 1500


def test_the_readme_is_short_and_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 120
    for name in cli.commands:
        assert f"aftertrain {name}" in text


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_no_link_on_a_code_host_leads_to_a_page_that_only_the_site_has(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert not any(f"docs/{name}" in text for name in GENERATED)


@pytest.mark.parametrize(("heading", "model"), SECTIONS.items(), ids=SECTIONS)
def test_every_key_of_the_language_is_documented_with_its_default(heading: str, model: type[BaseModel]) -> None:
    rows = _rows(heading)

    assert set(rows) == {field.alias or name for name, field in model.model_fields.items()} - {"schema_", "$schema"}
    for name, field in model.model_fields.items():
        value = field.get_default()
        if isinstance(value, int | float | str) and value not in ("", False, "worker"):
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            assert f"`{shown}`" in rows[field.alias or name], name


def _rows(heading: str) -> dict[str, str]:
    """The keys of a section's table, and the cell with the default of each."""
    section = LANGUAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [re.split(r"(?<!\\) \| ", line) for line in section.splitlines() if line.startswith("| `")]
    return {name: row[1] for row in cells for name in re.findall(r"`([a-z_]+)`", row[0])}


@pytest.mark.parametrize("policy", KINDS)
def test_every_key_of_a_policy_is_documented(policy: str) -> None:
    text = (DOCS / "reference" / "triggers.md").read_text(encoding="utf-8")
    (spec,) = (each for each in get_args(PolicySpecs.model_fields[policy].annotation) if each is not type(None))
    section = re.split(r"^\| `", text.split(f"\n| `{policy}` |", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]

    for name in _spec(spec).model_fields:
        assert f"`{name}`" in section, name


def _spec(annotation: Any) -> type[BaseModel]:
    """The model in an annotation, inside pydantic's wrappers."""
    while get_origin(annotation) is not None:
        annotation = get_args(annotation)[0]
    assert issubclass(annotation, BaseModel)
    return annotation


def test_every_param_output_and_setting_has_a_text() -> None:
    documented = [model for action in ACTIONS.values() for model in (action.params, action.outputs)]
    missing = [
        f"{model.__name__}.{name}"
        for model in documented
        for name in set(model.model_fields) - set(attribute_docs(model))
    ]
    missing += [f"Settings.{name}" for name in set(Settings.__dataclass_fields__) - set(attribute_docs(Settings))]

    assert missing == []


@pytest.mark.parametrize("word", ["Cost:", "Change:"])
def test_every_setting_says_what_it_costs_and_what_a_change_does(word: str) -> None:
    assert [name for name, text in attribute_docs(Settings).items() if word not in text] == []


def test_the_schema_is_up_to_date_and_knows_every_pipeline() -> None:
    file = DOCS / "pipeline.schema.json"
    text = json.dumps(definition_schema(), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") and not os.environ.get("CI"):
        file.write_text(text, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == text
    validator = jsonschema.Draft202012Validator(definition_schema())
    validator.check_schema(definition_schema())
    files = [*(ROOT / "pipelines").glob("*.yaml"), *(ROOT / "tests/golden/machines").glob("*.yaml")]
    for source in [*(file.read_text(encoding="utf-8") for file in files), *(block.text for block in blocks("yaml"))]:
        validator.validate(read_document(source).value)


@pytest.mark.parametrize("code", ["AT102-shapes", "AT103-unknown-keys", "AT203-unknown-action", "AT204-unknown-param"])
def test_the_schema_finds_mistakes_of_shape(code: str) -> None:
    value = read_document((MISTAKES / f"{code}.yaml").read_text(encoding="utf-8")).value

    assert list(jsonschema.Draft202012Validator(definition_schema()).iter_errors(value))


def test_the_changelog_names_the_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    (version,) = re.findall(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert versions[:2] == ["Unreleased", version]
