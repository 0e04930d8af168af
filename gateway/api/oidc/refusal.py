"""Why a token of the issuer's is not believed: for the log and the security events, never for the sender."""

from gateway.domain.errors import GatewayError


class TokenRefused(GatewayError):
    """`code` says what is wrong with it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
