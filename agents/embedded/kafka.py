"""A real Apache Kafka of our own: one KRaft node on the loopback address, its records kept in a directory."""

import base64
import os
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from agents import probe
from agents.embedded import jars, java
from agents.embedded.properties import LOG4J, SINGLE, TOPICS, Listeners, Protocol, render
from agents.embedded.server import Server
from agents.errors import UnavailableError
from agents.supervise.child import Child
from agents.supervise.ports import LOOPBACK, free_port, free_ports

JVM = (
    "-Xms256m",
    "-Xmx768m",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dlog4j2.configurationFile=log4j2.properties",
)


class Kafka(Server):
    """One broker; its records outlive it.

    Args:
        directory: holds settings, log and records; what it holds already is gone on with.
        port: where clients connect; taken if free, otherwise another; 0 for any.
        protocol: what clients must speak; if not PLAINTEXT, ``extra`` holds the keys and users that belong to it,
            and ``internal`` is a door without a lock, for tests and for administration.
        extra: Kafka's settings beyond ours, or instead of them; a change counts from the next start.
    """

    name = "Kafka"
    ready_s = 90.0  # 3 s on a quiet machine, 6 the first time
    stop_s = 10.0

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        protocol: Protocol = "PLAINTEXT",
        extra: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(directory)
        client = free_port(port)
        controller, internal = [other for other in free_ports(3) if other != client][:2]
        self.listeners = Listeners(client=client, controller=controller, internal=internal, protocol=protocol)
        self.extra = dict(extra or {})

    @property
    def bootstrap(self) -> str:
        """Where clients connect, as host:port."""
        return f"{LOOPBACK}:{self.listeners.client}"

    @property
    def internal(self) -> str:
        """Where one connects without TLS or password, as host:port."""
        return f"{LOOPBACK}:{self.listeners.open}"

    def answers(self) -> bool:
        """Whether it serves metadata; it does so when it may lead partitions, not before."""
        return probe.kafka_answers(LOOPBACK, self.listeners.open)

    def prepare(self) -> Child:
        """Write its settings, format its directory if that is new, and return the process to be.

        Raises:
            UnavailableError: there is no Java, no jars, or the directory cannot be used.
        """
        settings = self.directory / "server.properties"
        settings.write_text(render({**SINGLE, **self.listeners.properties(), **self.extra}))
        (self.directory / "log4j2.properties").write_text(LOG4J)
        command = [str(java.find()), *JVM, "-cp", os.pathsep.join(map(str, jars.classpath()))]
        # Java takes file names in the locale's encoding, and the POSIX locale has ASCII alone.
        environ = {**os.environ, "LC_ALL": "C.UTF-8"}
        if not (self.directory / TOPICS / "meta.properties").exists():
            self._format(command, environ, settings)
        command += ["kafka.Kafka", settings.name]
        return Child(self.name, command, self.log, environ=environ, cwd=self.directory)

    def _format(self, command: list[str], environ: Mapping[str, str], settings: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            [*command, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", settings.name],
            env=environ,
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            output = (done.stderr or done.stdout).strip()[-1000:]
            raise UnavailableError(f"Kafka cannot use {self.directory} (exit code {done.returncode}): {output}")
