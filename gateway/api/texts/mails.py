"""Mails in the languages that the gateway speaks."""

from collections.abc import Mapping

from gateway.api.texts import tell


def compose(page: str | None, locale: str, kind: str, params: Mapping[str, str]) -> tuple[str, str]:
    """The subject and the text of a kind of mail.

    `page` is the frontend's, where a password is set anew; without one the mail holds the token alone.
    """
    code = f"{kind}.page" if kind == "PASSWORD_RESET" and page else kind
    told = {**params, "page": page or ""}
    return tell(locale, "mail", f"{kind}.subject", told), tell(locale, "mail", code, told) + "\n"
