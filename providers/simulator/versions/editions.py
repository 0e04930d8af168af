"""The editions in which an operator's APIs are served, side by side: v4 as all is kept, and v5."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from pydantic import ValidationError
from starlette.requests import Request

from providers.simulator.events.input import SubscriptionInput
from providers.simulator.events.outbox import topic_v5
from providers.simulator.ordering import input as v4
from providers.simulator.qualification.input import QualificationInput
from providers.simulator.storage.documents import Document
from providers.simulator.versions import input as v5
from providers.simulator.web.api import Api
from providers.simulator.web.bodies import M, invalid, read
from providers.simulator.web.shapes import RESOURCES


@dataclass(frozen=True)
class Edition:
    """One version: how a resource is shown, and how what is sent is read.

    `names` are the resources, and `filters` the attributes, that v4 calls otherwise. Shapes of what is sent are given
    where they are others than v4's.
    """

    version: str
    is_kept: bool
    names: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[type, type[v5.Typed]] = field(default_factory=dict)

    def api(self, api: Api) -> Api:
        """The API at this version's path."""
        return api.of(self.version)

    def name(self, resource: str) -> str:
        """What the version calls the resource."""
        return self.names.get(resource, resource)

    def show(self, resource: str, body: Document) -> Document:
        """The resource as the version has it."""
        if self.is_kept:
            return body
        shown: Document = RESOURCES[resource](body)
        return shown

    def topic(self, api: Api) -> str:
        """What the registrations at this version's hub are kept under."""
        return api.name if self.is_kept else topic_v5(api.name)

    async def read(self, request: Request, model: type[M]) -> M:
        """The body as the model of v4. Raises: TmfError 400."""
        shape = self.sent.get(model)
        if shape is None:
            return await read(request, model)
        said = (await read(request, shape)).as_v4()
        try:
            return model.model_validate_json(orjson.dumps(said))
        except ValidationError as error:
            raise invalid(error) from None


V4 = Edition("v4", is_kept=True)
V5 = Edition(
    "v5",
    is_kept=False,
    names={"catalog": "productCatalog"},
    filters={
        "relatedParty.partyOrPartyRole.id": "relatedParty.id",
        "externalId.id": "externalId",
    },
    sent={
        v4.OrderInput: v5.OrderInput,
        v4.CancelInput: v5.CancelInput,
        QualificationInput: v5.CheckInput,
        SubscriptionInput: v5.HubInput,
    },
)
EDITIONS = (V4, V5)
