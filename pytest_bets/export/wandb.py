"""Runs of bets in Weights & Biases: a group a bet, a run a run."""

import os
from pathlib import Path
from typing import Any, Final

from pytest_bets.export.tracked import Tracked

_PROJECT: Final = "bets"
_SETTINGS: Final = {
    "console": "off",  # what pytest prints is no output of the run
    "silent": True,
    "login_timeout": 1,  # a session does not wait for a key to be typed
    "init_timeout": 30,
    "finish_timeout": 60,
    "finish_timeout_raises": True,
}


class Wandb:
    """Writes to the project that `WANDB_PROJECT` names, or to `bets`; offline if `WANDB_MODE=offline`.

    Each run is made beside others: an experiment may use wandb itself, and its run stays what it was.
    """

    def __init__(self) -> None:
        import wandb

        self._wandb: Any = wandb
        self._project = os.environ.get("WANDB_PROJECT") or _PROJECT
        self.where = f"project {self._project}"
        known = wandb.Settings.model_fields
        self._settings = wandb.Settings(**{name: value for name, value in _SETTINGS.items() if name in known})

    def export(self, run: Tracked, record: str) -> None:
        """Write one run, with its record as a file of the run."""
        made = self._wandb.init(
            project=self._project,
            group=run.bet,
            name=run.name,
            notes=run.title,
            config={**run.params},
            tags=[run.tags["verdict"], run.tags["registered"]],
            settings=self._settings,
            reinit="create_new",
        )
        try:
            made.summary.update({**run.tags, **run.sentences})
            rows: dict[int, dict[str, float]] = {}
            for point in run.points:
                rows.setdefault(point.step, {})[point.name] = point.value
            for step in sorted(rows):
                made.log(rows[step], step=step)
            file = Path(made.dir) / "record.json"
            file.write_text(record, encoding="utf-8")
            made.save(str(file), base_path=made.dir, policy="end")
        finally:
            made.finish(exit_code=0 if run.judged else 1)
