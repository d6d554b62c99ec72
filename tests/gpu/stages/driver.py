"""A: what the machine has, and whether the trainer's wrapper finds in this libtorch what it calls."""
import ctypes
import glob
import importlib.util
import os
import platform
import shutil
import subprocess
import sys

from stages import elf, machine, nvml


def run(context, report):
    report.add("machine", None, system=platform.platform(), processors=os.cpu_count(), usable=machine.processors(), python=platform.python_version())
    report.attempt("NVIDIA driver", driver)
    report.attempt("nvidia-smi", smi)
    report.attempt("NVML as the hub asks it", management)
    report.attempt("Python's torch", torch_facts, context)
    report.attempt("the wrapper's symbols", symbols, context)


def driver():
    if os.path.exists("/proc/driver/nvidia/version"):
        with open("/proc/driver/nvidia/version") as file:
            told = file.readline().strip()
    else:
        told = "no /proc/driver/nvidia/version"
    try:
        cuda = machine.open_nvidia("libcuda.so.1")
    except OSError as failure:
        return None, dict(skipped=f"no driver: {failure}", kernel=told)
    version, count = ctypes.c_int(), ctypes.c_int()
    begun = cuda.cuInit(0)
    cuda.cuDriverGetVersion(ctypes.byref(version))
    cuda.cuDeviceGetCount(ctypes.byref(count))
    return begun == 0 and count.value > 0, dict(kernel=told, cuInit=begun, cuDriverGetVersion=version.value, devices=count.value)


def smi():
    if not shutil.which("nvidia-smi"):
        return None, dict(skipped="there is no nvidia-smi")
    asked = "index,name,pci.bus_id,compute_cap,memory.total,memory.used,driver_version,compute_mode,mig.mode.current"
    told = subprocess.run(["nvidia-smi", f"--query-gpu={asked}", "--format=csv"], capture_output=True, text=True, timeout=15)
    return told.returncode == 0, dict(answer=(told.stdout + told.stderr).strip())


def management():
    """Against nvidia-smi, which asks the same library by calls of its own."""
    try:
        library = machine.open_nvidia("libnvidia-ml.so.1")
    except OSError as failure:
        return None, dict(skipped=f"no driver: {failure}")
    told = nvml.read(library)
    listed = pci_addresses()
    if listed is None:
        return None, dict(skipped="there is no nvidia-smi to compare it with", **told)
    seen = {index: gpu["pci"] for index, gpu in told["gpus"].items() if isinstance(gpu, dict)}
    return bool(seen) and seen == listed, dict(nvidia_smi=listed, **told)


def pci_addresses():
    """By index, as nvidia-smi lists them; None without it. It writes eight digits of the domain, the driver's libraries four."""
    if not shutil.which("nvidia-smi"):
        return None
    told = subprocess.run(["nvidia-smi", "--query-gpu=index,pci.bus_id", "--format=csv,noheader"], capture_output=True, text=True, timeout=15).stdout
    return {index.strip(): address.strip().lower()[-12:] for index, address in (line.split(",") for line in told.splitlines() if "," in line)}


def torch_facts(context):
    import torch
    facts = dict(version=torch.__version__, cuda=torch.version.cuda, cudnn=torch.backends.cudnn.version(), available=torch.cuda.is_available(), libtorch=context.libtorch)
    if context.device != "cpu" and torch.cuda.is_available():
        facts.update(gpu=torch.cuda.get_device_name(context.device), capability=str(torch.cuda.get_device_capability(context.device)), kernels_for=" ".join(torch.cuda.get_arch_list()))
    return context.device == "cpu" or torch.cuda.is_available(), facts


def symbols(context):
    """Symbols are bound when they are first called, and one that is missing ends the process there; so they are looked for before. In a process of its own, for libraries of a torch of its own."""
    wrapper = glob.glob(os.path.join(os.path.dirname(context.trainer), "**", "libLibTorchSharp.so"), recursive=True)[0]
    told = subprocess.run([sys.executable, "-m", "stages.driver", wrapper, context.libtorch], cwd=sys.path[0], capture_output=True, text=True, timeout=60)
    if told.returncode != 0:
        return None, dict(skipped=f"libtorch did not load from '{context.libtorch}'", exit_code=told.returncode, error=told.stderr[-800:])
    missing = told.stdout.split()
    # A wrapper that misses symbols in a libtorch of another version is no failure of this proof: the trainer must refuse that libtorch in words, which stage C looks at.
    return (True if not missing else None), dict(wanted=len(elf.undefined_symbols(wrapper)), missing=len(missing), names=missing[:50])


def print_missing(wrapper, libtorch):
    libraries = [ctypes.CDLL(name) for name in ("libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1")]
    found = importlib.util.find_spec("torch")
    if found and os.path.dirname(found.origin) == os.path.dirname(os.path.realpath(libtorch)):
        # It knows where its CUDA libraries lie.
        import torch  # noqa: F401
    for name in ("libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"):
        if name in ("libc10.so", "libtorch_cpu.so") or os.path.exists(os.path.join(libtorch, name)):
            libraries.append(ctypes.CDLL(os.path.join(libtorch, name), mode=ctypes.RTLD_GLOBAL))
    print(*[name for name in elf.undefined_symbols(wrapper) if not any(hasattr(library, name) for library in libraries)])


if __name__ == "__main__":
    print_missing(*sys.argv[1:])
