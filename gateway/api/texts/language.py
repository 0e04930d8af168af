"""Chooses the language of the sentences by `Accept-Language` (RFC 9110, 12.5.4)."""

from gateway.api.texts import DEFAULT_LOCALE, TEXTS

_LIMIT = 500


def chosen_language(header: str | None) -> str:
    """The language that we speak with the highest weight, the first of equals; English where there is none."""
    best, best_weight = DEFAULT_LOCALE, 0.0
    for part in (header or "")[:_LIMIT].split(","):
        tag, _, parameters = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters)
        found = DEFAULT_LOCALE if language == "*" else language
        if found in TEXTS and weight > best_weight:
            best, best_weight = found, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
