#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records commands on a terminal as an animated SVG: terminal.py FILE COMMAND... Without animation the picture shows the
end. "make update-pictures" records an upgrade of a simulated module (tests/demo)."""
import fcntl
import os
import pty
import re
import struct
import sys
import termios
import time
from xml.sax.saxutils import escape

COLUMNS, CELL, ROW, MARGIN = 88, 7.83, 18, 12
SPEED, PAUSE = 2, 1.5  # times as fast as it was; seconds between commands
FRAME = 0.25  # seconds; a line that is redrawn sooner is left out
COLOURS = {"32": "#7fd88f", "31": "#ff8a80", "33": "#ffd479", "1": "#ffffff"}
TOKEN = re.compile(r"\033\[([0-9;]*)([mK])|([\r\n])|(.)", re.S)


class Screen:
    """Lines that only grow in number, as of programs that redraw their last line."""

    def __init__(self):
        self.lines, self.column, self.colour = [[]], 0, ""
        self.versions = [[]]  # of each line: (time, characters with their colours)

    def put(self, text):
        for number, kind, control, character in TOKEN.findall(text):
            line = self.lines[-1]
            if kind == "m":
                self.colour = COLOURS.get(number, "")
            elif kind == "K":
                del line[self.column:]
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self.lines.append([])
                self.versions.append([])
            else:
                line[self.column:self.column + 1] = [(character, self.colour)]
                self.column += 1

    def keep(self, now):
        for line, versions in zip(self.lines, self.versions):
            if not line or (versions and versions[-1][1] == line):
                continue
            if versions and now < versions[-1][0] + FRAME:
                versions[-1] = (versions[-1][0], list(line))
            else:
                versions.append((round(now, 2), list(line)))


def run(screen, command, now):
    """Returns the time of the end in the picture."""
    screen.put(f"\033[1m$ {command}\033[0m\r\n")
    screen.keep(now)
    begin = time.monotonic() - (now + 1) * SPEED
    pid, master = pty.fork()
    if pid == 0:
        os.execvpe("sh", ["sh", "-c", command], {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    while True:
        try:
            text = os.read(master, 65536).decode()
        except OSError:  # the end
            break
        screen.put(text)
        screen.keep((time.monotonic() - begin) / SPEED)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        sys.exit(f"{command}: status {status}")
    return (time.monotonic() - begin) / SPEED


def spans(line):
    text, last = "", None
    for character, colour in line:
        if colour != last:
            text += "</tspan>" * bool(last) + (f'<tspan fill="{colour}">' if colour else "")
            last = colour
        text += escape(character)
    return text + "</tspan>" * bool(last)


def draw(screen):
    width, height = round(COLUMNS * CELL + 2 * MARGIN), len(screen.lines) * ROW + MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="monospace" '
           'font-size="13" fill="#d8dee9">', '<rect width="100%" height="100%" rx="6" fill="#1e222a"/>']
    for row, versions in enumerate(screen.versions):
        for i, (begin, line) in enumerate(versions):
            last = i + 1 == len(versions)
            times = f'to="hidden" begin="0s" dur="{begin}s"' if last else \
                f'to="visible" begin="{begin}s" dur="{round(versions[i + 1][0] - begin, 2)}s"'
            hidden = "" if last else ' visibility="hidden"'
            out.append(f'<text x="{MARGIN}" y="{(row + 1) * ROW}" xml:space="preserve"{hidden}>'
                       f'<set attributeName="visibility" {times}/>{spans(line)}</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    screen, now = Screen(), 0.01
    for command in sys.argv[2:]:
        now = run(screen, command, now) + PAUSE
    while len(screen.lines) > 1 and not screen.lines[-1]:
        screen.lines.pop()
        screen.versions.pop()
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(draw(screen))


main()
