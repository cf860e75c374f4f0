"""The bot itself, without a single socket: `Engine.step(event) -> Step` and the state machines it moves."""
