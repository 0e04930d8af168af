"""Which traces are kept, and under which ids. Loaded only where spans are kept."""

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased

from gateway.api.telemetry.traces import current


class TraceIds(RandomIdGenerator):
    """A request's spans have the id that its log lines and its fault have."""

    def generate_trace_id(self) -> int:
        """The request's, else a random one."""
        trace = current.get()
        return trace.id if trace is not None else super().generate_trace_id()

    def is_trace_id_random(self) -> bool:
        """They are."""
        return True


def sampler(ratio: float) -> Sampler:
    """That part of the traces, by their ids; a client may ask to leave its own out, but not for more than that part."""
    kept = TraceIdRatioBased(ratio)
    return ParentBased(root=kept, remote_parent_sampled=kept, remote_parent_not_sampled=ALWAYS_OFF)
