"""`make bench-fetch`: the fetcher beside curl, aria2c and wget, on the same file, server and line.

- *line*: one line of 1 Gb/s for all connections together (the kernel's token bucket on the loopback interface of a
  network namespace; needs root);
- *held*: no line, but each connection is held to 8 MB/s by the server, as file hosts and long ways do;
- *free*: neither; reported only, since the processor is what is measured then;
- *sparse*: 20 GB that come at once, by this fetcher alone: how much memory it takes over one that waits.

The server sends from a file by `sendfile` and takes next to nothing of the processor. Programs take turns
(A B C B C A …), the median of the rounds counts. Ours is timed from the call to its return, with database, hashes, and
all on the disk for good; the others from the start of the program to its end, and they hash nothing.
"""
