"""From a destination's settings to its target."""

import grp
import os

from central.config import Destination, secret
from central.dispatch.targets.base import Target
from central.dispatch.targets.folder import FolderTarget
from central.dispatch.targets.http import HttpTarget, Secrets
from central.errors import ConfigInvalid


def make_target(destination: Destination) -> Target:
    """Build the target that a destination's settings describe.

    Raises:
        ConfigInvalid: a file that they name cannot be read, or a group is not ours to give.
    """
    if destination.kind == "folder" and destination.folder is not None:
        group = group_of(destination) if destination.group else None
        return FolderTarget(destination.folder, destination.marker, group)
    secrets = None
    if destination.secret_file is not None:
        former = destination.former_secret_file
        secrets = Secrets(secret(destination.secret_file), secret(former) if former else None)
    try:
        return HttpTarget(
            destination.url or "",
            secrets,
            destination.timeout_s,
            destination.ca_file,
            demands_key=destination.confirmation == "key",
        )
    except OSError as error:  # ssl.SSLError too
        raise ConfigInvalid(f"{destination.name}: {error.filename}: {error.strerror}") from error


def group_of(destination: Destination) -> int:
    """Give the number of a destination's group; only a member of it, or root, can give it files.

    Raises:
        ConfigInvalid: there is no such group, or this process is no member of it.
    """
    try:
        number = grp.getgrnam(destination.group).gr_gid
    except KeyError:
        raise ConfigInvalid(f"{destination.name}: no group {destination.group}") from None
    if os.geteuid() != 0 and number not in {os.getegid(), *os.getgroups()}:
        raise ConfigInvalid(f"{destination.name}: this account is not in {destination.group}")
    return number
