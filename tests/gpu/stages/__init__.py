"""The stages of the GPU proof; docs/gpu.md says what each is for."""
