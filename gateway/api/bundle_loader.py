"""Reviews a bundle at most once an operation, however many of its fields are asked for."""

import asyncio
from collections.abc import Awaitable, Iterable

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode
from strawberry import Info

from gateway.domain.catalog.forms import OrderForm
from gateway.domain.ordering.bundles import Bundle, BundleItem
from gateway.usecases.bundles import BundleReview, review_bundle
from gateway.usecases.core import Core

_REVIEWED = frozenset({"price", "terms", "issues", "isOrderable", "orderForm"})


class BundleLoader:
    """The bundles of one operation, their items and their reviews."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._reviews: dict[str, asyncio.Future[BundleReview]] = {}
        self._of_item: dict[str, Bundle] = {}

    def keep(self, bundle: Bundle) -> Bundle:
        """Remembers which bundle its items are of."""
        self._of_item.update(dict.fromkeys((item.id for item in bundle.items), bundle))
        return bundle

    def review(self, bundle: Bundle) -> Awaitable[BundleReview]:
        """The review of a bundle: what providers say of it at this moment."""
        if bundle.id not in self._reviews:
            self._reviews[bundle.id] = asyncio.ensure_future(review_bundle(self._core, bundle))
        return self._reviews[bundle.id]

    async def shown(self, bundle: Bundle, info: Info) -> Bundle:
        """The bundle as it is to be shown: with the revision that its review left, where the operation asks for one."""
        selections = (each for node in info._raw_info.field_nodes for each in _selected(node))
        asked = _names(selections, info)
        return self.keep((await self.review(bundle)).bundle if asked & _REVIEWED else bundle)

    async def form(self, item: BundleItem) -> OrderForm | None:
        """The item's form; None where its provider can't be read."""
        bundle = self._of_item.get(item.id)
        return (await self.review(bundle)).forms.get(item.id) if bundle else None

    async def depends_on(self, item: BundleItem) -> list[BundleItem]:
        """The items that come before it."""
        bundle = self._of_item.get(item.id)
        ids = (await self.review(bundle)).depends_on.get(item.id, ()) if bundle else ()
        return [found for each in ids if bundle and (found := bundle.item(each))]


def _selected(node: SelectionNode) -> Iterable[SelectionNode]:
    chosen = getattr(node, "selection_set", None)
    return chosen.selections if chosen else ()


def _names(nodes: Iterable[SelectionNode], info: Info) -> set[str]:
    found: set[str] = set()
    left = list(nodes)
    seen: set[str] = set()
    while left:
        node = left.pop()
        if isinstance(node, FragmentSpreadNode):
            if node.name.value in seen:
                continue
            seen.add(node.name.value)
            left.extend(_selected(info._raw_info.fragments[node.name.value]))  # type: ignore[arg-type]
        elif isinstance(node, FieldNode | InlineFragmentNode):
            found.update({node.name.value} if isinstance(node, FieldNode) else ())
            left.extend(_selected(node))
    return found
