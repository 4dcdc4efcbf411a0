"""Runs of bets in MLflow: an experiment a bet, a run a run."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pytest_bets.export.tracked import Tracked

if TYPE_CHECKING:
    from mlflow import MlflowClient

_BATCH: Final = 500
"""Metrics of one request. MLflow takes at most 1,000, and 1,000 entries of all kinds."""
_ENTRIES: Final = 100
"""Parameters of one request, and tags: the most that MLflow takes."""
_WAIT: Final = 5.0
"""Seconds that a server has to answer the first call."""
_PATIENCE: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""Settings of MLflow where the user has set none: by default it tries for minutes while a session waits."""


class Mlflow:
    """Writes to where `MLFLOW_TRACKING_URI` says, or to where MLflow writes by default.

    It uses a client of its own: an experiment may use MLflow itself, and its active run stays what it was.
    """

    def __init__(self) -> None:
        with _patience():
            import mlflow

            self.where = str(mlflow.get_tracking_uri())
            _reach(self.where)
            self._client: MlflowClient = mlflow.MlflowClient(tracking_uri=self.where)

    def export(self, run: Tracked, record: str) -> None:
        """Write one run, with its record as an artifact."""
        with _patience():
            experiment = self._experiment(run)
            made = self._client.create_run(experiment, start_time=run.start, run_name=run.name, tags={**run.tags})
            key = made.info.run_id
            try:
                self._log(key, run)
                self._client.log_text(key, record, "record.json")
            except BaseException:
                self._client.set_terminated(key, "KILLED")
                raise
            self._client.set_terminated(key, "FINISHED" if run.judged else "FAILED", run.end)

    def _experiment(self, run: Tracked) -> str:
        found = self._client.get_experiment_by_name(run.bet)
        if found is None:
            return str(self._client.create_experiment(run.bet, tags={"title": run.title}))
        if found.lifecycle_stage != "active":
            raise ValueError(f"the experiment {run.bet} was deleted in MLflow: restore it, or delete it for good")
        return str(found.experiment_id)

    def _log(self, key: str, run: Tracked) -> None:
        from mlflow.entities import Metric, Param

        params = [Param(name, value) for name, value in run.params.items()]
        metrics = [Metric(name, value, run.end, 0) for name, value in run.sentences.items()]
        metrics += [Metric(point.name, point.value, run.end, point.step) for point in run.points]
        for part in _parts(params, _ENTRIES):
            self._client.log_batch(key, params=part)
        for part in _parts(metrics, _BATCH):
            self._client.log_batch(key, metrics=part)


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _reach(uri: str) -> None:
    """Connect to the server and hang up.

    Raises:
        OSError: if there is no server.

    """
    url = urlsplit(uri)
    if url.scheme not in ("http", "https") or not url.hostname:
        return
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        socket.create_connection((url.hostname, port), timeout=_WAIT).close()
    except OSError as error:
        raise OSError(f"no server answers at {url.hostname}:{port}: {error}") from error


@contextmanager
def _patience() -> Iterator[None]:
    added = {name: value for name, value in _PATIENCE.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
