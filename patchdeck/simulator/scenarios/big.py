"""Ten thousand containers, and a herd among them."""

from patchdeck.simulator.scenarios.script import At, Grow, Patch, Scenario, Service, Version

SCENARIO = Scenario(
    about="10,000 containers in 100 services; a herd, and a patch of one service",
    services=tuple(
        Service(
            name=f"zone-{number // 10:02}/service-{number % 10}",
            versions=(Version("1.0.0"), Version("1.0.1")),
            replicas=100,
            processors=0.00005,
            memory_bytes=8_000_000,
        )
        for number in range(100)
    ),
    script=(
        At(10, Grow(service="zone-00/service-0", by=60, at_once=60)),
        At(30, Patch(service="zone-00/service-1", to="1.0.1", at_once=4)),
    ),
    past_s=5 * 3600.0,
    restart_s=2,
)
