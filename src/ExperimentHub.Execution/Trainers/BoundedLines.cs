namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// Reads lines without ever holding more than a limit: what is longer comes in pieces. Lines end with a line feed; a carriage return before it is
/// left out.
/// </summary>
/// <param name="limit">Characters of the longest piece.</param>
internal sealed class BoundedLines(TextReader text, int limit)
{
    private readonly char[] _read = new char[16 << 10];
    private readonly System.Text.StringBuilder _line = new();
    private int _at;
    private int _end;

    /// <returns>The next line, or the next piece of one that is too long; null at the end.</returns>
    public async ValueTask<Line?> ReadAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            if (_at == _end)
            {
                (_at, _end) = (0, await text.ReadAsync(_read, cancellation));
                if (_end == 0)
                    return _line.Length > 0 ? Take(whole: true) : null;
            }

            var part = _read.AsSpan(_at, Math.Min(_end - _at, limit - _line.Length + 1));
            var feed = part.IndexOf('\n');
            if (feed < 0 && _line.Length + part.Length > limit)
                part = part[..^1];
            _line.Append(feed < 0 ? part : part[..feed]);
            _at += feed < 0 ? part.Length : feed + 1;
            if (feed >= 0)
                return Take(whole: true);
            if (_line.Length == limit && _at < _end)
                return Take(whole: false);
        }
    }

    private Line Take(bool whole)
    {
        if (whole && _line.Length > 0 && _line[^1] == '\r')
            _line.Length--;
        var line = new Line(_line.ToString(), whole);
        _line.Clear();
        // A long one must not keep its memory for all that follow.
        if (_line.Capacity > _read.Length)
            _line.Capacity = _read.Length;
        return line;
    }

    /// <param name="Whole">false where more of the same line follows.</param>
    internal readonly record struct Line(string Text, bool Whole)
    {
        /// <summary>When it was read.</summary>
        public DateTimeOffset At { get; init; }
    }
}
