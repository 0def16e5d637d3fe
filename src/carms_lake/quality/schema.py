"""The constraints of a contract as a Pandera schema: what decides which rows of silver are valid.

Every check returns one boolean per row, so that Pandera's failure cases have the position of each
row. Checks of several columns belong to one column: those of a whole frame make Pandera turn each
failing row into a Python dictionary.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

import pandera.errors
import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, config_context

from carms_lake import authored
from carms_lake.contract.model import Balance, Contract, Relationship
from carms_lake.contract.verify import conforms
from carms_lake.errors import ContractError
from carms_lake.expressions import natural_order
from carms_lake.names import TableRef
from carms_lake.quality.constraints import Constraint, constraints, value_constraints
from carms_lake.quality.types import polars_schema, polars_type

Find = Callable[[pl.DataFrame], pl.Series]
"""Finds the positions of the rows that break a constraint."""


NO_ROWS = pl.Series([], dtype=pl.UInt32)
_POSITION = "\x00position"
_LAST = "\x00last"


def compiled(
    contract: Contract,
    references: Mapping[TableRef, pl.DataFrame],
    alike: pl.Series | None = None,
    superseded: pl.Series = NO_ROWS,
    checks: Sequence[pa.Check] = (),
) -> pa.DataFrameSchema:
    """The schema whose failure cases are the rows that the contract does not allow in its table.

    `references` has the columns that quarantining references point to, by table; `alike` are the
    positions of rows that share a key, `superseded` of those that another row of it replaces;
    `checks` are the domain author's.

    Raises:
        ContractError: a pattern or a rule of the contract cannot be compiled.
    """
    by_column: dict[str, list[pa.Check]] = defaultdict(list)
    for constraint in value_constraints(contract):
        if constraint.kind != "required":  # it is the column's `nullable`
            by_column[constraint.column].append(_of_values(constraint.name, constraint.passes))
    for constraint in constraints(contract):
        find = _finder(constraint, references, alike, superseded)
        if find is not None:
            by_column[_home(contract, constraint.columns)].append(_of_rows(constraint.name, find))
    by_column[_home(contract, ())] += checks
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                polars_type(column.type), by_column[column.name], nullable=not column.required
            )
            for column in contract.columns
        },
        strict=True,
    )


def failure_cases(
    frame: pl.DataFrame, schema: pa.DataFrameSchema, contract: Contract
) -> dict[str, pl.Series]:
    """The positions of the rows that break each constraint, by its name, as Pandera found them.

    Raises:
        ContractError: the frame has other columns or types than the contract, or a check fails
            without saying for which rows.
    """
    # The environment may switch Pandera off or let it check types only; here it decides.
    depth = ValidationDepth.SCHEMA_AND_DATA
    try:
        with config_context(validation_enabled=True, validation_depth=depth):
            schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        if cases["index"].null_count():
            where = f"the function `{contract.ref.table}`"
            conforms(contract, frame.schema, polars_schema(contract), where)
            unplaced = (
                cases.filter(pl.col("index").is_null()).select("check", "failure_case").rows()
            )
            said = "; ".join(f"`{check}`: {case}" for check, case in unplaced)
            raised = {check for check, _ in unplaced}
            places = [
                authored.place_of(check._check_fn)  # noqa: SLF001 - it has no public name
                for column in schema.columns.values()
                for check in column.checks
                if str(check.name) in raised
            ]
            raise ContractError(
                f"`{contract.ref}`: checks that do not say which rows fail: {said}; "
                f"they are in {', '.join(places)}",
                "a check returns one boolean per row, in the order of the rows",
            ) from error
    else:
        return {}
    is_null = pl.col("check") == "not_nullable"
    name = pl.when(is_null).then(pl.col("column") + ".required").otherwise("check").alias("name")
    found = cases.group_by(name, maintain_order=True).agg(pl.col("index").cast(pl.UInt32))
    return dict(zip(found["name"], found["index"], strict=True))


def _of_values(name: str, passes: pl.Expr) -> pa.Check:
    return pa.Check(lambda data: data.lazyframe.select(passes), name=name)


def _of_rows(name: str, find: Find) -> pa.Check:
    def check(data: pa.PolarsData) -> pl.LazyFrame:
        frame = data.lazyframe.collect()
        valid = pl.repeat(value=True, n=frame.height, eager=True)
        return valid.scatter(find(frame), values=False).to_frame().lazy()

    return pa.Check(check, name=name)


def _finder(
    constraint: Constraint,
    references: Mapping[TableRef, pl.DataFrame],
    alike: pl.Series | None,
    superseded: pl.Series,
) -> Find | None:
    """How the rows that break a constraint of several columns are found; None for others."""
    argument = constraint.argument
    match constraint.kind:
        case "primaryKey":
            return partial(
                contradicting, key=constraint.columns, alike=alike, superseded=superseded
            )
        case "unique":
            return partial(contradicting, key=constraint.columns, superseded=superseded)
        case "relationship" if argument.quarantine:
            return lambda frame: orphaned_rows(frame, argument, references[argument.target])
        case "rule":
            matches: Find = argument.matches
            return matches
        case _:
            return None


def _home(contract: Contract, columns: Iterable[str]) -> str:
    """The column that a check of several belongs to; one of bytes cannot be shown as text."""
    names = [*columns, *contract.column_names]
    return next((n for n in names if contract.column(n).type.name != "blob"), names[0])


def repeated(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """The positions of the rows whose key occurs more than once, in order.

    A key with a null in it is not a key, and equals no other. Rows whose hashes differ differ, so
    only those that share a hash are compared: Pandera's `unique` takes 2 GB at 10 million rows.
    """
    hashes = frame.select(pl.struct(key).hash().alias("hash"))["hash"]
    if hashes.n_unique() == frame.height:
        return NO_ROWS
    alike = hashes.is_duplicated().arg_true()
    is_key = pl.all_horizontal(pl.col(key).is_not_null())
    same = frame.select(key)[alike].select((pl.struct(key).is_duplicated() & is_key).alias("same"))
    return alike.filter(same["same"])


def superseded_rows(
    frame: pl.DataFrame, contract: Contract, alike: pl.Series, marks: Collection[str]
) -> pl.Series:
    """Positions of rows that another row of their key replaces, among those that share a key.

    That is a later one in the contract's order, and of rows that agree in every column but `marks`
    all except the last. Rows that contradict each other are not superseded.
    """
    if alike.is_empty():
        return NO_ROWS
    key = list(contract.primary_key)
    earlier = NO_ROWS
    if contract.silver.balance is Balance.DEDUPLICATE:
        earlier = _earlier_rows(frame, alike, key, contract.silver.order)
        alike = alike.filter(~alike.is_in(earlier.implode()))
    rows = frame.select(contract.column_names)[alike].with_columns(alike.alias(_POSITION))
    # Of copies, the one that came last: what says where a row comes from is that of one file.
    places = [n for n in rows.columns if n in marks and n not in key]
    rows = rows.sort(_in_order(rows, places or [_POSITION]))
    compared = [n for n in contract.column_names if n in key or n not in marks]
    kept = rows.unique(compared, keep="last")[_POSITION]
    again = alike.filter(~alike.is_in(kept.implode()))
    return pl.concat([earlier, again]).sort()


def _earlier_rows(
    frame: pl.DataFrame, alike: pl.Series, key: Sequence[str], order: Sequence[str]
) -> pl.Series:
    """Which of these rows another row of their key follows in an order."""
    names = [name.lstrip("-") for name in order]
    ranked = (
        frame.select(list(dict.fromkeys([*key, *names])))[alike]
        .with_columns(alike.alias(_POSITION))
        .sort(
            _in_order(frame, names),
            descending=[name.startswith("-") for name in order],
            nulls_last=False,
            maintain_order=True,
        )
    )
    last = ranked.group_by(key, maintain_order=True).agg(pl.struct(names).last().alias(_LAST))
    joined = ranked.join(last, on=key, how="left", nulls_equal=True)
    return joined.filter(pl.struct(names) != pl.col(_LAST))[_POSITION]


def _in_order(frame: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    """What rows are sorted by: texts, as names of files, in natural order, 9 before 10."""
    return [natural_order(n) if frame.schema[n] == pl.String else pl.col(n) for n in names]


def contradicting(
    frame: pl.DataFrame,
    key: Sequence[str],
    alike: pl.Series | None = None,
    superseded: pl.Series = NO_ROWS,
) -> pl.Series:
    """The positions of the rows that share a key with another one that is not superseded.

    `alike` are those that share one with any other row, where they are known already.
    """
    alike = repeated(frame, key) if alike is None else alike
    if alike.is_empty() or superseded.is_empty():
        return alike
    alike = alike.filter(~alike.is_in(superseded.implode()))
    again = frame.select(key)[alike].select(pl.struct(key).is_duplicated().alias("same"))
    return alike.filter(again["same"])


def orphaned_rows(
    frame: pl.DataFrame, relationship: Relationship, target: pl.DataFrame
) -> pl.Series:
    """The positions of the rows whose reference is not in the target; a null refers to nothing."""
    columns = list(relationship.columns)
    given = frame.lazy().select(columns).with_row_index(_POSITION).drop_nulls(columns)
    theirs = list(relationship.target_columns)
    unknown = given.join(target.lazy(), left_on=columns, right_on=theirs, how="anti")
    return unknown.select(_POSITION).collect(engine="streaming")[_POSITION].sort()
