"""Profiles of many columns of Parquet files: one column at a time on each core, so memory does not grow with columns.

Nor does it grow with rows: values are taken in pieces of ``PIECE`` rows, whose profiles are merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from audit.monitoring.domain.columns import KEPT, Categories, Column, Numbers
from audit.monitoring.domain.edges import edges_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

PIECE: Final = 2_000_000
"""So many rows of one column are in memory at once, for each thread."""
NAMES: Final = 200 * KEPT
"""So many names are counted exactly; a column with more is cut to its most frequent ones on the way."""


def of_reference(paths: Sequence[Path], kinds: Mapping[str, str]) -> dict[str, Column]:
    """Profiles of a reference's files, whose numbers choose the edges that windows are counted at.

    ``kinds`` names the columns: "number", or anything else for names. A column that a file lacks is null in it.
    Beyond ``PIECE`` rows the edges come from every second (third, ...) row; counts are of all rows in any case.
    """
    return _profiles(paths, kinds, None)


def of_files(paths: Sequence[Path], kinds: Mapping[str, str], reference: Mapping[str, Column]) -> dict[str, Column]:
    """Profiles of a partition's files, its numbers counted at the edges of ``reference``.

    A column that the reference lacks, or has as names, is counted without edges: its sketch tells its shape.
    """
    return _profiles(paths, kinds, reference)


def _profiles(
    paths: Sequence[Path], kinds: Mapping[str, str], reference: Mapping[str, Column] | None
) -> dict[str, Column]:
    with ThreadPoolExecutor(settings.TOLLGATE_THREADS) as pool:
        waiting = {
            name: pool.submit(_numbers, paths, name, reference)
            if kind == "number"
            else pool.submit(_names, paths, name)
            for name, kind in kinds.items()
        }
        return {name: column.result() for name, column in waiting.items()}


def _numbers(paths: Sequence[Path], name: str, reference: Mapping[str, Column] | None) -> Column:
    import numpy as np

    if reference is not None:
        known = reference.get(name)
        edges = known.edges if isinstance(known, Numbers) else np.empty(0)
    else:
        step = max(1, -(-_rows(paths) // PIECE))
        sample = np.concatenate([np.empty(0), *_values(paths, name, step)])
        if step == 1:
            return Numbers.of(sample)
        edges = edges_of(sample[np.isfinite(sample)])
    profiles = map(partial(Numbers.of, edges=edges), _values(paths, name))
    return reduce(Numbers.merged, profiles, Numbers.of(np.empty(0), edges))


def _names(paths: Sequence[Path], name: str) -> Column:
    import numpy as np
    import pyarrow as pa

    found: Counter[str] = Counter()
    done = Categories(n=0, nulls=0, counts={}, others=0)
    nulls = 0
    for piece in _pieces(paths, name, names=True):
        nulls += piece.null_count
        for chunk in piece.chunks:
            codes = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            counts = np.bincount(codes.indices.drop_null().to_numpy(), minlength=len(codes.dictionary))
            for value, count in zip(codes.dictionary.cast(pa.string()).to_pylist(), counts.tolist(), strict=True):
                if value is None:
                    nulls += count
                else:
                    found[value] += count
        if len(found) > NAMES:
            done, nulls, found = done.merged(Categories.counted(found, nulls=nulls)), 0, Counter()
    last = Categories.counted(found, nulls=nulls)
    return done.merged(last) if done.n else last


def _rows(paths: Sequence[Path]) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in paths)


def _values(paths: Sequence[Path], name: str, step: int = 1) -> Iterator[NDArray[np.float64]]:
    """The column's numbers in pieces, NaN for null; with ``step`` every so manyth row of each."""
    import numpy as np
    import pyarrow as pa

    for piece in _pieces(paths, name):
        values = piece.cast(pa.float64(), safe=False).combine_chunks().to_numpy(zero_copy_only=False)
        yield np.ascontiguousarray(values[::step])


def _pieces(paths: Sequence[Path], name: str, *, names: bool = False) -> Iterator[pa.ChunkedArray]:
    """The column in pieces of at most ``PIECE`` rows, where no row group is larger; null in a file without it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in paths:
        metadata = pq.read_metadata(path)
        groups = _groups([metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)])
        if name not in metadata.schema.to_arrow_schema().names:
            yield from (pa.chunked_array([pa.nulls(rows, pa.string())]) for _, rows in groups)
            continue
        read_dictionary = [name] if names else None
        with pq.ParquetFile(path, metadata=metadata, read_dictionary=read_dictionary, memory_map=True) as file:
            for several, _ in groups:
                yield file.read_row_groups(several, columns=[name], use_threads=False).column(0)


def _groups(sizes: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Neighbouring row groups that together have at most ``PIECE`` rows, and how many they have."""
    groups: list[int] = []
    rows = 0
    for group, size in enumerate(sizes):
        if groups and rows + size > PIECE:
            yield groups, rows
            groups, rows = [], 0
        groups.append(group)
        rows += size
    if groups:
        yield groups, rows
