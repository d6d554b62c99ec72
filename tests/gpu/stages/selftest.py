"""C: what the trainer says of this machine and this libtorch."""
from stages import trainer


def run(context, report):
    report.attempt("self-test", self_test, context)


def self_test(context):
    told, log = trainer.kept_self_test(context)
    if told is None:
        return False, dict(error=log)
    if not told["works"]:
        # A libtorch of another version is refused; then it must say so, and what to do.
        in_words = bool(told.get("problem")) and bool(told.get("remedy"))
        return (None if in_words else False), dict(skipped="the trainer does not train here", **told)
    seen = [f"{d['kind']}:{d['index']} {d['name']}" for d in told["devices"]]
    return any(context.device == (d["kind"] if d["kind"] == "cpu" else f"{d['kind']}:{d['index']}") for d in told["devices"]), dict(devices=seen, **{k: told.get(k) for k in ("torchVersion", "backend", "stepLoss", "pciAddresses", "trials", "problem", "remedy")})
