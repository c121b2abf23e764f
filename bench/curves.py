"""Time curves: accuracy over seconds, one panel per workload."""

import math


def plot(results, file):
    """Draw ``results``, pairs of a title and a list of ``Curve``, and save them to ``file``."""
    from matplotlib.figure import Figure

    columns = min(4, len(results))
    rows = math.ceil(len(results) / columns)
    figure = Figure(figsize=(4 * columns, 3 * rows + 0.5), layout="constrained")
    names = sorted({curve.name for _, curves in results for curve in curves})
    styles = {name: {"color": f"C{i % 10}", "marker": "os^v"[i // 10], "markersize": 3} for i, name in enumerate(names)}
    handles = {}
    for axes, (title, curves) in zip(figure.subplots(rows, columns, squeeze=False).flat, results, strict=False):
        for curve in curves:
            points = sorted((rung.seconds, max(rung.accuracy, 1e-16)) for rung in curve.rungs)
            if points:
                bold = {"linewidth": 2.5} if curve.name == "pyreweight" else {"linewidth": 1}
                (handles[curve.name],) = axes.loglog(*zip(*points, strict=True), **styles[curve.name], **bold)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("seconds")
    figure.supylabel("relative suboptimality (nonconvex: violation of stationarity / alpha)")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=8, fontsize=8)
    figure.savefig(file)
