"""How fast the chat model answers and stops.

Prints ratios, because seconds belong to one machine: first token of a follow-up against a cold
one, tokens per second against llama.cpp's own clock, how long Stop takes in each phase, memory.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.llm.chat_model import LlamaCppChat
from benchmarks import common
from ingest.errors import Stopped

PASSAGES = 'Passages from "{}":\n' + "\n".join(
    f"[{n}] Employees of office {n} may take {n % 7 + 20} days of leave in a year. Requests are "
    f"approved within {n % 5 + 2} working days by the head of office {n}."
    for n in range(1, 19)
)
QUESTIONS = ("How many days of leave has office 4?", "And who approves it in office 9?")


def prompt(document: str, question: str) -> list[BaseMessage]:
    """A question in the shape that the assistant sends: passages first, words that change last."""
    system = SystemMessage("You are a helpful assistant that answers questions from documents.")
    return [system, HumanMessage(f"{PASSAGES.format(document)}\n\nQuestion: {question}")]


def first_token(model: LlamaCppChat, messages: list[BaseMessage]) -> float:
    """Seconds until the first word."""
    start = time.perf_counter()
    stream = model.stream(messages, max_tokens=8)
    next(stream)
    return time.perf_counter() - start


def measure_first_token(model: LlamaCppChat, rounds: int) -> None:
    """Cold against a follow-up."""
    cold, warm = [], []
    for number in range(rounds):
        cold.append(first_token(model, prompt(f"plan {number}", QUESTIONS[0])))
        warm.append(first_token(model, prompt(f"plan {number}", QUESTIONS[1])))
    base = statistics.median(cold)
    tokens = model.get_num_tokens_from_messages(prompt("x", "y"))
    print(f"prompt                            {tokens} tokens")
    print(f"first token, cold                 {base:.2f} s")
    print(f"follow-up / cold                  {statistics.median(warm) / base:.3f}   (<= 0.2)")


def measure_speed(model: LlamaCppChat) -> None:
    """Tokens per second as a caller sees them against llama.cpp's own clock, which only
    llama-cpp-python hands over."""
    engine, times = model._engine(), list[float]()
    clocked = hasattr(engine._llama, "llama_perf_context")
    for _ in model.stream("Tell me a long story about a lighthouse.", max_tokens=64):
        if clocked and not times:
            engine._llama.llama_perf_context_reset(engine._context)
        times.append(time.perf_counter())
    seen = (len(times) - 1) / (times[-1] - times[0])
    print(f"tokens/s                          {seen:.1f}")
    if clocked:
        own = engine._llama.llama_perf_context(engine._context)  # since the reset
        inner = own.n_eval / (own.t_eval_ms / 1e3)
        print(f"of llama.cpp's own                {seen / inner:.3f}   (>= 0.97)")


def measure_probabilities(model: LlamaCppChat) -> None:
    """What it costs to look up how likely each written token was: share of the writing."""
    engine, spent = model._engine(), list[float]()
    prompt = engine.words.tokenize("Tell me a long story about a lighthouse.")
    written = engine.generate(prompt, 64, threading.Event())
    first = next(written)
    start = time.perf_counter()
    for token in (first, *written):
        begin = time.perf_counter()
        engine.logprobs(token, "")
        spent.append(time.perf_counter() - begin)
    share = sum(spent) / (time.perf_counter() - start)
    print(f"probabilities of tokens           {share:.4f} of the writing (<= 0.02), ", end="")
    print(f"{1e3 * statistics.median(spent):.2f} ms each")


def seconds_to_stop(work: Callable[[threading.Event], object], after: float) -> float:
    """Seconds from pressing Stop to the return of `work`."""
    cancel, pressed = threading.Event(), list[float]()

    def press() -> None:
        pressed.append(time.perf_counter())
        cancel.set()

    timer = threading.Timer(after, press)
    timer.start()
    work(cancel)
    end = time.perf_counter()
    timer.cancel()
    if not pressed:
        raise SystemExit("The work ended before Stop was pressed: the model is too fast for this.")
    return end - pressed[0]


def measure_stop(model: LlamaCppChat) -> None:
    """Stop in every phase; the worst of several moments."""

    def reads(number: int) -> Callable[[threading.Event], object]:
        text = prompt(f"stopped {number}", QUESTIONS[0])
        return lambda cancel: model.invoke(text, max_tokens=16, cancel=cancel)

    def waits(cancel: threading.Event) -> object:
        return model.invoke("Hello", cancel=cancel)

    def writes(cancel: threading.Event) -> object:
        return model.invoke("Tell me a long story.", max_tokens=400, cancel=cancel)

    def gates(cancel: threading.Event) -> object:
        try:
            return model.next_token_logprobs(prompt("gate", "Is it?"), ["Yes"], cancel)
        except Stopped as stopped:
            return stopped

    whole = first_token(model, prompt("whole", QUESTIONS[0]))
    moments = [part * whole for part in (0.1, 0.3, 0.5, 0.7)]
    running = model.stream("Tell me a story.", max_tokens=100)
    next(running)
    waited = seconds_to_stop(waits, 0.2)
    del running
    phases = {
        "waiting for another": [waited],
        "reading the prompt": [seconds_to_stop(reads(n), at) for n, at in enumerate(moments)],
        "computing the odds": [seconds_to_stop(gates, moments[1])],
        "writing": [seconds_to_stop(writes, 0.8), seconds_to_stop(writes, 1.3)],
    }
    for phase, times in phases.items():
        print(f"Stop while {phase:<23}{max(times):.3f} s (<= 0.5)")


def peak_memory() -> str:
    """The most memory this process has held."""
    if sys.platform == "win32":
        return "not measured on Windows"
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{peak / (1 << 30 if sys.platform == 'darwin' else 1 << 20):.2f} GB"


def main() -> None:
    """Measure one model."""
    parser = common.parser(__doc__)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    start = time.perf_counter()
    path = common.model(given, "chat")
    model = LlamaCppChat.from_file(path, context=given.context, threads=given.threads)
    print(f"loading                           {time.perf_counter() - start:.1f} s")
    measure_first_token(model, given.rounds)
    measure_speed(model)
    measure_probabilities(model)
    measure_stop(model)
    print(f"peak memory                       {peak_memory()}")


if __name__ == "__main__":
    main()
