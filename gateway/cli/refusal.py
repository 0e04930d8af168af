"""How a command says that it can't: one clear line each on stderr, and a status."""


class Refusal(Exception):
    """A command can't go on. `status` 1: the machine is not as it must be; 2: what was asked for makes no sense."""

    def __init__(self, *lines: str, status: int = 1) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.status = status
