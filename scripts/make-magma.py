#!/usr/bin/env python3
"""Writes Sources/Hearts/Spectrograms/Magma.swift from matplotlib, whose magma colour map is released under CC0."""
import pathlib

import matplotlib
import numpy as np

colours = matplotlib.colormaps["magma"](np.arange(256), bytes=True)[:, :3].astype(int)
words = [f"0x{r:02X}{g:02X}{b:02X}" for r, g, b in colours]
rows = "\n".join("        " + ", ".join(words[i:i + 10]) + "," for i in range(0, 256, 10))
source = f"""// Made by scripts/make-magma.py.

/// The magma colour map, from black over purple and orange to light yellow in perceptually even steps.
///
/// By Nathaniel J. Smith and Stefan van der Walt for matplotlib, released under CC0.
enum Magma {{
    /// 256 colours as 0xRRGGBB.
    static let colours: [UInt32] = [
{rows}
    ]
}}
"""
(pathlib.Path(__file__).resolve().parent.parent / "Sources" / "Hearts" / "Spectrograms" / "Magma.swift").write_text(source)
