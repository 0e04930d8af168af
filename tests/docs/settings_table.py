"""The README's table of settings, from the settings themselves. Run as a program, it renews the README."""

from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from gateway.settings import PREFIX, Settings
from tests.docs.blocks import between

README = Path(__file__).parents[2] / "README.md"


def settings_table() -> str:
    """The table, a row for each setting in the order of the code."""
    return "\n".join(["", "| setting | default | what it is |", "| --- | --- | --- |", *_rows(), "", ""])


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        yield f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.default_factory is not None:
        return "in the home folder"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value in (None, "", ()):
        return "–"
    if isinstance(value, tuple):
        is_span = isinstance(value[0], int | float)
        return f"`{'-'.join(f'{each:g}' for each in value)}`" if is_span else f"`{','.join(map(str, value))}`"
    return f"`{value:.0f}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    text = README.read_text("utf-8")
    old, new = (f"<!-- settings -->\n{table}<!--" for table in (between(README, "settings"), settings_table()))
    README.write_text(text.replace(old, new), "utf-8")
