"""Posts an event, which HMAC proves where there is a key: `PROVIDER_KEY=whsec_… python docs/post_event.py ADDRESS`."""

import hmac
import json
import os
import sys
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from urllib.request import Request, urlopen
from uuid import uuid4

EVENT = {
    "eventId": str(uuid4()),
    "eventType": "ProductOrderStateChangeEvent",
    "event": {"productOrder": {"id": "4711", "state": "completed"}},
}


def signed(key: str, body: bytes) -> dict[str, str]:
    """The headers of one post, good for five minutes."""
    post_id, sent_at = f"msg_{uuid4()}", str(int(time.time()))
    text = f"{post_id}.{sent_at}.".encode() + body
    digest = hmac.digest(b64decode(key.removeprefix("whsec_")), text, sha256)
    signature = f"v1,{b64encode(digest).decode()}"
    return {"webhook-id": post_id, "webhook-timestamp": sent_at, "webhook-signature": signature}


if __name__ == "__main__":
    sent = json.dumps(EVENT).encode()
    headers = {"content-type": "application/json"}
    if key := os.environ.get("PROVIDER_KEY"):
        headers |= signed(key, sent)
    with urlopen(Request(sys.argv[1], sent, headers), timeout=10) as answer:
        print(answer.status)
