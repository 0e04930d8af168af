"""The gateway's own sentences, by area and code, in the languages it speaks."""

import string
from collections.abc import Mapping

from gateway.api.texts.english import ENGLISH
from gateway.api.texts.swedish import SWEDISH

TEXTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {"en": ENGLISH, "sv": SWEDISH}
DEFAULT_LOCALE = "en"
OTHER = "*"
"""An area's sentence for a code that this version does not know."""


class _Given(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def tell(locale: str, area: str, code: str, params: Mapping[str, str]) -> str:
    """The sentence; the area's general one for an unknown code. A parameter that is missing shows as an ellipsis."""
    texts = TEXTS.get(locale, ENGLISH)[area]
    return texts.get(code, texts[OTHER]).format_map(_Given(params))


def english(area: str, code: str) -> str:
    """The English sentence with its parameters' names in place of values, for the schema's descriptions."""
    return ENGLISH[area].get(code, ENGLISH[area][OTHER]).replace("{", "").replace("}", "")


def parameters(text: str) -> frozenset[str]:
    """The names of the parameters in a sentence."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
