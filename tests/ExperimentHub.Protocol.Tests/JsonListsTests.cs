using System.Text;
using System.Text.Json;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Protocol.Tests;

public sealed class JsonListsTests
{
    [Theory]
    [InlineData("""{"a": null, "b": ["null", 1, {"c": null}]}""", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    [InlineData("[null]", "[0]")]
    [InlineData("""{"a": [1, null]}""", "a[1]")]
    [InlineData("""{"x": [1], "a": {"b": [[], [{}, [2, 3]], [[], null]]}}""", "a.b[2][1]")]
    public void EmptyEntry_IsFoundWithItsPlace(string json, string? place) => Assert.Equal(place, JsonLists.EmptyEntry(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Event_WithAnEmptyEntry_IsNone() => Assert.Throws<JsonException>(() => ProtocolJson.Read<TrainerEvent>(
        """{"type": "evaluation", "epoch": 1, "classes": 2, "predictions": "AAE=", "confusion": [1, 0, 0, 1], "worst": [null]}"""));
}
