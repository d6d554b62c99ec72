#!/usr/bin/env bash
# The GPU proof without a GPU: packs it and runs everything of it that a CPU can, with small sizes. Usage: tests/gpu/rehearse.sh, after a build.
# It uses Debian's Python with Debian's torch (python3-torch), and the libtorch of the built trainer.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
libtorch=$root/artifacts/bin/ExperimentHub.Trainer/debug/libtorch
python=/usr/bin/python3
if ! "$python" -c "import torch" 2>/dev/null; then
  echo "$python has no torch, so nothing can be rehearsed here: apt-get install python3-torch" >&2
  exit 1
fi
if [ ! -f "$libtorch/libtorch_cpu.so" ]; then
  echo "There is no libtorch in $libtorch. Build first: dotnet build -p:TorchBackend=cpu" >&2
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/pack.sh" "$work/pack" || exit 1
"$python" "$work/pack/proof.py" --device cpu --quick --libtorch "$libtorch" --out "$work/figures"
status=$?
# Of what held, the counts above say enough.
grep -E "^(#|The trainer|- \*\*FAILED)" "$work/figures/summary.md"
exit "$status"
