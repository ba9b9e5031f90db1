from collections.abc import Sequence
from pathlib import Path

import pytest

from vectorstore.catalog.records import StoredChunk
from vectorstore.errors import LibraryError
from vectorstore.retrieval.hybrid_search import Hit
from vectorstore.retrieval.reranker import LOOKED_AT, CrossEncoderReranker, Reranker, reranked
from vectorstore.testing import RerankerContract

TOPICS = ("leave", "travel", "password", "salary")


def hit(text: str, score: float) -> Hit:
    return Hit(StoredChunk(text, "Handbook.pdf", 1, 0, 0, (), text), score, score)


class ByLength:
    """The shorter, the better."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        return [-len(hit.text) for hit in hits]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_encoder(tmp_path_factory.mktemp("bert"))


class TestByLength(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return ByLength()


@pytest.mark.slow
class TestCrossEncoderReranker(RerankerContract):
    @pytest.fixture
    def reranker(self, trained: Path) -> Reranker:
        return CrossEncoderReranker(str(trained))


def test_without_a_reranker_hits_stay_as_they_are() -> None:
    hits = [hit("a", 0.9), hit("b", 0.8)]
    assert reranked(None, "?", hits) == hits


def test_the_first_hits_come_in_the_new_order_and_scores_still_fall() -> None:
    hits = [hit("long" * (LOOKED_AT - n), 1 - n / 20) for n in range(LOOKED_AT)]
    rest = [hit("x", 0.1), hit("", 0.05)]  # short, but not looked at
    again = reranked(ByLength(), "?", [*hits, *rest])
    assert [h.text for h in again] == [h.text for h in reversed(hits)] + ["x", ""]
    assert [h.score for h in again] == [h.score for h in [*hits, *rest]]
    assert reranked(ByLength(), "?", []) == []


@pytest.mark.slow
def test_a_cross_encoder_ranks_what_it_has_learned(trained: Path) -> None:
    reranker = CrossEncoderReranker(str(trained))
    hits = [hit(f"about {topic}", 1.0) for topic in TOPICS]
    for topic in TOPICS:
        scores = reranker.scores(f"how much {topic}", hits)
        assert max(zip(scores, TOPICS, strict=True))[1] == topic
        assert reranked(reranker, f"how much {topic}", hits)[0].text == f"about {topic}"
    assert reranker.scores("how much leave", []) == []


def test_a_cross_encoder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"No cross-encoder could be loaded.*PINCITE_RERANKER"):
        CrossEncoderReranker(str(tmp_path))


def cross_encoder(folder: Path) -> Path:
    """A small BERT that learns, in a few seconds, which passage belongs to which question."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "much", "about", "handbook"]
    (folder / "vocab.txt").write_text("\n".join([*words, "pdf", ".", *TOPICS]))
    torch.manual_seed(0)
    torch.set_num_threads(1)  # more of them wait for each other on a busy machine
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"), model_max_length=32)
    config = transformers.BertConfig(
        vocab_size=32, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=32, num_labels=1,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.2,
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    pairs = [(a, b) for a in TOPICS for b in TOPICS]
    read = tokenizer(
        [f"how much {a}" for a, _ in pairs], [f"Handbook.pdf\nabout {b}" for _, b in pairs],
        return_tensors="pt", padding=True,
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    right = torch.arange(len(TOPICS))
    for _ in range(40):
        logits = model(**read).logits.view(len(TOPICS), len(TOPICS))
        loss = torch.nn.functional.cross_entropy(logits, right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
