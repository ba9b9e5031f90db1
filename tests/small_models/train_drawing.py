"""Trains the drawing model from scratch and writes it as a Stable Diffusion folder of diffusers.

Three small networks, one after another: a VAE that makes a quarter of each side of a picture, a
text encoder that learns which words matter, and the UNet that learns to draw latents from words
(latent diffusion: Rombach et al., 2022; v prediction: Salimans and Ho, 2022; guidance without a
classifier: Ho and Salimans, 2022; noise that ends in nothing but noise: Lin et al., 2024).
"""

import argparse
import random
import string
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from tests.small_models import shapes, words
from tests.small_models.training import as_input, drawn, run_in_single_precision, train

HERE = Path(__file__).parent
SEED = 5
STEPS = {"vae": 800, "text": 300, "unet": 1000, "decoder": 300}
UNTOLD = 0.1  # part of the captions that is dropped, so that guidance works


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="checkpoints, to go on later")
    parser.add_argument("--out", type=Path, default=HERE / "shapes-drawing")
    for name, steps in STEPS.items():
        parser.add_argument(f"--{name}", type=int, default=steps, help=f"steps of the {name}")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    scenes, pictures = drawn(options.cache)
    tokenizer = words.clip_tokenizer(words.captions(shapes.split()[0], 30))
    vae, text, unet = new_vae(), new_text_encoder(tokenizer), new_unet()
    train_vae(vae, pictures, options.vae, options.cache)
    train_text(text, tokenizer, options.text, options.cache)
    targets = latents(vae, pictures)
    train_unet(unet, targets, scenes, text, tokenizer, options.unet, options.cache)
    train_decoder(vae, targets, pictures, options.decoder, options.cache)
    save(options.out, vae, text, tokenizer, unet)


def new_vae() -> AutoencoderKL:
    vae = AutoencoderKL(
        sample_size=shapes.SIDE,
        block_out_channels=(8, 24, 48),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,  # with more, each channel would lose how bright it is, and so its colour
        mid_block_add_attention=False,
    )
    return vae.to(memory_format=torch.channels_last)


def train_vae(vae: AutoencoderKL, pictures: Tensor, steps: int, cache: Path) -> None:
    def loss_of(step: int) -> Tensor:
        batch = as_input(pictures[torch.randint(len(pictures), (16,))])
        spread = vae.encode(batch).latent_dist
        error = vae.decode(spread.sample()).sample - batch
        return error.abs().mean() + 4 * error.pow(2).mean() + 3e-7 * spread.kl().mean()

    train("vae", vae, loss_of, steps, 2e-3, cache, SEED)


@torch.no_grad()
def latents(vae: AutoencoderKL, pictures: Tensor) -> Tensor:
    """(N, 4, 16, 16): each channel has mean 0 and deviation 1, as the noise has. Guidance pushes
    what lies to one side of 0 much further than what lies to the other."""
    parts = [vae.encode(as_input(part)).latent_dist.mean for part in pictures.split(250)]
    found = torch.cat(parts)
    mean, deviation = found.mean((0, 2, 3)), found.std((0, 2, 3))
    _center(vae, mean, deviation)
    return (found - mean.view(1, 4, 1, 1)) / deviation.view(1, 4, 1, 1)


def _center(vae: AutoencoderKL, mean: Tensor, deviation: Tensor) -> None:
    """Moves that into the two convolutions of one pixel between the halves of the VAE."""
    into, out = vae.quant_conv, vae.post_quant_conv  # the first gives means and log variances
    out.bias += out.weight[:, :, 0, 0] @ mean
    out.weight *= deviation.view(1, 4, 1, 1)
    into.weight[:4] /= deviation.view(4, 1, 1, 1)
    into.bias[:4] = (into.bias[:4] - mean) / deviation
    into.bias[4:] -= 2 * deviation.log()
    vae.register_to_config(scaling_factor=1.0)


