using MudBlazor;

namespace ExperimentHub.Web;

/// <summary>
/// Type and shapes of MudBlazor's parts. Colours are CSS variables (<c>app.css</c>, <c>mud.css</c>), so that light and dark switch without the
/// server.
/// </summary>
internal static class HubTheme
{
    private static readonly string[] Sans =
        ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Arial", "sans-serif"];

    public static MudTheme Theme { get; } = new()
    {
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "8px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Sans, FontSize = "14px", LineHeight = "1.45", LetterSpacing = "normal" },
            Body1 = new Body1Typography { FontFamily = Sans, FontSize = "14px", LineHeight = "1.45", LetterSpacing = "normal" },
            Body2 = new Body2Typography { FontFamily = Sans, FontSize = "13px", LineHeight = "1.45", LetterSpacing = "normal" },
            Subtitle1 = new Subtitle1Typography { FontFamily = Sans, FontSize = "14px", LetterSpacing = "normal" },
            H6 = new H6Typography { FontFamily = Sans, FontSize = "16px", FontWeight = "600", LetterSpacing = "normal" },
            Caption = new CaptionTypography { FontFamily = Sans, FontSize = "12px", LineHeight = "1.4", LetterSpacing = "normal" },
            Button = new ButtonTypography
            {
                FontFamily = Sans, FontSize = "13px", FontWeight = "600", LineHeight = "1.5", LetterSpacing = "normal",
                TextTransform = "none"
            },
        },
        // Only menus and dialogs cast a shadow, and mud.css gives it to them.
        Shadows = new Shadow { Elevation = [.. Enumerable.Repeat("none", 26)] },
    };
}
