"""Writes the conformance suite's checks into the page for adapter authors: `python -m tests.docs.checks_table`."""

from pathlib import Path

from gateway.kit.conformance.suite import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "adapters.md"


def checks_table() -> str:
    """The table between the page's markers. A check with `*` orders, so it runs only where changes are allowed."""
    rows = (f"| `{each.name}`{'*' if each.changes else ''} | {each.promise} | {each.mend} |\n" for each in CHECKS)
    return "\n| check | what is promised | when it fails |\n| --- | --- | --- |\n" + "".join(rows) + "\n"


def main() -> None:
    """Renews the page."""
    before, start, rest = PAGE.read_text("utf-8").partition("<!-- checks -->\n")
    _, end, after = rest.partition("<!-- /checks -->")
    PAGE.write_text(f"{before}{start}{checks_table()}{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
