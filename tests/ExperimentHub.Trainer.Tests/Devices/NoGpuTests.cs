using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub.Drivers;

namespace ExperimentHub.Trainer.Tests.Devices;

/// <summary>A trainer with CUDA on machines where torch finds no GPU: the CPU trains, and the report says what the driver says.</summary>
public sealed class NoGpuTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public NoGpuTests()
    {
        // The libtorch of the tests, and a CUDA part that loads and finds nothing.
        foreach (var library in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "libtorch")))
            File.CreateSymbolicLink(_folder[Path.GetFileName(library)], library);
        // A link to nowhere is nobody's library.
        File.CreateSymbolicLink(_folder["libgone.so"], "/nowhere/libgone.so");
        StandInDriver.BuildFrom("int cudaRuntimeGetVersion(int *version) { *version = 12080; return 0; }", _folder["libtorch_cuda.so"]);
    }

    [Theory]
    [InlineData(StandInDriver.NoDevice, "sees no GPU (cuInit: 100, driver for CUDA 13.0)", "--gpus all")]
    [InlineData(StandInDriver.OldDriver, "too old: it knows CUDA 11.0, and this libtorch was built for CUDA 12.8", "CUDA 12.0 or later")]
    [InlineData(StandInDriver.NoPermission, "does not let this user open the GPU's device files (cuInit: 304", "/dev/nvidia*")]
    [InlineData(StandInDriver.NoFabric, "fabric manager must run (cuInit: 802", "systemctl start nvidia-fabricmanager")]
    [InlineData(StandInDriver.Updated, "of different versions (cuInit: 803", "Start the machine again")]
    [InlineData(StandInDriver.Unlike, "torch can use none of its GPUs (cuInit: 0", "nvidia-smi")]
    public async Task SelfTest_DriverWithoutAGpuForTorch_SaysWhyAndWhatToDo(string machine, string problem, string remedy)
    {
        using var driver = new StandInDriver(machine);

        var report = await SelfTestAsync(("LD_LIBRARY_PATH", driver.Folder));

        Assert.Contains(problem, report.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, report.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelfTest_HiddenByCudaVisibleDevices_SaysSo()
    {
        using var driver = new StandInDriver(StandInDriver.NoDevice);

        var report = await SelfTestAsync(("LD_LIBRARY_PATH", driver.Folder), ("CUDA_VISIBLE_DEVICES", "9"));

        Assert.Contains("CUDA_VISIBLE_DEVICES is '9'", report.Problem, StringComparison.Ordinal);
    }

    /// <summary>cuDNN opens NVRTC by its name, which answers once it is loaded.</summary>
    [Fact]
    public async Task SelfTest_CudaLibtorch_LoadsItsCompilersFirst()
    {
        StandInDriver.BuildFrom("""
            #include <dlfcn.h>
            #include <stdio.h>
            #include <stdlib.h>
            __attribute__((constructor)) static void loaded(void)
            {
                FILE *file = fopen(getenv("STAND_IN_SAYS"), "w");
                fputs(dlopen("libc10.so", RTLD_NOW | RTLD_NOLOAD) == NULL ? "before torch" : "after torch", file);
                fclose(file);
            }
            """, _folder["libnvrtc.so.12"]);

        await SelfTestAsync(("STAND_IN_SAYS", _folder["said"]));

        Assert.Equal("before torch", File.ReadAllText(_folder["said"]));
    }

    [Fact]
    public async Task SelfTest_NoDriver_SaysSo()
    {
        var report = await SelfTestAsync();

        // On a machine with a real driver, it is asked.
        Assert.NotNull(report.Problem);
        if (!File.Exists("/proc/driver/nvidia/version"))
            Assert.Contains("The NVIDIA driver is missing (libcuda.so.1: cannot open shared object file", report.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OnAGpuThatIsGone_FailsWithWhatTheDriverSays()
    {
        using var driver = new StandInDriver(StandInDriver.NoFabric);
        using var trainer =
            new TrainerProcess(new Dictionary<string, string> { ["EXPERIMENTHUB_LIBTORCH"] = _folder.Path, ["LD_LIBRARY_PATH"] = driver.Folder });
        trainer.Say(TinyData.Start(_folder.Path, new TrainingSpec { Device = "cuda" }) with { Device = "cuda:0" });

        var failed = await trainer.UntilAsync<TrainingFailed>();

        Assert.StartsWith("The device cuda:0 is not there; torch can use cpu. The GPUs are not ready", failed.Reason, StringComparison.Ordinal);
        Assert.Contains("nvidia-fabricmanager", failed.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precisions.Bf16)]
    [InlineData(Precisions.Tf32)]
    public async Task Run_InAPrecisionThatItsDeviceCannot_IsRefusedByTheTrainer(string precision)
    {
        using var trainer = new TrainerProcess();
        trainer.Say(TinyData.Start(_folder.Path, new TrainingSpec { Precision = precision }));

        Assert.Equal($"{precision} needs a CUDA device; the CPU trains in fp32 only.", (await trainer.UntilAsync<TrainingFailed>()).Reason);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<SelfTestReport> SelfTestAsync(params (string Name, string Value)[] environment)
    {
        var variables = environment.ToDictionary(variable => variable.Name, variable => variable.Value);
        variables["EXPERIMENTHUB_LIBTORCH"] = _folder.Path;
        using var trainer = new TrainerProcess(variables, "--selftest", "--json");
        var report = ProtocolJson.Read<SelfTestReport>(await trainer.OutputAsync());
        Assert.Equal(0, await trainer.ExitCodeAsync());
        Assert.True(report.Works, report.Problem);
        Assert.Equal(["cpu"], report.Devices.Select(device => device.TorchName));
        Assert.StartsWith("CUDA, libtorch 2.10.0 from ", report.Backend, StringComparison.Ordinal);
        return report;
    }
}
