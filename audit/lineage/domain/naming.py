"""What events and the catalogue call the same data, so that both speak of one node.

Source: OpenLineage naming conventions (https://openlineage.io/docs/spec/naming): a namespace is scheme and authority, a
name is the path; object stores' names begin without a slash, and local files are in the namespace "file".
"""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from audit.lineage.domain.fold import Kind, Node

OWN: Final = "tollgate"
"""The namespace of what only the catalogue names."""
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SAME: Final = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}
_STORES: Final = frozenset({"s3", "gs", "abfs", "abfss", "wasb", "wasbs", "oss", "cosn"})
_IN_CONTAINER: Final = frozenset({"abfs", "abfss", "wasb", "wasbs"})


def dataset_node(location: str, slug: str) -> Node:
    """The dataset at ``location``; where that is no URI, the catalogue's dataset ``slug``."""
    try:
        parts = urlsplit(location if _URI.match(location) else "")
    except ValueError:
        parts = urlsplit("")
    host = parts.netloc if parts.scheme in _IN_CONTAINER else parts.netloc.rpartition("@")[2]
    if not (host or parts.path.strip("/")):
        return Node(Kind.DATASET, OWN, slug)
    scheme = _SAME.get(parts.scheme, parts.scheme)
    if scheme == "file":
        return Node(Kind.DATASET, f"file://{host}" if host else "file", unquote(parts.path))
    path = parts.path.strip("/") if scheme in _STORES else parts.path
    return Node(Kind.DATASET, f"{scheme}://{host}", path or "/")


def version_node(dataset: Node, digest: str) -> Node:
    """The version of ``dataset`` with this digest."""
    return Node(Kind.DATASET_VERSION, dataset.namespace, f"{dataset.name}@{digest}")


def model_version_node(slug: str, number: int) -> Node:
    """Version ``number`` of the model ``slug``."""
    return Node(Kind.MODEL_VERSION, OWN, f"{slug}@{number}")


def deployment_node(slug: str, number: int, environment: str, mode: str, ident: str) -> Node:
    """A deployment of that version; the id tells those apart that came one after another."""
    return Node(Kind.DEPLOYMENT, OWN, f"{slug}@{number}/{environment}/{mode}/{ident}")


def commit_node(repository: str, commit: str, slug: str) -> Node:
    """A commit; one whose repository is unknown is known beside the model ``slug`` alone."""
    return Node(Kind.COMMIT, repository or f"{OWN}:{slug}", commit)
