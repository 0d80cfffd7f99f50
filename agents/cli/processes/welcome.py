"""What `fanpulse run` prints when everything is up: where to look."""

from typing import Self

from msgspec import Struct, structs
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agents.cli.output import console
from agents.settings import PREFIX, REDACTED, Settings
from agents.supervise import plan


class Welcome(Struct, frozen=True, kw_only=True):
    """The addresses of a running installation; ``demo_rate`` is events per second, None without demo traffic."""

    page: str
    metrics: dict[str, str]
    broker: str
    redis: str
    logs: str
    demo_rate: float | None = None

    @classmethod
    def of(cls, settings: Settings, ports: plan.Ports, workers: int) -> Self:
        """Return the addresses, secrets redacted; ``settings`` are those of the processes."""
        shown = settings.shown()
        base = f"http://{_bracketed(plan.page_host(settings))}"
        names = {f"worker-{number}": ports.of_worker(number) for number in range(workers)}
        return cls(
            page=f"{base}:{ports.web}/",
            metrics={name: f"{base}:{port}/metrics" for name, port in {**names, "serve": ports.metrics[1]}.items()},
            broker=shown[PREFIX + "BROKER"],
            redis=shown[PREFIX + "REDIS_URL"],
            logs=str(settings.data / "logs"),
        )

    def with_demo(self, rate: float) -> Self:
        """Return the same with demo traffic."""
        return structs.replace(self, demo_rate=rate)

    def as_row(self) -> dict[str, object]:
        """Return it for a program."""
        return structs.asdict(self)

    def show(self) -> None:
        """Print it for people."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_row("page", Text(self.page, "bold"))
        for name, url in self.metrics.items():
            grid.add_row("metrics", f"{url}  {name}")
        grid.add_row("Kafka", Text(self.broker))
        grid.add_row("Redis", Text(self.redis))
        grid.add_row("logs", Text(self.logs))
        off = "none (--demo sends some)"
        grid.add_row("traffic", off if self.demo_rate is None else f"demo, {self.demo_rate:g} events a second")
        out = console()
        out.print(Panel.fit(grid, title="fanpulse", subtitle="Ctrl-C stops everything"))
        out.print(f"For other commands here: {self.exports()}", soft_wrap=True)

    def exports(self) -> str:
        """Return the line for a shell that gives other commands these servers; what has a secret is left out."""
        ours = {"BROKER": self.broker, "REDIS_URL": self.redis}
        return "export " + " ".join(f"{PREFIX}{name}={url}" for name, url in ours.items() if REDACTED not in url)


def _bracketed(host: str) -> str:
    """Return a host as URLs want it.

    >>> _bracketed("::1"), _bracketed("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host}]" if ":" in host else host
