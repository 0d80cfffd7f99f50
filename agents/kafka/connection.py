"""The one place that turns settings into Kafka clients, and a client's errors into a sentence."""

import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka import errors as kafka_errors
from kafka.net.compat import KafkaNetClient

from agents.errors import ConfigError, FanpulseError, UnavailableError
from agents.settings import Settings

BROKER_TIMEOUT_S = 5.0  # until a broker that does not answer is given up
CONNECT_RETRY_S = 0.2
REQUEST_S = 15.0  # for a single request, once connected
# The last: a broker that has just come up, or was frozen, does not know its controller yet.
AWAY = (kafka_errors.RetriableError, kafka_errors.BrokerNotAvailableError, kafka_errors.UnknownBrokerIdError)
# What a transaction rolled back was never an event, for no reader.
READING: dict[str, Any] = {
    "group_id": None,
    "enable_auto_commit": False,
    "isolation_level": "read_committed",
    "auto_offset_reset": "earliest",
    "fetch_max_wait_ms": 100,
}
ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:,\[\]]+):(\d{1,5})")

# Both clients log every attempt to connect; without a handler of ours Python would print that next to our sentence.
for name in ("kafka", "aiokafka"):
    logging.getLogger(name).addHandler(logging.NullHandler())
# Their DEBUG lines hold options and whole requests: passwords, and what fans wrote.
for name in ("kafka", "aiokafka.conn", "aiokafka.producer"):
    logging.getLogger(name).setLevel(logging.WARNING)
# It logs a broken connection with a traceback; the error is raised to us as well.
logging.getLogger("kafka.net.transport").setLevel(logging.CRITICAL)
CLIENT_LOG = logging.getLogger("kafka.net.manager")


def kafka_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that every client of kafka-python takes.

    Raises:
        ConfigError: no broker is named, an address is none, or a TLS file cannot be used.
    """
    return _options(settings) | {"bootstrap_timeout_ms": int(BROKER_TIMEOUT_S * 1000)}


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that every client of aiokafka takes.

    Raises:
        ConfigError: as ``kafka_options``.
    """
    return _options(settings)


def _options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": brokers(settings),
        "client_id": "fanpulse",
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security in {"SSL", "SASL_SSL"}:
        options["ssl_context"] = tls(settings)
    if settings.kafka_security.startswith("SASL"):
        if not settings.kafka_username or not settings.kafka_password:
            raise ConfigError("FANPULSE_KAFKA_SECURITY asks for SASL: set FANPULSE_KAFKA_USERNAME and _PASSWORD")
        options["sasl_mechanism"] = settings.kafka_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password
    return options


def brokers(settings: Settings) -> list[str]:
    """Return the addresses of FANPULSE_BROKER.

    >>> brokers(Settings(broker="a:9092, [::1]:9093"))
    ['a:9092', '[::1]:9093']

    Raises:
        ConfigError: it is empty, or an address is not host:port.
    """
    addresses = [part.strip() for part in settings.broker.split(",") if part.strip()]
    if not addresses:
        raise ConfigError(
            "no broker is named: set FANPULSE_BROKER to host:port (`fanpulse run` starts its own, and says where)"
        )
    for address in addresses:
        match = ADDRESS.fullmatch(address)
        if match is None or not 0 < int(match[2]) <= 65_535:
            raise ConfigError(f"FANPULSE_BROKER: {address!r} is not host:port")
    return addresses


def tls(settings: Settings) -> ssl.SSLContext:
    """Return the context for TLS to the brokers; host names are checked.

    Raises:
        ConfigError: a file is missing or is not what it must be.
    """
    setting, file = "FANPULSE_KAFKA_CA", settings.kafka_ca
    try:
        context = ssl.create_default_context(cafile=str(Path(file).expanduser()) if file else None)
        setting, file = "FANPULSE_KAFKA_CERT", settings.kafka_cert
        if file:
            # An empty password, or OpenSSL would ask the terminal for the one of an encrypted key.
            context.load_cert_chain(Path(file).expanduser(), password="")
    except FileNotFoundError:
        raise ConfigError(f"{setting}: no file {file}") from None
    except OSError as error:  # ssl.SSLError is one
        cause = error.reason if isinstance(error, ssl.SSLError) and error.reason else error.strerror
        raise ConfigError(f"{setting}: {file} cannot be used ({cause or 'not PEM'})") from None
    return context


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    """Connect for questions and administration; the client closes with the block.

    Raises:
        UnavailableError: no broker answers within ``BROKER_TIMEOUT_S``, or it went away in the middle.
        ConfigError: the settings cannot be used, or the broker refuses us.
    """
    make = partial(KafkaAdminClient, request_timeout_ms=int(REQUEST_S * 1000))
    with translated_errors(settings), _connected(make, settings) as client:
        yield client


