"""Content negotiation of answers, by the GraphQL over HTTP specification."""

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


def answer_type(accept: str | None) -> str | None:
    """The media type to answer in: JSON where the client does not care, None where it wants neither."""
    if not accept:
        return JSON
    best: str | None = None
    best_rank = (0.0, 0)
    for place, part in enumerate(accept[:1000].split(",")):
        name, _, parameters = part.partition(";")
        found = _known(name.strip().lower())
        rank = (_quality(parameters), -place)
        if found and rank[0] > 0 and (best is None or rank > best_rank):
            best, best_rank = found, rank
    return best


def _known(name: str) -> str | None:
    return {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}.get(name)


def _quality(parameters: str) -> float:
    for part in parameters.split(";"):
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def is_json(content_type: str | None) -> bool:
    """Whether a body of that type is JSON in UTF-8."""
    name, _, parameters = (content_type or "").partition(";")
    charset = parameters.lower().partition("charset=")[2].strip(' "')
    return name.strip().lower() == JSON and charset in {"", "utf-8", "utf8"}
