"""The product on bad lines, beside what people do without it: the same clip, the same line, the same browser.

    python -m bench.rivals                          # every cell, every way, three runs: about five hours
    python -m bench.rivals outage-30 fall           # these cells
    python -m bench.rivals --quick                  # two cells, one run, ours and <video>: under three minutes
    python -m bench.rivals --ways ours,hls --runs 1
    python -m bench.rivals --table                  # nothing is run: the table of what the log holds

Each run is made of programs started for it alone: on the near host the presenter (or what stands in its place), on
the far host a receiver and a Chromium of its own, between them the line of `bench.net`. What each run found is a line
in the log (`--log`); runs that are in it are not made again, so a long bench may be cut off and called again. Delete
the log to begin anew.

The ways:
    ours    the presenter and the receivers, through their own commands; the clip is shown, and played as soon as
            the picture is up, though it is not safe yet
    safe    the same, but it is played when the presenter says that it is safe
    video   <video src> over HTTP/1.1 with ranges; kernel TCP (CUBIC)
    hls     hls.js over the same server, parts of 2 s, a playlist that says the rate; kernel TCP (CUBIC)
    rtp     a mirror: the clip is played at the near host and its picture goes as aiortc's own video track; no sound
    video-bbr, hls-bbr    the same with the kernel's BBR

Measured in the same way for all, from pixels: each frame has its number in it as a bar code, and a script in the page
notes when which number comes onto the display. It copies two rows of each decoded frame: to draw the picture and read
that would cost more than to play it.
    first picture   from the moment at which it was asked for. The page is open, hosts are paired or connected, files
                    lie ready: the presenter has prepared the clip before the screens came. *Cold link*: it has never
                    seen it, and fetches (from its own host), checks and re-wraps first. Commands of ours and of the
                    mirror cross the line, those of the others are given at the screen.
    still           times at which no new number came for 0.25 s and more since it was to play, and their seconds in all
    back after      from the line's return until the picture went on, where it stood still for want of it
    not shown       seconds of the clip that were jumped over
    seek            to a place that was not reached yet (ahead) or was passed (back) while playing: from the command to
                    a number within a second of it
    near, far       processor time of the presenter's (server's) processes and of one screen's, as a share of a core
"""
