"""About networks, volumes and images."""

from __future__ import annotations

from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.words.voice import Voice


class NetworkWords(Voice):
    """Networks."""

    def no_network(self, name: str) -> EngineFault:
        return EngineFault(404, f"network {name} not found")

    def network_exists(self, name: str) -> EngineFault:
        return EngineFault(409, f"network with name {name} already exists")

    def network_without_name(self) -> EngineFault:
        status = 400 if self._new else 500
        return EngineFault(status, f"invalid name: {'name is empty' if self._newest else ''}")

    def predefined_to_create(self, name: str) -> EngineFault:
        return EngineFault(403, f"operation is not permitted on predefined {name} network ")

    def predefined_to_remove(self, name: str) -> EngineFault:
        return EngineFault(403, f"{name} is a pre-defined network and cannot be removed")

    def pools_overlap(self) -> EngineFault:
        said = "Pool overlaps with other one on this address space"
        return EngineFault(403, f"invalid pool request: {said}" if self._newest else said)

    def network_in_use(self, name: str, network_id: str, container: str, endpoint_id: str) -> EngineFault:
        said = f"error while removing network: network {name} "
        if self._newest:
            return EngineFault(
                403, f'{said}has active endpoints (name:"{container}" id:"{endpoint_id[:12]}")'
            )
        return EngineFault(403, f"{said}id {network_id} has active endpoints")

    def connected_already(self, container: str, network: str) -> EngineFault:
        return EngineFault(403, f"endpoint with name {container} already exists in network {network}")

    def not_connected(self, container_id: str, network: str) -> EngineFault:
        return EngineFault(500, f"container {container_id} is not connected to network {network}")

    def private_mode(self) -> EngineFault:
        return EngineFault(
            400,
            "container cannot be connected to multiple networks with one of the networks in private (none) mode",
        )

    def too_many_endpoints(self, names: list[str]) -> EngineFault:
        return EngineFault(400, f"Container cannot be connected to network endpoints: {', '.join(names)}")

    def bad_endpoint(self, network: str, complaints: list[str]) -> EngineFault:
        said = "\n".join(complaints)
        return EngineFault(400, f"invalid config for network {network}: invalid endpoint settings:\n{said}")

    def no_addresses(self) -> EngineFault:
        return EngineFault(500, "no available IPv4 addresses on this network's address pools")

    def address_taken(self) -> EngineFault:
        return EngineFault(403, "Address already in use")


class VolumeWords(Voice):
    """Volumes."""

    def no_volume(self, name: str) -> EngineFault:
        return EngineFault(404, f"get {name}: no such volume")

    def volume_in_use(self, name: str, containers: list[str]) -> EngineFault:
        return EngineFault(409, f"remove {name}: volume is in use - [{', '.join(containers)}]")

    def bad_volume_name(self, name: str) -> EngineFault:
        return EngineFault(
            400,
            f'create {name}: "{name}" includes invalid characters for a local volume name, only'
            ' "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
        )

    def relative_mount(self, bind: str, path: str) -> EngineFault:
        said = f"invalid volume specification: '{bind}': invalid mount config for type \"volume\": invalid mount path"
        return EngineFault(400, f"{said}: '{path}' mount path must be absolute")


class ImageWords(Voice):
    """Images and registries."""

    def no_image(self, name: str) -> EngineFault:
        return EngineFault(404, f"No such image: {name}")

    def no_image_to_inspect(self, name: str) -> EngineFault:
        return self._either(404, f"no such image: {name}: No such image: {name}", f"No such image: {name}")

    def image_in_use(self, reference: str, container_id: str, image_id: str) -> EngineFault:
        return EngineFault(
            409,
            f'conflict: unable to remove repository reference "{reference}" (must force) - container'
            f" {container_id[:12]} is using its referenced image {_short(image_id)}",
        )

    def image_id_in_use(self, image_id: str, container_id: str, *, running: bool) -> EngineFault:
        if running:
            return EngineFault(
                409,
                f"conflict: unable to delete {_short(image_id)} (cannot be forced) - image is being used by running"
                f" container {container_id[:12]}",
            )
        return EngineFault(
            409,
            f"conflict: unable to delete {_short(image_id)} (must be forced) - image is being used by stopped"
            f" container {container_id[:12]}",
        )

    def bad_reference(self, name: str, *, status: int) -> EngineFault:
        if any(letter.isupper() for letter in name):
            which = f" ({name if '/' in name else f'library/{name}'})" if self._new else ""
            return EngineFault(status, f"invalid reference format: repository name{which} must be lowercase")
        return EngineFault(status, "invalid reference format")

    @property
    def bad_new_tag_status(self) -> int:
        return 400 if self._new else 500

    def no_manifest(self, reference: str) -> EngineFault:
        return EngineFault(404, f"manifest for {reference} not found: manifest unknown: manifest unknown")

    def no_manifest_to_read(self) -> EngineFault:
        return EngineFault(404, "manifest unknown: manifest unknown")

    def pull_denied(self, name: str) -> EngineFault:
        return EngineFault(
            404,
            f"pull access denied for {name}, repository does not exist or may require 'docker login': denied: requested"
            " access to the resource is denied",
        )

    def registry_down(self, registry: str) -> EngineFault:
        return EngineFault(
            500,
            f'Get "https://{registry}/v2/": net/http: request canceled while waiting for connection (Client.Timeout'
            " exceeded while awaiting headers)",
        )


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
