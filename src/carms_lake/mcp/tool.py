"""A function of a lake as a tool: read-only, of bounded length, errors as messages with a hint."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, TextContent, ToolAnnotations

from carms_lake.errors import LakeError
from carms_lake.mcp.capped import capped, text_of

if TYPE_CHECKING:
    from carms_lake.mcp.answers import Answer

Ask = Callable[..., "Answer"]
"""A function whose first parameter the server gives, and the others the agent."""

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def as_tool(ask: Ask, give: Callable[[Ask, dict[str, Any]], Answer], turns: Lock) -> Tool:
    """A tool of the function's name and docstring, and of its parameters but the first.

    `give` calls the function with what it needs first. One question at a time is answered: the
    memory limit of carms.toml is for one query.
    """
    signature = inspect.signature(ask, eval_str=True)
    _, *parameters = signature.parameters.values()
    answer = Annotated[CallToolResult, signature.return_annotation]

    def answered(**values: Any) -> CallToolResult:
        try:
            with turns:
                found = give(ask, values)
            text = text_of(capped(found.model_dump()))
        except LakeError as error:
            hint = f"\n{error.hint}" if error.hint else ""
            return _result(f"{error.message}{hint}", is_error=True)
        return _result(text, structured=json.loads(text, parse_float=_exact))

    answered.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # read by the library
        [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters],
        return_annotation=answer,
    )
    answered.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": answer}
    about = (inspect.getdoc(ask) or "").partition("\nRaises:")[0].strip()
    made = Tool.from_function(
        answered, name=ask.__name__, description=about, annotations=READS, structured_output=True
    )
    # A name that a tool does not have would be ignored, and all rows answered in place of a few.
    model = made.fn_metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_rebuild(force=True)
    made.parameters = model.model_json_schema(by_alias=True)
    return made


def _result(text: str, structured: Any = None, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=structured,
        is_error=is_error,
    )


def _exact(text: str) -> float | str:
    """A number with a fraction as a float that is written with the same digits, else as text."""
    found = float(text)
    return found if Decimal(repr(found)) == Decimal(text) else text
