"""What orders are sent to: a process of its own that says yes over TLS, in HTTP/2 or HTTP/1.1 as the client asks.

The venue offers both, so the official client, whose HTTP library was told to, speaks HTTP/2 there and aiohttp does not.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded

HOST = "127.0.0.1"
LIMIT_S = 30.0
ANSWER = b"[]"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"


class Address(NamedTuple):
    """Where it listens, and the certificate that makes a client believe it."""

    url: str
    certificate: str

    def trust(self) -> ssl.SSLContext:
        """A context of one's own: HTTP libraries write into it what they speak."""
        return ssl.create_default_context(cafile=self.certificate)


@contextmanager
def server() -> Iterator[Address]:
    """It listens until the block ends.  Needs the `openssl` program for a certificate."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        _certify(key, certificate)
        ours, theirs = multiprocessing.Pipe()
        arguments = (theirs, str(key), str(certificate))
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=arguments, daemon=True)
        process.start()
        assert ours.poll(LIMIT_S), "the server does not open"
        try:
            yield Address(f"https://{HOST}:{ours.recv()}", str(certificate))
        finally:
            ours.send("end")
            process.join(LIMIT_S)


def _certify(key: Path, certificate: Path) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    name = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(("openssl", "req", "-x509", *curve, *name, *files), check=True, capture_output=True)


def _serve(pipe: Connection, key: str, certificate: str) -> None:
    asyncio.run(_listen(pipe, key, certificate))


async def _listen(pipe: Connection, key: str, certificate: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    tls.set_alpn_protocols(["h2", "http/1.1"])

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        await (_in_frames if agreed == "h2" else _in_lines)(reader, writer)
        writer.close()

    async with await asyncio.start_server(converse, HOST, 0, ssl=tls) as listener:
        pipe.send(listener.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)


async def _in_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await _head(reader):
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        writer.write(HEAD + ANSWER)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def _in_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = H2Connection(H2Configuration(client_side=False))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    while data := await reader.read(1 << 16):
        for event in connection.receive_data(data):
            match event:
                case DataReceived():
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded():
                    connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/json")])
                    connection.send_data(event.stream_id, ANSWER, end_stream=True)
        writer.write(connection.data_to_send())
