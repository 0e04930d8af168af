"""A service client's secret is in the answer that makes it, and in no span, metric or log line."""

import logging

import pytest

from tests.api.running import Running
from tests.api.test_service_clients import CREATE, ROTATE
from tests.telemetry.collector import Collector


async def test_a_clients_secret_is_in_no_span_metric_or_log_line(
    gateway: Running, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    await gateway.sign_in("operator", is_operator=True)

    with caplog.at_level(logging.DEBUG):
        made = (await gateway.ask(CREATE.replace("mutation", "mutation Create"), {"name": "acme"}, "operator"))["data"][
            "createServiceClient"
        ]
        variables = {"id": made["serviceClient"]["id"]}
        rotated = (await gateway.ask(ROTATE.replace("mutation", "mutation Rotate"), variables, "operator"))["data"][
            "rotateServiceClientSecret"
        ]
    async with gateway.http.get(f"{gateway.address}/metrics") as response:
        metrics = await response.text()
    named = "mutation Create", "mutation Rotate"
    spans = [span for name in named for span in await collector.named(name)]

    assert "gateway_operation_seconds" in metrics
    assert [each.attributes["gateway.caller"] for each in spans] == ["operator", "operator"]
    told = f"{metrics}{caplog.text}{collector.raw!r}"
    assert [each for each in (made["secret"], rotated["secret"]) if each in told] == []
