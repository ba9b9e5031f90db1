"""The trained folder as the product finds and runs it: settings, catalogue, engine."""

from pathlib import Path

from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.studio.diffusers_painter import DiffusersPainter

HERE = Path(__file__).parent
DRAWING = HERE / "shapes-drawing"


def painter(home: Path, folder: Path = DRAWING) -> DiffusersPainter:
    settings = Settings(home=home, drawing_model=str(folder))
    path = Models(settings).chosen("drawing")
    assert path is not None
    return DiffusersPainter(path)
