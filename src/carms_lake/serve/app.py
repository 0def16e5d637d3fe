"""A service put together: the routes of any domain, those of this one, and the service's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake import authored
from carms_lake.errors import ContractError
from carms_lake.serve import pipeline
from carms_lake.serve.contracts import contract_routes
from carms_lake.serve.openapi import document
from carms_lake.serve.own import own_paths
from carms_lake.serve.pages import tables
from carms_lake.serve.pages.api import api_page
from carms_lake.serve.pages.site import site_of
from carms_lake.serve.reports import report_routes
from carms_lake.serve.routes import Route, TableRoute
from carms_lake.serve.service import Service
from carms_lake.serve.state import State
from carms_lake.serve.tables import generic_routes, table_route

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.serve.settings import Settings

MODULE = "service"
"""The module of a domain that declares its routes, in `ROUTES`, and its pages, in `PAGES`."""


def make_application(lake: Lake, settings: Settings) -> Service:
    """The service as an ASGI application.

    Raises:
        ContractError: the domain's module cannot be imported, or declares what is neither a route
            nor a page.
    """
    declared: list[Route | TableRoute] = [
        *domain_routes(lake.config.domain.package),
        *generic_routes(has_query=settings.has_query),
        *contract_routes(),
        *report_routes(),
        pipeline.ROUTE,
    ]
    routes = [table_route(one) if isinstance(one, TableRoute) else one for one in declared]
    state = State(lake, settings, routes)

    def described() -> dict[str, Any]:
        snapshot = state.snapshots.current
        name, has_keys = lake.config.domain.name, bool(settings.keys)
        return document(name, own, declared, snapshot, has_keys=has_keys)

    own = tuple(own_paths(state, routes, described))
    domain = lake.config.domain
    generic = (tables.LIST, tables.TABLE, api_page(routes), tables.FIRST)
    return Service(state, own, routes, site_of(domain.name, domain.package, MODULE, generic))


def domain_routes(package: str) -> list[Route | TableRoute]:
    """What the module `service` of a domain declares; nothing where it has none.

    Raises:
        ContractError: it cannot be imported, or declares what is not a route.
    """
    module = authored.load(package, MODULE)
    found = list(getattr(module, "ROUTES", ()))
    where = authored.shown(package, MODULE)
    seen = set[tuple[str, str]]()
    for one in found:
        if not isinstance(one, Route | TableRoute):
            raise ContractError(
                f"`{where}`: `ROUTES` has {type(one).__name__}, which is not a route",
                "write `carms_lake.serve.routes.Route(...)`",
            )
        key = (one.path, one.method if isinstance(one, Route) else "GET")
        if key in seen:
            raise ContractError(f"`{where}`: `{one.path}` is there twice", "declare it once")
        seen.add(key)
    return found
