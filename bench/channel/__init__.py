"""`make bench-channel`: what a presenter's channels carry to a page over bad lines, beside TCP and stock aiortc.

    python -m bench.channel                     # everything: 4 senders 3 times on every line, and the rest; 50 minutes
    python -m bench.channel 40-30-1 urgent-0    # some cells
    python -m bench.channel --quick             # three lines, one short run of each sender: under 2 minutes
    python -m bench.channel 40-60-3 --senders ours --runs 1 --seconds 6 --trace FOLDER
    python -m bench.channel --list              # the cells

    --runs N        of each sender on each line, in turn (3)
    --seconds S     of each run on a line (10); the first two do not count for "after 2 s"
    --senders A,B   of ours, stock, cubic, bbr (all); cells that are not of the grid measure the first of ours and stock
    --trace FOLDER  our sender writes what it did there; `python -m bench.draw_trace FILE` draws it
    --seed N        other packets are lost (1); the same packets for each sender, by number
    --write         puts the tables into docs/performance.md

Needs root (network namespaces), Chromium and nothing else on the two cores. Each printed line is one run.

The presenter (`presenter`: the product's `Peer`, with its channels) is in one network namespace, Chromium (`screen`,
`page.js`) in another, the emulator (`bench.net`) between them. The offer and the answer go through pipes. Rates are of
payload; 40 Mb/s of line are 36.6 of a data channel at most (1160 bytes in a frame of 1267), and 38.3 of TCP.
"Queue" is what a packet waited at the emulator on average over the whole run, "sent again" the share of the payload
on the line that did not arrive as new: lost, needless, or still on its way at the end.
"""
