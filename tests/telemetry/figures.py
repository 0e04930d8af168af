"""Reads one figure as Prometheus would."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.api.telemetry.watching import Telemetry


def figure(telemetry: Telemetry, name: str, **labels: str) -> float:
    """What stands at that name with exactly these labels; 0 where nothing does."""
    return figure_in(telemetry.metrics.exposed().decode(), name, **labels)


def figure_in(text: str, name: str, **labels: str) -> float:
    """As `figure`, in what was read before."""
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return sum(each.value for each in samples if each.name == name and each.labels == labels)
