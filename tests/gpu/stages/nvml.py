"""Asks NVIDIA's management library what the hub asks it (Nvml.cs): the same calls, the same sizes."""
import ctypes
import json
import sys

from stages import machine

SIZE_OF_PCI, SIZE_OF_MEMORY, SIZE_OF_USE = 68, 24, 8
GUARD = b"\xee" * 64


def read(library):
    """Driver and GPUs by the library's index. Raises where the library answers with an error; one GPU's error is that GPU's."""
    library.nvmlErrorString.restype = ctypes.c_char_p

    def check(function, *arguments):
        answer = getattr(library, function)(*arguments)
        if answer != 0:
            raise RuntimeError(f"{function}: {library.nvmlErrorString(answer).decode()} ({answer})")

    def filled(function, device, size):
        """What a call writes, and that it writes no more than its size."""
        buffer = ctypes.create_string_buffer(bytes(size) + GUARD, size + len(GUARD))
        check(function, device, buffer)
        if buffer.raw[size:] != GUARD:
            raise RuntimeError(f"{function} wrote more than {size} bytes")
        return buffer.raw[:size]

    def optional(ask):
        try:
            return ask()
        except (RuntimeError, AttributeError) as failure:
            return str(failure)

    def two(function, device):
        first, second = ctypes.c_int(), ctypes.c_int()
        check(function, device, ctypes.byref(first), ctypes.byref(second))
        return [first.value, second.value]

    def gpu(index):
        device = ctypes.c_void_p()
        check("nvmlDeviceGetHandleByIndex_v2", index, ctypes.byref(device))
        name = ctypes.create_string_buffer(96)
        check("nvmlDeviceGetName", device, name, 96)
        pci = filled("nvmlDeviceGetPciInfo_v3", device, SIZE_OF_PCI)
        domain, bus, place = (int.from_bytes(pci[at:at + 4], "little") for at in (16, 20, 24))
        memory = optional(lambda: [int.from_bytes(filled("nvmlDeviceGetMemoryInfo", device, SIZE_OF_MEMORY)[at:at + 8], "little") for at in (0, 8, 16)])
        use = optional(lambda: int.from_bytes(filled("nvmlDeviceGetUtilizationRates", device, SIZE_OF_USE)[:4], "little"))
        return dict(name=name.value.decode(), pci=f"{domain:04x}:{bus:02x}:{place:02x}.0", total_free_used=memory, use_percent=use,
                    capability=optional(lambda: two("nvmlDeviceGetCudaComputeCapability", device)), mig=optional(lambda: two("nvmlDeviceGetMigMode", device)))

    check("nvmlInit_v2")
    try:
        version, count = ctypes.create_string_buffer(80), ctypes.c_uint()
        check("nvmlSystemGetDriverVersion", version, 80)
        check("nvmlDeviceGetCount_v2", ctypes.byref(count))
        return dict(driver=version.value.decode(), gpus={str(index): optional(lambda: gpu(index)) for index in range(count.value)})
    finally:
        library.nvmlShutdown()


if __name__ == "__main__":
    print(json.dumps(read(ctypes.CDLL(sys.argv[1]) if sys.argv[1:] else machine.open_nvidia("libnvidia-ml.so.1")), indent=1))
