"""Two versions of an image that differ in everything an image can say, and two that say next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.images import BASE, Images

# Health checks wait an hour: what is compared is how they are configured, and a probe costs more than a start.
RICH_OLD = """\
ENV PATH=/bin MODE=calm VERSION=1.0 ONLY_OLD=1
LABEL tier=front version=1.0 only.old=1
EXPOSE 80 81/udp
VOLUME /data
HEALTHCHECK --interval=1h --timeout=5s --retries=4 CMD ["/bin/test", "-f", "/run/ready"]
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
HEALTHCHECK --interval=2h --timeout=7s --start-period=1s CMD /bin/true
USER 11:21
WORKDIR /tmp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bin/sh", "/app/serve"]
CMD ["two", "three"]
"""
PLAIN_OLD = 'ENV PATH=/bin\nCMD ["/app/serve"]\n'
PLAIN_NEW = 'ENV PATH=/bin\nCMD ["/app/serve", "more"]\n'


@dataclass(frozen=True)
class Pair:
    old: str
    new: str


PAIRS = {
    "rich": Pair("battery/rich:1", "battery/rich:2"),
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
        ("battery/plain:1", PLAIN_OLD),
        ("battery/plain:2", PLAIN_NEW),
    ):
        dockerfile = f"FROM {BASE}\n{recipe}"
        images.engine.docker("build", "--quiet", "--tag", reference, "-", stdin=dockerfile.encode())
