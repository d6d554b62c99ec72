using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Storage;

namespace ExperimentHub.Tracking.Devices;

/// <summary>A person wishes that devices are tested again: a row first, so that the node finds it whatever becomes of the signal.</summary>
public sealed class DeviceTests(NodeStore nodes, ThisNode me, DeviceInventory devices, StorageWatch storage)
{
    /// <summary>Asks this node.</summary>
    public async Task RequestAsync(CancellationToken cancellation = default)
    {
        try
        {
            await nodes.AskForTestAsync(me.Name, cancellation);
        }
        catch (Exception e) when (storage.Note(e))
        {
            // The signal is enough while this process lives, and the next one begins with a test.
        }

        devices.RequestTest();
    }
}
