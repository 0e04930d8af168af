"""For adapter authors: an HTTP client that sorts trouble into the error tree, and checked reading of options."""

from gateway.kit.answers import Answer, Misshapen
from gateway.kit.client import Area, HttpClient, open_client
from gateway.kit.credentials import Credentials, read_credentials
from gateway.kit.options import InvalidOptions, Options

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
]
