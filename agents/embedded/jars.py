"""Kafka's jars: resolved and fetched once by jgo, kept in the user's cache."""

import os
import shutil
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import requests
from jgo.maven import Artifact, MavenContext
from jgo.parse import Coordinate

from agents.embedded.progress import DownloadProgress
from agents.errors import UnavailableError

KAFKA = "4.1.2"
ENDPOINTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3",  # without a backend slf4j is mute, and errors with it
)
ATTEMPTS = 3
AT_ONCE = 6  # downloads
HTTP_TIMEOUT_S = 60


def cache() -> Path:
    """Return the program's directory in the user's cache ($XDG_CACHE_HOME, by default ~/.cache)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fanpulse"


def classpath() -> list[Path]:
    """Return Kafka's jars, fetching them on the first call (45 MB; progress on standard error).

    Raises:
        UnavailableError: they are neither in the cache nor to be had from Maven Central.
    """
    home = cache() / f"kafka-{KAFKA}"
    attempt = 1
    while not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        # A directory appears under its name only when it is whole: an interrupted fetch leaves nothing to be believed.
        with tempfile.TemporaryDirectory(dir=home.parent, prefix="fetching-") as staging:
            try:
                _fetch(Path(staging))
                _publish(Path(staging) / "jars", home)
            except (requests.RequestException, RuntimeError, zipfile.BadZipFile) as error:
                if attempt == ATTEMPTS:
                    raise UnavailableError(f"cannot fetch Apache Kafka {KAFKA} from Maven Central: {error}") from None
                attempt += 1
    return sorted(home.glob("*.jar"))


def _fetch(staging: Path) -> None:
    """Resolve the jars and put them into ``staging/jars``."""
    with DownloadProgress(f"Apache Kafka {KAFKA}") as progress:
        context = MavenContext(repo_cache=staging / "maven", timeout=HTTP_TIMEOUT_S)
        artifacts = _resolve(context)
        (staging / "jars").mkdir()
        progress.begin(len(artifacts))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            fetching = [pool.submit(artifact.resolve) for artifact in artifacts]
            try:
                for done in as_completed(fetching):
                    jar = done.result()
                    with zipfile.ZipFile(jar) as opened:  # jgo only warns of a wrong checksum
                        if opened.testzip() is not None:
                            raise zipfile.BadZipFile(f"{jar.name} arrived damaged")
                    progress.advance(jar.stat().st_size)
                    jar.rename(staging / "jars" / jar.name)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # or Ctrl-C would wait for every jar


def _resolve(context: MavenContext) -> list[Artifact]:
    """Walk the poms: what Kafka needs when it runs."""
    # Raw: otherwise jgo takes every endpoint for a BOM, and log4j's says which Kafka client *it* was tested with.
    wanted = [
        context.create_dependency(replace(Coordinate.parse(name), scope="compile", raw=True)) for name in ENDPOINTS
    ]
    named, transitive = context.resolver.resolve(wanted)
    return [item.artifact for item in (*named, *transitive) if item.scope in {"compile", "runtime"}]


def _publish(jars: Path, home: Path) -> None:
    try:
        jars.rename(home)
    except OSError:
        if not home.exists():
            raise
        shutil.rmtree(jars)  # another process was first, with the same jars
