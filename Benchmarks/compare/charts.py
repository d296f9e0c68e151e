"""Draws bars and curves as SVG that follows the reader's light or dark theme."""

from html import escape

STYLE = """
svg { font: 12px system-ui, sans-serif }
text { fill: #5c5c5c } .title { fill: #1c1c1c; font-size: 14px; font-weight: 600 } .value { fill: #1c1c1c }
.grid { stroke: #dcdcdc } .axis { stroke: #8a8a8a }
.s0 { --c: #c64a00 } .s1 { --c: #0067a5 } .s2 { --c: #2b883e } .s3 { --c: #7a6f9b }
.bar { fill: var(--c) } .line { stroke: var(--c); fill: none; stroke-width: 2 } .dot { fill: var(--c) }
.limit { stroke: #1c1c1c; stroke-width: 1.5; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #a9a9a9 } .title, .value { fill: #ececec } .grid { stroke: #3a3a3a } .limit { stroke: #ececec }
  .s0 { --c: #ff8a45 } .s1 { --c: #5ab0ea } .s2 { --c: #63c578 } .s3 { --c: #b3a8d6 }
}
"""
SYSTEMS = ["gpt2", "llama.cpp", "CTranslate2", "transformers"]
DASHES = ["", "7 3", "2 3", "9 3 2 3", "1 2"]  # a system's formats


def series_class(label):
    return f"s{SYSTEMS.index(label.split()[0])}"


def document(width, height, name, body):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(name)}">\n<style>{STYLE}</style>\n' + "\n".join(body) + "\n</svg>\n"
    )


def text(x, y, content, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(content)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def short(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def bars(name, panels):
    """panels: (title, [(label, value, limit or None)]); bars of one panel share a scale."""
    names, scale, row = 138, 360, 19
    body, y = [text(8, 20, name, kind="title")], 34
    for title, rows in panels:
        body.append(text(8, y + 14, title, kind="value"))
        y += 22
        longest = max(max(value, limit or 0) for _, value, limit in rows)
        for label, value, limit in rows:
            width = scale * value / longest
            body.append(text(names - 6, y + 13, label, "end", "value" if label.startswith("gpt2") else ""))
            shape = f'<rect x="{names}" y="{y + 3}" width="{width:.1f}" height="{row - 6}" class="bar"/>'
            body.append(f'<g class="{series_class(label)}">{shape}</g>')
            end = names + width
            if limit:
                at = names + scale * limit / longest
                body.append(line(at, y + 1, at, y + row - 1, "limit"))
                end = at if width - 40 < at - names < width + 40 else end
            body.append(text(end + 6, y + 13, short(value), kind="value"))
            y += row
        y += 10
    return document(names + scale + 60, y, name, body)


def ticks(top):
    step = 1.0
    while top / step > 6:
        step *= 2.5 if str(step).startswith("2") else 2
    while top / step < 3:
        step /= 2
    return [n * step for n in range(int(top / step) + 1)]


def curves(name, x_name, y_name, series, logarithmic=False):
    """series: [(label, [(x, y)])]; x evenly spaced if logarithmic (1, 2, 4, …), else to scale; y from 0."""
    from math import log2

    width, left, right, top, bottom = 720, 56, 190, 52, 300
    xs = sorted({x for _, points in series for x, _ in points})
    highest = max(y for _, points in series for _, y in points) * 1.06
    place = log2 if logarithmic else float
    span = (place(xs[-1]) - place(xs[0])) or 1

    def at(x, y):
        across = left + (width - left - right) * (place(x) - place(xs[0])) / span
        return across, bottom - (bottom - top) * y / highest

    body = [
        text(8, 20, name, kind="title"),
        text(8, 40, y_name),
        text((left + width - right) / 2, bottom + 36, x_name, "middle"),
    ]
    for tick in ticks(highest):
        _, y = at(xs[0], tick)
        body += [line(left, y, width - right, y, "grid"), text(left - 7, y + 4, f"{tick:g}", "end")]
    for x in xs:
        across, _ = at(x, 0)
        body += [line(across, bottom, across, bottom + 4, "axis"), text(across, bottom + 18, str(x), "middle")]
    seen, below = {}, []
    for label, points in series:
        number = seen[label.split()[0]] = seen.get(label.split()[0], -1) + 1
        dash = f' stroke-dasharray="{DASHES[number % len(DASHES)]}"' if number else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        dots = "".join(
            f'<circle cx="{at(x, y)[0]:.1f}" cy="{at(x, y)[1]:.1f}" r="3" class="dot">'
            f"<title>{escape(label)}, {x}: {short(y)}</title></circle>" for x, y in points
        )  # fmt: skip
        body.append(f'<g class="{series_class(label)}"><polyline points="{path}" class="line"{dash}/>{dots}</g>')
        below.append([at(*points[-1])[1], label, short(points[-1][1]), at(*points[-1])[0]])
    # Names at the ends of the curves, pushed apart where they would cover each other.
    below.sort()
    y = 0
    for ending in below:
        y = max(ending[0] + 4, y + 14)
        body.append(
            text(ending[3] + 8, y, f"{ending[1]}  {ending[2]}", kind="value" if ending[1][:4] == "gpt2" else "")
        )
    return document(width, max(bottom + 46, int(y) + 12), name, body)
