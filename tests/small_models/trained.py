"""The trained folders as the product finds and runs them: settings, catalogue, engine."""

from pathlib import Path

from assistant.images.vision import Describer
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.studio.painter import Painter
from assistant.studio.pipeline import DiffusersPainter
from assistant.wiring import chosen_models

HERE = Path(__file__).parent
DRAWING, DESCRIBING = HERE / "shapes-drawing", HERE / "shapes-describing"


def painter(home: Path, folder: Path = DRAWING) -> Painter:
    settings = Settings(home=home, drawing_model=str(folder))
    path = Models(settings.models_folder, settings).chosen("drawing")
    assert path is not None
    return DiffusersPainter(path)


def viewer(home: Path, folder: Path = DESCRIBING) -> Describer:
    found = chosen_models.viewer(Settings(home=home, vision_model=str(folder)))
    assert found is not None
    return found
