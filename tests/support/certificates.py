"""Certificates of a test's own authority, in the forms that Kafka, Redis and our clients read."""

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from agents.supervise.ports import LOOPBACK


class Authority:
    """One authority; all files are PEM and lie in ``directory``."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self._ca = directory, trustme.CA()
        self.file = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """Return certificate and key, and both in one file, for ``hosts``; by default the loopback address."""
        leaf = self._ca.issue_cert(*(hosts or (LOOPBACK,)), common_name=name)
        # Kafka takes PKCS 8 alone.
        key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        alone, both = self.directory / f"{name}.key", self.directory / f"{name}.pem"
        alone.write_bytes(pem)
        both.write_bytes(pem + chain)
        return both, alone
