"""What is asked of an MLflow server (REST API 2.0), page by page, and that its answers have the shape they should.

Protocol: https://mlflow.org/docs/latest/api_reference/rest-api.html. Servers before MLflow 3 have no logged models:
these are simply absent then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.sources.contract import Settings, Unavailable
from audit.sources.http import Client, Missing, pages

API: Final = "/api/2.0/mlflow"
PAGE: Final = 1000
"""Rows of an answer: of versions the server allows 200,000, and needs seconds for a thousand when it is busy."""
BY_ID: Final = 500
"""Runs, or logged models, that one search names."""
IN_ADDRESS: Final = 50
"""Runs that one GET names: addresses have an end."""
Row = dict[str, Any]


class Mlflow:
    """One server. Use it as a context manager; ``asked`` counts the requests.

    All methods raise what ``Client.ask`` raises, and Unavailable for an answer of another shape.
    """

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] | None = None) -> None:
        self.asked = 0
        self._experiments: dict[str, str] | None = None
        self._client = Client.of(settings, name="MLflow", pause=pause)
        self.base = self._client.base

    def __enter__(self) -> "Mlflow":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()

    def get(self, path: str, **params: Any) -> Row:
        """The object that GET answers."""
        return self._object("GET", path, params={name: value for name, value in params.items() if value})

    def post(self, path: str, body: Mapping[str, Any]) -> Row:
        """The object that POST answers."""
        return self._object("POST", path, body=body)

    def models(self, condition: str = "") -> Iterator[list[Row]]:
        """Pages of registered models, by name, with the names (aliases) that point at their versions."""
        return self._gets(f"{API}/registered-models/search", "registered_models", filter=condition, max_results=PAGE)

    def versions(self, condition: str = "", *, order: Sequence[str] = (), size: int = PAGE) -> Iterator[list[Row]]:
        """Pages of versions; without ``order`` those updated last come first."""
        path = f"{API}/model-versions/search"
        return self._gets(path, "model_versions", filter=condition, max_results=size, order_by=list(order))

    def experiments(self) -> dict[str, str]:
        """The names of all experiments by their ids, deleted ones too: runs can be sought in known experiments only."""
        if self._experiments is None:
            body = {"max_results": PAGE, "view_type": "ALL"}
            rows = [row for page in self._posts(f"{API}/experiments/search", "experiments", body) for row in page]
            self._experiments = {str(row.get("experiment_id")): str(row.get("name") or "") for row in rows}
        return self._experiments

    def runs(self, ids: Iterable[str]) -> dict[str, Row]:
        """The runs of these ids that can be read, by id. They lack ``inputs.model_inputs``: see ``models_read``."""
        found: dict[str, Row] = {}
        for some in _portions(ids, BY_ID):
            body = {
                "experiment_ids": list(self.experiments()),
                "filter": f"attributes.run_id {_among(some)}",
                "run_view_type": "ALL",
                "max_results": PAGE,
            }
            for page in self._posts(f"{API}/runs/search", "runs", body):
                found |= {str(_inner(row, "info").get("run_id")): row for row in page}
        return found

    def models_read(self, run_id: str) -> list[str]:
        """The ids of the logged models that went into a run: only ``runs/get`` tells of them."""
        try:
            run = _inner(self.get(f"{API}/runs/get", run_id=run_id), "run")
        except Missing:
            return []
        inputs = _inner(run, "inputs").get("model_inputs")
        rows = inputs if isinstance(inputs, list) else []
        return [str(row["model_id"]) for row in rows if isinstance(row, dict) and row.get("model_id")]

    def logged_models(self, ids: Iterable[str]) -> dict[str, Row] | None:
        """The logged models of these ids, by id; None when the server has none of the kind (before MLflow 3)."""
        found: dict[str, Row] = {}
        for some in _portions(ids, BY_ID):
            body = {
                "experiment_ids": list(self.experiments()),
                "filter": f"model_id {_among(some)}",
                "max_results": BY_ID,
            }
            try:
                for page in self._posts(f"{API}/logged-models/search", "models", body):
                    found |= {str(_inner(row, "info").get("model_id")): row for row in page}
            except Missing:
                return None
        return found

    def versions_of_runs(self, ids: Iterable[str]) -> list[Row]:
        """The versions that were registered from these runs."""
        return [
            row
            for some in _portions(ids, IN_ADDRESS)
            for page in self.versions(f"run_id {_among(some)}")
            for row in page
        ]

    def _gets(self, path: str, key: str, **params: Any) -> Iterator[list[Row]]:
        def fetch(token: str) -> tuple[list[Row], str]:
            return _page(self.get(path, **params, page_token=token), key, path)

        return (rows for rows, _ in pages(fetch, of=f"MLflow's {path}"))

    def _posts(self, path: str, key: str, body: Mapping[str, Any]) -> Iterator[list[Row]]:
        def fetch(token: str) -> tuple[list[Row], str]:
            return _page(self.post(path, {**body, "page_token": token} if token else body), key, path)

        return (rows for rows, _ in pages(fetch, of=f"MLflow's {path}"))

    def _object(self, method: str, path: str, **how: Any) -> Row:
        self.asked += 1
        answer = self._client.ask(method, path, **how)
        if not isinstance(answer, dict):
            raise Unavailable(f"MLflow answered {path} with something that is no object.")
        return answer


def quoted(text: str) -> str:
    """A text in a filter.

    Raises:
        InvalidInput: it holds both kinds of quotation marks, for which MLflow's filters have no way.
    """
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    raise InvalidInput(f"MLflow's filters cannot name {text}: it holds ' and \".")


def _among(ids: Sequence[str]) -> str:
    """The end of a condition on ids. They come from answers: only what an id can be made of is passed on."""
    safe = [one for one in ids if one.replace("-", "").replace("_", "").isalnum()] or ["none"]
    return f"= '{safe[0]}'" if len(safe) == 1 else f"IN ({', '.join(repr(one) for one in safe)})"


def _portions(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    rows = sorted(set(ids))
    return (rows[at : at + size] for at in range(0, len(rows), size))


def _page(answer: Row, key: str, path: str) -> tuple[list[Row], str]:
    rows, token = answer.get(key, []), answer.get("next_page_token") or ""
    if not isinstance(rows, list) or not isinstance(token, str) or not all(isinstance(row, dict) for row in rows):
        raise Unavailable(f"MLflow answered {path} with something that is no list of {key.replace('_', ' ')}.")
    return rows, token


def _inner(row: Mapping[str, Any], key: str) -> Row:
    found = row.get(key)
    return found if isinstance(found, dict) else {}
