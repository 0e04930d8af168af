"""What must not be readable at rest: sealed by one key, and readable while that key is among those given."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gateway.ports.registrations import SealBroken
from gateway.storage.sealing import FernetSealing, open_sealing

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


def test_what_is_sealed_is_not_readable_and_comes_back() -> None:
    sealing = FernetSealing([OLD])

    sealed = sealing.seal("hemligt lösenord")

    assert "hemligt" not in sealed
    assert sealed.isascii()
    assert sealing.unseal(sealed) == "hemligt lösenord"
    with pytest.raises(SealBroken):
        FernetSealing([OTHER]).unseal(sealed)
    with pytest.raises(SealBroken):
        sealing.unseal(sealed[:-4] + "AAA=")


def test_a_key_is_changed_by_putting_the_new_one_first() -> None:
    sealed = FernetSealing([OLD]).seal("secret")
    both = FernetSealing([NEW, OLD])

    again = both.resealed(sealed)

    assert again is not None
    assert both.unseal(sealed) == "secret"
    assert FernetSealing([NEW]).unseal(again) == "secret"
    assert both.resealed(again) is None
    with pytest.raises(SealBroken):
        FernetSealing([OTHER]).resealed(sealed)


def test_without_a_key_one_is_made_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    sealed = open_sealing([], tmp_path / "data").seal("secret")

    assert open_sealing([], tmp_path / "data").unseal(sealed) == "secret"
    assert stat.S_IMODE((tmp_path / "data" / "secrets.key").stat().st_mode) == 0o600
    with pytest.raises(SealBroken):
        open_sealing([NEW], tmp_path / "data").unseal(sealed)
