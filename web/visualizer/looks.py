"""Collects what the visualizer can look like into one file, `looks.json`: scenes, palettes, shaders.

A scene is a folder of `scenes/`; adding one touches nothing else. It holds

    scene.toml      title = "Rings"
                    words = "One sentence for the person who chooses."
                    order = 3                      # where it stands among the others
                    shows = ["title"]              # what of "title" and "cover" it draws by itself (optional)
                    words_at = "top"               # where the words stand, if not at the foot (optional)

                    [parameters.twist]             # sliders, each a `uniform float twist` (optional)
                    title = "Twist"
                    least = 0.0
                    most = 1.0
                    default = 0.5

                    [shapes]                       # for a scene with shapes.glsl
                    count = 4000                   # or "notes", "onsets", "beats": one for each in sight
                    blend = "add"                  # or "over"
    picture.glsl    `vec4 picture(vec2 at)`: the light at one point; see `shaders/scene.glsl` for what it can ask
    shapes.glsl     many small things drawn over the picture; see `shaders/shapes.glsl` (optional)
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from hearth.errors import HearthError

HERE = Path(__file__).parent
COUNTED = ("notes", "onsets", "beats")
BLENDS = ("add", "over")
SHOWN = ("title", "cover")


def looks(folder: Path = HERE) -> bytes:
    """The file as JSON. Raises HearthError, which names the scene and what is wrong with it."""
    scenes = [_scene(path.parent) for path in sorted(folder.glob("scenes/*/scene.toml"))]
    content = {
        "scenes": sorted(scenes, key=lambda scene: scene["order"]),
        "palettes": _palettes(folder / "palettes.toml"),
        "shaders": {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("shaders/*.glsl"))},
    }
    return json.dumps(content, separators=(",", ":")).encode()


def words(folder: Path = HERE) -> dict[str, str]:
    """What scenes and palettes say of themselves in English, by the keys under which other languages may have it."""
    content = json.loads(looks(folder))
    found = {f"palette.{palette['id']}": palette["title"] for palette in content["palettes"]}
    for scene in content["scenes"]:
        found |= {f"scene.{scene['id']}.{name}": scene[name] for name in ("title", "words")}
        found |= {f"scene.{scene['id']}.{parameter['name']}": parameter["title"] for parameter in scene["parameters"]}
    return found


def _scene(folder: Path) -> dict[str, Any]:
    def check(fits: bool, complaint: str) -> None:
        if not fits:
            raise HearthError(f"The scene {folder.name}: {complaint}.")

    table = tomllib.loads((folder / "scene.toml").read_text("utf-8"))
    check({"title", "words", "order"} <= table.keys(), "scene.toml needs title, words and order")
    unknown = table.keys() - {"title", "words", "order", "shows", "words_at", "parameters", "shapes"}
    check(not unknown, f"scene.toml knows no {', '.join(sorted(unknown))}")
    check(set(table.get("shows", [])) <= set(SHOWN), f"`shows` may hold {' and '.join(SHOWN)}")
    check(table.get("words_at", "foot") in ("foot", "top"), "`words_at` is foot or top")
    check((folder / "picture.glsl").is_file(), "picture.glsl is missing")
    shapes = table.get("shapes")
    check((folder / "shapes.glsl").is_file() == (shapes is not None), "[shapes] and shapes.glsl go together")
    if shapes:
        count = shapes.get("count")
        check(count in COUNTED or isinstance(count, int), f"shapes.count is a number or of {', '.join(COUNTED)}")
        check(shapes.get("blend") in BLENDS, f"shapes.blend is {' or '.join(BLENDS)}")
        shapes = {**shapes, "source": (folder / "shapes.glsl").read_text("utf-8")}
    parameters = [{"name": name, **fields} for name, fields in table.get("parameters", {}).items()]
    for parameter in parameters:
        check(
            parameter.keys() == {"name", "title", "least", "most", "default"}
            and parameter["least"] <= parameter["default"] <= parameter["most"],
            f"the parameter {parameter['name']} needs title and least <= default <= most",
        )
    return {
        "id": folder.name,
        "title": table["title"],
        "words": table["words"],
        "order": table["order"],
        "shows": table.get("shows", []),
        "words_at": table.get("words_at", "foot"),
        "parameters": parameters,
        "picture": (folder / "picture.glsl").read_text("utf-8"),
        "shapes": shapes,
    }


def _palettes(file: Path) -> list[dict[str, Any]]:
    tables = tomllib.loads(file.read_text("utf-8"))
    palettes = []
    for name, table in tables.items():
        colours = [table[key] for key in ("ground", "deep", "body", "light", "spark")]
        palettes.append({"id": name, "title": table["title"], "colours": colours})
    return palettes
