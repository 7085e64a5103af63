#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the phases of an upgrade as SVG: phases.py PHASES-DOC. The phases, their states and their arrows come from the
table in daemon/core/state/upgrade-phase.c, which the program phases-doc prints; only the places of the boxes stand here."""
import subprocess
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 214, 84
COLUMNS, ROWS = [48, 314, 580, 836], [50, 170, 290, 410]
PLACES = {
    "waiting": (0, 0), "checking": (0, 1), "preparing": (0, 2), "command": (0, 3),
    "sending": (1, 0), "downloading": (1, 1), "abandoning": (1, 2), "mini": (1, 3),
    "away": (3, 0), "updating": (2, 1), "verifying": (2, 2), "stalled": (2, 3),
    "ending": (3, 1), "finished": (3, 2),
}
# Nearly every phase may lead to these: a mark in the box stands for the arrow.
MARKS = {"away": "\u21ba", "ending": "\u25a0", "finished": "\u25a0"}


def read_phases(program):
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    phases = [line.split("\t") for line in lines]
    if {phase[0] for phase in phases} != set(PLACES):
        sys.exit("phases.py: each phase needs a place: " + " ".join(sorted(phase[0] for phase in phases)))
    return phases


def wrap(text, width):
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = (lines[-1] + " " + word).strip()
    return lines


def box(name, states, cancellable, critical, following, purpose):
    column, row = PLACES[name]
    x, y = COLUMNS[column], ROWS[row]
    kind = "critical" if critical != "-" else "cancellable" if cancellable != "-" else "other"
    marks = sorted({MARKS[other] for other in following.split() if other in MARKS and name not in MARKS}, reverse=True)
    if name == "away":
        purpose += " It comes back to " + ", ".join(set_order(following)) + "."
    lines = wrap(purpose, 40)[:5]
    out = [f'<g class="{kind}"><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
           f'<text class="name" x="{x + WIDTH / 2}" y="{y + 18}">{name}</text>'
           f'<text class="mark" x="{x + WIDTH - 8}" y="{y + 18}">{" ".join(marks)}</text>']
    for i, line in enumerate(lines):
        out.append(f'<text class="purpose" x="{x + WIDTH / 2}" y="{y + 33 + 11 * i}">{escape(line)}</text>')
    if states != name:
        out.append(f'<text class="states" x="{x + WIDTH / 2}" y="{y + HEIGHT - 6}">State: {escape(states)}</text>')
    return "\n".join(out) + "</g>"


def set_order(following):
    return [name for name in PLACES if name in following.split() and name not in MARKS]


def edge_point(name, towards, shift):
    """The point of the box's border on the line to the other box, moved sideways by shift."""
    x, y = COLUMNS[PLACES[name][0]] + WIDTH / 2, ROWS[PLACES[name][1]] + HEIGHT / 2
    ox, oy = COLUMNS[PLACES[towards][0]] + WIDTH / 2, ROWS[PLACES[towards][1]] + HEIGHT / 2
    dx, dy = ox - x, oy - y
    length = (dx * dx + dy * dy) ** 0.5
    scale = min(WIDTH / 2 / abs(dx) if dx else 9, HEIGHT / 2 / abs(dy) if dy else 9)
    return x + dx * scale - dy / length * shift, y + dy * scale + dx / length * shift


def arrow(name, other, both):
    shift = 6 if both else 0
    x1, y1 = edge_point(name, other, shift)
    x2, y2 = edge_point(other, name, -shift)
    (c1, r1), (c2, r2) = PLACES[name], PLACES[other]
    if c1 == c2 and abs(r1 - r2) > 1:  # around the box between them
        x, up = COLUMNS[c1], ROWS[r1] > ROWS[r2]
        side = x if up else x + WIDTH
        bend = side - 44 if up else side + 44
        return (f'<path d="M{side},{ROWS[r1] + HEIGHT / 2:.0f} C{bend},{ROWS[r1] + HEIGHT / 2:.0f} '
                f'{bend},{ROWS[r2] + HEIGHT / 2:.0f} {side},{ROWS[r2] + HEIGHT / 2:.0f}"/>')
    return f'<path d="M{x1:.0f},{y1:.0f} L{x2:.0f},{y2:.0f}"/>'


def main():
    phases = read_phases(sys.argv[1])
    following = {phase[0]: phase[4].split() for phase in phases}
    width, height = COLUMNS[-1] + WIDTH + 16, ROWS[-1] + HEIGHT + 66
    print(f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">
<style>
rect {{ stroke: #444; stroke-width: 1.2 }}
text {{ text-anchor: middle; fill: #111 }}
.name {{ font-size: 14px; font-weight: bold }} .purpose {{ font-size: 9.5px }}
.states {{ font-size: 9px; font-style: italic; fill: #444 }}
.mark {{ font-size: 13px; text-anchor: end; fill: #444 }}
.cancellable rect {{ fill: #dff0d8 }} .critical rect {{ fill: #f8d7da; stroke: #a00; stroke-width: 2 }}
.other rect {{ fill: #eee }} path {{ fill: none; stroke: #555; stroke-width: 1.1; marker-end: url(#head) }}
.title {{ font-size: 15px; font-weight: bold; text-anchor: start }} .legend {{ font-size: 11px; text-anchor: start }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<polygon points="0,0 8,4 0,8" fill="#555"/></marker></defs>
<rect x="0" y="0" width="{width}" height="{height}" style="fill: #fff; stroke: none"/>
<text class="title" x="48" y="30">The phases of an upgrade</text>''')
    for name, others in following.items():
        for other in others:
            if other not in MARKS and name not in MARKS or (name, other) == ("ending", "finished"):
                print(arrow(name, other, name in following[other]))
    for phase in phases:
        print(box(*phase))
    y = height - 42
    for x, kind, text in ((48, "cancellable", "Cancel() is obeyed (downloading: until the download has ended)"),
                          (492, "critical", "keep the module powered; nothing can be cancelled")):
        print(f'<g class="{kind}"><rect x="{x}" y="{y - 11}" width="14" height="14" rx="3"/>'
              f'<text class="legend" x="{x + 20}" y="{y}">{text}</text></g>')
    print(f'<text class="legend" x="48" y="{y + 24}">{MARKS["away"]} the module may restart: away '
          f'\u2003 {MARKS["finished"]} the upgrade may end: ending, then finished; finished at once where '
          'the module does not answer</text>')
    print("</svg>")


main()
