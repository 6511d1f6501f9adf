"""About containers and their starts."""

from __future__ import annotations

from patchdeck.simulator.errors import EngineFault
from patchdeck.simulator.words.voice import Voice


class ContainerWords(Voice):
    """Calls about containers."""

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
        new = f'cannot remove container "{quoted}": container is {state}'
        if state == "paused":
            new += " and must be unpaused first"
        else:
            new += ": stop the container before removing or force remove"
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


class StartWords(Voice):
    """Starts that fail."""

    def in_networking(self, fault: EngineFault) -> EngineFault:
        """A start that failed at its network."""
        if self._newest:
            return EngineFault(fault.status, f"failed to set up container networking: {fault.message}")
        return fault

    def no_program(self, program: str) -> EngineFault:
        task = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container"
        said = f'{task} process: exec: "{program}": stat {program}: no such file or directory'
        if self._new:
            said = f"failed to create task for container: {said}"
        return EngineFault(400, said if self._newest else f"{said}: unknown")

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
                409,
                f"cannot join network namespace of a non running container: container {name} is {state}",
            )
        return EngineFault(409, f"cannot join network of a non running container: {container_id}")

    def host_container_gone(self, container_id: str) -> EngineFault:
        if self._newest:
            return EngineFault(
                500, f"joining network namespace of container: No such container: {container_id}"
            )
        return EngineFault(404, f"No such container: {container_id}")

    def cannot_restart(self, name: str, fault: EngineFault) -> EngineFault:
        return EngineFault(500, f"Cannot restart container {name}: {fault.message}")
