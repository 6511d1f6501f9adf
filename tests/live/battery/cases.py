"""The configurations of the battery: as flags of `docker run`, or as a request where the command line has no flag.

In flags and bodies `{name}` is the case's container, `{host}` a folder of the host, `{cgroup}` the lab's control group
and `{n1}` the ID of the network n1. Beside the cases there are: the networks n1 (10.77.0.0/24) and n2, and the
container `donor`, which shares its namespaces and its volume /shared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Case:
    name: str
    flags: str = ""
    command: tuple[str, ...] = ()
    network: str | None = "none"
    """Most need none, and start faster without; None: the flags say which."""
    body: Mapping[str, Any] | None = field(default=None, hash=False)
    """Created by this request instead of the command line."""
    then: tuple[str, ...] = ()
    """Commands of `docker` after the container runs."""
    pair: Literal["rich", "checked", "plain", "gaining", "losing"] = "rich"
    only: Literal["stock", "newer"] | None = None
    """Where only one of the engines knows the setting."""
    refused: str = ""
    """What Docker says to it where it is not known; empty: the engine leaves it out."""
    often: bool = False
    """Played by `make test` too, on the stock engine; the others by `make test-full`."""
    differs: tuple[str, ...] = ()
    """Where the patched container is meant to differ from the oracle."""

    @property
    def container(self) -> str:
        """The name of its container."""
        return re.sub("[^a-z0-9]+", "-", self.name.lower())


CHECK = "--health-cmd /bin/true"
CASES = (
    # --- what the image says, and the container says otherwise or the same
    Case("no settings", often=True),
    Case("no settings, images that say little", pair="plain"),
    Case("a new image that says more", "-e MODE=own --label mine=1", pair="gaining", often=True),
    Case(
        "a new image that says less",
        "-e MODE=own --label mine=1",
        pair="losing",
        differs=("HostConfig.Mounts", "Mounts"),  # the new image has no /data; the old one's data is kept
        often=True,
    ),
    Case("variables of its own", "-e A=1 -e B= -e C=x=y"),
    Case("variables over the image's", "-e MODE=own -e VERSION=9", often=True),
    Case("a variable equal to the image's", "-e MODE=calm"),
    Case("variables equal and of its own", "-e VERSION=1.0 -e A=1", often=True),
    Case("a variable taken away", "-e MODE"),
    Case("a path of its own", "-e PATH=/bin:/own"),
    Case("a command", command=("worker", "--fast"), often=True),
    Case("a command in a shell", command=("/bin/sh", "-c", "exec /app/serve 'a b'"), pair="plain"),
    Case("an entrypoint", "--entrypoint /app/serve"),
    Case("an entrypoint and a command", "--entrypoint /bin/sh", ("-c", "exec /app/serve"), often=True),
    Case("no entrypoint", "--entrypoint=", ("/app/serve", "x"), often=True),
    Case("labels", "--label mine=1 --label tier=own --label empty=", often=True),
    Case("a user by number", "--user 5:6", often=True),
    Case("root", "--user 0"),
    Case("groups", "--group-add 7 --group-add 8"),
    Case("a working directory", "--workdir /run"),
    Case("a stop signal and timeout", "--stop-signal SIGTERM --stop-timeout 3"),
    Case("the image's health check", pair="checked", often=True),
    Case(
        "a health check",
        f"{CHECK} --health-interval 3s --health-retries 9 --health-timeout 4s",
        pair="checked",
    ),
    Case("a health check where the image has none", f"{CHECK} --health-interval 2s"),
    Case("a health check by one field", "--health-interval 3s", pair="checked", often=True),
    Case("a health check with a start period", f"{CHECK} --health-start-period 9s", pair="checked"),
    Case(
        "a health check with a start interval",
        f"{CHECK} --health-start-period 9s --health-start-interval 1s",
        pair="checked",
        only="newer",
        refused="unknown flag: --health-start-interval",
    ),
    Case("no health check", "--no-healthcheck", pair="checked", often=True),
    Case("exposed ports", "--expose 81/udp --expose 99", often=True),
    Case("a terminal and standard input", "-t -i"),
    # --- host names and networks
    Case("a host name", "--hostname shop --domainname example", often=True),
    Case("the default network", network=None, often=True),
    Case("a network with aliases", "--network n1 --network-alias www --network-alias shop", network=None),
    Case("a network by its ID", "--network {n1} --network-alias www", network=None, often=True),
    Case("a static address", "--network n1 --ip 10.77.0.77", network=None, often=True),
    Case("a MAC address", "--network n1 --mac-address 02:11:22:33:44:55", network=None, often=True),
    Case("a MAC address on the default network", "--mac-address 02:11:22:33:44:66", network=None),
    Case(
        "several networks",
        "--network n1 --network-alias www --hostname many",
        network=None,
        then=("network connect --alias back --ip 10.78.0.78 n2 {name}",),
        often=True,
    ),
    Case(
        "several networks at once",
        "--network name=n1,alias=www,driver-opt=com.docker.network.endpoint.ifname=front0 --network "
        "name=n2,ip=10.78.0.79,gw-priority=3,mac-address=00:11:22:33:44:77",
        network=None,
        only="newer",
        refused="invalid field key gw-priority",
    ),
    Case(
        "a network that it has left",
        "--network n1",
        network=None,
        then=("network connect n2 {name}", "network disconnect n1 {name}"),
        differs=("HostConfig.NetworkMode",),  # which would connect the successor to n1 again
        often=True,
    ),
    Case("a link", "--link donor:store", network=None, often=True),
    Case("a link on a network", "--network n1 --link donor:store", network=None, often=True),
    Case("the host's network", "--network host", network=None, often=True),
    Case("the host's network and names", "--network host --uts host", network=None),
    Case("the network of another container", "--network container:donor", network=None, often=True),
    Case("the processes of another container", "--pid container:donor"),
    Case("the memory of another container", "--ipc container:donor", often=True),
    Case("the host's processes and memory", "--pid host --ipc host"),
    Case("private memory and control groups", "--ipc private --cgroupns private"),
    Case("name servers and hosts", "--dns 198.18.0.9 --dns-search example --dns-option ndots:2"),
    Case("extra hosts", "--add-host db:10.0.0.1 --add-host gate:host-gateway", network=None),
    # --- ports
    Case("a fixed host port", "-p 18080:80", network=None, often=True),
    Case("fixed host ports of one address", "-p 127.0.0.1:18081:80 -p 127.0.0.1:18082:81/udp", network=None),
    Case("a range of host ports", "-p 18100-18110:80", network=None, often=True),
    Case("a range of ports on a range", "-p 18120-18122:90-92", network=None),
    Case("any free host port", "-p 80 -p 7/udp", network=None, often=True),
    Case("all ports published", "-P", network=None),
    # --- files
    Case("a folder of the host", "-v {host}:/host"),
    Case(
        "a folder of the host to read",
        "-v {host}:/host:ro --mount type=bind,src={host},dst=/more,readonly",
        often=True,
    ),
    Case("a folder with propagation", "--mount type=bind,src={host},dst=/host,bind-propagation=private"),
    Case("a named volume", "-v {name}-files:/files"),
    Case("a named volume where the image has one", "-v {name}-files:/data", often=True),
    Case("a named volume to read", "-v {name}-files:/files:ro"),
    Case("anonymous volumes", "-v /own -v /more", often=True),
    Case("a volume mount", "--mount type=volume,src={name}-files,dst=/files,volume-label=a=b,volume-nocopy"),
    Case("an anonymous volume mount", "--mount type=volume,dst=/own", often=True),
    Case("a volume of another container", "--volumes-from donor"),
    Case("a volume of another container to read", "--volumes-from donor:ro -v /own", often=True),
    Case("an anonymous volume asked for as a bind", body={"HostConfig": {"Binds": ["/own"]}}, often=True),
    Case(
        "memory file systems",
        "--tmpfs /scratch:size=1m,mode=700 --mount type=tmpfs,dst=/more,tmpfs-size=4096",
        often=True,
    ),
    Case("a root to read", "--read-only --tmpfs /run"),
    Case("shared memory", "--shm-size 32m"),
    # --- rights
    Case("capabilities", "--cap-add NET_ADMIN --cap-add SYS_TIME --cap-drop MKNOD", often=True),
    Case("no capabilities", "--cap-drop ALL"),
    Case("privileged", "--privileged", often=True),
    Case("security options", "--security-opt no-new-privileges --security-opt seccomp=unconfined"),
    Case("system paths", "--security-opt systempaths=unconfined", often=True),
    Case("masked paths", body={"HostConfig": {"MaskedPaths": ["/proc/keys"], "ReadonlyPaths": []}}),
    Case("devices", "--device /dev/null:/dev/own:r --device-cgroup-rule 'c 1:7 rw'", often=True),
    Case("user namespace of the host", "--userns host"),
    Case("kernel parameters", "--sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096", often=True),
    Case("user limits", "--ulimit nofile=512:1024 --ulimit core=0"),
    # --- resources
    Case(
        "memory", "--memory 64m --memory-reservation 32m --memory-swap 128m --memory-swappiness 5", often=True
    ),
    Case("memory alone", "-m 64m"),
    Case("processors", "--cpus 0.5 --cpuset-cpus 0 --cpu-shares 512", often=True),
    Case("processor periods", "--cpu-period 50000 --cpu-quota 20000"),
    Case("processes", "--pids-limit 50"),
    Case("the last to be killed", "--oom-score-adj 5"),
    Case("a limit on a device", "--device-write-bps /dev/loop0:1mb --device-read-iops /dev/loop0:100"),
    Case("a control group", "--cgroup-parent {cgroup}/own"),
    Case("kernel memory", "--kernel-memory 32m -m 64m", only="stock"),
    # --- life
    Case("restarted always", "--restart always", often=True),
    Case("restarted unless stopped", "--restart unless-stopped"),
    Case("restarted a few times", "--restart on-failure:3", often=True),
    Case("removed when it stops", "--rm -v /own -v {name}-files:/files", often=True),
    Case("an init", "--init"),
    Case("no log", "--log-driver none"),
    Case("a log with options", "--log-driver json-file --log-opt max-size=1m --log-opt tag=x", often=True),
    Case("a local log", "--log-driver local --log-opt max-file=2"),
    Case("a runtime", "--runtime runc"),
    Case("annotations", "--annotation a=b", only="newer", refused="unknown flag: --annotation"),
    Case(
        "made by Compose",
        "--label com.docker.compose.project=shop --label com.docker.compose.service=web --label "
        "com.docker.compose.container-number=2 --label com.docker.compose.oneoff=False --label "
        "com.docker.compose.image=sha256:0 --network n1 --network-alias web -v /own",
        network=None,
        differs=(  # as Compose would label it
            "Config.Labels.com.docker.compose.image",
            "Config.Labels.com.docker.compose.replace",
        ),
        often=True,
    ),
)
"""Each with a name that says what is particular about it."""
