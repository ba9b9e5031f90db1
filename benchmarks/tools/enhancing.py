"""Is an enhanced picture nearer to the truth than a bicubic enlargement?

Sharp pictures (384 x 384 pixels of photographs and rendered pages) are shrunk 4 and 2 times with
bicubic filtering and enlarged again: by Pillow's bicubic filter, by Real-ESRGAN alone (what its
package returns), and as Pincite does it (`assistant/studio/super_resolution.py`).
PSNR in dB and SSIM
(Wang et al., 2004) by scikit-image, on RGB. The share of the network and the rounds were chosen on
the ten pictures of `--set tuning`; the ten of `--set test` were looked at afterwards, once.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from assistant.models.fetch import user_cache
from assistant.studio.super_resolution import RealEsrgan, enhance
from benchmarks import common

SIDE = 384
Picture = Image.Image


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--set", choices=["tuning", "test"], default="test")
    options = parser.parse_args()
    eval_folder = common.eval_folder(options.eval)
    for scale in (4, 2):
        rows = [
            row(name, crop(open_it()), scale) for name, open_it in sources(options.set, eval_folder)
        ]
        print(f"\n{scale} times, PSNR / SSIM\n")
        print(common.table(["picture", "bicubic", "Real-ESRGAN alone", "enhanced", "better"], rows))
        print(f"\nBetter in both: {sum(r[-1] == 'yes' for r in rows)} of {len(rows)}")


def sources(name: str, eval_folder: Path) -> Iterator[tuple[str, Callable[[], Picture]]]:
    import matplotlib
    import skimage
    import sklearn

    ski = Path(skimage.__file__).parent / "data"
    skl = Path(sklearn.__file__).parent / "datasets" / "images"
    mpl = Path(matplotlib.__file__).parent / "mpl-data" / "sample_data"
    files = {
        "tuning": [
            ski / "astronaut.png", ski / "coffee.png", ski / "chelsea.png", ski / "rocket.jpg",
            ski / "motorcycle_left.png", skl / "china.jpg", skl / "flower.jpg",
            mpl / "grace_hopper.jpg", common.ROOT / "samples" / "Employee Handbook.pdf",
            common.ROOT / "samples" / "Quarterly Report Q1 2026.pdf",
        ],
        "test": [
            ski / "hubble_deep_field.jpg", ski / "retina.jpg", ski / "ihc.png", ski / "camera.png",
            ski / "coins.png", ski / "brick.png", mpl / "Minduka_Present_Blue_Pack.png",
            common.ROOT / "samples" / "Security Policy v2 (2026).pdf",
            *sorted((eval_folder / "northwind" / "pdfs").glob("*.pdf"))[:2],
        ],
    }[name]  # fmt: skip
    for path in files:
        yield path.name, lambda path=path: opened(path)  # type: ignore[misc]


def opened(path: Path) -> Picture:
    if path.suffix == ".pdf":
        return rendered(path)
    with Image.open(path) as picture:
        return picture.convert("RGB")


def rendered(path: Path) -> Picture:
    """The first page, at 144 dots per inch."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    return document[0].render(scale=2).to_pil().convert("RGB")


def crop(picture: Picture) -> Picture:
    """From the middle, a third from the top; of a smaller picture all that is a multiple of 4."""
    width, height = (min(length // 4 * 4, SIDE) for length in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 3
    return picture.crop((left, top, left + width, top + height))


def row(name: str, sharp: Picture, scale: int) -> list[Any]:
    small = sharp.resize((sharp.width // scale, sharp.height // scale), Image.Resampling.BICUBIC)
    plain = small.resize(sharp.size, Image.Resampling.BICUBIC)
    alone = small_alone(small, scale)
    ours = enhance(small, scale, RealEsrgan(user_cache()), threading.Event(), lambda progress: None)
    scores = [measured(picture, sharp) for picture in (plain, alone, ours)]
    better = all(mine > theirs for mine, theirs in zip(scores[2], scores[0], strict=True))
    common.say(f"{name} {scale}x: {scores}")
    return [name, *(f"{psnr:.2f} / {ssim:.3f}" for psnr, ssim in scores), "yes" if better else "no"]


def small_alone(small: Picture, scale: int) -> Picture:
    """As the package enlarges it, shrunk to the scale."""
    with RealEsrgan(user_cache()).loaded(threading.Event()) as network:
        large = network.enlarge(small)
    size = small.width * scale, small.height * scale
    return large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)


def measured(picture: Picture, truth: Picture) -> tuple[float, float]:
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    made, true = np.asarray(picture), np.asarray(truth)
    return (
        float(peak_signal_noise_ratio(true, made)),
        float(structural_similarity(true, made, channel_axis=2)),
    )


if __name__ == "__main__":
    main()
