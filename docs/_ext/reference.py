"""Directives whose text is generated from the code, so that it can never differ from the code.

Each function of `GENERATED` returns Markdown; `setup` makes each a directive without arguments.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_REQUIRED, _NOTHING = "required", "none"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    cells = ([" ".join(cell.split()).replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _either(words: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _sentence(text: str) -> str:
    """Return text with a capital and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""


def portfolio_reference() -> str:
    """Describe every section and key of `portfolio.toml`, from its pydantic schema."""
    from train.portfolio import PortfolioFile

    schema = PortfolioFile.model_json_schema()
    parts = []
    for name, section in schema["properties"].items():
        repeats = section.get("type") == "array"
        heading = f"[[{name}]]" if repeats else f"[{name}]"
        need = "This section is required. " if name in schema["required"] else ""
        parts.append(
            f"(portfolio-{name.replace('_', '-')})=\n\n### `{heading}`\n\n"
            f"{section['description']} {need}"
            f"{'Repeat it for each table.' if repeats else ''}\n"
        )
        parts += _section_tables(section, schema["$defs"])
    return "\n".join(parts)


def _section_tables(section: Mapping[str, Any], kinds: Mapping[str, Any]) -> Iterator[str]:
    headings = ("key", "type", "default", "meaning")
    if "discriminator" in section:
        tag = section["discriminator"]["propertyName"]
        for value, reference in section["discriminator"]["mapping"].items():
            kind = kinds[reference.rpartition("/")[2]]
            yield f'With `{tag} = "{value}"`: {kind["description"]}\n'
            yield table(headings, _keys(kind, tag))
    elif "additionalProperties" in section:
        kind = section["additionalProperties"]
        if "$ref" in kind:
            yield table(headings, _keys(kinds[kind["$ref"].rpartition("/")[2]]))
        else:
            yield table(headings[:2], [("any column of the table", _type(kind))])
    else:
        reference = section.get("items", section)["$ref"]
        yield table(headings, _keys(kinds[reference.rpartition("/")[2]]))


def _keys(kind: Mapping[str, Any], tag: str = "") -> Iterator[tuple[str, str, str, str]]:
    # the key that chooses between sections comes first
    for name, key in sorted(kind["properties"].items(), key=lambda item: item[0] != tag):
        needed = name == tag or name in kind.get("required", ())
        value = key.get("default")
        default = (
            _NOTHING if value in (None, [], {}, math.inf, -math.inf) else f"`{json.dumps(value)}`"
        )
        yield f"`{name}`", _type(key), _REQUIRED if needed else default, key["description"]


