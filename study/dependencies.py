"""Which code a module uses, found by following imports and names, and a hash of its syntax trees."""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from dfd.run import ROOT

PACKAGES = ("dfd", "study")

PLUMBING = frozenset(
    {"dfd.errors", "dfd.run", "dfd.tables", "dfd.log", "dfd.progress", "dfd.contents", "dfd.parallel"}
    | {"study.provenance", "study.results", "study.dependencies", "study.claims"}
)
"""Modules that carry data and compute nothing that a result shows; they are not followed."""

BOUNDARY = PLUMBING | {"study.plots", "study.evidence"}
"""Modules at which the code of an experiment ends."""

NOT_DUMPED = {"ctx", "kind", "type_comment", "type_params"}
"""Fields of syntax trees that say nothing more, or that only some versions of Python have."""

Definition = tuple[str, str]
"""A module and the name of one of its top-level definitions; ``""`` stands for what is not a definition."""


@dataclass
class Source:
    """The top level of a module, taken apart.

    Attributes
    ----------
    definitions : dict of str to list of ast.stmt
        Statements that define each name: functions, classes, constants.
    modules : dict of str to str
        Modules of this project that are imported, by the name they have here.
    names : dict of str to tuple of str
        Definitions that are imported from modules of this project, by the name they have here.
    rest : list of ast.stmt
        All other statements, which run when the module is imported.
    """

    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    names: dict[str, Definition] = field(default_factory=dict)
    rest: list[ast.stmt] = field(default_factory=list)


def code_hash(
    module: str,
    boundary: Iterable[str] = BOUNDARY,
    start: str = "",
    without: str = "",
) -> str:
    """Hash all code that a module uses, its own included.

    Of another module of this project only those functions, classes and constants count that are used, and
    what these use in turn. Comments, docstrings and the layout of the code do not count.

    Parameters
    ----------
    module : str
        Full name of the module.
    boundary : iterable of str
        Modules and definitions (``"dfd.faces.table"``) that are not followed.
    start : str
        Name of a function of the module of which alone the code counts, with what it uses; by default all of
        the module does.
    without : str
        Key of dictionaries in the code that does not count, with its value: what is only measured at full
        depth does not depend on the plans for ``"quick"``.

    Returns
    -------
    str
        The first 16 hex digits of a SHA-256.
    """
    if start:
        return _hash(_follow({(module, start)}, set(boundary) - {module}), without)
    return _hash(used(module, boundary), without)


def notebook_hash(code: str) -> str:
    """Hash the code of a notebook and all code of this project that it uses.

    Parameters
    ----------
    code : str
        Its code cells, joined.

    Returns
    -------
    str
        The first 16 hex digits of a SHA-256.
    """
    tree = ast.parse(code)
    reached = _follow(_uses(tree.body, _taken_apart(tree)), PLUMBING)
    return hashlib.sha256((_dump(tree) + _hash(reached)).encode()).hexdigest()[:16]


def used(module: str, boundary: Iterable[str] = PLUMBING) -> set[Definition]:
    """List the definitions that a module uses, its own included.

    Parameters
    ----------
    module : str
        Full name of the module.
    boundary : iterable of str
        Modules and definitions (``"dfd.faces.table"``) that are not followed.

    Returns
    -------
    set of tuple of str
        Module and name of each definition.
    """
    return _follow(_all_of(module), set(boundary) - {module})


def stops(module: str, boundary: Iterable[str], start: str) -> set[str]:
    """List the modules that a function uses and at which `code_hash` stops.

    Parameters
    ----------
    module : str
        Full name of the module.
    boundary : iterable of str
        Modules that are not followed.
    start : str
        Name of the function.

    Returns
    -------
    set of str
        Those modules of the boundary that the function uses, directly or through others outside it.
    """
    outside = set(boundary) - {module}
    used: set[Definition] = set()
    for name, definition in _follow({(module, start)}, outside):
        used |= _uses(_statements(name, definition), _source(name), name)
        used |= {_source(name).names[definition]} if definition in _source(name).names else set()
    return outside & {name for name, _ in used}


def imported(module: str) -> set[str]:
    """List the modules of this project that a module imports, at any depth of its code.

    Parameters
    ----------
    module : str
        Full name of the module.

    Returns
    -------
    set of str
        Their full names.
    """
    tree = ast.parse(file_of(module).read_text(encoding="utf-8"))
    nodes: list[ast.stmt] = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    source = _taken_apart(ast.Module(nodes, []))
    return set(source.modules.values()) | {module for module, _ in source.names.values()}


def stored_results(code: str) -> set[str]:
    """List the stored results that the code of a notebook reads, itself or through functions that it uses.

    Parameters
    ----------
    code : str
        Its code cells, joined.

    Returns
    -------
    set of str
        The names that ``results.read`` is called with.
    """
    tree = ast.parse(code)
    statements = list(tree.body)
    for module, name in _follow(_uses(tree.body, _taken_apart(tree)), PLUMBING):
        statements += _statements(module, name)
    calls = [node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value)
        for call in calls
        if ast.unparse(call.func) == "results.read" and call.args and isinstance(call.args[0], ast.Constant)
    }


def experiments(code: str) -> set[str]:
    """List the experiments that the code of a notebook names.

    Parameters
    ----------
    code : str
        Its code cells, joined.

    Returns
    -------
    set of str
        Names of modules of `study.experiments`.
    """
    source = _taken_apart(ast.parse(code))
    prefix = "study.experiments."
    return {name.removeprefix(prefix) for name in source.modules.values() if name.startswith(prefix)}


