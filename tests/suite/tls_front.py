"""TLS in front of a server of this machine that has none, with an authority of its own.

Usage: tls_front.py FOLDER HOST:PORT NAME...; prints its port. What comes is passed on byte for byte.
"""

import asyncio, ssl, subprocess, sys, threading, os
from pathlib import Path

folder, (host, port), names = Path(sys.argv[1]), sys.argv[2].split(":"), sys.argv[3:]


def certificates():
    run = lambda *words: subprocess.run(words, check=True, capture_output=True, cwd=folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("openssl", "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3", "-subj", "/CN=test authority",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run("openssl", "req", *key, "-keyout", "host.key", "-out", "host.csr", "-subj", "/CN=front")
    (folder / "names").write_text(f"subjectAltName={','.join('DNS:' + name for name in names)}\nextendedKeyUsage=serverAuth\n")
    run("openssl", "x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "3", "-out", "host.pem", "-extfile", "names")


async def carry(reader, writer):
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def one(reader, writer):
    there = await asyncio.open_connection(host, int(port))
    await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))


async def main():
    certificates()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "host.pem", folder / "host.key")
    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# It goes when whoever started it does.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
asyncio.run(main())
