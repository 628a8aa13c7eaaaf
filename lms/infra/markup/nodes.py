"""YAML whose every value knows its line, read against what the format asks.

`read_yaml` reports what is no YAML; the methods of `Reader` report what is not as it should be
and return None for it, so that one pass names every fault and not only the first.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Report: TypeAlias = Callable[[int, str], None]
Fields: TypeAlias = dict[str, Node]

_STRING = "tag:yaml.org,2002:str"
_KINDS = {
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "yes or no",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:null": "nothing",
}
# YAML 1.1 reads 1:30 as ninety and 010 as eight; nobody who writes content means that.
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?")


def read_yaml(text: str, first_line: int, report: Report) -> Node | None:
    """Return the one document in a text, or None when there is none to be read.

    `first_line` is the line of the file on which the text begins. A tab is reported and taken
    for spaces, so that what stands below it is looked at too.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if "\t" in line:
            report(first_line + number, "A tab stands here; indent and separate with spaces.")
            lines[number] = line.replace("\t", "  ")
    try:
        node = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = first_line + (mark.line if mark else 0)
        report(at, f"This is not YAML: {_sentence(error)}.")
        return None
    except yaml.reader.ReaderError as error:
        at = first_line + "\n".join(lines)[: error.position].count("\n")
        report(at, f"A character that YAML does not allow stands here (U+{error.character:04X}).")
        return None
    except RecursionError:
        report(first_line, "The YAML is nested too deeply.")
        return None
    if node is None:
        report(first_line, "There is no YAML here.")
    return node


def _sentence(error: yaml.MarkedYAMLError) -> str:
    """Say what is wrong in the library's words, with what usually causes it."""
    problem = (error.problem or error.context or "cannot be read").strip().rstrip(".")
    if "mapping values are not allowed" in problem:
        return "a colon stands inside a text; put the text in quotes"
    if "expected ',' or" in problem:
        return f"{problem}; perhaps a quote or bracket is not closed"
    return problem


