namespace ExperimentHub.Trainer.Devices;

/// <summary>Why a CUDA build of torch finds no GPU, from what the driver answers. torch itself only says that there is none.</summary>
internal static class NoGpuWords
{
    private const string Reboot = "Start the machine again, so that the kernel's module and the library are of one version.";

    /// <param name="driver">What the driver says.</param>
    /// <param name="needed">The CUDA version that libtorch was built for, as CUDA writes it; null where unknown.</param>
    public static (string Problem, string Remedy) Explain(CudaDriver.Answer driver, int? needed)
    {
        if (driver.Result is not { } result)
        {
            return ($"The NVIDIA driver is missing ({driver.LoaderWords}).", "Install NVIDIA's driver until nvidia-smi lists the GPU; in a "
                + "container, start it with the GPUs (docker run --gpus all).");
        }

        // One that knows the same major version serves every minor one.
        if (driver.Version is { } has && needed is { } wants && has / 1000 < wants / 1000)
        {
            return ($"The NVIDIA driver is too old: it knows CUDA {Written(has)}, and this libtorch was built for CUDA {Written(wants)}.",
                $"Install a driver for CUDA {wants / 1000}.0 or later (nvidia-smi says what the driver knows), or use a libtorch for CUDA {has / 1000}.");
        }

        var (words, remedy) = Words(result, driver.Visible);
        return ($"{words} (cuInit: {result}{(driver.Version is { } version ? $", driver for CUDA {Written(version)}" : "")}).", remedy);
    }

    // The numbers are CUresult's.
    private static (string Words, string Remedy) Words(int result, string? visible) => result switch
    {
        0 when visible is not null => ($"The NVIDIA driver answers, but CUDA_VISIBLE_DEVICES ('{visible}') leaves torch no GPU",
            "Set CUDA_VISIBLE_DEVICES to GPUs that nvidia-smi lists, or remove it."),
        0 => ("The NVIDIA driver answers, but torch can use none of its GPUs", "Run nvidia-smi in a terminal: it must list the GPU. After an update "
            + "of the driver the machine must be started again."),
        2 => ("The NVIDIA driver has too little memory to start", "End other programs, or start the machine again."),
        34 => ("The driver library that was found is the CUDA toolkit's stub, which only serves to build programs", "Take the folder 'stubs' out of "
            + "LD_LIBRARY_PATH."),
        46 => ("The GPUs are busy: other programs use them alone", "Wait until those have ended, or set the compute mode back (nvidia-smi -c "
            + "DEFAULT)."),
        100 when visible is not null =>
            ($"The NVIDIA driver sees no GPU; CUDA_VISIBLE_DEVICES is '{visible}'", "Set CUDA_VISIBLE_DEVICES to GPUs that nvidia-smi lists, or "
                + "remove it."),
        100 => ("The NVIDIA driver sees no GPU", "Run nvidia-smi in a terminal: it must list the GPU. In a container, start it with the GPUs "
            + "(docker run --gpus all)."),
        304 => ("The system does not let this user open the GPU's device files", "Let the user that runs the hub read and write /dev/nvidia* (often "
            + "the group video or render), then test again."),
        802 => ("The GPUs are not ready: on machines that connect them by NVSwitch, NVIDIA's fabric manager must run",
            "Start it (systemctl start nvidia-fabricmanager), in the same version as the driver, and test again."),
        803 => ("The NVIDIA driver's library and its kernel module are of different versions", Reboot),
        804 => ("CUDA's compatibility library does not support this GPU", "Take the folder of cuda-compat out of LD_LIBRARY_PATH, or install a "
            + "newer driver."),
        805 => ("CUDA's multi-process service does not answer", "Start it again (nvidia-cuda-mps-control -d), or remove CUDA_MPS_PIPE_DIRECTORY."),
        999 => ("The NVIDIA driver fails without a reason", "Load its module for memory (modprobe nvidia-uvm), which a sleep or an update can lose; "
            + "if that does not help, start the machine again."),
        _ => ("The NVIDIA driver does not start", "Run nvidia-smi in a terminal to see what the driver says. " + Reboot),
    };

    /// <summary>12080 is 12.8.</summary>
    private static string Written(int version) => $"{version / 1000}.{version % 1000 / 10}";
}
