"""Relay's object identification: the `Node` interface with an id that is global already."""

import strawberry

from gateway.api.schema.declaring import doc


@strawberry.interface(description="An object with a global, opaque id that never changes; `node(id)` finds it again.")
class Node:
    """An object with a global id, which is a plain attribute of the domain's own object."""

    id: strawberry.ID = doc("The global id. Opaque: clients never take it apart.")
