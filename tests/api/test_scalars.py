"""What the scalars take for a value."""

from decimal import Decimal

import pytest
from graphql import GraphQLError

from gateway.api.schema.scalars import read_decimal


@pytest.mark.parametrize(("written", "number"), [("12.50", "12.50"), ("-3", "-3"), ("1e3", "1000"), ("+0.5", "0.5")])
def test_a_decimal_is_a_text_of_plain_digits(written: str, number: str) -> None:
    assert read_decimal(written) == Decimal(number)


@pytest.mark.parametrize("written", ["1_000", "\uff11\uff10", " 5", "5\n", "", "NaN", "sNaN", "-Infinity", "0x10", 5])
def test_what_python_alone_takes_for_a_number_is_none(written: object) -> None:
    with pytest.raises(GraphQLError, match="Decimal needs a string of digits"):
        read_decimal(written)
