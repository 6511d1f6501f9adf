"""Who asks, as policy knows people: the effective user of this process and all of its groups."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable

from patchdeck.policy.rules import Person


def this_person() -> Person:
    """Source: the system's own tables; no environment variable makes anyone someone else.

    A user or a group without a name, as in many containers, goes by its number.
    """
    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return Person(user=user, groups=tuple(_names({os.getegid(), *os.getgroups()})))


def _names(gids: Iterable[int]) -> Iterable[str]:
    for gid in sorted(gids):
        try:
            yield grp.getgrgid(gid).gr_name
        except KeyError:
            yield str(gid)
