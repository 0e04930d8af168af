"""What is set of the identity provider is checked at the start, in a clear line each that tells no secret."""

from pathlib import Path

import pytest

from gateway.settings import SettingsError, read_settings

GOOD = {"ISSUER": "https://id.example.com/realms/telecom", "CLIENT_ID": "gateway"}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"CLIENT_ID": ""}, "GATEWAY_OIDC_CLIENT_ID: is missing, since GATEWAY_OIDC_ISSUER is set"),
        ({"ISSUER": "http://id.example.com"}, "GATEWAY_OIDC_ISSUER: should be an address such as https"),
        ({"ISSUER": "https://id.example.com/?a=b"}, "GATEWAY_OIDC_ISSUER: should be an address such as https"),
        ({"SCOPES": "profile"}, "GATEWAY_OIDC_SCOPES: "),
        ({"OPERATOR_CLAIM": "roles"}, "GATEWAY_OIDC_OPERATOR_CLAIM: should be a claim and its value"),
        ({"FIRST_SIGN_IN": "all"}, "GATEWAY_OIDC_FIRST_SIGN_IN: "),
        ({"RETURN_ADDRESSES": "back"}, "GATEWAY_OIDC_RETURN_ADDRESSES: should be addresses"),
        ({"CLIENT_SECRET_FILE": "/nowhere/at/all"}, "GATEWAY_OIDC_CLIENT_SECRET_FILE: can't be read"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], line: str) -> None:
    for name, value in {**GOOD, **given}.items():
        monkeypatch.setenv(f"GATEWAY_OIDC_{name}", value)

    with pytest.raises(SettingsError) as caught:
        read_settings()

    (found,) = caught.value.lines
    assert found.startswith(line)


def test_the_secret_may_stand_in_a_file_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("of-the-file\n")
    for name, value in {**GOOD, "CLIENT_SECRET_FILE": str(tmp_path / "secret")}.items():
        monkeypatch.setenv(f"GATEWAY_OIDC_{name}", value)

    by_file = read_settings()
    monkeypatch.setenv("GATEWAY_OIDC_CLIENT_SECRET", "of-the-environment")
    by_environment = read_settings()

    assert (by_file.oidc_secret, by_environment.oidc_secret) == ("of-the-file", "of-the-environment")
    assert "of-the-" not in repr(by_environment)
