"""For adapter authors: an HTTP client that sorts trouble into the error tree and stays outside, checked reading of
options, proofs of what is posted, how long a change settles, and a clock.

The conformance suite is `gateway.kit.conformance`, the way through it docs/adapters.md.
"""

from gateway.contract.provider import InvalidOptions
from gateway.kit.answers import Answer, Misshapen
from gateway.kit.client import Area, HttpClient, open_client
from gateway.kit.clock import FakeClock
from gateway.kit.credentials import Credentials, read_credentials
from gateway.kit.options import Options
from gateway.kit.proofs import read_event_proof
from gateway.kit.settling import read_settling

__all__ = [
    "Answer",
    "Area",
    "Credentials",
    "FakeClock",
    "HttpClient",
    "InvalidOptions",
    "Misshapen",
    "Options",
    "open_client",
    "read_credentials",
    "read_event_proof",
    "read_settling",
]
