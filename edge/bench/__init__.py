"""The benchmark: how fast, how large and how right model files are on this machine, in figures that can be believed.

`measure.bench` makes one plain dict, which `--json` writes as it is and from which `show.sections` draws terminal text
and HTML. docs/benchmarks.md says why the figures can be believed. Nothing is imported here, so that a fresh process
which only times a start (`fresh`) pays for nothing else.

Keys of the dict (times in ms, memory in MB of 10^6 bytes, shares 0..1; None: not measured):

    format, version, command, started, seconds     of this layout; of catdog-edge; the words; UTC; how long all took
    quick                                          true for a short run, which is no evidence
    rounds, blocks, warm_ups                       rounds of all blocks; models are loaded anew for each
    threads, notes                                 of the sweep, the first one for all else; what was left out
    disturbed                                      reasons not to trust this run; empty for a calm one
    control                                        {ratio, low, high}: the first model against itself
    machine, before, after                         machine.facts, and machine.state before and after the rounds
    peak                                           {float32, int8}: {gmacs, shape}, what this machine reaches
    models                                         one dict for each, the first one is what ratios are against:
        name, file, sha256, bytes, variant, labels, input    file as named in the command; input "64 x 64"
        classify, invoke                           {min, p50, low, high, p90, p95, p99, mean}: a frame to its answer,
                                                   and the network alone; low to high is the 95 % interval of p50
        per_second                                 answers, one after another
        ratio                                      {ratio, low, high}: paired median of classify against the first model
        load, first, start, memory                 {median, least, most, n} of fresh processes: reading the file; the
                                                   first frame; from process start to the first answer; peak memory
        macs, gmacs, share                         multiply-adds of an answer; 10^9 a second in invoke; of the peak
        sweep                                      {threads: as invoke}
        stages                                     {decode, fit, invoke, decide, draw}: p50 of each
        accuracy, agreement                        {hits, n, share, low, high}; agreement with float32 has `with`, too
        energy                                     {joule, idle_watt, watt, answers, source}: joule of an answer
    front, ship                                    names on the Pareto front; {model, why} of the one to ship
    skipped                                        photos that could not be read: {file, wrong}
"""
