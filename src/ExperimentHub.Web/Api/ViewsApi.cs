using ExperimentHub.Tracking.Views;

namespace ExperimentHub.Web.Api;

/// <summary>Saved views, which everybody shares by name.</summary>
internal static class ViewsApi
{
    public static void MapViews(this RouteGroupBuilder api)
    {
        api.MapGet("/views", ListAsync).WithName("ListViews").WithSummary("List the saved views").Produces<IReadOnlyList<ViewResource>>();
        // A name may have slashes in it.
        api.MapGet("/views/{**name}", ReadAsync).WithName("ReadView").WithSummary("Read a saved view").Produces<ViewResource>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPut("/views/{**name}", SaveAsync).WithName("SaveView").WithSummary("Save a view under a name").Accepts<ViewState>("application/json").Produces<ViewResource>().ProducesValidationProblem();
        api.MapDelete("/views/{**name}", DeleteAsync).WithName("DeleteView").WithSummary("Delete a saved view").Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(ViewStore views, CancellationToken cancellation) => Results.Ok((await views.ListAsync(cancellation)).Select(ViewResource.Of));

    private static async Task<IResult> ReadAsync(string name, HttpContext http, ViewStore views, CancellationToken cancellation) =>
        await views.FindAsync(Named(http, name), cancellation) is { } view ? Results.Ok(ViewResource.Of(view)) : NoSuchView(Named(http, name));

    private static async Task<IResult> SaveAsync(string name, HttpRequest request, ViewStore views, CancellationToken cancellation)
    {
        var (state, refused) = await ApiBody.ReadAsync<ViewState>(request, cancellation);
        if (state is null)
            return refused!;
        name = Named(request.HttpContext, name);
        return await views.SaveAsync(name, state, cancellation) is { Count: > 0 } problems
            ? ApiProblems.Invalid(problems)
            : Results.Ok(ViewResource.Of((await views.FindAsync(name, cancellation))!));
    }

    private static async Task<IResult> DeleteAsync(string name, HttpContext http, ViewStore views, CancellationToken cancellation) =>
        await views.DeleteAsync(Named(http, name), cancellation) ? Results.NoContent() : NoSuchView(Named(http, name));

    private static string Named(HttpContext http, string routed) => NameInPath.Of(http, "/views/", routed);

    private static IResult NoSuchView(string name) =>
        Results.Problem($"There is no view called '{name}'.", statusCode: StatusCodes.Status404NotFound, title: "No such view");
}

internal sealed record ViewResource(string Name, ViewState State, DateTime CreatedAt, DateTime ChangedAt)
{
    public static ViewResource Of(SavedView view) => new(view.Name, view.State, view.CreatedAt, view.ChangedAt);
}
