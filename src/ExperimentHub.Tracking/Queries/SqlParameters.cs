using System.Data.Common;
using System.Globalization;

namespace ExperimentHub.Tracking.Queries;

/// <summary>The values of a statement. Whatever a person typed reaches the database through here and never as part of the text.</summary>
internal sealed class SqlParameters
{
    private readonly List<object> _values = [];
    private readonly Dictionary<object, string> _known = [];

    /// <returns>The placeholder that stands for the value.</returns>
    public string Add(object value)
    {
        if (_known.TryGetValue(value, out var known))
            return known;
        _values.Add(value);
        return _known[value] = string.Create(CultureInfo.InvariantCulture, $"@p{_values.Count - 1}");
    }

    public void AddTo(DbCommand command)
    {
        for (var i = 0; i < _values.Count; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
            parameter.Value = _values[i];
            command.Parameters.Add(parameter);
        }
    }
}
