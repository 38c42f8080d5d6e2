"""Breaks what stands between livegen and the world, one place at a time, and tells which break no test notices.

    python -m tests.mutants [PART OF A FILE'S NAME ...]       or `make mutants`

A mutant is one of `GUARDS` with one change: a comparison turned, a statement left out, a number changed, a condition
denied.  Each runs in a process of its own against that file's tests.  One that they let pass is either told as a
hole, or stands with its reason in `EXPLAINED`.  No `make test` starts it: all of it takes long.

Why not mutmut: it leaves the constants of a module as they are, and here these are half of what is promised.
Imports no livegen before a mutant is in its place.
"""

import ast
import gc
import importlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import hypothesis
import numpy
import onnx
import pytest
import yaml
from _pytest.main import pytest_runtestloop

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = Path(__file__).with_suffix(".yaml")

FIGURES = "tests/test_reliability.py::test_its_figures_are_those_of_the_code"
# What is broken, and the tests that must notice: one after the other, until one does.
GUARDS: dict[str, tuple[str, ...]] = {
    "livegen/daemon/bucket.py": ("tests/daemon/test_small_parts.py", "tests/daemon/test_outbox.py"),
    "livegen/daemon/midi/outbox.py": ("tests/daemon/test_outbox.py", FIGURES),
    "livegen/daemon/midi/inlet.py": ("tests/daemon/test_inlet.py", FIGURES),
    "livegen/daemon/midi/watchdog_process.py": ("tests/daemon/test_watchdog.py",),
    "livegen/daemon/processes/back_off.py": ("tests/daemon/test_supervisor.py",),
    "livegen/daemon/processes/supervisor.py": ("tests/daemon/test_supervisor.py",),
    "livegen/daemon/last_strokes.py": ("tests/daemon/test_last_strokes.py",),
    "livegen/control/web/guard.py": ("tests/control/web/test_guard.py",),
    "livegen/inference/protobuf.py": (
        "tests/inference/test_protobuf.py",
        "tests/inference/test_onnx_file.py",
    ),
    "livegen/inference/onnx_file.py": ("tests/inference/test_onnx_file.py", FIGURES),
}
PATIENCE = 8  # times as long as with nothing broken: who takes longer hangs, and is noticed
SMALL = 128  # a number from here on is doubled: one more would be no break of its promise
OPTIONS = (
    "--exitfirst",
    "--timeout=0",  # the limit is ours
    "--hypothesis-profile=mutants",
    "-Wignore::pytest.PytestAssertRewriteWarning",  # of what is in the memory of all
    *("-p", "no:cacheprovider", "-p", "no:xdist"),
)

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LEFT_OUT = (ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)
# Neither types nor decorators, nor how a line for people is worded.
_WORDS = ("annotation", "returns", "decorator_list", "type_params")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one change; `name` says where and what, and is one of a kind in its file."""

    name: str
    line: int
    code: CodeType
    is_of_import: bool  # it stands outside all functions


def mutants(source: str, file: str = "<mutant>") -> Iterator[Mutant]:
    """Give every change of a source, one after the other."""
    tree = ast.parse(source)
    for name, line, is_of_import in changes(tree):
        code = compile(ast.fix_missing_locations(tree), file, "exec")
        yield Mutant(name, line, code, is_of_import)


def changes(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Give name and line of every change, and whether it acts at import; the tree has it until the next."""
    seen: Counter[str] = Counter()
    for place in _places(tree):
        for new, said in _instead(place.node):
            inside = f"in {_short(place.parent)}: " if isinstance(place.node, ast.Constant) else ""
            name = f"{place.where}: {inside}{_short(place.node)} → {said}"
            seen[name] += 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            place.put(ast.copy_location(new, place.node))
            yield name, getattr(place.node, "lineno", 0), not place.is_inside
            place.put(place.node)