def file_of(module: str) -> Path:
    """Say which file holds a module.

    Parameters
    ----------
    module : str
        Full name.

    Returns
    -------
    Path
        A file, or for a package its ``__init__.py``; it need not be there.
    """
    path = ROOT / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _follow(start: set[Definition], boundary: Set[str]) -> set[Definition]:
    reached, waiting = set(), set(start)
    while waiting:
        module, name = waiting.pop()
        if (module, name) in reached or {module, f"{module}.{name}"} & boundary:
            continue
        reached.add((module, name))
        source = _source(module)
        waiting |= {(module, "")} | _uses(_statements(module, name), source, module)
        if name in source.names:
            waiting.add(source.names[name])
    return reached


def _uses(statements: list[ast.stmt], source: Source, module: str | None = None) -> set[Definition]:
    """Find what statements refer to: definitions of their own module, and those of others."""
    finder = _Finder(source, module)
    for statement in statements:
        finder.visit(statement)
    return finder.definitions


class _Finder(ast.NodeVisitor):
    """Collects the definitions that code refers to, without those that a function defines for itself."""

    def __init__(self, source: Source, module: str | None) -> None:
        self.source, self.module = source, module
        self.definitions: set[Definition] = set()
        self.local: list[set[str]] = []

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name that stands alone; of a whole module that is handed on, everything may be used."""
        if any(node.id in names for names in self.local):
            return
        if node.id in self.source.modules:
            self.definitions |= _all_of(self.source.modules[node.id])
        elif node.id in self.source.names:
            self.definitions.add(self.source.names[node.id])
        elif self.module and node.id in self.source.definitions:
            self.definitions.add((self.module, node.id))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note what is used of a module, as in ``faces.crop`` or ``dfd.run.load``."""
        owner = self._module_of(node.value)
        if owner is None:
            self.visit(node.value)
        elif not _is_module(f"{owner}.{node.attr}"):
            self.definitions.add((owner, node.attr))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Look into a function, in which its arguments and variables hide names of the module."""
        for outside in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(outside)
        arguments = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        self.local.append(arguments | {name.id for name in names if isinstance(name.ctx, ast.Store)})
        for statement in node.body:
            self.visit(statement)
        self.local.pop()

    def _module_of(self, node: ast.expr) -> str | None:
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        name = ast.unparse(node)
        if any(name.split(".")[0] in names for names in self.local):
            return None
        return self.source.modules.get(name)


def _all_of(module: str) -> set[Definition]:
    return {(module, name) for name in ["", *_source(module).definitions]}


def _statements(module: str, name: str) -> list[ast.stmt]:
    source = _source(module)
    return source.definitions.get(name, []) if name else source.rest


def _hash(definitions: set[Definition], without: str = "") -> str:
    digest = hashlib.sha256()
    for module, name in sorted(definitions):
        digest.update(f"{module}.{name}".encode())
        for statement in _statements(module, name):
            digest.update(_dump(statement, without).encode())
    return digest.hexdigest()[:16]


def _dump(node: object, without: str = "") -> str:
    """Write a syntax tree without docstrings, the same on every version of Python."""
    if isinstance(node, list):
        return f"[{', '.join(_dump(part, without) for part in node if not _is_text(part))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Dict) and without:
        pairs = zip(node.keys, node.values, strict=True)
        kept = [
            pair for pair in pairs if not (isinstance(pair[0], ast.Constant) and pair[0].value == without)
        ]
        node = ast.Dict([key for key, _ in kept], [value for _, value in kept])
    parts = [_dump(getattr(node, name, None), without) for name in node._fields if name not in NOT_DUMPED]
    return f"{type(node).__name__}({', '.join(parts)})"


def _is_text(statement: object) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _source(module: str) -> Source:
    path = file_of(module)
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, modified: int) -> Source:
    return _taken_apart(ast.parse(path.read_text(encoding="utf-8")))


def _taken_apart(tree: ast.Module) -> Source:
    source = Source()
    # An import inside a function counts as one at the top: it only runs later.
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            _note_import(node, source)
    for statement in tree.body:
        if names := list(_defined(statement)):
            for name in names:
                source.definitions.setdefault(name, []).append(statement)
        elif not (_is_text(statement) or isinstance(statement, ast.Import | ast.ImportFrom)):
            source.rest.append(statement)
    return source


def _note_import(statement: ast.Import | ast.ImportFrom, source: Source) -> None:
    for alias in statement.names:
        if isinstance(statement, ast.Import) and alias.name.split(".")[0] in PACKAGES:
            # ``import dfd.run`` makes both names usable, ``import dfd.run as r`` only the new one.
            source.modules |= {alias.asname: alias.name} if alias.asname else _prefixes(alias.name)
        elif isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] in PACKAGES:
            name, full = alias.asname or alias.name, f"{statement.module}.{alias.name}"
            if _is_module(full):
                source.modules[name] = full
            else:
                source.names[name] = (statement.module or "", alias.name)


def _prefixes(name: str) -> dict[str, str]:
    parts = name.split(".")
    names = [".".join(parts[: length + 1]) for length in range(len(parts))]
    return dict(zip(names, names, strict=True))


def _is_module(name: str) -> bool:
    return file_of(name).is_file()


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    targets = {
        ast.Assign: lambda node: node.targets,
        ast.AnnAssign: lambda node: [node.target],
        ast.AugAssign: lambda node: [node.target],
    }.get(type(statement), lambda node: [])(statement)
    for target in targets:
        yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