def _type(schema: Mapping[str, Any]) -> str:
    """Return the type of a key in words."""
    if "anyOf" in schema:
        return _either(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return _either(f'`"{value}"`' for value in values)
    if schema["type"] == "array":
        pair = f"{len(schema.get('prefixItems', ()))} numbers"
        return f"list of {_type(schema['items']) if 'items' in schema else pair}"
    if schema["type"] == "object":
        kind = _type(schema["additionalProperties"])
        by_language = "texts by language: `{ en = '...', fr = '...' }`"
        return by_language if kind == "text" else f"{kind} by name"
    if schema["type"] == "string":
        return {"date": "date", "path": "file"}.get(schema.get("format", ""), "text")
    names = {"boolean": "true or false", "integer": "whole number", "number": "number"}
    return names[schema["type"]] + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    if high is None:
        return f" from {low}"
    left, right = "[" if "minimum" in schema else "(", "]" if "maximum" in schema else ")"
    return f" in {left}{low}, {high}{right}"


def settings_reference() -> str:
    """Describe every environment variable that the server reads."""
    from scoring_model.settings import VARIABLES

    rows = (
        (f"`{name}`", _default(variable.default), variable.meaning)
        for name, variable in VARIABLES.items()
        if not variable.beyond
    )
    return table(("variable", "default", "meaning"), rows)


def limits_reference() -> str:
    """Describe every limit of the server."""
    from scoring_model.settings import VARIABLES

    rows = (
        (f"`{name}`", _default(variable.default), variable.meaning, variable.beyond)
        for name, variable in VARIABLES.items()
        if variable.beyond
    )
    return table(("variable", "default", "what it limits", "beyond it"), rows)


def _default(text: str) -> str:
    return f"`{text}`" if text else "empty"


def entry_points_reference() -> str:
    """Describe the entry points of MLproject, with the help of the parser that reads them."""
    import yaml

    from monitoring.__main__ import make_parser as make_monitoring_parser
    from train.__main__ import make_parser

    choices: dict[str, Any] = {}
    helps: dict[str, str] = {}
    # argparse does not publish the actions of a subcommand
    parsers: tuple[Any, ...] = (make_parser(), make_monitoring_parser())
    for parser in parsers:
        (commands,) = (action for action in parser._actions if action.dest == "command")
        choices |= commands.choices
        helps |= {choice.dest: choice.help for choice in commands._choices_actions}
    project = yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))
    parts = []
    for entry, content in project["entry_points"].items():
        command = content["command"].split()[3]  # python -m <package> <command> ...
        known = {action.dest: action for action in choices[command]._actions}
        parts.append(
            f"(entry-point-{entry})=\n\n### `{entry}`\n\n{_sentence(helps[command])} "
            f"Start it with `mlflow run . --env-manager local"
            f"{'' if entry == 'main' else f' -e {entry}'}`.\n"
        )
        parameters = content.get("parameters", {})
        rows = (_parameter(name, known[name], kind) for name, kind in parameters.items())
        parts.append(table(("parameter", "default", "meaning"), rows))
    return "\n".join(parts)


def _parameter(name: str, action: Any, kind: Mapping[str, Any]) -> tuple[str, str, str]:
    default = kind.get("default", _REQUIRED)
    meaning = _sentence((action.help or "") % {"default": default})
    if action.choices:
        meaning = f"{_either(f'`{choice}`' for choice in action.choices)}. {meaning}"
    needed = default == _REQUIRED
    shown = _REQUIRED if needed else f"`{default}`" if default not in ("", None) else _NOTHING
    return f"`{name}`", shown, meaning


def errors_reference() -> str:
    """Describe every error that the server answers with."""
    from scoring_model.errors import ScoringError

    def meaning(kind: type[ScoringError]) -> str:
        if kind is ScoringError:  # its docstring describes the base class
            return "The request could not be answered."
        return str(kind.__doc__).split("\n\n")[0]

    kinds: list[type[ScoringError]] = [ScoringError, *ScoringError.__subclasses__()]
    kinds.sort(key=lambda kind: kind.status)
    rows = ((str(kind.status), f"`{kind.code}`", meaning(kind)) for kind in kinds)
    return table(("status", "code", "meaning"), rows)


def metrics_reference() -> str:
    """Describe every metric, as `/metrics` of a server that has just started does."""
    from scoring_model.telemetry import Metrics, render_metrics

    text = render_metrics(Metrics(None, [])).decode()
    described = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    kinds = re.findall(r"^# TYPE (\S+) (.*)$", text, re.MULTILINE)
    rows = ((f"`{name}`", kind, described[name]) for name, kind in kinds)
    return table(("metric", "type", "meaning"), rows)


GENERATED: Mapping[str, Callable[[], str]] = {
    "portfolio-reference": portfolio_reference,
    "settings-reference": settings_reference,
    "limits-reference": limits_reference,
    "entry-points-reference": entry_points_reference,
    "errors-reference": errors_reference,
    "metrics-reference": metrics_reference,
}
"""Name of each directive and what generates its text."""


def setup(app: Any) -> dict[str, bool]:
    """Register the directives."""
    from sphinx.util.docutils import SphinxDirective

    class Generated(SphinxDirective):
        """Inserts generated Markdown where it stands."""

        def run(self) -> list[Any]:
            """Return the nodes of the text."""
            text = GENERATED[self.name]()
            return list(self.parse_text_to_nodes(text, allow_section_headings=True))

    for name in GENERATED:
        app.add_directive(name, Generated)
    return {"parallel_read_safe": True}
