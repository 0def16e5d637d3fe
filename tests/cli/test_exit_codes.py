"""Exit codes are the command's promise."""

from __future__ import annotations

import ast
import inspect
import itertools

import pytest

from carms_lake import errors
from carms_lake.cli import exit_codes
from carms_lake.cli.exit_codes import ExitCode, exit_code_of
from carms_lake.errors import LakeError, SourceRefused


def test_the_codes_are_these_and_no_others() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0, "DATA": 1, "USAGE": 2, "CONTRACT": 3, "SOURCE": 4, "STORE": 5, "BUG": 70,
        "INTERRUPTED": 130,
    }  # fmt: skip


def test_every_code_says_what_it_means() -> None:
    tree = ast.parse(inspect.getsource(exit_codes.ExitCode))
    body = tree.body[0].body[1:]  # type: ignore[attr-defined]  # a class has a body
    documented = [
        name.targets[0].id
        for name, text in itertools.pairwise(body)
        if isinstance(name, ast.Assign) and isinstance(text, ast.Expr)
    ]
    assert documented == [code.name for code in ExitCode]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UsageError", 2), ("ConfigError", 2), ("QueryRefused", 2), ("ContractError", 3),
        ("SourceError", 4), ("SourceRefused", 4), ("StoreError", 5), ("StoreLocked", 5),
        ("GoldMissing", 5), ("DataError", 1), ("NotReconciled", 1), ("QueryLimit", 1),
        ("UnknownKey", 1),
    ],
)  # fmt: skip
def test_each_error_ends_with_its_code(name: str, code: int) -> None:
    kind = getattr(errors, name)
    error = SourceRefused("UNREADABLE", "x") if kind is SourceRefused else kind("x")
    assert exit_code_of(error) == code


def test_no_error_is_without_a_branch() -> None:
    kinds = [
        k
        for k in vars(errors).values()
        if isinstance(k, type) and issubclass(k, LakeError) and k is not LakeError
    ]
    assert kinds
    assert all(issubclass(kind, tuple(exit_codes.CODES)) for kind in kinds)
