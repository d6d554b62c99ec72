"""What of this machine a process may use, and where NVIDIA's driver lies on it."""
import ctypes
import os


def processors():
    """As many threads as can compute at once: a container sees all processors of its machine, and may use a part of them."""
    return max(1, min(len(os.sched_getaffinity(0)), quota() or os.cpu_count()))


def quota():
    """Processors that the container's time is worth, rounded up; None without a limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            time, period = file.read().split()
    except (OSError, ValueError):
        # The first version of control groups.
        try:
            with open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as allowed, open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as every:
                time, period = allowed.read().strip(), every.read().strip()
        except OSError:
            return None
    return None if time in ("max", "-1") else -(-int(time) // int(period))


def open_nvidia(name):
    """The places of NvidiaLibraries.cs. Raises OSError where none opens, with the words of the first."""
    first = None
    for place in [name] + [f"{folder}/{name}" for folder in ("/run/opengl-driver/lib", "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64")]:
        try:
            return ctypes.CDLL(place)
        except OSError as failure:
            first = first or failure
    raise first
