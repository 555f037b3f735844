"""Real photos for the tests, out of scikit-image's wheel.

`astronaut`: Eileen Collins, NASA, public domain. `chelsea`: a cat, Stéfan van der Walt, CC0. `coffee`: a cup, Rachel
Michetti, CC0. `rocket`: a launch, SpaceX, public domain. All are RGB; the widest is 640 pixels wide.
"""

from pathlib import Path

from hearth.desk.fetch import Cache, Member, Pinned, PyPI

_WHEEL = Pinned(
    "scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    13711217,
    (PyPI("scikit-image==0.26.0", python="3.11", platform="manylinux_2_28_x86_64"),),
)
_FILES = {
    "astronaut": ("astronaut.png", 791555, "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),
    "chelsea": ("chelsea.png", 240512, "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    "coffee": ("coffee.png", 466706, "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    "rocket": ("rocket.jpg", 112525, "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
}
NAMES = tuple(_FILES)


def photo(name: str) -> Path:
    """The file of the photo of that name, one of NAMES."""
    file, size, sha256 = _FILES[name]
    return Cache().get(Pinned(file, sha256, size, (Member(_WHEEL, f"skimage/data/{file}"),)))
