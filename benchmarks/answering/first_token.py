"""How long a person waits for the first word of a cold question, beside the LangChain pipeline.

Both answer the same questions about the same PDFs in turns, in one process, with the same chat
model on the same number of threads. Pincite's time includes the first sentence, which is verified;
a refusal's first word is the refusal. Beside it, when the closest lines are shown.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.request import Request
from assistant.llm.chat_model import LlamaCppChat
from benchmarks import common
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library
from vectorstore.retrieval.rerank import Reader

COLUMNS = ("peer", "quote", "first", "refused", "tokens", "peer_tokens")

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--threads", type=int, help="processor threads of both models")
    options = parser.parse_args()
    rows = common.saved(
        options.cache / "first-token.jsonl", options.reuse, lambda: measured(options)
    )
    report(rows)


def measured(options: Any) -> Any:
    from benchmarks.peer_langchain import LangChainPeer

    pdfs = common.pdf_set(common.eval_folder(options.eval), "northwind")
    embedding, gguf = common.model(options, "embedding"), common.model(options, "chat")
    embedder = load_embedder(embedding)
    model = LlamaCppChat.from_file(gguf, threads=options.threads)
    with (
        tempfile.TemporaryDirectory() as store,
        common.fresh_home() as home,
        Library(home / "northwind", "northwind", lambda: embedder) as library,
    ):
        peer = LangChainPeer(embedding, Path(store), gguf, options.threads)
        peer.add(pdfs.pdfs)
        library.add(list(pdfs.pdfs))
        tool = AnswerTool(model, Budget(), reader=Reader(embedding))
        tool.run(Request("Which plan?", library)).finish()  # loads what is loaded once
        peer.answer("Which plan?")
        for question in pdfs.questions[: options.questions]:
            theirs = peer.answer(question.question)
            ours = tool.run(Request(question.question, library))
            done = ours.finish()
            yield {
                "id": question.id,
                "peer": theirs.seconds_first_token,
                "quote": ours.activity.seconds_first_quote,
                "first": ours.activity.seconds_first_token,
                "refused": done.refused,
                "tokens": done.prompt_tokens,
                "peer_tokens": theirs.prompt_tokens,
            }


def report(rows: list[Row]) -> None:
    """Medians; the ratio is that of the medians, over the questions that Pincite answers."""
    for name, chosen in (
        ("answered", [row for row in rows if not row["refused"]]),
        ("refused", [row for row in rows if row["refused"]]),
    ):
        if not chosen:
            continue
        middle = {key: statistics.median(row[key] for row in chosen) for key in COLUMNS}
        print(f"{name}: {len(chosen)} questions")
        print(
            f"  first word, LangChain   {middle['peer']:.2f} s, {middle['peer_tokens']:.0f} tokens"
        )
        print(f"  first word, Pincite     {middle['first']:.2f} s, {middle['tokens']:.0f} tokens")
        print(f"  ratio                   {middle['first'] / middle['peer']:.2f}   (<= 1)")
        print(f"  closest lines, Pincite  {middle['quote']:.2f} s   (<= 1)")


if __name__ == "__main__":
    main()
