"""Addresses of repositories, as people and Git write them, lead to the page that compares two commits."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
SCP: Final = re.compile(r"(?:[\w.-]+@)(?P<host>[\w.-]+):(?P<path>[^/].*)")
AZURE: Final = "dev.azure.com"


@dataclass(frozen=True, slots=True)
class Place:
    """The host (in lower case, with its port) and the path of a repository, as its pages have them."""

    host: str
    path: str


def holds_secret(repository: str) -> bool:
    """Whether a password or token stands in the address, before the host."""
    try:
        return urlsplit(repository.strip()).password is not None
    except ValueError:
        return False


def place_of(repository: str) -> Place | None:
    """Where the repository's pages are: from ``https://``, ``ssh://`` or ``git@host:path``; None for anything else."""
    text = repository.strip()
    scp = SCP.fullmatch(text) if "://" not in text else None
    if scp:
        host, path = scp["host"].lower(), scp["path"]
    else:
        try:
            parts = urlsplit(text)
            port = f":{parts.port}" if parts.port and parts.scheme == "https" else ""
        except ValueError:
            return None
        if parts.scheme not in {"https", "ssh"} or not parts.hostname:
            return None
        host, path = parts.hostname.lower() + port, parts.path
    path = path.strip("/").removesuffix(".git")
    return _azure(host, path) or (Place(host, path) if path else None)


def _azure(host: str, path: str) -> Place | None:
    if host == f"ssh.{AZURE}":
        names = path.removeprefix("v3/").split("/")
        return Place(AZURE, f"{names[0]}/{names[1]}/_git/{names[2]}") if len(names) == 3 else None
    return None


def compare_url(repository: str, before: str, after: str) -> str:
    """The page on which the host shows what changed between two commits; empty when there is none to be known.

    Known are GitHub (``/compare/a...b``), GitLab (``/-/compare/a...b``) and Azure DevOps (``/branchCompare`` with
    versions ``GC`` and a commit), each at its public address; GitHub and GitLab also at hosts of one's own that are
    named so (``gitlab.example.org``). A commit is 7 to 64 hexadecimal digits.
    """
    place = place_of(repository)
    if place is None or not (COMMIT.fullmatch(before) and COMMIT.fullmatch(after)):
        return ""
    root = f"https://{place.host}/{quote(place.path, safe='/%')}"
    if place.host == AZURE or place.host.endswith(".visualstudio.com"):
        return f"{root}/branchCompare?baseVersion=GC{before}&targetVersion=GC{after}"
    names = place.host.split(".")
    if names[0] == "gitlab":
        return f"{root}/-/compare/{before}...{after}"
    if names[0] == "github":
        return f"{root}/compare/{before}...{after}"
    return ""
