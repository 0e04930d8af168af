"""Several gateways as processes on one PostgreSQL, over operators that outlive them all."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.operators import write_providers_file
from tests.e2e.processes import FAST, Program, clean_environment, free_port, start


class Cluster:
    """Gateways by name; each may be killed, stopped and started again."""

    def __init__(self, folder: Path, operators: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.operators = operators
        self.environment = {**FAST, "GATEWAY_KEYS": str(folder / "keys"), **environment}
        self.programs: dict[str, Program] = {}

    def start(self, name: str, module: str = "gateway", **environment: str) -> Program:
        """Starts that gateway, on the port that it had; `module` is the program, where it is not the gateway's own."""
        former = self.programs.get(name)
        port = former.port if former else free_port()
        command = [module, "serve", "--providers", str(self.operators / "providers.json"), "--port", str(port)]
        given = {**self.environment, "GATEWAY_DATA": str(self.folder / name), **environment}
        self.programs[name] = start(command, self.folder / f"{name}.log", clean_environment(**given), port)
        return self.programs[name]

    def kill(self, name: str) -> None:
        """Kills it, as a power cut does."""
        self.programs[name].send_to_group(signal.SIGKILL)
        self.programs[name].wait()

    def end(self) -> None:
        """Ends all."""
        for program in self.programs.values():
            with contextlib.suppress(ProcessLookupError):
                program.send(signal.SIGCONT)
            program.end()


@contextlib.contextmanager
def cluster(folder: Path, operators: Path, **environment: str) -> Iterator[Cluster]:
    """A cluster without a gateway yet; all of them are ended at the exit."""
    write_providers_file(operators)
    made = Cluster(folder, operators, environment)
    try:
        yield made
    finally:
        made.end()