def train_decoder(
    vae: AutoencoderKL, targets: Tensor, pictures: Tensor, steps: int, cache: Path
) -> None:
    """The second half of the VAE once more, on latents that are not quite right: the UNet's will
    not be, either. The first half stays, so that the UNet need not learn anew."""
    half = nn.ModuleList([vae.post_quant_conv, vae.decoder])

    def loss_of(step: int) -> Tensor:
        picked = torch.randint(len(pictures), (16,))
        latent = targets[picked]
        latent = latent + 0.15 * torch.rand(16, 1, 1, 1) * torch.randn_like(latent)
        decoded = vae.decode(latent).sample
        error = decoded - as_input(pictures[picked])
        return error.abs().mean() + 4 * error.pow(2).mean()

    train("decoder", half, loss_of, steps, 1.5e-3, cache, SEED)


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=96,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=words.LENGTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def tokens(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """(N, LENGTH), as the pipeline makes them."""
    return tokenizer(
        texts, padding="max_length", truncation=True, max_length=words.LENGTH, return_tensors="pt"
    ).input_ids


class Telling(nn.Module):
    """A text encoder with five answers on top, which are thrown away after its training."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        answers = (len(shapes.COLOURS), len(shapes.SHAPES), 3, 6, 4)
        self.answers = nn.ModuleList(nn.Linear(96, number) for number in answers)

    def forward(self, ids: Tensor, wanted: Tensor) -> Tensor:
        states = self.encoder(input_ids=ids).last_hidden_state[:, -6:]
        loss = torch.zeros(())
        for number, answer in enumerate(self.answers):
            right = wanted[:, number, None].expand(-1, states.shape[1])
            loss = loss + nn.functional.cross_entropy(answer(states).transpose(1, 2), right)
        return loss


def wanted(scene: shapes.Scene) -> list[int]:
    """Numbers of colour, shape, size, place and count; 0 for a size or place that is not told."""
    return [
        list(shapes.COLOURS).index(scene.colour),
        shapes.SHAPES.index(scene.shape),
        ("", *shapes.SIZES).index(scene.size),
        ("", *shapes.PLACES).index(scene.place),
        scene.count - 1,
    ]


def with_noise(text: str, chance: random.Random) -> str:
    """Sometimes with a word that means nothing, so that unknown words do no harm."""
    parts = text.split()
    while chance.random() < 0.25 and len(parts) < 12:
        word = "".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 6)))
        parts.insert(chance.randint(0, len(parts)), word)
    return " ".join(parts)


def train_text(encoder: CLIPTextModel, tokenizer: CLIPTokenizer, steps: int, cache: Path) -> None:
    telling = Telling(encoder)
    known = shapes.split()[0]

    def loss_of(step: int) -> Tensor:
        chance = random.Random(step)
        scenes = [shapes.told(chance.choice(known), chance) for _ in range(128)]
        texts = [with_noise(shapes.phrased(scene, chance), chance) for scene in scenes]
        return telling(tokens(tokenizer, texts), torch.tensor([wanted(s) for s in scenes]))

    train("text", telling, loss_of, steps, 2e-3, cache, SEED)
    encoder.eval()


def new_unet() -> UNet2DConditionModel:
    """Words reach it twice: as in Stable Diffusion, and summed up beside the time of the noise."""
    unet = UNet2DConditionModel(
        sample_size=shapes.SIDE // 4,
        block_out_channels=(48, 80),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=96,
        attention_head_dim=4,
        norm_num_groups=8,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )
    return unet.to(memory_format=torch.channels_last)


def new_scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=True,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
    )


def train_unet(
    unet: UNet2DConditionModel,
    targets: Tensor,
    scenes: list[shapes.Scene],
    text: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    steps: int,
    cache: Path,
) -> None:
    scheduler, batch = new_scheduler(), 64

    def loss_of(step: int) -> Tensor:
        chance = random.Random(step)
        picked = torch.randint(len(targets), (batch,))
        texts = [caption(scenes[i], chance) for i in picked.tolist()]
        with torch.no_grad():
            states = text(input_ids=tokens(tokenizer, texts)).last_hidden_state
        clean = targets[picked]
        noise = torch.randn_like(clean)
        times = ((torch.randperm(batch) + torch.rand(batch)) / batch * 1000).long()
        noisy = scheduler.add_noise(clean, noise, times)
        goal = scheduler.get_velocity(clean, noise, times)
        return nn.functional.mse_loss(unet(noisy, times, states).sample, goal)

    train("unet", unet, loss_of, steps, 2e-3, cache, SEED)


def caption(scene: shapes.Scene, chance: random.Random) -> str:
    if chance.random() < UNTOLD:
        return ""
    return with_noise(shapes.phrased(shapes.told(scene, chance), chance), chance)


def save(
    folder: Path,
    vae: AutoencoderKL,
    text: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    unet: UNet2DConditionModel,
) -> None:
    """In half precision, as a folder that AutoPipelineForText2Image and the like load."""
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(folder)
    run_in_single_precision(folder / "text_encoder" / "config.json")


if __name__ == "__main__":
    main()
