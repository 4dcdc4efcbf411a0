"""What the plugin's objects in one process share."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.diagnostics import RecordError
from pytest_bets.hooks.copies import Copies
from pytest_bets.hooks.registration import Registry
from pytest_bets.hooks.resume import Resumed, resume
from pytest_bets.hooks.settings import Settings
from pytest_bets.project import on_path
from pytest_bets.record.store import Results
from pytest_bets.render.visible import visible, visible_lines


def unreadable(error: OSError | RecordError) -> pytest.UsageError:
    """Return the error that ends a session before anything runs: its results cannot be read."""
    if isinstance(error, OSError):
        return pytest.UsageError(f"The results cannot be read: {visible(str(error))}\nNothing was run.")
    return pytest.UsageError(
        f"{visible_lines(str(error))}\nNothing was run. Restore the file with git; "
        "where journals conflict, keep the lines of both."
    )


class Context:
    """The settings, and what is read from the disk: each once, when it is first needed.

    `elsewhere` are the ids of the bets that belong to other shards.
    It is no plugin: pytest 8.2 reads every attribute of a plugin, which would read all of this at once.
    """

    def __init__(self, config: pytest.Config, settings: Settings, catalogue: Catalogue) -> None:
        self.config = config
        self.settings = settings
        self.catalogue = catalogue
        self.elsewhere: Sequence[str] = ()
        # where modules of the project are found; now, because collecting puts more folders on Python's path
        self.search = [*(config.rootpath / path for path in config.getini("pythonpath")), *on_path(settings.root)]

    @cached_property
    def copies(self) -> Copies:
        """What finds code that is imported from another place than the project."""
        return Copies(self.settings.root, self.search)

    @cached_property
    def results(self) -> Results:
        """The folder of results."""
        return Results(self.settings.results)

    @cached_property
    def registry(self) -> Registry:
        """What git says about the bets."""
        return Registry(self.settings, self.catalogue)

    @cached_property
    def resumed(self) -> Resumed:
        """What an interrupted run left."""
        return resume(self.settings, self.catalogue, self.search)

    @cached_property
    def finished(self) -> Mapping[str, str]:
        """The data of every cell that need not run again, by node id."""
        return self.resumed.cells if self.settings.resume else {}

    @cached_property
    def registered(self) -> Collection[str]:
        """The ids of the bets that may run where registration is required."""
        return self.registry.registered if self.settings.required else ()

    @cached_property
    def replications(self) -> Mapping[str, int]:
        """The number of the next replication of every bet, by id; empty where none is asked for."""
        if not self.settings.replication:
            return {}
        from pytest_bets.record.replication import next_number

        bets = self.catalogue.complete().declarations()[0]  # a controller has collected nothing yet
        try:
            return {bet.id: next_number(self.results.replications(bet.id), bet.digest) for bet in bets}
        except (OSError, RecordError) as error:
            raise unreadable(error) from None

    def leave(self, bets: Sequence[str]) -> None:
        """Note which bets are left to other shards."""
        self.elsewhere = bets
