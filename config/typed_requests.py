"""Tells mypy that every request carries ``actor``, which a middleware puts there: an addition to django-stubs."""

from collections.abc import Callable

from mypy.nodes import MDEF, MypyFile, SymbolTableNode, TypeInfo, Var
from mypy.plugin import ClassDefContext, Plugin
from mypy.types import Instance

REQUEST, MODULE = "django.http.request.HttpRequest", "audit.base.actors"


class RequestPlugin(Plugin):
    """Adds ``actor: Actor`` to Django's HttpRequest."""

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """The module of Actor is read before that of HttpRequest."""
        return [(10, MODULE, -1)] if file.fullname == REQUEST.rpartition(".")[0] else []

    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Only HttpRequest is changed."""
        return _add_actor if fullname == REQUEST else None


def _add_actor(context: ClassDefContext) -> None:
    found = context.api.lookup_fully_qualified_or_none(f"{MODULE}.Actor")
    if found is None or not isinstance(found.node, TypeInfo):
        return
    actor = Var("actor", Instance(found.node, []))
    actor.info = context.cls.info
    actor._fullname = f"{REQUEST}.actor"
    context.cls.info.names["actor"] = SymbolTableNode(MDEF, actor, plugin_generated=True)


def plugin(version: str) -> type[Plugin]:
    """What mypy asks for."""
    return RequestPlugin
