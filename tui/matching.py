"""What the filter lets through. Every word must occur somewhere in what a thing is known by; case does not matter."""

from __future__ import annotations

from collections.abc import Iterable

from patchdeck.model import Engine, FeedEntry, Rollout, Service, Startup

_LONGEST = 400
"""Characters of one text that are looked at: names of any length must not slow the screen down."""


class Matcher:
    """One filter. It remembers its verdicts on startups by what they are known by, so that a herd costs once."""

    def __init__(self, words: str) -> None:
        self._words = tuple(words.casefold().split())
        self._verdicts: dict[tuple[str, ...], bool] = {}

    @property
    def is_open(self) -> bool:
        return not self._words

    def startup(self, startup: Startup) -> bool:
        return not self._words or self._judge(
            (
                startup.service,
                startup.name,
                startup.version,
                startup.image,
                startup.engine,
                startup.outcome,
                startup.reason,
                startup.container_id,
            )
        )

    def service(self, service: Service) -> bool:
        versions = (text for version in service.versions for text in (version.label, *version.images))
        return not self._words or self._matches((service.name, service.engine, *versions))

    def named(self, service: str, engine: str) -> bool:
        """A service of which no more is known than its name."""
        return not self._words or self._matches((service, engine))

    def rollout(self, rollout: Rollout) -> bool:
        sides = (text for one in (rollout.plan.origin, rollout.plan.to) for text in (one.image, one.version))
        return not self._words or self._matches(
            (rollout.service, rollout.engine, rollout.id, rollout.state, *sides)
        )

    def entry(self, entry: FeedEntry) -> bool:
        return not self._words or self._matches(
            (entry.service, entry.name, entry.engine, entry.what, entry.detail, entry.container_id)
        )

    def engine(self, engine: Engine) -> bool:
        return not self._words or self._matches((engine.name,))

    def _judge(self, texts: tuple[str, ...]) -> bool:
        verdict = self._verdicts.get(texts)
        if verdict is None:
            if len(self._verdicts) > 50_000:
                self._verdicts.clear()
            verdict = self._verdicts[texts] = self._matches(texts)
        return verdict

    def _matches(self, texts: Iterable[str]) -> bool:
        haystack = "\n".join(text[:_LONGEST] for text in texts).casefold()
        return all(word in haystack for word in self._words)
