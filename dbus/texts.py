#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# texts.py FILE: writes the table of templates of all sentences that fotad sends to its clients (findings, problems,
# reasons of a stall, refusals, details of a result, lines of a job's log), dbus/texts.c. The sentences themselves are in the sources of the
# daemon, and are collected from there. "make update-texts" runs this program, tests/test-texts compares.
import functools
import os
import re
import sys

source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# The sources that have such sentences.
SOURCES = """
core/rules/rules.c core/rules/rules-dialogue.c core/job/source.c core/job/options.c store/source-check.c
manager/manager-check.c manager/manager-facts.c manager/manager-modules.c manager/manager-request-id.c
manager/manager-requests.c manager/manager-jobs.c manager/manager-recording.c manager/manager-survey.c manager/manager-watch.c module/at-port.c
module/module-view.c
module/module-access.c module/module-identity.c module/module-inspect.c
module/module-upgrade.c module/module-job.c module/module.c device/serial.c bus/bus-modem-manager.c
bus/bus-authorize.c bus/bus-call.c bus/bus-caller.c bus/bus-job.c bus/bus-manager.c bus/bus-start.c store/spool.c
store/package-copy.c store/job-store.c base/read-file.c
core/job/job.c core/state/upgrade-decide.c core/upgrade/upgrade-stalled.c core/upgrade/upgrade-mini.c
core/upgrade/upgrade-silence.c core/upgrade/upgrade-verdict.c core/upgrade/upgrade-flow.c
core/upgrade/upgrade-prepare.c core/upgrade/upgrade-end.c core/upgrade/upgrade.c core/upgrade/upgrade-history.c
core/job/job-log.c
""".split()

# Functions of all sources whose texts are in a job's log, too, unless they are for debugging.
LOGGED = re.compile(r"log_job|log_context|log_context_job|log_module")

# Texts in the arguments of these functions go to the log, to another service, or to no one.
ELSEWHERE = re.compile(r"(log_|recording_|ck_|g_assert).*|note_line|retry_drop|upgrade_push|snprintf|.*_async")

# Texts of those files that go elsewhere all the same, by their beginnings.
NOT_SENT = ("no lock file", "%s is of no process", "event %s is refused", "an unknown user", "%s by %s (%s)", "no name",
            "uid %", "; options:", "job %s on %s: %s", "its Module is none", "auto, ", "(%s code ", "; usual cause",
            "(usual cause", "%s cannot be made", "%s is in use by another", "%s code %d%s%s", "The module runs %s now",
            "job %s on %s: its module", "%s is changed", "; before: ", "%s%s%s, after %s", "%d %%",
            "warning the survey ended early", "note fotad was started again",
            "the recording of job %s cannot be written", "%s interface=")

# What the lines of the journal have before the text that is in the job's log, too.
HEADS = ("job %s on %s: ", "job %s: ")

# Sentences in these files are a finding and a remedy with a colon between them.
PAIRS = ("core/job/source.c", "core/job/options.c")

# Templates that are put together of several texts, and the states of a job, which some of them name.
COMPOSED = ["%s: %s", "%s; %s", "%s, %s", "(%s)", "(%s), %s", "%s code %d: %s", "%s code %d", ", active", "by %s",
            "advice: %s", "%s (%s)", "The module runs %s now.", "queued", "preparing", "downloading", "restarting",
            "updating", "verifying", "waiting", "checking", "command", "sending", "abandoning", "away", "mini",
            "stalled", "ending", "finished", "success", "failed", "cancelled", "%s is changed",
            "%s is changed; before: %s", "%s by uid %d (%s)", "%s by uid %d (%s): %s", "%s by an unknown user (%s)",
            "%s by an unknown user (%s): %s", "%s, %s; options: %s", "nothing"]

MARK = "N_"  # of texts that are translated

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|[A-Za-z_]\w*|#(?:\\\n|[^\n])*|\s+|.', re.S)
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


DEFINED = re.compile(r'^#define (\w+)\s+(?:\\\n\s*)?((?:"(?:\\.|[^"\\])*"\s*)+)$', re.M)


@functools.cache
def headers():
    """The headers of the daemon."""
    found = []
    for folder, _, names in sorted(os.walk(os.path.join(source, "daemon"))):
        for name in sorted(names):
            if name.endswith(".h"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    found.append(file.read())
    return found


def literals(path):
    """(names of the calls around it, text) of each string in a C file, with adjacent strings joined."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    macros = {"G_GUINT64_FORMAT": "lu", "PRId64": "ld"}
    for name, value in DEFINED.findall("".join(headers()) + text):
        macros[name] = "".join(STRING.findall(value))
    tokens = [t for t in TOKEN.findall(text) if not t.isspace() and not t.startswith(("/*", "//", "#"))]
    calls, before, joined = [], "", None
    for token in tokens + [";"]:
        if token.startswith('"') or token in macros:
            joined = (joined or "") + (macros[token] if token in macros else token[1:-1])
            continue
        if joined is not None:
            yield list(calls), joined
            joined = None
        if token == "(":
            calls.append(before)
        elif token == ")" and calls:
            calls.pop()
        elif token == "LOG_DEBUG" and calls:
            calls[-1] += " for debugging"
        before = token


def normal(text):
    """The text as a template: %s and %d alone, without blanks at its ends."""
    if text.endswith((", ", ": ")):
        text += "%s"
    text = re.sub(r"%(?!%|0?\d*l?[sduxz])", "%%", text.strip())
    text = re.sub(r"%0?\d*[lz]?[du]", "%d", text)
    return re.sub(r"%0?\d*l?x", "%s", text)


def is_sentence(text):
    return " " in text.strip(" :;,.") and re.search("[a-z]{2}", re.sub(r"%\w", "", text))


def without_head(text):
    return next((text[len(head):] for head in HEADS if text.startswith(head)), text)


def sources():
    """All sources of the daemon, as SOURCES names them."""
    top = os.path.join(source, "daemon")
    return sorted(os.path.relpath(os.path.join(folder, name), top) for folder, _, names in os.walk(top)
                  for name in names if name.endswith(".c"))


def templates():
    found = set()
    for name in sources():
        for calls, text in literals(os.path.join(source, "daemon", name)):
            logged = any(LOGGED.fullmatch(c) for c in calls)
            if logged and is_sentence(without_head(text)):
                found.add(normal(without_head(text)))
            elif not logged and name in SOURCES and is_sentence(text) and \
                    not any(ELSEWHERE.fullmatch(c) for c in calls) and not text.strip().startswith(NOT_SENT):
                found.update(normal(part) for part in (text.rsplit(": ", 1) if name in PAIRS else [text]))
    return [*COMPOSED, *sorted(found - set(COMPOSED))]


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n\n"
                   "/* Made by texts.py of the daemon's sources: templates of all sentences that fotad sends. */\n\n"
                   f'#include <stddef.h>\n\n#include "texts.h"\n\n#define {MARK}(text) text\n\n/* clang-format off */\n'
                   "const char *const texts[] = {\n")
        file.writelines(f'        {MARK}("{text}"),\n' for text in templates())
        file.write("        NULL,\n};\n")


if __name__ == "__main__":
    main()
