"""How a provider proves what it posts: what an adapter's option `events` says."""

from gateway.contract import EventProof
from gateway.kit.options import Options
from gateway.kit.trouble import Now
from gateway.kit.webhooks import HmacProof, read_key


def read_event_proof(options: Options | None, now: Now) -> EventProof | None:
    """From the option `events`: `{proof: secret}` (or nothing: the address's secret is all), `{proof: hmac, key}`, or
    `{proof: http-signature, key_id, key}` with a shared key or `public_key` in PEM. Raises: InvalidOptions.
    """
    kind = (options.text("proof", "secret") if options else None) or "secret"
    if options is None or kind == "secret":
        found: EventProof | None = None
    elif kind == "hmac":
        found = HmacProof(read_key(options), now)
    elif kind == "http-signature":
        # Loads a library that few providers need.
        from gateway.kit.signatures import read_signature_proof

        found = read_signature_proof(options, now)
    else:
        raise options.invalid("proof", "secret, hmac or http-signature is expected")
    if options is not None:
        options.end()
    return found
