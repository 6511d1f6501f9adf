"""Two versions of an image that differ in everything an image can say, and two that say next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.images import BASE, Images

RICH_OLD = """\
ENV PATH=/bin MODE=calm VERSION=1.0 ONLY_OLD=1
LABEL tier=front version=1.0 only.old=1
EXPOSE 80 81/udp
VOLUME /data
USER 10:20
WORKDIR /app
STOPSIGNAL SIGINT
ENTRYPOINT ["/app/serve"]
CMD ["one"]
"""
RICH_NEW = """\
ENV PATH=/bin:/app MODE=wild VERSION=1.1 ONLY_NEW=1
LABEL tier=back version=1.1 only.new=1
EXPOSE 80 8443
VOLUME ["/data", "/cache"]
USER 11:21
WORKDIR /tmp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bin/sh", "/app/serve"]
CMD ["two", "three"]
"""
# A pair of its own: a probe costs as much as a start, and the other containers need none.
CHECKED_OLD = RICH_OLD + 'HEALTHCHECK --interval=1s --timeout=5s --retries=4 CMD ["/bin/true"]\n'
CHECKED_NEW = RICH_NEW + "HEALTHCHECK --interval=2s --timeout=7s --start-period=1s CMD /bin/true\n"
PLAIN_OLD = 'ENV PATH=/bin\nCMD ["/app/serve"]\n'
PLAIN_NEW = 'ENV PATH=/bin\nCMD ["/app/serve", "more"]\n'


@dataclass(frozen=True)
class Pair:
    old: str
    new: str


PAIRS = {
    "rich": Pair("battery/rich:1", "battery/rich:2"),
    "checked": Pair("battery/checked:1", "battery/checked:2"),
    "plain": Pair("battery/plain:1", "battery/plain:2"),
    "gaining": Pair("battery/plain:1", "battery/rich:2"),
    "losing": Pair("battery/rich:1", "battery/plain:2"),
}
"""The pairs that a case may be patched between."""


def build(images: Images) -> None:
    """Builds all on the engine of `images`."""
    _ = images.plain  # and with it the base
    for reference, recipe in (
        ("battery/rich:1", RICH_OLD),
        ("battery/rich:2", RICH_NEW),
        ("battery/checked:1", CHECKED_OLD),
        ("battery/checked:2", CHECKED_NEW),
        ("battery/plain:1", PLAIN_OLD),
        ("battery/plain:2", PLAIN_NEW),
    ):
        dockerfile = f"FROM {BASE}\n{recipe}"
        images.engine.docker("build", "--quiet", "--tag", reference, "-", stdin=dockerfile.encode())
