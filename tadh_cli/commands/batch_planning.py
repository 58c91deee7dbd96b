"""From a manifest to what is to be done about each video; until all are in order nothing is sent but questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from tadh_cli.commands.batch_options import Reporting, Wanted
from tadh_cli.commands.batch_record import minutes
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.names import Lookup, keyed, owned
from tadh_cli.commands.production import with_defaults
from tadh_cli.engine.batch.home import Home
from tadh_cli.engine.batch.items import Item, items
from tadh_cli.engine.batch.manifest import Problem, read
from tadh_cli.engine.batch.plan import Action, Wishes
from tadh_cli.engine.batch.work import Work, check, check_actions, told, work_for
from tadh_cli.errors import InputError
from tadh_cli.ui.reports import annotation


class Planning:
    """Checks a manifest and decides."""

    def __init__(
        self, tadh: Tadh, manifest: str, wanted: Wanted, reporting: Reporting, lookup: Lookup, home: Home
    ) -> None:
        self._tadh = tadh
        self._manifest = manifest
        self._wanted = wanted
        self._reporting = reporting
        self._lookup = lookup
        self._home = home
        self._works: list[Work] = []

    def works(self, *, asks: bool) -> list[Work]:
        """Check every video, decide about each; raises InputError with all problems and their places.

        `asks`: whether the service is asked about names and actions.
        """
        found, problems = items(read(self._manifest))
        chosen = self._chosen(found)
        plans = []
        for item in chosen:
            plan, wrong = check(self._tadh.client, item, self._complete)
            plans.append(plan)
            problems += wrong
        self._refuse(problems)
        account = f"{self._tadh.settings.endpoint} {self._tadh.client.account('video')}"
        wishes = Wishes(self._wanted.retry_failed, self._wanted.retry_unknown)
        now_s = self._tadh.clock.now_s()
        self._works = [
            work_for(item, plan, self._complete(item.options), self._home, wishes, account, now_s)
            for item, plan in zip(chosen, plans, strict=True)
        ]
        self._refuse([*self._misplaced(), *self._too_long()])
        self._refuse(list(self._named(asks=asks)))
        if asks:
            self._refuse(check_actions(self._tadh.client, self._perhaps_made(), self._called))
        return self._works

    def _complete(self, options: Any) -> Any:
        return with_defaults(self._tadh, options)

    def _called(self, options: Any) -> Any:
        """Options with the key of the avatar in place of its name."""
        options = self._complete(options)
        if not options.avatar:
            return options
        key = owned(self._tadh, self._lookup).key("avatar", options.avatar, "--avatar")
        return replace(options, avatar=key)

    def _named(self, *, asks: bool) -> Iterator[Problem]:
        """Put keys in place of names into what is going to be sent; problems are names that mean nothing or several."""
        for work in self._perhaps_made():
            try:
                work.prepared = keyed(
                    self._tadh, work.prepared, self._lookup, is_rehearsal=not asks, exempt=work.item.overrides
                )
            except InputError as error:
                yield from (told(work.item, problem) for problem in error.problems)
            else:
                work.plan = work.plan.with_request(work.prepared)

    def _chosen(self, items: Sequence[Item]) -> list[Item]:
        wanted = self._wanted.only
        if not wanted:
            return list(items)
        unknown = [name for name in wanted if not any(fnmatchcase(item.name, name) for item in items)]
        if unknown:
            near = get_close_matches(unknown[0], [item.name for item in items], n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"{len(items)} videos have names in {self._manifest}"
            raise InputError([f"--only {name}: there is no such video" for name in unknown], hint=hint)
        return [item for item in items if any(fnmatchcase(item.name, name) for name in wanted)]

    def _perhaps_made(self) -> list[Work]:
        """What is made, and what is made when it turns out that nobody has it."""
        may_be_gone = (Action.FETCH,) if self._wanted.retry_failed else ()
        return [
            work
            for work in self._works
            if work.decision.action.makes or work.is_held or work.decision.action in may_be_gone
        ]

    def _misplaced(self) -> Iterator[Problem]:
        for work in self._works:
            if work.decision.action not in (Action.SKIP, Action.UNKNOWN):
                at = work.item.place("name")
                yield from (Problem(at, f"{work.name}: {reason}") for reason in self._home.problems(work.name))

    def _too_long(self) -> Iterator[Problem]:
        most, made = self._wanted.max_minutes, self._perhaps_made()
        if most is None or not made:
            return
        for work in made:
            if work.plan.minutes is None:
                reason = f"--max-minutes {most:g}: how long a sound at a URL is can't be told"
                yield Problem(work.item.place("audio"), f"{work.name}: {reason}")
        total = minutes(made)
        if total > most:
            raise InputError(f"--max-minutes {most:g} would be exceeded: about {total:g} minutes are estimated")

    def _refuse(self, problems: Sequence[Problem]) -> None:
        if not problems:
            return
        if self._reporting.annotates:
            for problem in problems:
                at = problem.at
                text = annotation(problem.message, file=at.file, line=at.line, column=at.column, title="manifest")
                self._tadh.messages.write(text)
        raise InputError([str(problem) for problem in sorted(problems, key=lambda problem: problem.at)])
