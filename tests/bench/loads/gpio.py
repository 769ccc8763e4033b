def run(bench):
    bench.skip("GPIO edge to alarm: nothing yet")
