using System.Runtime.CompilerServices;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests;

/// <summary>torch's seed and thread count belong to the process, so tests that train do it one after another.</summary>
[CollectionDefinition(nameof(Torch))]
public sealed class Torch
{
    [ModuleInitializer]
    internal static void Load() => LibTorch.Load(externalFolder: null);
}
