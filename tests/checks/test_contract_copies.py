"""The consumer contract is kept as it was given."""

from pathlib import Path


def test_the_contract_here_is_the_shared_one_byte_for_byte(root_dir: Path, shared_dir: Path) -> None:
    theirs = {file.name: file.read_bytes() for file in (shared_dir / "contract").iterdir()}
    here = {
        file.name: file.read_bytes() for file in (root_dir / "tests" / "contract").iterdir() if file.suffix != ".py"
    }

    # A document may gain a sibling; those given are never edited.
    assert {name: content for name, content in here.items() if name in theirs} == theirs
