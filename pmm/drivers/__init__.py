"""What turns the engine: `live` on asyncio and the wall clock, `event_time` on a heap."""
