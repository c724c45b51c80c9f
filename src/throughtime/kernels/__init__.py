"""Tensors in, tensors out: the sweep over time, its kernels, and the one place that chooses between them."""
