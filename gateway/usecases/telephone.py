"""Telephone numbers, as they are kept and sent: E.164."""

import phonenumbers

LENGTH_LIMIT = 40


def number_of(text: str) -> str | None:
    """The number in E.164, `+46701234567`; None for what is none, or has no country's code."""
    if len(text) > LENGTH_LIMIT:
        return None
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
