"""The shipped configuration of nginx, run on ports of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from tests.certificate import make_certificate

SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx.conf"
# Debian keeps it where only root's PATH looks.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
NAME = "bot.example.org"
SECRET = "a-secret-that-only-telegram-knows"


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


class Front:
    """nginx before two replicas; what the configuration says of machines is this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tls_port, self.port, *self.replica_ports = free_ports(4)
        self.certificate, key = make_certificate(folder, NAME)
        shipped = SHIPPED.read_text(encoding="utf-8")
        changes = {
            "10.0.0.11:8765": f"127.0.0.1:{self.replica_ports[0]}",
            "10.0.0.12:8765": f"127.0.0.1:{self.replica_ports[1]}",
            # The stand-in does not know the certificate and comes without TLS.
            "listen 443 ssl;": f"listen 127.0.0.1:{self.tls_port} ssl; "
            f"listen 127.0.0.1:{self.port};",
            "/etc/letsencrypt/live/bot.example.org/fullchain.pem": str(self.certificate),
            "/etc/letsencrypt/live/bot.example.org/privkey.pem": str(key),
        }
        for old, new in changes.items():
            assert shipped.count(old) == 1, old
            shipped = shipped.replace(old, new)
        (folder / "kakekomi.conf").write_text(shipped, encoding="utf-8")
        temporary = "".join(
            f"{kind}_temp_path {folder / kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(
            f"daemon off;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'} warn;\n"
            f"events {{}}\nhttp {{\n{temporary}include {folder / 'kakekomi.conf'};\n}}\n",
            encoding="utf-8",
        )

    def settings(self, replica: int) -> dict[str, str]:
        """Return the settings of a replica behind it."""
        return {
            "WEBHOOK_URL": f"http://127.0.0.1:{self.port}/telegram",
            "WEBHOOK_SECRET": SECRET,
            "LISTEN": f"127.0.0.1:{self.replica_ports[replica]}",
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run nginx while the block runs."""
        assert NGINX is not None
        process = await asyncio.create_subprocess_exec(
            NGINX, "-p", str(self.folder), "-c", str(self.configuration),
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not (self.folder / "pid").exists():
                assert process.returncode is None, "nginx does not take the configuration"
                await asyncio.sleep(0.02)
            yield
        finally:
            process.terminate()
            await process.wait()
