"""Days in pieces of about equal work, for one job each: a large day by itself, small ones together."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

PIECE: Final = 200_000
"""So many rows are worth a job of their own."""


def in_pieces(rows: Mapping[date, int]) -> Iterator[list[date]]:
    """The days, each with how many rows it has, in order and in pieces of at most ``PIECE`` rows or of one day."""
    piece: list[date] = []
    weight = 0
    for day, count in sorted(rows.items()):
        if piece and weight + count > PIECE:
            yield piece
            piece, weight = [], 0
        piece.append(day)
        weight += count
    if piece:
        yield piece
