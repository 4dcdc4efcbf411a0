"""Columns as frames of pandas, polars and Arrow. Each library is imported where it is used."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_bets.diagnostics import ExtraError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

Given = Mapping[str, Sequence[object]]


def to_pandas(columns: Given) -> "pandas.DataFrame":
    """Return the columns as a pandas frame.

    Raises:
        ExtraError: if pandas is not installed.

    """
    try:
        import pandas
    except ImportError as error:
        raise ExtraError("pandas", "frames") from error
    return pandas.DataFrame({name: list(values) for name, values in columns.items()})


def to_polars(columns: Given) -> "polars.DataFrame":
    """Return the columns as a polars frame.

    Raises:
        ExtraError: if polars is not installed.

    """
    try:
        import polars
    except ImportError as error:
        raise ExtraError("polars", "frames") from error
    return polars.DataFrame({name: list(values) for name, values in columns.items()}, strict=False)


def to_parquet(columns: Given) -> bytes:
    """Return the columns as a Parquet file.

    Raises:
        ExtraError: if pyarrow is not installed.

    """
    table = to_arrow(columns)
    from pyarrow import BufferOutputStream, parquet

    output = BufferOutputStream()
    parquet.write_table(table, output)
    return bytes(output.getvalue())


def to_arrow(columns: Given) -> "pyarrow.Table":
    """Return the columns as an Arrow table.

    Raises:
        ExtraError: if pyarrow is not installed.

    """
    try:
        import pyarrow
    except ImportError as error:
        raise ExtraError("pyarrow", "frames") from error
    return pyarrow.table({name: list(values) for name, values in columns.items()})
