using System.Reflection;

namespace ExperimentHub.Tracking;

/// <summary>The version of this build, kept with every run: <c>0.1.0</c>, with the commit after a plus sign where the build knew it.</summary>
public sealed record AppVersion(string Text)
{
    public static AppVersion OfThisBuild { get; } = new(
        typeof(AppVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");
}
