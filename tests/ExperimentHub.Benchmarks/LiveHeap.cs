using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The bytes of all objects of another .NET process that are in use. Asked for over the runtime's diagnostics port, the process makes a full blocking
/// collection and lists every object that is left, as it does for dotnet-gcdump; the sizes are summed here. Free room between the objects does not
/// count.
/// </summary>
internal static class LiveHeap
{
    public static Task<long> BytesAsync(int process) => Task.Run(() => Bytes(process));

    private static long Bytes(int process)
    {
        var provider = new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Verbose, (long)ClrTraceEventParser.Keywords.GCHeapSnapshot);
        using var session = new DiagnosticsClient(process).StartEventPipeSession(provider, requestRundown: false, circularBufferMB: 1024);
        using var source = new EventPipeEventSource(session.EventStream);
        var (bytes, collection) = (0L, -1);
        source.Clr.GCStart += started =>
        {
            if (collection < 0 && started.Depth == 2 && started.Type != GCType.BackgroundGC)
                collection = started.Count;
        };
        source.Clr.GCBulkNode += nodes =>
        {
            for (var i = 0; i < nodes.Count; i++)
                bytes += (long)nodes.Values(i).Size;
        };
        source.Clr.GCStop += stopped =>
        {
            // What the process still sends ends the reading below; it must be read while it is asked to stop.
            if (stopped.Count == collection)
                Task.Run(session.Stop);
        };
        source.Process();
        return source.EventsLost == 0 && bytes > 0
            ? bytes : throw new InvalidOperationException($"{source.EventsLost} events of the heap's listing were lost.");
    }
}
