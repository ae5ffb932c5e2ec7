"""Who else learns of the catalogue's records, in the transaction that made or changed them; higher slices fill this."""

from collections.abc import Callable, Sequence

from audit.base.models import Record

Follower = Callable[[Sequence[Record]], None]
FOLLOWERS: list[Follower] = []


def follow(follower: Follower) -> None:
    """Calls ``follower`` with every version of data, run, version, alias and deployment that is new or changed.

    With a model too, when what is expected of it changed: its task, or the thresholds that it should keep.
    """
    if follower not in FOLLOWERS:
        FOLLOWERS.append(follower)


def tell(records: Sequence[Record]) -> None:
    """Tells all of them; what they write belongs to the caller's transaction."""
    for follower in FOLLOWERS:
        follower(records)
