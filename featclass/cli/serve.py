"""`featclass app`: the page, and who can reach it."""

from __future__ import annotations

import os
import runpy
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from featclass.base import DiskFull, FeatclassError, config
from featclass.base.sentences import counted
from featclass.cli.inputs import Device, Precision, PrecisionOption
from featclass.cli.output import tell

LOCAL = ("127.0.0.1", "localhost", "::1")

HostOption = Annotated[
    str, typer.Option("--host", help="0.0.0.0: everybody who can reach this machine.")
]
AllowedHostsOption = Annotated[
    list[str] | None,
    typer.Option("--allowed-host", help="A name this server is reached by; may be repeated."),
]
ServerDeviceOption = Annotated[
    Device, typer.Option(envvar="FEATCLASS_DEVICE", help="What encoders run on.")
]
CertificateOption = Annotated[
    Path | None,
    typer.Option(
        "--certificate", exists=True, dir_okay=False, help="TLS certificate (PEM), for https."
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", exists=True, dir_okay=False, help="Its private key (PEM)."),
]
RecoverOption = Annotated[
    bool,
    typer.Option("--recover", help="First make a workspace of the pictures that have none."),
]


def serve(
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8501,
    allowed_hosts: AllowedHostsOption = None,
    device: ServerDeviceOption = Device.AUTO,
    precision: PrecisionOption = Precision.AUTO,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    recover: RecoverOption = False,
) -> None:
    """Open the page in a browser, from any working directory."""
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key belong together")
    if certificate is not None and key is not None:
        _check_pair(certificate, key)
    local = host in LOCAL
    shown = _shown(host)
    address = f"{'https' if certificate else 'http'}://{shown}:{port}"
    _open_data_folder(address, recover=recover)
    _announce(address, local=local)
    options = {
        "server.address": host,
        "server.port": str(port),
        "browser.serverAddress": shown,
        # Said already; and what Streamlit adds to its welcome would cover the predictions.
        "logger.hideWelcomeMessage": "true",
    }
    if not local:
        options["server.headless"] = "true"
    if certificate is not None and key is not None:
        options |= {"server.sslCertFile": str(certificate), "server.sslKeyFile": str(key)}
    _set_environment(allowed_hosts or [], device, precision, local=local)
    # In this very process, so that whoever ends it ends the server.
    arguments = [f"--{name}={value}" for name, value in options.items()]
    sys.argv = ["streamlit", "run", str(_page()), *arguments]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _set_environment(
    allowed_hosts: list[str], device: Device, precision: Precision, *, local: bool
) -> None:
    """Tell the server, which reads nothing else, what was asked for."""
    own = () if local else (socket.gethostname(), socket.getfqdn())
    listed = os.environ.get("FEATCLASS_HOSTS", "").split()
    os.environ["FEATCLASS_HOSTS"] = " ".join((*allowed_hosts, *listed, *own))
    os.environ["FEATCLASS_DEVICE"] = device.value
    os.environ["FEATCLASS_PRECISION"] = precision.value
    if not local:
        os.environ["FEATCLASS_SHARED"] = "1"


def _open_data_folder(address: str, *, recover: bool) -> None:
    """See that the data folder can be worked with before a server says that it is there."""
    from featclass import workspaces
    from featclass.embedding.cache import CACHE_FILE, Cache

    settings = config.load()
    if recover:
        recovered = workspaces.recover(settings.data, max_pixels=settings.max_pixels)
        tell(_told(recovered.pictures, recovered.others))
        for token in recovered.tokens:
            tell(f"They are at {address}/?w={token}", style="bold")
    workspaces.Workspaces(settings.data).close()
    with suppress(DiskFull):  # the server does without
        Cache(settings.data / CACHE_FILE).close()


def _told(pictures: int, others: int) -> str:
    sentence = f"Recovered {counted(pictures, 'picture')}."
    if not pictures:
        sentence = "No picture was without a workspace, so none was recovered."
    beside = f" Files that hold no whole picture, and stay for 30 days: {others:,}."
    return sentence + (beside if others else "")


def _check_pair(certificate: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise typer.BadParameter(
            f"{certificate} and {key} are not a certificate and its key in PEM: name the two that"
            " belong together",
            param_hint="--certificate",
        ) from error


def _shown(host: str) -> str:
    """Return the name under which others find this server."""
    if host in LOCAL:
        return "localhost"
    names = (socket.getfqdn(), socket.gethostname())
    return next((name for name in names if name != "localhost"), host)


def _announce(address: str, *, local: bool) -> None:
    tell(f"featclass is at {address}", style="bold")
    if local:
        tell("Only this machine can reach it.")
    else:
        tell(
            "Everybody who can reach this machine over the network can use it. There is no"
            " sign-in: whoever has the link of a workspace can see and change it."
        )


def _page() -> Path:
    """Return the path of app.py: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parent.parent
    for candidate in (package.parent / "app.py", package / "_app" / "app.py"):
        if candidate.is_file():
            return candidate
    raise FeatclassError("This installation lacks app.py: install featclass again.")