@dataclass(frozen=True, slots=True)
class _Place:
    """A node and where it hangs."""

    where: str
    is_inside: bool  # of a function
    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(parent: ast.AST, where: str = "", is_inside: bool = False) -> Iterator[_Place]:
    if isinstance(parent, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        where = f"{where}.{parent.name}".lstrip(".")
        is_inside |= not isinstance(parent, ast.ClassDef)
    if isinstance(parent, ast.JoinedStr) or _is_log(parent):
        return
    for field, value in list(ast.iter_fields(parent)):
        if field in _WORDS:
            continue
        listed = value if isinstance(value, list) else [value]
        for index, node in enumerate(listed):
            if isinstance(node, ast.AST):
                at = index if isinstance(value, list) else None
                yield _Place(where or "module", is_inside, parent, field, at, node)
                yield from _places(node, where, is_inside)


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")


def _instead(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Give what could stand there, with its name."""
    for new in _expressions(node):
        yield new, _short(new)
    match node:
        case ast.If() | ast.While() | ast.IfExp() if _is_plain(node.test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test)), "denied"
        case ast.comprehension(ifs=[test]) if _is_plain(test):
            yield _with(node, ifs=[ast.UnaryOp(ast.Not(), test)]), "denied"
        case ast.match_case(guard=None, pattern=ast.MatchAs(pattern=None)):
            pass
        case ast.match_case():
            yield _with(node, guard=ast.Constant(False)), "never"
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield ast.Pass(), "nothing"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield ast.Pass(), "nothing"
        case ast.Return() if not isinstance(node.value, ast.Await):
            yield ast.Pass(), "nothing"
        case _ if isinstance(node, _LEFT_OUT):
            yield ast.Pass(), "nothing"


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                other = _COMPARISONS[type(op)]()
                yield _with(node, ops=[*ops[:at], other, *ops[at + 1 :]])
        case ast.BoolOp():
            yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            yield _with(node, op=_ARITHMETIC[type(node.op)]())
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1 if abs(number) < SMALL else 2 * number)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield _with(node, func=ast.Name(_CALLS[name], ast.Load()))


def _is_plain(test: ast.AST) -> bool:
    """True if no other change denies it."""
    denied = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    equal = isinstance(test, ast.Compare) and isinstance(
        test.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot
    )
    return not denied and not equal


def _with(node: ast.AST, **fields: object) -> ast.AST:
    return type(node)(**{**dict(ast.iter_fields(node)), **fields})


def _short(node: ast.AST) -> str:
    match node:
        case ast.If() | ast.While():
            return f"{type(node).__name__.lower()} {ast.unparse(node.test)}"
        case ast.comprehension():
            return f"if {ast.unparse(node.ifs[0])}"
        case ast.match_case():
            guard = f" if {ast.unparse(node.guard)}" if node.guard else ""
            return f"case {ast.unparse(node.pattern)}{guard}"
        case ast.Expr(value=value) if _is_log(value):
            return " ".join(ast.unparse(value).split()).partition(", ")[0]
        case _:
            return " ".join(ast.unparse(node).split())


# --- running them ----------------------------------------------------------------------------------------------------


class _InItsPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives a mutant to whoever imports its module."""

    def __init__(self, file: str, code: CodeType) -> None:
        self._name, self._file, self._code = _module_of(file), file, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        where = str(ROOT / self._file)
        return importlib.util.spec_from_loader(fullname, self, origin=where)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(ROOT / self._file)
        exec(self._code, module.__dict__)


def alive(file: str) -> Iterator[Mutant]:
    """Give the mutants of a file that its tests let pass.  Raises RuntimeError if they fail with nothing broken.

    Changes inside functions are made where all is imported and collected already, each in a copy of that process;
    those of what is read at import are imported anew.
    """
    began = time.monotonic()
    if not all(_ends_well(partial(_tested, tests), 600) for tests in GUARDS[file]):
        raise RuntimeError(f"{file}: its tests fail with nothing broken")
    limit_s = PATIENCE * (time.monotonic() - began)
    made = {each.name: each for each in mutants((ROOT / file).read_text(), file)}
    inside = [each for each in made.values() if not each.is_of_import]
    for name in _names_from(lambda tell: _collected(file, inside, limit_s, tell)):
        yield made[name]
    for each in made.values():
        if each.is_of_import and all(
            _ends_well(partial(_imported, file, each, tests), limit_s) for tests in GUARDS[file]
        ):
            yield each


def _ends_well(work: Callable[[], bool], limit_s: float) -> bool:
    """True if a copy of this process does that within the limit, and says so."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.setitimer(signal.ITIMER_REAL, limit_s)  # the end of one that hangs
            _be_quiet()
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _names_from(work: Callable[[Callable[[str], None]], None]) -> Iterator[str]:
    """Give the lines that a copy of this process tells."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _be_quiet()
            with os.fdopen(writing, "w") as lines:
                work(partial(print, file=lines, flush=True))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        yield from (line.rstrip("\n") for line in lines)
    os.waitpid(child, 0)


def _be_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)


def _tested(tests: str) -> bool:
    return int(pytest.main([*OPTIONS, tests])) == 0


def _imported(file: str, mutant: Mutant, tests: str) -> bool:
    sys.meta_path.insert(0, _InItsPlace(file, mutant.code))
    return _tested(tests)


def _collected(
    file: str, inside: Sequence[Mutant], limit_s: float, tell: Callable[[str], None]
) -> None:
    """Collect the tests once, and run them for each mutant in a copy of this process."""

    class Loop:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            module = importlib.import_module(_module_of(file))
            gc.freeze()  # the copies need not look through it
            for each in inside:
                if _ends_well(partial(_run_with, session, module, each), limit_s):
                    tell(each.name)
            return True

    pytest.main([*OPTIONS, "-s", *GUARDS[file]], plugins=[Loop()])


def _run_with(session: pytest.Session, module: ModuleType, mutant: Mutant) -> bool:
    """Run the tests that were collected, with the mutant's functions in the places of the module's."""
    changed = ModuleType(module.__name__)
    exec(mutant.code, changed.__dict__)
    _take(vars(module), vars(changed), module.__name__)
    try:
        pytest_runtestloop(session)
    except session.Failed:
        return False
    return session.testsfailed == 0


def _take(old: Mapping[str, object], new: Mapping[str, object], module: str) -> None:
    """Give functions the code and the defaults of those of the same names, in classes too."""
    for name, there in old.items():
        comes = new.get(name)
        if isinstance(there, property) and isinstance(comes, property):
            _take({"": there.fget}, {"": comes.fget}, module)
        elif getattr(there, "__module__", None) != module:
            continue
        elif isinstance(there, type) and isinstance(comes, type):
            _take(vars(there), vars(comes), module)
        elif isinstance(there, FunctionType) and isinstance(comes, FunctionType):
            code = comes.__code__
            if not code.co_freevars:  # `super()` may be what the change leaves out
                code = code.replace(co_freevars=there.__code__.co_freevars)
            there.__code__ = code
            there.__defaults__, there.__kwdefaults__ = comes.__defaults__, comes.__kwdefaults__


def _module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def explained(file: str) -> dict[str, str]:
    """The mutants of a file that may live, with the reason; a name that ends in * is that of many."""
    found: dict[str, dict[str, str]] = yaml.safe_load(EXPLAINED.read_text())
    return found.get(file, {})


def explanation_of(name: str, reasons: Iterable[str]) -> str | None:
    """The one of these names that means it, if there is one."""
    return next((each for each in reasons if name == each or _is_of(name, each)), None)


def _is_of(name: str, many: str) -> bool:
    return many.endswith("*") and name.startswith(many[:-1])


def main(wanted: Sequence[str]) -> int:
    """Run the mutants of all files, or of those named; 1 if one lives that nobody explained."""
    # What fails need not be told by its shortest example.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", deadline=None, derandomize=True, database=None, phases=phases, max_examples=60
    )
    os.chdir(ROOT)
    holes = 0
    for file in GUARDS:
        if wanted and not any(part in file for part in wanted):
            continue
        began, names = time.monotonic(), set[str]()
        reasons = explained(file)
        for each in alive(file):
            names.add(each.name)
            if explanation_of(each.name, reasons) is None:
                holes += 1
                print(f"{file}:{each.line}: no test notices  {each.name}", flush=True)
        used = {explanation_of(name, reasons) for name in names}
        for name in reasons.keys() - used:
            holes += 1
            print(f"{file}: explained, but it is noticed or no more there:  {name}")
        made = sum(1 for _ in changes(ast.parse((ROOT / file).read_text())))
        reasoned = sum(explanation_of(name, reasons) is not None for name in names)
        print(
            f"{file}: {made} mutants, {made - len(names)} noticed, {reasoned} explained, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
    return int(holes > 0)


_ = numpy, onnx  # in the memory of all, so that no mutant waits for them

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
