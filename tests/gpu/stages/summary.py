"""Writes what a proof found: figures.json for programs, summary.md for people."""
import json
import os


def counts(results):
    return {"held": sum(r["ok"] is True for r in results), "failed": sum(r["ok"] is False for r in results), "only": sum(r["ok"] is None for r in results)}


def write(folder, proof):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "figures.json"), "w") as file:
        json.dump(proof, file, indent=1)
    with open(os.path.join(folder, "summary.md"), "w") as file:
        file.write("\n".join(lines(proof)) + "\n")


def trainer(proof):
    """Whether the trainer itself trained on the device, or only its programs did in Python's torch; else why not."""
    if "D" not in proof["stages"]:
        return "NOT RUN (stage D, in which it trains, has not been)"
    tried = [r for r in proof["stages"]["D"]["results"] if "by the trainer" in r["what"] and "skipped" not in r]
    if any(r["ok"] is True for r in tried):
        return f"ran on {proof['device']} ({next(r['device']['name'] for r in tried if r['ok'] is True)})"
    told = tried + [r for r in proof["stages"]["D"]["results"] if r["what"] == "the trainer" or r["what"].startswith("stage D")]
    return f"NOT RUN ({next((value(r.get('error') or r.get('skipped') or 'its numbers were wrong') for r in told), 'stage D did not come to it')})"


def lines(proof):
    yield f"# GPU proof on {proof['device']}, {proof['startedAt']}, {proof['seconds']:.0f} s{', quick' if proof['quick'] else ''}"
    yield f"\nThe trainer itself: {proof['trainer']}"
    for letter, stage in proof["stages"].items():
        found = counts(stage["results"])
        yield f"\n## {letter}. {stage['title']}: {found['held']} held, {found['failed']} failed ({stage['seconds']} s of {stage['limit']})"
        for result in stage["results"]:
            # What held is a number among others, unless it says something.
            if result["ok"] is True and letter[0] == "B":
                continue
            mark = {True: "held", False: "**FAILED**", None: "-"}[result["ok"]]
            yield f"- {mark} {result['what']}: {text(result)}"


def text(result):
    return ", ".join(f"{key} {value(figure)}" for key, figure in result.items() if key not in ("what", "ok")) or "yes"


def value(figure):
    if isinstance(figure, float):
        return f"{figure:.4g}"
    if isinstance(figure, dict):
        return "{" + ", ".join(f"{key}: {value(part)}" for key, part in figure.items()) + "}"
    return str(figure).replace("\n", " | ")
