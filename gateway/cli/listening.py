"""The socket is bound before anything else starts, so that a taken port is known at once."""

import socket

from gateway.cli.refusal import Refusal

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises: Refusal."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Refusal(f"can't listen on {host}: {error.strerror}") from None
    try:
        # A port whose last owner was killed is free at once; one that somebody listens on is not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Refusal(f"can't listen on {host} port {port}: {error.strerror}; choose another by --port") from None
    return listener


def local_url(host: str, listener: socket.socket) -> str:
    """How this machine reaches the socket."""
    port = listener.getsockname()[1]
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104
        return f"http://127.0.0.1:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
