"""A line between machines that are network namespaces, made worse on purpose: the project's own link emulator.

The kernel's netem is missing from many kernels and needs a module where it is not built in; this one needs root,
`/dev/net/tun` and Python. Each host is a network namespace whose only way out is a TUN interface; one process (`relay`)
reads what the hosts send and hands it on when, and if, the line (`line`, pure: time comes in as an argument) says so.
What it does to a packet, and in which order, stands in `line.Conditions`.

    with Network(hosts=2) as network:                        # 10.77.0.1 on the near side, 10.77.1.1 on the far side
        network.set(out=Conditions(rate=40e6, delay=0.015, loss=0.01), back=Conditions(rate=40e6, delay=0.015))
        subprocess.Popen(network.near[0].command("python", "-m", "…"))
        print(network.counts().out)

`python -m bench.net.measure` says what it carries on this machine and how exact it is.
"""
