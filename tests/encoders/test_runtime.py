"""What OpenVINO does when featclass loads it: nothing that leaves this machine."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("openvino_telemetry") is None, reason="OpenVINO is not installed"
)

WATCHED = """
    import sys

    acts = []

    def watch(event, arguments):
        if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn",
                             "os.fork", "os.spawn")):
            acts.append((event, repr(arguments)[:200]))

    sys.addaudithook(watch)
"""


def run(program: str) -> str:
    lines = textwrap.dedent(WATCHED) + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_opens_no_socket_and_starts_no_process_from_import_to_prediction() -> None:
    told = run("""
        import numpy as np
        from featclass.encoders import builtin

        encoder = builtin.load("cpu", "float32", "builtin:small")
        encoder.encode(np.zeros((1, 224, 224, 3), np.uint8))
        assert "openvino" in sys.modules
        print(acts, [name for name in sys.modules if "telemetry" in name])
    """)
    assert told.strip() == "[] []"


def test_its_own_import_would_have_loaded_what_reports() -> None:
    """The opposite: were this no longer so, the test above would show nothing."""
    told = run("""
        import openvino.tools.ovc

        print("openvino_telemetry" in sys.modules)
    """)
    assert told.strip() == "True"


def test_whoever_wants_the_converter_can_import_it_afterwards() -> None:
    told = run("""
        from featclass.encoders import runtime

        assert runtime.is_here()
        import openvino.tools.ovc
        print(callable(openvino.tools.ovc.convert_model))
    """)
    assert told.strip() == "True"
