"""The parts of the Settings page: models, servers, the gate, appearance, storage."""
