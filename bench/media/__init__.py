"""How recordings come out: measured against the pinned decoder, beside the `ffmpeg` program, and on a screen."""
