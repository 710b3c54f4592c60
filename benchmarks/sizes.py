"""The sizes at which training steps are timed, as the options of `hbn benchmark step` and of the peers have them."""

SIZES = {"L": (224, 144, 64, 4), "M": (224, 144, 32, 8), "S": (128, 128, 16, 16)}


def options(size):
    names = ("--height", "--width", "--base-filters", "--batch")
    return [part for name, value in zip(names, SIZES[size]) for part in (name, str(value))]
