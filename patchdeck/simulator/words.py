"""What engines say when they say no: statuses and sentences, as those of each generation have them."""

from __future__ import annotations

from typing import Final

from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.generation import Generation

NO_SWARM: Final = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm'
    " and try again."
)
_STATES: Final = "created, running, paused, restarting, removing, exited, dead"


class Words:
    """Each method makes an error, to be raised."""

    def __init__(self, generation: Generation) -> None:
        self._new = generation.since_24
        self._newest = generation.since_27

    def _either(self, status: int, old: str, new: str) -> EngineFault:
        return EngineFault(status, new if self._new else old)

    # --- requests ---------------------------------------------------------------------------------

    def no_page(self) -> EngineFault:
        return EngineFault(404, "page not found")

    def empty_body(self) -> EngineFault:
        if self._new:
            return EngineFault(400, "invalid JSON: got EOF while reading request body")
        return EngineFault(500, "EOF")

    def bad_json(self, body: bytes) -> EngineFault:
        complaint = _go_complaint(body)
        return EngineFault(400, f"invalid JSON: {complaint}") if self._new else EngineFault(500, complaint)

    def unreadable_filters(self, text: str) -> EngineFault:
        return (
            EngineFault(400, "invalid filter")
            if self._new
            else EngineFault(500, _go_complaint(text.encode()))
        )

    def unknown_filter(self, name: str) -> EngineFault:
        return self._either(400, f"Invalid filter '{name}'", f"invalid filter '{name}'")

    def unknown_state(self, state: str) -> EngineFault:
        said = f"nvalid filter 'status={state}'"
        if self._newest:
            said += f": invalid value for state ({state}): must be one of {_STATES}"
        return self._either(400, f"I{said}", f"i{said}")

    def bad_time(self, text: str) -> EngineFault:
        return EngineFault(500, f'strconv.ParseInt: parsing "{text}": invalid syntax')

    # --- containers -------------------------------------------------------------------------------

    def no_container(self, name: str) -> EngineFault:
        return EngineFault(404, f"No such container: {name}")

    def no_container_to_kill(self, name: str) -> EngineFault:
        return EngineFault(404, f"{self._cannot_kill(name)}: No such container: {name}")

    def _cannot_kill(self, name: str) -> str:
        return f"{'c' if self._new else 'C'}annot kill container: {name}"

    def not_running_to_kill(self, name: str, container_id: str) -> EngineFault:
        return EngineFault(409, f"{self._cannot_kill(name)}: {self._not_running(container_id)}")

    def _not_running(self, container_id: str) -> str:
        return f"{'c' if self._new else 'C'}ontainer {container_id} is not running"

    def not_running(self, container_id: str) -> EngineFault:
        return EngineFault(409, self._not_running(container_id))

    def bad_signal(self, name: str, signal: str) -> EngineFault:
        return self._either(
            400, f"Invalid signal: {signal}", f"{self._cannot_kill(name)}: invalid signal: {signal}"
        )

    def already_paused(self, container_id: str) -> EngineFault:
        return EngineFault(409, f"Container {container_id} is already paused")

    def not_paused(self, container_id: str) -> EngineFault:
        return EngineFault(500, f"Container {container_id} is not paused")

    def paused_to_start(self) -> EngineFault:
        return EngineFault(409, "cannot start a paused container, try unpause instead")

    def restarting_to_pause(self, container_id: str) -> EngineFault:
        return EngineFault(
            409, f"Container {container_id} is restarting, wait until the container is running"
        )

    def marked_for_removal(self) -> EngineFault:
        return EngineFault(409, "container is marked for removal and cannot be started")

    def alive_to_remove(self, name: str, container_id: str, state: str) -> EngineFault:
        what = "Unpause and then stop" if state == "paused" else "Stop"
        old = (
            f"You cannot remove a {state} container {container_id}. {what} the container before attempting removal"
            " or force remove"
        )
        quoted = name if self._newest else f"/{name}"
        how = "unpause and stop" if state == "paused" else "stop"
        new = (
            f'cannot remove container "{quoted}": container is {state}: {how} the container before removing or force'
            " remove"
        )
        return self._either(409, old, new)

    def being_removed(self, container_id: str) -> EngineFault:
        return EngineFault(409, f"removal of container {container_id} is already in progress")

    def name_taken(self, name: str, by: str) -> EngineFault:
        return EngineFault(
            409,
            f'Conflict. The container name "/{name}" is already in use by container "{by}". You have to remove (or'
            " rename) that container to be able to reuse that name.",
        )

    def new_name_taken(self, name: str, by: str) -> EngineFault:
        return EngineFault(409, f"Error when allocating new name: {self.name_taken(name, by).message}")

    def bad_name(self, name: str) -> EngineFault:
        return EngineFault(
            400, f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        )

    def no_name(self) -> EngineFault:
        return EngineFault(400, "Neither old nor new names may be empty")

    def same_name(self) -> EngineFault:
        return EngineFault(400, "Renaming a container with the same name as its current name")

    def no_config(self) -> EngineFault:
        tail = "onfig cannot be empty in order to create a container"
        return self._either(400, f"C{tail}", f"c{tail}")

    def unknown_policy(self, name: str) -> EngineFault:
        return self._either(
            400,
            f"invalid restart policy '{name}'",
            f"invalid restart policy: unknown policy '{name}'; use one of 'no', 'always', 'on-failure', or"
            " 'unless-stopped'",
        )

    def useless_count(self, name: str) -> EngineFault:
        return self._either(
            400,
            f"maximum retry count cannot be used with restart policy '{name}'",
            "invalid restart policy: maximum retry count can only be used with 'on-failure'",
        )

    def auto_remove_with_policy(self) -> EngineFault:
        return EngineFault(400, "can't create 'AutoRemove' container with restart policy")

    def cannot_update(self, container_id: str) -> EngineFault:
        return EngineFault(
            409,
            f"Cannot update container {container_id}: Restart policy cannot be updated because AutoRemove is enabled"
            " for the container",
        )

    def too_little_memory(self) -> EngineFault:
        return EngineFault(400, "Minimum memory limit allowed is 6MB")

    def processors_out_of_range(self, processors: int) -> EngineFault:
        first = "r" if self._newest else "R"
        return EngineFault(
            400,
            f"{first}ange of CPUs is from 0.01 to {processors}.00, as there are only {processors} CPUs available",
        )

    def no_stream(self) -> EngineFault:
        return EngineFault(400, "Bad parameters: you must choose at least one stream")

    # --- starts -----------------------------------------------------------------------------------

    def in_networking(self, fault: EngineFault) -> EngineFault:
        """A start that failed at its network."""
        if self._newest:
            return EngineFault(fault.status, f"failed to set up container networking: {fault.message}")
        return fault

    def no_program(self, program: str) -> EngineFault:
        task = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container"
        said = f'{task} process: exec: "{program}": stat {program}: no such file or directory'
        return self._either(400, f"{said}: unknown", f"failed to create task for container: {said}")

    def port_taken(self, name: str, endpoint_id: str, address: str, port: int) -> EngineFault:
        return EngineFault(
            500,
            f"driver failed programming external connectivity on endpoint {name} ({endpoint_id}): Bind for"
            f" {address}:{port} failed: port is already allocated",
        )

    def host_container_down(self, container_id: str, name: str, state: str) -> EngineFault:
        """The container whose network is to be shared does not run."""
        if self._newest:
            return EngineFault(
                500,
                f"cannot join network namespace of a non running container: container {name} is {state}",
            )
        return EngineFault(500, f"cannot join network of a non running container: {container_id}")

    def host_container_gone(self, container_id: str) -> EngineFault:
        if self._newest:
            return EngineFault(
                500, f"joining network namespace of container: No such container: {container_id}"
            )
        return self.no_container(container_id)

    def cannot_restart(self, name: str, fault: EngineFault) -> EngineFault:
        return EngineFault(fault.status, f"Cannot restart container {name}: {fault.message}")

    # --- networks ---------------------------------------------------------------------------------

    def no_network(self, name: str) -> EngineFault:
        return EngineFault(404, f"network {name} not found")

    def network_exists(self, name: str) -> EngineFault:
        return EngineFault(409, f"network with name {name} already exists")

    def network_without_name(self) -> EngineFault:
        return (
            EngineFault(400, "invalid name: name is empty")
            if self._new
            else EngineFault(500, "invalid name: ")
        )

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

    def no_addresses(self) -> EngineFault:
        return EngineFault(500, "no available IPv4 addresses on this network's address pools")

    def address_taken(self) -> EngineFault:
        return EngineFault(403, "Address already in use")

    # --- volumes ----------------------------------------------------------------------------------

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

    # --- images -----------------------------------------------------------------------------------

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


def _go_complaint(body: bytes) -> str:
    """What Go's decoder says about the first byte that can not be."""
    text = body.decode(errors="replace").lstrip()
    if text.startswith("{"):
        rest = text[1:].lstrip()
        if rest and rest[0] not in '"}':
            return f"invalid character '{rest[0]}' looking for beginning of object key string"
        return "unexpected end of JSON input"
    return f"invalid character '{text[:1]}' looking for beginning of value"
