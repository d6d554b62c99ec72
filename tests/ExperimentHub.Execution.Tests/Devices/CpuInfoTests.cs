using ExperimentHub.Execution.Devices;

namespace ExperimentHub.Execution.Tests.Devices;

public sealed class CpuInfoTests
{
    private const string IntelWithTwoThreadsPerCore = """
        processor	: 0
        vendor_id	: GenuineIntel
        model		: 158
        model name	: Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz
        physical id	: 0
        core id		: 0

        processor	: 1
        model name	: Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz
        physical id	: 0
        core id		: 1

        processor	: 2
        model name	: Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz
        physical id	: 0
        core id		: 0

        processor	: 3
        model name	: Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz
        physical id	: 0
        core id		: 1
        """;

    private const string AmdWithTwoPackages = """
        processor	: 0
        vendor_id	: AuthenticAMD
        model name	: AMD EPYC 9B14 96-Core Processor
        physical id	: 0
        core id		: 0

        processor	: 1
        vendor_id	: AuthenticAMD
        model name	: AMD EPYC 9B14 96-Core Processor
        physical id	: 1
        core id		: 0
        """;

    private const string ArmServer = """
        processor	: 0
        BogoMIPS	: 243.75
        CPU implementer	: 0x41
        CPU part	: 0xd0c

        processor	: 1
        BogoMIPS	: 243.75
        CPU implementer	: 0x41
        CPU part	: 0xd0c
        """;

    private const string RaspberryPi = """
        processor	: 0
        CPU part	: 0xd08

        Hardware	: BCM2835
        Revision	: c03112
        Model		: Raspberry Pi 4 Model B Rev 1.2
        """;

    private const string Power = """
        processor	: 0
        cpu		: POWER9, altivec supported
        clock		: 2300.000000MHz

        processor	: 1
        cpu		: POWER9, altivec supported

        model		: 8335-GTH
        """;

    private const string S390 = """
        vendor_id       : IBM/S390
        # processors    : 2
        processor 0: version = FF,  identification = 0A1B2C,  machine = 8561
        processor 1: version = FF,  identification = 0A1B2C,  machine = 8561
        """;

    private const string RiscV = """
        processor	: 0
        hart		: 1
        isa		: rv64imafdc
        uarch		: sifive,u74-mc
        """;

    [Theory]
    [InlineData(IntelWithTwoThreadsPerCore, "Intel Core i7-8700 CPU @ 3.20GHz", 2, 4)]
    [InlineData(AmdWithTwoPackages, "AMD EPYC 9B14 96-Core Processor", 2, 2)]
    [InlineData(ArmServer, null, null, 2)]
    [InlineData(RaspberryPi, "Raspberry Pi 4 Model B Rev 1.2", null, 1)]
    [InlineData(Power, "POWER9, altivec supported", null, 2)]
    [InlineData(S390, null, null, 2)]
    [InlineData(RiscV, "sifive,u74-mc", null, 1)]
    [InlineData("", null, null, 0)]
    public void Parse_OfAVendorsFile_KnowsWhatItSays(string text, string? model, int? cores, int processors) =>
        Assert.Equal(new CpuInfo(model, cores, processors), CpuInfo.Parse(text));

    [Fact]
    public void Parse_Meminfo_IsInBytes()
    {
        const string text = """
            MemTotal:       24684084 kB
            MemFree:        23923148 kB
            MemAvailable:   24025956 kB
            HugePages_Total:       0
            """;
        Assert.Equal(new MemoryInfo(24684084L * 1024, 24025956L * 1024), MemoryInfo.Parse(text));
        Assert.Equal(new MemoryInfo(null, null), MemoryInfo.Parse("MemTotal: many\n"));
    }

    [Fact]
    public void Read_OnThisMachine_FindsProcessorsAndMemory()
    {
        var seen = new MachineHardware(new Nvml(() => null)).Read();
        Assert.True(seen.Cpu.Processors >= 1);
        Assert.InRange(seen.Cpu.MemoryAvailable!.Value, 1, seen.Cpu.MemoryTotal!.Value);
    }
}
