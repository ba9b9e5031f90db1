"""Sends spans to an OpenTelemetry collector that the settings name. The home of opentelemetry."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from assistant.contract import spans
from assistant.errors import AssistantError
from assistant.models.server.address import ServerAddress
from assistant.security.network_guard import permit
from assistant.settings import Settings

_SECONDS = 3  # until a collector counts as away
_SWITCH = "OTEL_SDK_DISABLED"  # set for libraries that would send by themselves


def install(settings: Settings) -> None:
    """From now on each answer of this process is traced, where the settings name a collector,
    which the network guard lets through. Raises AssistantError without the packages."""
    address = ServerAddress.parse(settings.traces) if settings.traces else None
    if address is None:
        return
    if not address.is_here:
        permit(address.host, address.port, "traces")
    spans.record(_opener(f"{address.url}/v1/traces"))


@cache  # each exporter has a thread of its own, and a process may install more than once
def _opener(endpoint: str) -> spans.Opened:
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise AssistantError(
            "The setting `traces` needs OpenTelemetry. Install pincite[traces]; in a clone, "
            "`python3 scripts/set_up.py traces` does it."
        ) from error
    with _switched_on():
        provider = TracerProvider(resource=Resource.create({"service.name": "pincite"}))
        tracer = provider.get_tracer("pincite")
    exporter = OTLPSpanExporter(endpoint, timeout=_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))

    @contextmanager
    def opened(stage: str, answer: str) -> Iterator[None]:
        # Not the current span of its thread: a stage that writes is a generator, and whatever
        # reads it would be within the span.
        span = tracer.start_span(stage, _within(trace, answer))
        try:
            yield
        finally:
            span.end()

    return opened


def _within(trace: Any, answer: str) -> Any:
    """The context of a trace whose id is that of the answer, as receipts have it."""
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    parent = trace.SpanContext(int(answer, 16), int(answer[:16], 16) or 1, True, flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(parent))


@contextmanager
def _switched_on() -> Iterator[None]:
    before = os.environ.pop(_SWITCH, None)
    try:
        yield
    finally:
        if before is not None:
            os.environ[_SWITCH] = before
