"""Which versions there are, and where each came from: data, parameters, code, run. What is not recorded is unknown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from audit.base.actors import Actor
from audit.exports.domain.scope import Scope
from audit.exports.facts import DataFacts, VersionFacts, versions_at
from audit.exports.report import Claim, Section, Table, code, known, number, table
from audit.exports.words import count, covered, duration, listed, moment, pairs, size

CLAIMS: Final = {
    "versions": "a version of each model",
    "artefacts": "the digest of each version's artefact",
    "training-data": "the data that each version learned from",
    "data-sheet": "rows, columns and days of those data",
    "data-described": "a description of those data, by someone",
    "code": "the code that built each version",
    "run": "the run that built each version",
    "parameters": "the parameters of each version",
    "environment": "the software with which each version was built",
    "compute": "the computing time of each run",
    "version-notes": "notes on versions, by someone",
}


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """The versions of the scope's models, whatever the period: what was registered before explains what came after."""
    versions = versions_at(scope=scope, viewer=viewer, as_of=as_of)
    data = {one.id: one for version in versions for one in _all_data(version)}
    return Section(
        key="versions",
        title="Which versions there are, and where they came from",
        order=20,
        sentences=_sentences(versions),
        tables=tuple(_tables(versions, sorted(data.values(), key=lambda one: (one.name, one.slug, one.number)))),
        claims=_claims(versions, scope),
        lede=_lede(versions),
    )


def _all_data(version: VersionFacts) -> tuple[DataFacts, ...]:
    return (*version.data, *(version.run.inputs if version.run else ()))


def _traced(version: VersionFacts) -> bool:
    run = version.run
    return bool(version.data and version.parameters and run and run.code)


def _lede(versions: Sequence[VersionFacts]) -> str:
    if not versions:
        return ""
    traced = sum(_traced(one) for one in versions)
    whose = "each" if traced == len(versions) else f"{traced:,}" if traced else "none"
    return (
        f"{count(len(versions), 'version')} {'is' if len(versions) == 1 else 'are'} registered; data, parameters, code "
        f"and run of {whose} of them are known."
    )


def _sentences(versions: Sequence[VersionFacts]) -> tuple[str, ...]:
    if not versions:
        return ("No version was registered.",)
    untraced = [one.title for one in versions if not _traced(one)]
    told = [_lede(versions)]
    if untraced:
        told.append(
            f"Something of their origin is unknown: {listed(untraced[:12])}{', and others' * (len(untraced) > 12)}."
        )
    told.append("All versions known then are listed, whatever the period of this bundle.")
    return tuple(told)


def _tables(versions: Sequence[VersionFacts], data: Sequence[DataFacts]) -> list[Table]:
    if not versions:
        return []
    tables = [
        table(
            "Versions",
            ["Version", "Registered (UTC)", "By", "Author", "Learned from", "Days of the data", number("Artefact")],
            [
                [
                    one.title,
                    moment(one.registered),
                    known(one.registered_by),
                    known(one.author),
                    known(listed(item.title for item in one.data)),
                    covered(one.since, one.until),
                    size(one.bytes),
                ]
                for one in versions
            ],
        ),
        table(
            "Runs and code",
            ["Version", "Pipeline", "Started (UTC)", "Started by", number("Computing time"), "Code", "Software"],
            [_run_row(one) for one in versions],
        ),
        table(
            "Parameters",
            ["Version", "Parameters", "Metrics at training", "Notes, by its author"],
            [
                [one.title, known(pairs(one.parameters)), known(pairs(one.metrics)), known(one.notes)]
                for one in versions
            ],
        ),
    ]
    if data:
        tables.append(
            table(
                "Data",
                ["Data", number("Rows"), number("Columns"), "Days", "Registered (UTC)", "Description"],
                [
                    [
                        one.title,
                        known("" if one.rows is None else f"{one.rows:,}"),
                        str(len(one.columns)) if one.columns else known(""),
                        covered(one.since, one.until),
                        moment(one.registered),
                        known(one.description),
                    ]
                    for one in data
                ],
            )
        )
    digests = [[one.title, "artefact", known(one.digest)] for one in versions]
    digests += [[one.title, "data", known(one.digest)] for one in data]
    tables.append(table("Digests of contents", ["Of", "What", code("SHA-256")], digests, long=len(digests) > 12))
    return tables


def _run_row(version: VersionFacts) -> list:
    run = version.run
    if run is None:
        return [version.title, *(known("") for _ in range(6))]
    return [
        version.title,
        f"{run.pipeline}, on {run.engine}",
        moment(run.started),
        known(run.trigger),
        known("" if run.seconds is None else duration(run.seconds)),
        known(run.code),
        known(pairs(run.environment)),
    ]


def _claims(versions: Sequence[VersionFacts], scope: Scope) -> tuple[Claim, ...]:
    of = len(versions)
    with_versions = len({one.model.id for one in versions})
    all_data = {item.id: item for one in versions for item in one.data}.values()
    described = sum(bool(one.description) for one in all_data)
    sheets = sum(bool(one.columns) and bool(one.rows) and one.since is not None for one in all_data)

    def claim(name: str, held: int, words: str, *, said: bool = False) -> Claim:
        return Claim(name, held, of, f"{held:,} of {count(of, 'version')} with {words}", said)

    return (
        Claim(
            "versions",
            with_versions,
            len(scope.models),
            f"{with_versions:,} of {count(len(scope.models), 'model')} with versions",
        ),
        claim("artefacts", sum(bool(one.digest) for one in versions), "the digest of its artefact"),
        claim("training-data", sum(bool(one.data) for one in versions), "known training data"),
        Claim(
            "data-sheet",
            sheets,
            len(all_data),
            f"{sheets:,} of {count(len(all_data), 'version')} of data with rows, columns and days",
        ),
        Claim(
            "data-described",
            described,
            len(all_data),
            f"{described:,} of {count(len(all_data), 'version')} of data described",
            said=True,
        ),
        claim("code", sum(bool(one.run and one.run.code) for one in versions), "known code"),
        claim("run", sum(one.run is not None for one in versions), "a known run"),
        claim("parameters", sum(bool(one.parameters) for one in versions), "known parameters"),
        claim("environment", sum(bool(one.run and one.run.environment) for one in versions), "known software"),
        claim(
            "compute",
            sum(one.run is not None and one.run.seconds is not None for one in versions),
            "known computing time",
        ),
        claim("version-notes", sum(bool(one.notes) for one in versions), "notes", said=True),
    )