@contextmanager
def reader(settings: Settings, **options: Any) -> Iterator[KafkaConsumer]:
    """Connect a consumer that reads partitions by hand; ``options`` are kafka-python's, over those of ``READING``.

    Where retention was faster than the reader, it goes on with the oldest record that is left.

    Raises:
        UnavailableError, ConfigError: as ``admin``.
    """
    make = partial(KafkaConsumer, **(READING | options))
    with translated_errors(settings), _connected(make, settings) as client:
        yield client


@contextmanager
def translated_errors(settings: Settings) -> Iterator[None]:
    """Turn the client's errors inside the block into a sentence.

    Raises:
        UnavailableError: it did not answer.
        ConfigError: it refused us.
    """
    try:
        yield
    except kafka_errors.AuthorizationError as error:
        cause = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"the broker at {settings.broker} does not allow {_user(settings)} to do this: {cause}"
        ) from None
    except kafka_errors.UnsupportedCodecError as error:
        cause = str(error).rstrip(".")
        raise ConfigError(f"a producer compressed records: {cause}; pip install 'fanpulse[tools]'") from None
    except AWAY as error:
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnavailableError(f"Kafka at {settings.broker} stopped answering: {cause}") from None
    except kafka_errors.KafkaError as error:
        cause = " ".join(str(error).split())[:200] or type(error).__name__
        raise ConfigError(f"Kafka at {settings.broker} does not do what it is asked: {cause}") from None


def _reach(settings: Settings) -> None:
    """Wait until some broker takes connections; asked here, for kafka-python does not close what it could not open."""
    deadline = time.monotonic() + BROKER_TIMEOUT_S
    addresses = [ADDRESS.fullmatch(broker) for broker in brokers(settings)]
    while True:
        for match in addresses:
            assert match is not None
            try:
                socket.create_connection((match[1].strip("[]"), int(match[2])), BROKER_TIMEOUT_S).close()
            except OSError as error:
                why = error.strerror or str(error)
            else:
                return
        if time.monotonic() > deadline:
            raise UnavailableError(f"no Kafka broker answers at {settings.broker} (FANPULSE_BROKER): {why}")
        time.sleep(CONNECT_RETRY_S)


class _LogCapture(logging.Handler):
    """Hears why an attempt to connect failed: kafka-python logs it, tries again, and reports a mere time-out."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[Exception] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple):
            self.errors += [part for part in record.args if isinstance(part, Exception)]


@contextmanager
def _connected(make: Callable[..., Any], settings: Settings) -> Iterator[Any]:
    kept: list[KafkaNetClient] = []

    def keep(**config: Any) -> KafkaNetClient:
        kept.append(KafkaNetClient(**config))
        return kept[-1]

    options, capture = kafka_options(settings), _LogCapture()
    _reach(settings)
    CLIENT_LOG.addHandler(capture)
    try:
        client = make(**options, kafka_client=keep)
    except kafka_errors.KafkaError as error:
        for broken in kept:
            broken.close()
            broken._manager._net.stop()  # its thread would go on trying
        raise _refusal(settings, [*capture.errors, error]) from None
    finally:
        CLIENT_LOG.removeHandler(capture)
    try:
        yield client
    finally:
        client.close()


def _refusal(settings: Settings, errors: list[Exception]) -> FanpulseError:
    """Return why there is no connection, by the most specific of the errors."""
    specific = [error for error in errors if not isinstance(error, kafka_errors.KafkaTimeoutError)]
    for cause in (" ".join(str(error).split()) for error in specific):
        if "authentication" in cause.lower() or "sasl" in cause.lower():
            return ConfigError(f"Kafka at {settings.broker} refuses {_user(settings)}: {cause[:200]}")
        if "certificate" in cause.lower():
            return ConfigError(f"TLS to Kafka at {settings.broker} fails (FANPULSE_KAFKA_CA, _CERT): {cause[:200]}")
    if settings.kafka_security.startswith("SASL") and "disconnected" in "".join(map(str, errors)):
        # A refusal and the end of the connection can arrive together, and kafka-python then sees the end alone.
        why = "wrong login, or FANPULSE_KAFKA_SECURITY or _MECHANISM is not what it speaks there"
        return ConfigError(f"Kafka at {settings.broker} refuses {_user(settings)} without a word: {why}")
    spoken = f"{settings.kafka_security} (FANPULSE_KAFKA_SECURITY)"
    why = f"something takes connections there, but does not speak Kafka over {spoken}"
    return UnavailableError(f"no Kafka broker answers at {settings.broker} (FANPULSE_BROKER): {why}")


def _user(settings: Settings) -> str:
    return f"user {settings.kafka_username!r}" if settings.kafka_security.startswith("SASL") else "this client"
