"""Who could move the names (aliases) of a registered model, as far as the server tells.

Setting an alias needs EDIT on the model, taking one away MANAGE (MLflow, ``mlflow/server/auth``). With its auth app
MLflow lists users and tells what each may do since 3.14; before, it names neither.
"""

from typing import Final

from audit.sources.contract import Mover, Movers, Settings
from audit.sources.http import Forbidden, Missing
from audit.sources.mlflow.client import API, Mlflow

USERS: Final = f"{API}/users/list"
PERMISSION: Final = "/api/3.0/mlflow/users/permissions/get"
MOVING: Final = frozenset({"EDIT", "MANAGE"})


def movers_of(settings: Settings, model: str) -> Movers:
    """Everyone who could move the model's names: administrators, and users with EDIT or MANAGE on it, by whatever way.

    One request a user. ``whole`` is False where the server does not tell, and where it asks nobody to sign in.

    Raises:
        InvalidInput: the server refuses the account of the source.
        Unavailable: it does not answer now.
    """
    if _open_to_all(settings):
        return Movers((), False, "The server asks nobody to sign in: whoever reaches it can move every name.")
    with Mlflow(settings) as server:
        try:
            listed = server.get(USERS).get("users")
        except Missing:
            return Movers((), False, "This MLflow does not list its users; 3.14 and later do, with their auth app.")
        except Forbidden:
            return Movers((), False, "This account may not list users: MLflow shows them to administrators.")
        rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        users = {str(one["username"]): one.get("is_admin") is True for one in rows if one.get("username")}
        return _of_users(server, model, users)


def _open_to_all(settings: Settings) -> bool:
    """Whether it answers somebody who says no name."""
    with Mlflow({"url": settings.get("url"), "ca_file": settings.get("ca_file")}) as server:
        try:
            server.get(f"{API}/registered-models/search", max_results=1)
        except Forbidden:
            return False
    return True


def _of_users(server: Mlflow, model: str, users: dict[str, bool]) -> Movers:
    found, untold = [], []
    for user, administrator in sorted(users.items()):
        if administrator:
            found.append(Mover(user, "administrator"))
            continue
        try:
            told = server.get(PERMISSION, username=user, resource_type="registered_model", resource_id=model)
        except (Missing, Forbidden):
            untold.append(user)
            continue
        if told.get("permission") in MOVING:
            found.append(Mover(user, str(told["permission"])))
    if untold:
        some = ", ".join(untold[:3])
        sentence = (
            f"MLflow does not tell this account what {len(untold)} users may do ({some}): it must be administrator."
        )
        return Movers(tuple(found), False, sentence)
    return Movers(tuple(found), True, f"Of {len(users)} users, as MLflow tells an administrator.")
