using ExperimentHub.Execution.Trainers;
using Microsoft.Extensions.Logging.Abstractions;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>A trainer gets what it needs to run and to fetch, and no secrets that are there for other programs.</summary>
public sealed class TrainerEnvironmentTests
{
    [Theory]
    [InlineData("PATH")]
    [InlineData("HOME")]
    [InlineData("LC_ALL")]
    [InlineData("TZ")]
    [InlineData("CUDA_VISIBLE_DEVICES")]
    [InlineData("NVIDIA_VISIBLE_DEVICES")]
    [InlineData("LD_LIBRARY_PATH")]
    [InlineData("OMP_NUM_THREADS")]
    [InlineData("MKL_NUM_THREADS")]
    [InlineData("https_proxy")]
    [InlineData("HTTPS_PROXY")]
    [InlineData("npm_config_registry")]
    [InlineData("NPM_CONFIG_REGISTRY")]
    [InlineData("DOTNET_gcServer")]
    [InlineData("EXPERIMENTHUB_LIBTORCH")]
    public void Passes_WhatATrainerNeeds(string name) => Assert.True(TrainerEnvironment.Passes(name));

    [Theory]
    [InlineData("AWS_ACCESS_KEY_ID")]
    [InlineData("AWS_SECRET_ACCESS_KEY")]
    [InlineData("ConnectionStrings__Hub")]
    [InlineData("Hub__S3__SecretKey")]
    [InlineData("DOTNET_Hub__S3__SecretKey")]
    [InlineData("ASPNETCORE_URLS")]
    [InlineData("GITHUB_TOKEN")]
    [InlineData("HF_TOKEN")]
    [InlineData("EXPERIMENTHUB_TOKEN")]
    [InlineData("npm_config__auth")]
    [InlineData("npm_config_//registry.example/:_authToken")]
    [InlineData("SSH_AUTH_SOCK")]
    [InlineData("PGPASSWORD")]
    [InlineData("SOMETHING_UNKNOWN")]
    public void Passes_NothingElse(string name) => Assert.False(TrainerEnvironment.Passes(name));

    [Fact]
    public async Task Start_OfATrainer_LeavesSecretsBehindAndNumbersGpusByTheirPlace()
    {
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "very secret");
        Environment.SetEnvironmentVariable("ConnectionStrings__Hub", "Password=very secret");
        Environment.SetEnvironmentVariable("CUDA_DEVICE_ORDER", "FASTEST_FIRST");
        using var fake = new FakeTrainer("env; exit 0");
        await using var hub = await EmptyHub.CreateAsync();
        var living = new LivingTrainers(hub.Folder, NullLogger<LivingTrainers>.Instance);
        var program = new TrainerProgram(new ExecutionOptions { DatasetFolder = "unused", TrainerPath = fake.Program }, living);
        using var trainer = TrainerProcess.Start(program, []);
        trainer.Say(new Protocol.Trainers.StopTraining());
        var lines = new List<string>();
        while (await trainer.Lines.ReadAsync(TestContext.Current.CancellationToken) is { } line)
            lines.Add(line.Text);
        Assert.Contains(lines, line => line.StartsWith("PATH=", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("DOTNET_ROOT=", StringComparison.Ordinal));
        // Whatever the hub was started with: the numbers of GPUs are nvidia-smi's.
        Assert.Contains("CUDA_DEVICE_ORDER=PCI_BUS_ID", lines);
        Assert.DoesNotContain(lines, line => line.Contains("very secret", StringComparison.Ordinal));
    }
}
