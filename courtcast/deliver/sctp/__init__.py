"""A sender for SCTP over DTLS (RFC 9260, RFC 8261) that fills a line which loses packets, and keeps its queue short.

The core is pure: events in, packets out, time as an argument. `association` is the one place that knows aiortc.

    wire        bytes of DATA and SACK
    outbox      messages that wait, and how they are cut into chunks
    scoreboard  what is out, and what of it the other side has
    rack        which of that is lost, and what to do when nothing comes back
    model       how wide and how long the line is, and how much stands in its queue
    bbr         how fast to send for that
    rival       how fast to send beside a flow that fills the queue
    siblings    what the flows of one presenter tell each other
    pacer       when the next packet may go
    sender      puts them together
    trace       what happened, line by line
    drain       reads a socket dry in one go
"""
