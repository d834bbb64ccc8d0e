"""Tables of flat JSON objects."""

from collections.abc import Sequence
from typing import Any

from smcontract.failure import ContractError

from monitor.spark import Spark
from monitor.table import MALFORMED, Table, text_columns


def flat_table(spark: Spark, frame: Any, sample: Sequence[dict[str, Any]], where: str) -> Table:
    """A table of the objects in `frame`, in the order of the first object's keys.

    Raises ContractError for keys whose values are not flat.
    """
    types = {field[0]: field[1] for field in fields(frame)}
    malformed = types.pop(MALFORMED, None)
    nested = [name for name, type_ in types.items() if type_ != "string"]
    if nested:
        raise ContractError(
            f"{where}: '{nested[0]}' holds {types[nested[0]]} and not one value; write flat JSON objects."
        )
    if not types:
        _refuse_no_objects(frame, where)
    order = {name: index for index, name in enumerate(sample[0])} if sample else {}
    names = sorted(types, key=lambda name: (order.get(name, len(order)), name))
    expressions = [f"{quoted(name)} AS f{index}" for index, name in enumerate(names)]
    if malformed:
        expressions.append(f"{quoted(MALFORMED)} AS {MALFORMED}")
        # Spark refuses to look at the malformed rows alone unless they are kept.
        frame = frame.cache()
    rows = ([str(each[name]) if each.get(name) is not None else "" for name in names] for each in sample)
    return Table(spark.select(frame, expressions), text_columns(names, rows), malformed is not None)


def _refuse_no_objects(frame: Any, where: str) -> None:
    first = frame.cache().head(1)
    if not len(first):
        raise ContractError(f"Job inputs had no data: there is no row in {where}.")
    raise ContractError(
        f"{where}: no line is a JSON object; the first that is none is {str(first[0].get(0))[:200]!r}."
    )


def fields(frame: Any) -> list[tuple[str, str]]:
    """Names and types of a frame's columns."""
    return [(field.name(), field.dataType().simpleString()) for field in frame.schema().fields()]


def quoted(name: str) -> str:
    """A column's name as SQL needs it."""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"
