"""F: no visible device, a wrong index, and whether cuda:N is the GPU that nvidia-smi calls N."""
from stages import driver, trainer


def run(context, report):
    # The trainer asks the driver, so this needs no libtorch that it can use.
    report.attempt("PCI addresses", addresses, context)
    why = trainer.why_not(context)
    if why:
        report.add("the trainer", None, skipped=why)
        return
    report.attempt("no visible device", refused, context, "cuda:0", {"CUDA_VISIBLE_DEVICES": ""})
    report.attempt("an index that no machine has", refused, context, "cuda:63", {})
    report.attempt("the CPU where no device is visible", cpu_alone, context)


def refused(context, device, variables):
    """In words, and never by moving to another device."""
    with trainer.Trainer(context, {"epochs": 1}, device, **variables) as run:
        after, last = run.rest(limit=30)
    return last["type"] == "failed" and device in last["reason"] and bool(last.get("remedy")) and not run.of("started"), dict(after=after, **last)


def cpu_alone(context):
    told, log = trainer.self_test(context, CUDA_VISIBLE_DEVICES="")
    return told is not None and told["works"] and [d["kind"] for d in told["devices"]] == ["cpu"], dict(report=told, log="" if told else log)


def addresses(context):
    listed = driver.pci_addresses()
    if listed is None:
        return None, dict(skipped="there is no nvidia-smi")
    told, log = trainer.kept_self_test(context)
    if told is None:
        return False, dict(error=log)
    seen = {name: address.lower()[-12:] for name, address in (told.get("pciAddresses") or {}).items()}
    return bool(seen) and all(listed.get(name[len("cuda:"):]) == address for name, address in seen.items()), dict(trainer=seen, nvidia_smi=listed)
