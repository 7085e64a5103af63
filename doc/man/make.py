#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make.py FOTACTL DIRECTORY: the manual pages, from the *.in beside it, into DIRECTORY. What programs and files say of
# themselves is taken from them: @VERBS@ from fotactl's help, @SETTINGS@, @SCHEDULE@ and @HAWKBIT@ from the example files,
# @INTERFACES@ and @CODES@ from dbus/. "make update-manuals" runs it, tests/test-manuals compares.
import os
import re
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
source = os.path.dirname(os.path.dirname(here))
fotactl, target = sys.argv[1:3]


def read(name):
    with open(os.path.join(source, name), encoding="utf-8") as file:
        return file.read()


def roff(text):
    """Text that is meant as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(("\\&" + line) if line[:1] in (".", "'") else line for line in text.split("\n"))


def bold(text):
    return f"\\fB{roff(text)}\\fR"


def paragraphs(text):
    """Lines without their indentation; what the comments begin so, or after an empty line, is a paragraph of its own."""
    text = re.sub(r"\s*\n\s*\n\s*", "\n.IP\n", text.strip())
    text = re.sub(r"\s*\n\s*", "\n", text)
    return re.sub(r"(?m)^(?=Options: |Errors: |Returns |Rules that |For information: |A module that )", ".IP\n", text)


def said_of(text):
    """Comments as roff: the macros that paragraphs() has put there stay some. A comment that begins with values keeps
    their spelling."""
    if not re.match(r"[a-z-]+(?:[,:<]|$)", text):
        text = text[:1].upper() + text[1:]
    return "\n".join(line if line == ".IP" else roff(line) for line in text.split("\n"))


def help_of(*argv):
    """(usage, what stands before the options, options, what stands behind them)."""
    text = subprocess.run([fotactl, *argv, "--help"], capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": os.environ["PATH"]}).stdout
    head, _, rest = text.partition("Options:\n")
    options, _, behind = rest.partition("\n\n")
    found = re.findall(r"^  ((?:-\w, )?--\S+) +(.*)$", options, re.M)
    return head, found, behind.strip()


def blocks(text):
    """As it stands where columns are lined up, else to be filled."""
    return "\n".join(f".PP\n.in 0\n.EX\n{roff(b)}\n.EE\n.in" if re.search(r"^ |\S   ", b, re.M) else f".PP\n{roff(b)}"
                     for b in text.strip("\n").split("\n\n"))


# Options of each verb, which the section OPTIONS describes.
COMMON = {("-h, --help", "Print this text and end"), ("--json", "Answer in JSON")}


def verbs():
    head, _, _ = help_of()
    out = []
    for call, summary in re.findall(r"^  ((?:\S+ )+) +(.*)$", head.partition("Verbs:\n")[2], re.M):
        name = call.split()[0]
        out.append(f".SS {roff(call.strip())}\n{roff(summary[0].upper() + summary[1:])}.")
        if name == "help":
            continue
        _, options, behind = help_of(name)
        upgrade = set.intersection(*(set(help_of(verb)[1]) for verb in ("start", "retry", "check"))) - COMMON
        for option, meaning in options:
            if (option, meaning) not in COMMON and (name == "start" or (option, meaning) not in upgrade):
                out.append(f".TP\n{bold(option)}\n{roff(meaning)}.")
        if name != "start" and upgrade <= set(options):
            out.append(f".PP\nThe options of an upgrade are those of {bold('start')}, from {bold('--expect')} to "
                       f"{bold('--allow-https')}.")
        if behind:
            out.append(blocks(behind))
    return "\n".join(out)


def settings(name):
    """A commented example: what stands above a key is said of it, and before an empty line of what follows."""
    out, said = [], []
    for line in read(name).splitlines()[2:]:
        key = re.fullmatch(r"#?([a-z0-9-]+)=(.*)", line)
        section = re.fullmatch(r"\[(.*)\]", line)
        if line.startswith("#") and not key:
            said.append(line.removeprefix("#").removeprefix(" "))
            continue
        if key:
            macro = ".TQ" if not said and out[-1].startswith((".TP", ".TQ")) else ".TP"
            out.append(f"{macro}\n{bold(key[1] + '=')}{' (' + roff(key[2]) + ')' if key[2] else ''}")
            # When a reload counts is a sentence of its own.
            out.extend([re.sub("(?m)^Reload: ", ".IP\nReload: ", roff("\n".join(said)))] if said else [])
        elif said:
            out.append(blocks("\n".join(said)).removeprefix("" if out else ".PP\n"))
        if section:
            out.append(f".SS [{section[1]}]")
        said = []
    return re.sub(r"(?m)^(\.SS .*)\n\.PP$", r"\1", "\n".join(out))


def interfaces():
    out = []
    for name in ("Manager", "Module", "Job"):
        text = read(f"dbus/org.fotad1.{name}.xml")
        said = ""
        out.append(f".SH ORG.FOTAD1.{name.upper()}")
        for comment, tag, attributes, body in re.findall(
                r'<!--(.*?)-->|<(method|property|signal|node)([^>]*?)(?:/>|>(.*?)</\2>)?(?=\s)', text, re.S):
            if comment:
                said = "" if "SPDX" in comment else paragraphs(comment)
                continue
            if tag == "node":
                out.append(re.sub("(?m)^\\.IP$", ".PP", said_of(said)))
                out.extend(members(text.partition("<node>")[2]))
                break
    return "\n".join(out)


def members(text):
    said = ""
    for comment, tag, name, body in re.findall(
            r'<!--(.*?)-->|<(method|property|signal) name="(\w+)"(.*?)(?:</\2>|/>\n(?=\s*<[!/mps]))', text, re.S):
        if comment:
            said = paragraphs(comment)
            continue
        arguments = re.findall(r'<arg type="([^"]+)" name="(\w+)"(?: direction="(\w+)")?', body)
        into = ", ".join(f"{t} {n}" for t, n, d in arguments if d != "out")
        out = ", ".join(f"{t} {n}" for t, n, d in arguments if d == "out")
        if tag == "property":
            kind = re.search(r'type="(\w+)"', body)[1]
            constant = " const" if 'value="const"' in body else ""
            head = f"{bold(name)} property, {kind}{constant}"
        else:
            head = f"{bold(name)}({roff(into)})"
            head += f" \\(-> {roff(out)}" if out else ""
            head += " signal" if tag == "signal" else ""
        yield f".TP\n{head}" + (f"\n{said_of(said.removeprefix(name + ': '))}" if said else "")
        said = ""


def codes():
    rows = re.findall(r"^\| (\d+) \| `([a-z0-9-]+)` \| (.*?) \|", read("doc/codes.md").partition("## `host`")[2], re.M)
    return "\n".join(f".TP\n{bold(name)} ({number})\n{roff(what)}." for number, name, what in rows)


def errors():
    return "\n".join(f".TP\n{bold('org.fotad1.Error.' + name)}\n{roff(meaning)}." for meaning, name in
                     re.findall(r'/\* (.*) \*/\n.* FOTAD_ERROR_PREFIX "(\w+)"', read("dbus/names.h")))


makers = {"@VERBS@": verbs, "@SETTINGS@": lambda: settings("daemon/fotad.conf"), "@CODES@": codes, "@ERRORS@": errors,
          "@SCHEDULE@": lambda: settings("systemd/schedule-example.conf"), "@INTERFACES@": interfaces,
          "@HAWKBIT@": lambda: settings("fleet/hawkbit.conf")}
date = re.search(r"^## \S+, (\d{4}-\d\d-\d\d)$", read("NEWS"), re.M)[1]
version = re.search(r"AC_INIT\(\[fotad\], \[(.*?)\]\)", read("configure.ac"))[1]
for template in sorted(os.listdir(here)):
    if template.endswith(".in"):
        page = read(f"doc/man/{template}").replace("@VERSION@", version).replace("@DATE@", date)
        for word, make in makers.items():
            if word in page:
                page = page.replace(word, make())
        with open(os.path.join(target, template.removesuffix(".in")), "w", encoding="utf-8") as file:
            file.write(page)
