"""Cells on a real GPU: run this where there is one, with torch. Fake devices are in test_local.py."""

import shutil
import subprocess
import sys
from functools import cache
from itertools import pairwise

import pytest

from tests.engines import real
from tests.helpers.fixtures import WriteBet

HOLD = 2**30
"""Bytes that a cell takes on the device, and does not give back."""
BODY = f"""
free, total = torch.cuda.mem_get_info()
begin = time.time()
held = torch.ones({HOLD} // 4, device="cuda")
KEPT.append(held)
assert float(held.sum()) == {HOLD} // 4
time.sleep(1)
visible = os.environ["CUDA_VISIBLE_DEVICES"]
return {{
    "gain": part, "begin": begin, "end": time.time(), "free": free, "pid": os.getpid(), "visible": visible,
    "devices": torch.cuda.device_count(),
}}
"""


@cache
def why_skipped() -> str:
    """Return why there is no GPU here; asked in another process, because CUDA keeps what it has initialised."""
    if not shutil.which("nvidia-smi"):
        return "no GPU: there is no nvidia-smi"
    code = "import torch; print(torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        return "no torch"
    return "" if int(done.stdout) else "torch finds no GPU here"


@pytest.fixture
def session(pytester: pytest.Pytester) -> real.Session:
    """Return a session, where there is a GPU."""
    if reason := why_skipped():
        pytest.skip(reason)
    return real.Session(pytester.path, variables={"CUDA_VISIBLE_DEVICES": "0"})


def test_cells_never_share_a_gpu_and_leave_its_memory_free(session: real.Session, bet: WriteBet) -> None:
    """Two slots and one device: each cell has it alone, in a process of its own that has ended when the next begins."""
    bet(
        body=BODY,
        above="import os, time\nimport torch\n\nKEPT = []",
        markers={"resources": "gpus=1", "parametrize": '"part", [1, 2, 3]'},
    )
    session.run("--bets-on", "local=2")
    cells = sorted((cell["measured"] for cell in session.record()["cells"]), key=lambda cell: cell["begin"])
    assert {cell["devices"] for cell in cells} == {1}
    assert {cell["visible"] for cell in cells} == {"0"}
    assert len({cell["pid"] for cell in cells}) == 3
    for one, following in pairwise(cells):
        assert one["end"] <= following["begin"]
        assert following["free"] > one["free"] - HOLD / 2, "what the cell before it held is still there"


def test_a_cell_without_a_gpu_runs_beside_one_with_it(session: real.Session, bet: WriteBet) -> None:
    """Only the device is waited for."""
    bet(body=BODY, above="import os, time\nimport torch\n\nKEPT = []", markers={"resources": "gpus=1"})
    bet("bet_2_second.py", body="time.sleep(1)\nreturn {'gain': part, 'end': time.time()}", above="import time")
    session.run("--bets-on", "local=2")
    last = max(cell["measured"]["end"] for cell in session.record()["cells"])
    assert max(cell["measured"]["end"] for cell in session.record("2_second")["cells"]) < last
