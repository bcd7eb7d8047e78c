"""How many files and connections this process may have open."""

import resource

from central.errors import ConfigInvalid


def reserve(needed: int) -> None:
    """Raise this process's limit as far as the system lets it.

    Args:
        needed: Files and connections at once, at the most.

    Raises:
        ConfigInvalid: the system does not let it have so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigInvalid(
            f"these settings need {needed} open files, the system allows {hard}: raise the "
            "service's LimitNOFILE, or lower console.max_connections or intake.max_streams"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
