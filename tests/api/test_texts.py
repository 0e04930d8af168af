"""Every code has its sentence, in every language, with the same parameters."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLEnumType

from gateway.api.auth.problems import TEXTS as AUTH_TEXTS
from gateway.api.problems import Code
from gateway.api.schema.built import schema
from gateway.api.texts import TEXTS, parameters, tell
from gateway.api.texts.language import chosen_language
from gateway.domain.ordering.bundles import BundleIssueCode
from gateway.domain.ordering.events import EVENT_KINDS
from gateway.domain.ordering.reasons import CancellationRefusalCode, FailureCode, HoldCode
from gateway.domain.security import SecurityEventKind
from gateway.saga.ledger import _NOTICES
from gateway.usecases.qualification import Undetermined

ROOT = Path(__file__).parents[2]
SHOWN = {"NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN", "INTERNAL", "BAD_USER_INPUT", "PROVIDER_UNAVAILABLE"}


def _raised() -> Iterator[str]:
    """The codes in the core's `RequestError.at("CODE", …)` and `Problem("CODE", …)`."""
    for room in ("domain", "usecases", "saga", "federation"):
        for path in (ROOT / "gateway" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and re.search(r"(RequestError\.at|Problem)$", ast.unparse(node.func)):
                    first = node.args[0] if node.args else None
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value


def _user_error_codes() -> set[str]:
    kinds = (each for name, each in schema._schema.type_map.items() if name.endswith("UserErrorCode"))
    return {code for kind in kinds if isinstance(kind, GraphQLEnumType) for code in kind.values}


CODES = {
    # Accounts and sessions, which speak plain HTTP, have sentences of their own.
    "problem": {*(set(_raised()) - AUTH_TEXTS.keys()), *_user_error_codes(), *SHOWN},
    "issue": set(BundleIssueCode.__members__),
    "event": set(EVENT_KINDS),
    "failure": set(FailureCode.__members__),
    "hold": set(HoldCode.__members__),
    "refusal": set(CancellationRefusalCode.__members__),
    "notification": set(_NOTICES.values()),
    "reason": {each.value for each in Undetermined},
    "security": set(SecurityEventKind.__members__),
}


@pytest.mark.parametrize("locale", TEXTS)
@pytest.mark.parametrize("area", CODES)
def test_every_code_of_the_core_has_a_sentence(locale: str, area: str) -> None:
    assert sorted(CODES[area] - TEXTS[locale][area].keys()) == []


def test_the_languages_have_the_same_sentences_with_the_same_parameters() -> None:
    shapes = {
        locale: {(area, code): parameters(text) for area, texts in areas.items() for code, text in texts.items()}
        for locale, areas in TEXTS.items()
    }

    assert shapes["sv"] == shapes["en"]
    assert all("*" in areas[area] for areas in TEXTS.values() for area in areas)


def test_a_code_that_nobody_knows_gets_the_general_sentence() -> None:
    assert tell("sv", "reason", "NO_COPPER_LEFT", {}) == "Det kan inte levereras på den här platsen."


def test_a_missing_parameter_breaks_no_sentence() -> None:
    assert tell("en", "problem", "PAGE_SIZE", {}) == "A page has from 1 to … rows."


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("sv", "sv"),
        ("sv-SE,en;q=0.8", "sv"),
        ("en;q=0.2, sv;q=0.9", "sv"),
        ("de, fr;q=0.9", "en"),
        ("sv;q=0", "en"),
        ("*, sv;q=0.5", "en"),
        ("SV-fi", "sv"),
        ("sv;q=much", "en"),
        ("sv;q=nan", "en"),
        ("," * 10_000 + "sv", "en"),
    ],
)
def test_the_language_is_the_one_with_the_highest_weight(header: str | None, language: str) -> None:
    assert chosen_language(header) == language


def test_every_top_level_code_is_of_the_contract() -> None:
    contract = (ROOT / "tests/contract/README.md").read_text()

    assert all(code in contract for code in Code)
