#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# po.py FILE.po: prints po.LANG.js for Cockpit, with the texts of that translation that the page shows: its own, and
# those of the sentences and codes of fotad.
# po.py texts.c: prints templates.js, the table of that file as a JavaScript module.
import json
import re
import sys

# The sources whose texts the page shows; the names of other sources of the page begin with cockpit/.
SHOWN = ("dbus/codes.c", "dbus/texts.c", "client/message.c")

STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


def unquoted(text):
    """The strings of a C file or a .po file, joined."""
    return "".join(json.loads(f'"{part}"') for part in STRING.findall(text))


def entries(text):
    """(sources, msgid, [msgstr ...]) of each entry."""
    for block in re.split(r"\n\n+", text):
        fields = {}
        for name, value in re.findall(r'^(msg\w+(?:\[\d\])?) ((?:".*"\n?)+)', block, re.M):
            fields[name] = unquoted(value)
        if "msgid" in fields:
            sources = " ".join(re.findall(r"^#: (.*)$", block, re.M)).split()
            yield sources, fields["msgid"], [v for n, v in sorted(fields.items()) if n.startswith("msgstr")]


def catalog(text):
    header, shown = {}, {}
    for sources, message, words in entries(text):
        if not message:
            header = dict(line.split(": ", 1) for line in words[0].splitlines())
        elif any(s in SHOWN or s.startswith("cockpit/") for s in sources):
            shown[message] = [None, *words]
    plural = re.search(r"plural=(.*);", header["Plural-Forms"])[1]
    head = f'{{"plural-forms": n => {plural}, "language": {json.dumps(header["Language"])}, "language-direction": "ltr"}}'
    lines = [f"{json.dumps(m, ensure_ascii=False)}: {json.dumps(w, ensure_ascii=False)}" for m, w in shown.items()]
    return "cockpit.locale({\n" + ",\n".join([f'"": {head}', *lines]) + "\n});\n"


def templates(text):
    table = [unquoted(line) for line in re.findall(r'N_\((".*")\)', text)]
    return "export const templates = " + json.dumps(table, indent=0) + ";\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(catalog(text) if sys.argv[1].endswith(".po") else templates(text))


main()
