"""What all TM Forum APIs have in common on the wire."""