class Reader:
    """Takes the nodes of one YAML text apart and reports at the line of each fault."""

    def __init__(self, first_line: int, report: Report):
        self.first_line = first_line
        self._report = report

    def line(self, node: Node) -> int:
        """Return the line of the file on which a value begins."""
        return self.first_line + int(node.start_mark.line)

    def fault(self, node: Node, sentence: str) -> None:
        """Report a fault of a value."""
        self._report(self.line(node), sentence)

    def fields(
        self, node: Node, what: str, required: Collection[str], optional: Collection[str] = ()
    ) -> Fields | None:
        """Return a mapping's values by key; unknown, doubled and missing keys are reported."""
        if not isinstance(node, MappingNode):
            self.fault(node, f"{what} must be a mapping with the keys {_listed(required)}.")
            return None
        known: Fields = {}
        before: str | None = None
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else None
            if key is None or key not in {*required, *optional}:
                self._unknown((key_node, value), what, before, (*required, *optional))
            elif key in known:
                self.fault(key_node, f"{what} has the key {key!r} twice.")
            else:
                known[key] = value
            before = key
        for key in required:
            if key not in known:
                self.fault(node, f"{what} lacks the key {key!r}.")
        return known

    def _unknown(
        self, entry: tuple[Node, Node], what: str, before: str | None, known: Sequence[str]
    ) -> None:
        key_node, value = entry
        if not isinstance(key_node, ScalarNode):
            self.fault(key_node, f"{what} has a key that is no text.")
            return
        sentence = f"{what} has an unknown key {key_node.value!r}"
        # A comma that is not quoted ends a text within braces: what follows becomes a key.
        bare = isinstance(value, ScalarNode) and not value.value and value.style is None
        if bare and before is not None:
            sentence += f"; perhaps a comma in {before!r} must be quoted"
        else:
            sentence += f"; known are {_listed(known)}"
        self.fault(key_node, f"{sentence}.")

    def items(
        self, node: Node | None, what: str, least: int = 0, most: int | None = None
    ) -> list[Node]:
        """Return the values of a list; its length is checked."""
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            self.fault(node, f"{what} must be a list.")
            return []
        found: list[Node] = list(node.value)
        if len(found) < least or (most is not None and len(found) > most):
            wanted = f"{least} to {most}" if most is not None else f"at least {least}"
            self.fault(node, f"{what} must have {wanted} entries, not {len(found)}.")
        return found

    def text(self, node: Node | None, what: str, most: int | None = None, least: int = 1) -> str:
        """Return a text, or "" when there is none to be had; its length is checked."""
        if node is None:
            return ""
        if not isinstance(node, ScalarNode):
            self.fault(node, f"{what} must be a text.")
            return ""
        if node.tag != _STRING:
            if node.tag == "tag:yaml.org,2002:null" and not node.value.strip("~ "):
                self.fault(node, f"{what} is empty.")
            else:
                kind = _KINDS.get(node.tag, "something else")
                self.fault(node, f"{what} must be a text, but {node.value} is {kind}; quote it.")
            return ""
        value: str = node.value.strip()
        if not value:
            self.fault(node, f"{what} is empty.")
        elif len(value) < least:
            self.fault(node, f"{what} must have at least {least} characters, not {len(value)}.")
        elif most is not None and len(value) > most:
            self.fault(node, f"{what} must have at most {most} characters, not {len(value)}.")
        return value

    def label(self, node: Node, what: str, most: int = 60) -> tuple[str, float | None]:
        """Return a category: its text, and its value when it is a number."""
        if isinstance(node, ScalarNode) and node.style is None and _DECIMAL.fullmatch(node.value):
            return node.value, float(node.value)
        return self.text(node, what, most), None

    def whole(self, node: Node | None, what: str, least: int, most: int) -> int | None:
        """Return a whole number within bounds."""
        if node is None:
            return None
        if not (isinstance(node, ScalarNode) and node.style is None) or not _WHOLE.fullmatch(
            node.value
        ):
            self.fault(node, f"{what} must be a whole number.")
            return None
        # A number of thousands of digits is out of bounds before it is read.
        value = int(node.value) if len(node.value) < 20 else most + 1  # noqa: PLR2004 - a bound
        if not least <= value <= most:
            self.fault(node, f"{what} must be {least} to {most}, not {node.value[:30]}.")
            return None
        return value

    def number(self, node: Node, what: str, *, may_be_null: bool = False) -> float | None:
        """Return a number; null is "no figure" where that is allowed."""
        if isinstance(node, ScalarNode) and node.style is None:
            if node.tag == "tag:yaml.org,2002:null" and may_be_null and node.value:
                return None
            if _DECIMAL.fullmatch(node.value) and len(node.value) < 20:  # noqa: PLR2004 - a bound
                return float(node.value)
        allowed = "a number or null" if may_be_null else "a number"
        self.fault(node, f"{what} must be {allowed}, without separators or unit.")
        return None

    def flag(self, node: Node | None, what: str) -> bool | None:
        """Return true or false."""
        if node is None:
            return None
        if isinstance(node, ScalarNode) and node.style is None and node.value in {"true", "false"}:
            return bool(node.value == "true")
        self.fault(node, f"{what} must be true or false.")
        return None

    def choice(self, node: Node | None, what: str, choices: Collection[str]) -> str:
        """Return one of the given words, or an empty text."""
        if node is None:
            return ""
        if isinstance(node, ScalarNode) and node.value in choices:
            return str(node.value)
        self.fault(node, f"{what} must be one of {_listed(choices)}.")
        return ""

    def plain(self, node: Node) -> Any:
        """Return a scalar's characters as they are written, or None for something else."""
        return node.value if isinstance(node, ScalarNode) else None

    def is_null(self, node: Node) -> bool:
        """Whether nothing or null is written."""
        return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _listed(words: Collection[str] | Mapping[str, object]) -> str:
    return ", ".join(words)
