"""The code of a domain's author: found, imported, and its mistakes reported as the author's.

A domain is a package: of this tool, of another distribution, or the folder `domains/<name>` of a
project. Such a folder is imported from where it is, under a name that only it has: two projects in
one process never mix, and `sys.path` stays as it is. A changed file is imported again.
"""

import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.resources.abc import Traversable
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from carms_lake.errors import ContractError, LakeError, did_you_mean, is_fault, system_refusal

_OURS = "carms_lake."
_PREFIX = "carms_project_"

_folders: dict[str, Path] = {}
"""The folder of each project's domain, by the name of its package."""
_digests: dict[str, bytes] = {}
"""What was in such a folder when it was imported."""
_roots: set[Path] = set()
"""The folders of all authors' packages that were imported."""
_importing = threading.RLock()


class _Loader(SourceFileLoader):
    """Compiles a module every time: no bytecode of before, and none left in a project."""

    def path_stats(self, path: Any) -> Any:
        """Nothing that bytecode could be compared with."""
        raise OSError(path)


class _Finder:
    """Finds the packages of projects' domains, and the modules in them."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: object = None) -> ModuleSpec | None:
        """The module's file; None for all that is not in such a folder."""
        del path, target
        package, *below = name.split(".")
        if package not in _folders:
            return None
        at = _folders[package].joinpath(*below)
        for file, within in ((at / "__init__.py", [str(at)]), (at.with_suffix(".py"), None)):
            if file.is_file() and (below or within):
                loader = _Loader(name, str(file))
                return spec_from_file_location(
                    name, file, loader=loader, submodule_search_locations=within
                )
        if below and not at.is_dir():
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(at)]
        return spec


def of_folder(name: str, folder: Path) -> str:
    """The package that the folder of a project's domain is imported as."""
    import hashlib  # noqa: PLC0415 - 4 ms of `--help`, where a project has a domain

    where = folder.resolve()
    mark = hashlib.sha256(str(where).encode(errors="surrogatepass")).hexdigest()[:16]
    package = f"{_PREFIX}{name}_{mark}"
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)  # before Python's own, which finds modules by `__path__`
    _folders[package] = where
    return package


def load(package: str, module: str = "") -> ModuleType | None:
    """The package of a domain, or a module of it; None where there is none.

    Raises:
        ContractError: it cannot be imported, with the file and the line.
    """
    name = f"{package}.{module}" if module else package
    with _importing:
        _forget_changed(package)
        try:
            found = import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if name == missing or name.startswith(f"{missing}."):
                return None
            raise _of_import(package, module, error) from error
        except (Exception, SystemExit) as error:
            if package.startswith(_OURS):
                raise
            raise _of_import(package, module, error) from error
        finally:
            if package in sys.modules and not package.startswith(_OURS):
                _roots.update(folders(package))
    return found


def folders(package: str) -> list[Path]:
    """Where the package of a domain is; nowhere if it cannot be found."""
    if package in _folders:
        return [_folders[package]]
    return [Path(folder) for folder in getattr(sys.modules.get(package), "__path__", [])]


def files(package: str) -> Traversable:
    """The folder of a domain's package, also of one inside an archive."""
    from importlib import resources  # noqa: PLC0415 - 5 ms of `--help`

    return _folders[package] if package in _folders else resources.files(package)


def shown(package: str, module: str) -> str:
    """What a message calls a module: its path in a project, else its dotted name."""
    return f"{_folders[package] / module}.py" if package in _folders else f"{package}.{module}"


def place_of(function: Callable[..., Any]) -> str:
    """The file and line of a function, for a message; its name where it has none."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return f"`{getattr(function, '__qualname__', function)}`"
    return f"`{code.co_filename}`, line {code.co_firstlineno}"


def place_in(error: BaseException) -> str | None:
    """The file and line of an author's code that an error passed through last, or is about."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, SyntaxError) and at.filename and _is_authored(at.filename):
            return f"`{at.filename}`, line {at.lineno or 1}"
        step, found = at.__traceback__, None
        while step is not None:
            file = step.tb_frame.f_code.co_filename
            if _is_authored(file):
                found = f"`{file}`, line {step.tb_lineno}"
            step = step.tb_next
        if found:
            return found
        at = at.__cause__
    return None


def functions(package: str, module: str) -> dict[str, Callable[..., Any]]:
    """The public functions of a module of a domain, by name; empty where the module is missing.

    Raises:
        ContractError: it cannot be imported, or announces what it does not have.
    """
    code = load(package, module)
    names = getattr(code, "__all__", None)
    if names is None:
        own = inspect.getmembers(code, inspect.isfunction) if code else []
        names = [n for n, f in own if code and f.__module__ == code.__name__]
    found = {n: getattr(code, n, None) for n in names if not n.startswith("_")}
    for wrong in (n for n, function in found.items() if not callable(function)):
        raise ContractError(
            f"`{shown(package, module)}`: `__all__` names `{wrong}`, which is not a function",
            "write the function, or remove its name",
        )
    return found  # type: ignore[return-value]  # all of them can be called


