"""A small disk of our own."""
import os
import subprocess

from faults.children import libc

CLONE_NEWNS = 0x20000
# Three checkpoints of 5.2 MiB, the one being written, the best and the final parameters, and some room.
SIZE = "40m"


def mount_small_disk(folder):
    """Mounts a tmpfs at `folder`; False if that is not allowed.

    It lies in a mount namespace of this process and its children, so that it goes with them, however they end.
    """
    folder.mkdir()
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
        return False
    commands = [
        ["mount", "--make-rprivate", "/"],
        ["mount", "--types", "tmpfs", "--options", f"size={SIZE}", "tmpfs", str(folder)],
    ]
    return all(subprocess.run(command, capture_output=True).returncode == 0 for command in commands)


def unmount(folder):
    subprocess.run(["umount", str(folder)], capture_output=True)
