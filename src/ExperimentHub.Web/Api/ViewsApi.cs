using ExperimentHub.Tracking.Views;

namespace ExperimentHub.Web.Api;

/// <summary>Saved views, which everybody shares by name.</summary>
internal static class ViewsApi
{
    public static void MapViews(this RouteGroupBuilder api)
    {
        api.MapGet("/views", ListAsync).WithName("ListViews").WithSummary("List the saved views").Produces<IReadOnlyList<ViewResource>>();
        // A name may have slashes in it.
        api.MapGet("/views/{**name}", ReadAsync).WithName("ReadView").WithSummary("Read a saved view").Produces<ViewResource>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPut("/views/{**name}", SaveAsync).WithName("SaveView").WithSummary("Save a view under a name")
            .WithDescription(
                "If-Match: the ETag of the view that the edit began from; 412 where somebody saved or deleted it since. If-None-Match: * only makes "
                    + "a view whose name is free.")
            .Accepts<ViewState>("application/json").Produces<ViewResource>().ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesValidationProblem();
        api.MapDelete("/views/{**name}", DeleteAsync).WithName("DeleteView").WithSummary("Delete a saved view")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
    }

    private static async Task<IResult> ListAsync(ViewStore views, CancellationToken cancellation) =>
        Results.Ok((await views.ListAsync(cancellation)).Select(ViewResource.Of));

    private static async Task<IResult> ReadAsync(string name, HttpContext http, ViewStore views, CancellationToken cancellation) =>
        await views.FindAsync(Named(http, name), cancellation) is { } view ? Answer(view) : NoSuchView(Named(http, name));

    private static async Task<IResult> SaveAsync(string name, HttpRequest request, ViewStore views, CancellationToken cancellation)
    {
        var (state, refused) = await ApiBody.ReadAsync<ViewState>(request, cancellation);
        if (state is null)
            return refused!;
        name = Named(request.HttpContext, name);
        var result = await views.SaveAsync(name, state, EditTag.OnlyNew(request) ? ViewStore.None : EditTag.BegunFrom(request), cancellation);
        if (result.Problems.Count > 0)
            return ApiProblems.Invalid(result.Problems);
        var now = await views.FindAsync(name, cancellation);
        return result.Conflict || now is null ? Changed(now) : Answer(now);
    }

    private static async Task<IResult> DeleteAsync(string name, HttpRequest request, ViewStore views, CancellationToken cancellation)
    {
        name = Named(request.HttpContext, name);
        return await views.DeleteAsync(name, EditTag.BegunFrom(request), cancellation) switch
        {
            true => Results.NoContent(),
            false => NoSuchView(name),
            null => Changed(await views.FindAsync(name, cancellation)),
        };
    }

    private static string Named(HttpContext http, string routed) => NameInPath.Of(http, "/views/", routed);

    private static IResult Answer(SavedView view) => EditedAnswer.Of(ViewResource.Of(view), view.Version);

    private static IResult Changed(SavedView? now) => EditedAnswer.Changed("The view", now?.Version, now is null ? null : ViewResource.Of(now));

    private static IResult NoSuchView(string name) =>
        Results.Problem($"There is no view called '{name}'.", statusCode: StatusCodes.Status404NotFound, title: "No such view");
}

internal sealed record ViewResource(string Name, ViewState State, DateTime CreatedAt, DateTime ChangedAt)
{
    public static ViewResource Of(SavedView view) => new(view.Name, view.State, view.CreatedAt, view.ChangedAt);
}
