"""Tools in the browser: which one, its form, a mask, the microphone, a missing model."""
