"""What super-resolution and restoration networks are trained on: Real-ESRGAN's and BSRGAN's pipelines, to 1, 1/2 and
1/4 of the size. Level 5 draws as the papers do, the others from the weak part of the papers' ranges."""

from __future__ import annotations

from distortions.suite import Suite, table

_SHARES = (0.2, 0.4, 0.6, 0.8, 1)
_PAPERS = "the paper's tables at level 5; a fifth to four fifths of each range, from its weak end, are ours"

SUITE = Suite(
    name="restoration",
    version="1",
    title="Restoration",
    types=table(
        *(
            (number, f"{name}_x{scale}", f"{title}, scale {scale}", "share of the paper's ranges", _SHARES)
            for number, (name, title, scale) in enumerate(
                [
                    (name, title, scale)
                    for name, title in (
                        ("real_esrgan", "Second order (Real-ESRGAN)"),
                        ("bsrgan", "Shuffled (BSRGAN)"),
                    )
                    for scale in (1, 2, 4)
                ],
                start=1,
            )
        ),
        source=_PAPERS,
    ),
)
