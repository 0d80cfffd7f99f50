"""What readers get, as JSON written by kernels that are composed of a model."""
