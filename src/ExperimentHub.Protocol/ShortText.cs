using System.Globalization;

namespace ExperimentHub.Protocol;

/// <summary>Cuts a text that nobody can be asked to shorten.</summary>
public static class ShortText
{
    /// <param name="text">Comes back as it is where it fits.</param>
    /// <param name="most">Characters, the remark at the end included; at least 60.</param>
    /// <returns>The beginning of the text, and a remark that and where it was cut.</returns>
    public static string Of(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var remark = string.Create(CultureInfo.InvariantCulture, $"… (cut: {text.Length:N0} characters in all)");
        var end = most - remark.Length;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end), remark);
    }
}
