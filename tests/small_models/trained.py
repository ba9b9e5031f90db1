"""The trained folders as the product finds and runs them: settings, catalogue, engine."""

from pathlib import Path

from assistant.images.vision import Describer
from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.studio.diffusers_painter import DiffusersPainter
from assistant.wiring import chosen_models

HERE = Path(__file__).parent
DRAWING, DESCRIBING = HERE / "shapes-drawing", HERE / "shapes-describing"


def painter(home: Path, folder: Path = DRAWING) -> DiffusersPainter:
    settings = Settings(home=home, drawing_model=str(folder))
    path = Models(settings.models_folder, settings).chosen("drawing")
    assert path is not None
    return DiffusersPainter(path)


def viewer(home: Path, folder: Path = DESCRIBING) -> Describer:
    found = chosen_models.viewer(Settings(home=home, vision_model=str(folder)))
    assert found is not None
    return found
