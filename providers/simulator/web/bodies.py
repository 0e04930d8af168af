"""Request bodies, checked by the models that say what the TM Forum file says."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from providers.simulator.web.errors import TmfError

MAXIMUM_BYTES = 1_000_000


class Input(BaseModel):
    """What is sent in: types as written, nothing guessed; what the model does not name is left out."""

    model_config = ConfigDict(strict=True, extra="ignore", populate_by_name=True)

    def as_json(self) -> dict[str, Any]:
        """What was sent, under TM Forum's names."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


M = TypeVar("M", bound=Input)


async def read(request: Request, model: type[M]) -> M:
    """The body as that model; a whole number beyond 64 bits as the nearest double. Raises: TmfError 400."""
    if len(await request.body()) > MAXIMUM_BYTES:
        raise TmfError(400, "TOO_LARGE", f"a body has at most {MAXIMUM_BYTES} bytes")
    try:
        # By way of what is kept and hashed: the model's own reader takes more than that, such as NaN and any integer.
        return model.model_validate_json(orjson.dumps(await read_raw(request)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise TmfError(400, "INVALID_BODY", f"body: {error}") from None
    except ValidationError as error:
        raise invalid(error) from None


async def read_raw(request: Request) -> Any:
    """The body as it came; to be called after `read` only, which has checked it."""
    return orjson.loads(await request.body())


def invalid(error: ValidationError) -> TmfError:
    """The refusal of a body, with the first of what is wrong with it."""
    return TmfError(400, "INVALID_BODY", _first(error))


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"]) or "body"
    return f"{where}: {problem['msg']}"
