#!/usr/bin/env bash
# Packs what a machine with an NVIDIA GPU needs for the proof into one folder of less than 64 MiB.
# Usage: tests/gpu/pack.sh [--wrapper FILE --torch VERSION] [FOLDER] (default: artifacts/gpu-proof)
# A wrapper is a libLibTorchSharp.so that somebody built against another torch than the trainer's; the trainer then wants that torch.
# The trainer goes along with the .NET runtime and without libtorch: there it takes the one of Python's torch. docs/gpu.md says how to go on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
usage() { echo "Usage: tests/gpu/pack.sh [--wrapper FILE --torch VERSION] [FOLDER]; VERSION as torch.__version__ says it, such as 2.11.0" >&2; exit 2; }
wrapper='' version='' out=''
while [ $# -gt 0 ]; do
  case $1 in
    --wrapper) wrapper=${2:-}; shift 2 || usage ;;
    --torch) version=${2:-}; shift 2 || usage ;;
    -*) usage ;;
    *) [ -z "$out" ] || usage; out=$1; shift ;;
  esac
done
out=${out:-$root/artifacts/gpu-proof}
# Without what follows the numbers: "2.11.0+cu130".
version=${version%%+*}
if [ -n "$wrapper$version" ] && { [ ! -f "$wrapper" ] || [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; }; then usage; fi
mnist=${EXPERIMENTHUB_MNIST:-$HOME/.cache/experimenthub/datasets/mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -f "$mnist/train-images-idx3-ubyte" ]; then
  echo "There is no MNIST in $mnist. Train the tutorial once, or set EXPERIMENTHUB_MNIST to a folder with the four IDX files." >&2
  exit 1
fi

# In a folder of its own, so that no other build of the trainer is disturbed. Any libtorch would do to compile against; the CPU's is the smaller one.
dotnet publish "$root/src/ExperimentHub.Trainer" -c Release -p:TorchBackend=cpu -p:ArtifactsPath="$work/artifacts" -o "$work/pack/trainer" -p:RunAnalyzers=false --nologo -v quiet \
  ${version:+-p:WrapperLibTorchVersion="$version" -p:PatchLibTorchSharp=false}
if [ -n "$wrapper" ]; then
  cp "$wrapper" "$work/pack/trainer/runtimes/linux-x64/native/libLibTorchSharp.so"
fi
rm -rf "$work"/pack/trainer/libtorch/* "$work"/pack/trainer/*.pdb "$work"/pack/trainer/*.xml

# The runtime that this SDK runs on, without ASP.NET.
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ {print $2}' | sort -V | tail -n 1)
mkdir -p "$work/pack/dotnet/shared/Microsoft.NETCore.App" "$work/pack/dotnet/host/fxr"
cp -r "$dotnet/shared/Microsoft.NETCore.App/$runtime" "$work/pack/dotnet/shared/Microsoft.NETCore.App/"
cp -r "$dotnet/host/fxr/$runtime" "$work/pack/dotnet/host/fxr/"

rm -rf "$out"
mkdir -p "$out/mnist"
tar -C "$work/pack" --owner=0 --group=0 -cf - trainer dotnet | gzip -9 > "$out/trainer.tar.gz"
for name in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
  gzip -9 -c "$mnist/$name" > "$out/mnist/$name.gz"
done
cp -r "$here/proof.py" "$here/programs" "$out/"
mkdir "$out/stages"
cp "$here"/stages/*.py "$out/stages/"

bytes=$(du -sb "$out" | cut -f 1)
echo "$out: $((bytes / 1048576)) MiB. There: python3 proof.py"
if [ "$bytes" -ge $((64 * 1048576)) ]; then
  echo "That is more than 64 MiB." >&2
  exit 1
fi