def parameters(function: Callable[..., Any], where: str) -> list[inspect.Parameter]:
    """The parameters of an author's function; `where` names it.

    Raises:
        ContractError: it is not one whose parameters can be known.
    """
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise ContractError(f"{where}: {error}", "write a function with `def`") from error


def checks(package: str, table: str, tables: frozenset[str]) -> Sequence[Any]:
    """The Pandera checks that the author of a domain gives for a silver table.

    Raises:
        ContractError: a function is not named like a table, fails or gives something else, or a
            check has no name of its own.
    """
    own = functions(package, "checks")
    for name in sorted(own.keys() - tables):
        where = place_of(own[name])
        raise ContractError(
            f"{where}: `{name}` is not a silver table of the domain", did_you_mean(name, tables)
        )
    if table not in own:
        return ()
    function = own[table]
    where = f"`silver.{table}`: {place_of(function)}"
    with called(f"checks of `silver.{table}`", function):
        found = function()
    if not isinstance(found, list | tuple) or any(not hasattr(c, "error") for c in found):
        raise ContractError(
            f"{where}: it gives no list of checks", "return `[pa.Check(..., name=...)]`"
        )
    names = [check.name for check in found]
    # Pandera names a check after its function, so that lambdas all have one name.
    if "<lambda>" in names or len(set(names)) < len(names):
        raise ContractError(
            f"{where}: each check needs a `name` of its own",
            "it is the rule that quarantined rows show",
        )
    return tuple(found)


def selects(folder: Traversable) -> tuple[dict[str, str], dict[str, str]]:
    """The SELECTs of a domain by their tables, and what messages call their files.

    Raises:
        ContractError: a file is not text.
    """
    found = [e for e in folder.iterdir() if e.name.endswith(".sql")] if folder.is_dir() else []
    texts, places = {}, {}
    for entry in (entry for entry in found if entry.is_file()):
        table = entry.name.removesuffix(".sql")
        places[table] = f"`{entry}`"
        try:
            text = entry.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ContractError(f"`{entry}` is not UTF-8: {error}", "save it as UTF-8") from None
        texts[table] = text.rstrip().removesuffix(";")  # its lines are the file's
    return texts, places


@contextmanager
def called(
    what: str, function: Callable[..., Any], passing: tuple[type[BaseException], ...] = ()
) -> Iterator[None]:
    """Run a function of an author; what it raises is its mistake. `what` names the table.

    Errors of this tool pass, and so does what the system refused, or what is `passing`.

    Raises:
        ContractError: it raised something, also late, in a frame that it made.
    """
    try:
        yield
    except BaseException as error:
        is_mistake = is_fault(error) or isinstance(error, SystemExit)
        ours = str(getattr(function, "__module__", "")).startswith(_OURS)
        passes = isinstance(error, (LakeError, MemoryError, *passing))
        if not is_mistake or ours or passes or system_refusal(error):
            raise
        where = place_in(error) or place_of(function)
        raise mistake(f"{what}: {where}", error) from error


def mistake(where: str, error: BaseException) -> ContractError:
    """What an author's code raised, in one line."""
    said = (str(error).strip().splitlines() or [""])[0]
    if isinstance(error, SyntaxError):
        said = error.msg
    kind = type(error).__name__
    return ContractError(
        f"{where}: {kind}: {said}" if said else f"{where}: {kind}",
        "correct the code; with -v the traceback is shown",
    )


def _of_import(package: str, module: str, error: BaseException) -> ContractError:
    _roots.update(folders(package))
    where = place_in(error) or _last_place(error) or f"`{shown(package, module or '__init__')}`"
    reported = mistake(where, error)
    if isinstance(error, ModuleNotFoundError):
        reported.hint = (
            f"install it, or write `from .{error.name} import ...` if it is a file next to this one"
        )
    return reported


def _last_place(error: BaseException) -> str | None:
    """The last file and line that are neither of this tool nor of Python's import system.

    A package that cannot be imported is not known by its folder.
    """
    step, found = error.__traceback__, None
    own = str(Path(__file__).parent)
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if not file.startswith((own, "<frozen ")) and "importlib" not in file:
            found = f"`{file}`, line {step.tb_lineno}"
        step = step.tb_next
    return found


def _is_authored(file: str) -> bool:
    path = Path(file)
    return any(path.is_relative_to(root) for root in _roots)


def _forget_changed(package: str) -> None:
    """Have a project's domain imported again after a change of its code."""
    if package not in _folders:
        return
    import hashlib  # noqa: PLC0415

    digest = hashlib.sha256()
    for path in sorted(_folders[package].rglob("*.py")):
        digest.update(f"{path}\0".encode(errors="surrogatepass") + path.read_bytes() + b"\0")
    if _digests.get(package, digest.digest()) != digest.digest():
        for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
            del sys.modules[name]
    _digests[package] = digest.digest()
