"""For adapter authors: an HTTP client that sorts trouble into the error tree and stays outside, checked reading of
options, and proofs of what is posted.
"""

from gateway.contract.provider import InvalidOptions
from gateway.kit.answers import Answer, Misshapen
from gateway.kit.client import Area, HttpClient, open_client
from gateway.kit.credentials import Credentials, read_credentials
from gateway.kit.options import Options
from gateway.kit.proofs import read_event_proof

__all__ = [
    "Answer",
    "Area",
    "Credentials",
    "HttpClient",
    "InvalidOptions",
    "Misshapen",
    "Options",
    "open_client",
    "read_credentials",
    "read_event_proof",
]
