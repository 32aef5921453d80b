"""Pure logic: no IO, no clocks of its own, no asyncio. Time comes in as an argument."""
