"""The alpha of unknown pixels by closed-form matting, each pulled a little to what the network says.

Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", 2008.

`wheels/kernels/src/matting.c` does the same faster.
"""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.kernels import Kernels
from hearth.tools.cutout.refine.shrink import Picture

Plane = NDArray[np.float32]


def solve(
    picture: Picture,
    unknown: NDArray[np.bool_],
    pull: Plane,
    target: Plane,
    start: Plane,
    eps: float,
    steps: int,
    kernels: Kernels | None,
    enough: float = 1e-6,
) -> Plane:
    """Alpha (h, w) that minimises a' L a + sum over unknown pixels of pull (a - target)^2.

    L is the matting Laplacian of `picture`, its covariances eased by `eps`. Known pixels stay as `start` has them,
    unknown ones begin there. At most `steps` steps of conjugate gradients, with the diagonal as preconditioner; fewer
    when the residual has fallen to the part `enough` of the first one.
    """
    alpha = np.array(start, np.float32, order="C")
    if kernels:
        height, width = alpha.shape
        scratch = kernels.scratch("matting", width, height)
        flags = np.ascontiguousarray(unknown).view(np.uint8)
        kernels("matting", picture, flags, pull, target, alpha, width, height, eps, steps, enough, scratch)
        return alpha
    laplacian = _Laplacian(picture, eps)
    diagonal = laplacian.diagonal + pull
    residual = np.where(unknown, pull * (target - alpha) - laplacian(alpha), 0)
    scaled = residual / diagonal
    direction = scaled.copy()
    first = now = float(np.vdot(residual, scaled))
    for _ in range(steps):
        if now <= enough * enough * first:
            break
        product = np.where(unknown, laplacian(direction) + pull * direction, 0)
        curvature = float(np.vdot(direction, product))
        if not curvature > 0:
            break
        length = np.float32(now / curvature)
        alpha += length * direction
        residual -= length * product
        scaled = residual / diagonal
        then = float(np.vdot(residual, scaled))
        direction = scaled + np.float32(then / now) * direction
        now = then
    return alpha


class _Laplacian:
    """The matting Laplacian as twelve coefficients a pixel, those of the neighbours that come later."""

    def __init__(self, picture: Picture, eps: float) -> None:
        height, width, _ = picture.shape
        self.coefficients: dict[tuple[int, int], Plane] = {}
        self.diagonal = np.full((height, width), np.float32(1e-12))
        if min(height, width) < 3:
            return
        places = [(y, x) for y in range(3) for x in range(3)]
        window = [picture[y : height - 2 + y, x : width - 2 + x, :3] for y, x in places]
        mean = sum(window[1:], window[0]) / np.float32(9)
        rest = np.stack([colour - mean for colour in window], axis=2)  # (h - 2, w - 2, 9, 3)
        covariance = np.einsum("yxia,yxib->yxab", rest, rest) + np.float32(eps) * np.eye(3, dtype=np.float32)
        scaled = np.linalg.solve(covariance, rest.swapaxes(2, 3))  # (h - 2, w - 2, 3, 9)
        shares = np.einsum("yxia,yxaj->yxij", rest, scaled) + np.float32(1 / 9)
        for i, (y, x) in enumerate(places):
            for j in range(i + 1, 9):
                offset = places[j][0] - y, places[j][1] - x
                plane = self.coefficients.setdefault(offset, np.zeros((height, width), np.float32))
                plane[y : height - 2 + y, x : width - 2 + x] -= shares[:, :, i, j]
        self.diagonal = -self(np.ones((height, width), np.float32), with_diagonal=False)

    def __call__(self, alpha: Plane, with_diagonal: bool = True) -> Plane:
        height, width = alpha.shape
        out = self.diagonal * alpha if with_diagonal else np.zeros_like(alpha)
        for (dy, dx), coefficient in self.coefficients.items():
            here = np.s_[: height - dy, max(0, -dx) : width - max(0, dx)]
            there = np.s_[dy:, max(0, dx) : width - max(0, -dx)]
            out[here] += coefficient[here] * alpha[there]
            out[there] += coefficient[here] * alpha[here]
        return out
