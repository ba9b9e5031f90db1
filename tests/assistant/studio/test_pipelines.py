"""Pipelines of many families, with random weights: each paints and can be asked for what it
has a way to do.
"""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from assistant.contract.reply import Progress
from assistant.studio.canvas import CannotPaint, DrawingJob, Watch
from assistant.studio.diffusers_painter import DiffusersPainter
from tests.assistant.studio import made_models as made

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm`:FutureWarning"),
]

Painters = Callable[[str], DiffusersPainter]


@pytest.fixture(scope="module")
def painters(tmp_path_factory: pytest.TempPathFactory) -> Painters:
    """By the name of a function of `made_models`, each made once."""
    known: dict[str, DiffusersPainter] = {}

    def painter(name: str) -> DiffusersPainter:
        if name not in known:
            folder = tmp_path_factory.mktemp("model") / name
            known[name] = DiffusersPainter(made.saved(getattr(made, name), folder))
        return known[name]

    return painter


@pytest.mark.parametrize(
    ("name", "steps", "guidance", "scheduler"),
    [
        ("turbo", 4, 0.0, "EulerDiscreteScheduler"),
        ("lcm", 4, 8.0, "LCMScheduler"),
        ("sdxl", 25, 6.0, "EulerDiscreteScheduler"),
        ("flux", 4, 0.0, "FlowMatchEulerDiscreteScheduler"),
    ],
)
def test_a_family_paints_in_its_own_way(
    painters: Painters, name: str, steps: int, guidance: float, scheduler: str
) -> None:
    painter, told = painters(name), list[Progress]()
    job = DrawingJob("a red circle", size=(64, 64), seed=1)
    done = painter.paint(job, Watch(tell=told.append))
    assert (done.job.steps, done.job.guidance) == (steps, guidance)
    assert painter._loaded
    assert type(painter._loaded[0].scheduler).__name__ == scheduler
    assert (told[-1].done, told[-1].of) == (steps, steps)
    again = painter.paint(job, Watch())
    assert done.picture.tobytes() == again.picture.tobytes()


@pytest.mark.parametrize("name", ["turbo", "lcm", "sdxl", "flux"])
def test_a_family_changes_pictures_and_parts_of_them(painters: Painters, name: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (72, 64, 3), np.uint8)
    photo, mask = Image.fromarray(pixels), Image.new("L", (64, 72))
    mask.paste(255, (0, 0, 64, 30))
    job = DrawingJob("a red circle", seed=1, steps=4, picture=photo)
    whole = painters(name).paint(job, Watch()).picture
    assert whole.width / whole.height == pytest.approx(64 / 72, abs=0.01)  # FLUX likes it large
    assert whole.tobytes() != photo.tobytes()
    part = painters(name).paint(DrawingJob("x", seed=1, steps=4, picture=photo, mask=mask), Watch())
    assert (np.asarray(part.picture)[30:] == pixels[30:]).all()
    assert (np.asarray(part.picture)[:30] != pixels[:30]).any()


def test_a_step_is_done_also_with_little_strength(painters: Painters) -> None:
    photo = Image.new("RGB", (64, 64), "green")
    done = painters("turbo").paint(DrawingJob("x", seed=1, picture=photo, strength=0.1), Watch())
    assert done.job.steps == 10


def test_what_a_model_does_not_heed_is_told(painters: Painters) -> None:
    done = painters("turbo").paint(DrawingJob("x", "blue", seed=1), Watch())
    assert any("guidance above 1" in note for note in done.notes)


def test_a_model_of_clips_is_refused(painters: Painters) -> None:
    with pytest.raises(CannotPaint, match="AnimateDiffPipeline makes no pictures"):
        painters("clip").paint(DrawingJob("a red circle", seed=1, steps=2), Watch())


def test_a_model_without_that_way_says_so(painters: Painters) -> None:
    with pytest.raises(CannotPaint, match="This model cannot change pictures"):
        painters("clip").paint(DrawingJob("x", picture=Image.new("RGB", (64, 64))), Watch())
