"""A time-stamp authority of our own: `openssl ts` behind a web server of this machine."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from audit import clock

CONFIG = """
[tsa]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """Stamps what it is asked to, unless `answer` is set to something else to do with a question."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url, self.asked = "", 0
        self.answer: Callable[[bytes], bytes] = self.stamp
        folder.mkdir(exist_ok=True)
        _certificates(folder)
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(CONFIG.format(folder=folder))

    @property
    def roots(self) -> str:
        return str(self.folder / "root.pem")

    def stamp(self, query: bytes) -> bytes:
        """What openssl answers."""
        (self.folder / "query.tsq").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "ts.cnf", "-section", "tsa", "-queryfile", "query.tsq"]
        subprocess.run([*command, "-out", "reply.tsr"], cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply.tsr").read_bytes()

    def accepts(self, stamp: bytes, data: bytes) -> bool:
        """What openssl, which is not us, says of a stamp we kept."""
        (self.folder / "kept.tsr").write_bytes(stamp)
        (self.folder / "data").write_bytes(data)
        command = ["openssl", "ts", "-verify", "-in", "kept.tsr", "-data", "data", "-CAfile", "root.pem"]
        return subprocess.run(command, cwd=self.folder, check=False, capture_output=True).returncode == 0

    @contextmanager
    def served(self) -> Iterator["Authority"]:
        """Answer on a port of this machine."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                try:
                    answer = authority.answer(query)
                except Refusing:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

            def handle(self) -> None:
                with suppress(BrokenPipeError):  # whoever asked has gone
                    super().handle()

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}/tsr"
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class Refusing(Exception):
    """Answer with an error of the web server."""


def _certificates(folder: Path) -> None:
    """A root, and the certificate the authority stamps with."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name(f"Root of {folder.name}")
    root = _certificate(root_name, root_name, root_key.public_key(), root_key, x509.BasicConstraints(True, None))
    stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    own = _certificate(_name(f"Authority {folder.name}"), root_name, key.public_key(), root_key, stamping)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(own.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signed_with: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = clock.real_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(extension, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_with.public_key()), critical=False)
    )
    return made.sign(signed_with, hashes.SHA256())
