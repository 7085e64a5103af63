#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# catalog.py DIRECTORY: what "journalctl -x" says of fotad's lines, fotad.catalog and one for each language of po/LINGUAS,
# into DIRECTORY. The texts stand here, their translations in po/, the ids in daemon/base/message-ids.h, and the advice on a code
# in doc/codes.md. "make update-catalogs" runs it, tests/test-catalog compares.
import gettext
import io
import os
import re
import subprocess
import sys
import textwrap

source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def N_(text):
    return text


# Subject, body, and the host's codes whose remedies follow the body.
ENTRIES = {
    "QUEUED": (N_("Firmware upgrade @FOTAD_JOB@ of @FOTAD_MODULE@ is accepted"), N_("""\
Job @FOTAD_JOB@ upgrades the firmware of the cellular module at
@FOTAD_MODULE@ (IMEI @FOTAD_IMEI@). The module restarts meanwhile, and is
off the network until it is back: keep it and the gateway powered.

To follow it: fotactl watch @FOTAD_JOB@
To stop it, while it only downloads: fotactl cancel @FOTAD_JOB@""")),
    "ADOPTED": (N_("A firmware upgrade of @FOTAD_MODULE@ was found under way"), N_("""\
The module at @FOTAD_MODULE@ is in an upgrade that fotad has no record of:
somebody else began it, or fotad's state was lost. It is followed as job
@FOTAD_JOB@ from here on. Keep the module powered.

To follow it: fotactl watch @FOTAD_JOB@
If it waits for its package: fotactl retry @FOTAD_JOB@ URL
If no upgrade is under way there: fotactl dismiss @FOTAD_JOB@""")),
    "STALLED": (N_("Firmware upgrade @FOTAD_JOB@ of @FOTAD_MODULE@ makes no progress"), N_("""\
The module at @FOTAD_MODULE@ (IMEI @FOTAD_IMEI@) has left its firmware, and
no progress was seen for a while. The line says what is known: it may only
be slow, or it waits for a package or the network. Keep the module powered,
and do not reset it.

Look whether both packages (NAME.mini_1 and NAME.mini_2) are published under
the URL that the job has. If that is wrong: fotactl retry @FOTAD_JOB@ URL
It goes on by itself when what it needs is there.""")),
    "SUCCESS": (N_("Firmware upgrade @FOTAD_JOB@ of @FOTAD_MODULE@ succeeded"), N_("""\
The module at @FOTAD_MODULE@ (IMEI @FOTAD_IMEI@) is back and has told
another revision than before. Nothing is left to do.""")),
    "FAILED": (N_("Firmware upgrade @FOTAD_JOB@ of @FOTAD_MODULE@ failed: @FOTAD_CODE@"), N_("""\
Job @FOTAD_JOB@ on the module at @FOTAD_MODULE@ (IMEI @FOTAD_IMEI@) ended with
@FOTAD_CODE@; what happened and what to do next is in the line.

More about the code: fotactl explain @FOTAD_CODE@
The module itself: fotactl list
All lines of this job: journalctl FOTAD_JOB=@FOTAD_JOB@

How to treat the module's power after these codes:"""), "module-lost", "update-timeout", "boot-rom", "crashed", "dismissed"),
    "CANCELLED": (N_("Firmware upgrade @FOTAD_JOB@ of @FOTAD_MODULE@ was cancelled"), N_("""\
Somebody cancelled job @FOTAD_JOB@ before anything was written to the module
at @FOTAD_MODULE@, which keeps its firmware. To begin anew: fotactl start URL""")),
    "RESOLVED": (N_("The module of firmware upgrade @FOTAD_JOB@ is back"), N_("""\
Job @FOTAD_JOB@ on the module at @FOTAD_MODULE@ (IMEI @FOTAD_IMEI@) had failed
while the module could still be writing its flash. The module has reported its
revision since then, which the line names; the result of the job stays.

If it is the new revision, nothing is left to do. If it is the old one, the
upgrade may be started again: fotactl start URL""")),
    "CONFIG": (N_("fotad goes on with the configuration it had"), N_("""\
A reload found a mistake; the line names the file and its line. What was in
force stays so until a reload reads files without one:

  /usr/libexec/fotad --check-config     says what is wrong
  systemctl reload fotad                reads them again

A start with that mistake fails.""")),
    "NEIGHBOUR": (N_("ModemManager does not let fotad ask it for modules"), N_("""\
An upgrade of a module that ModemManager has asks it to let go of it first. The
bus or polkit refuses that to fotad: its bus policy (org.fotad1.conf) or its
polkit rule (fotad.rules) is not where they look. Until then such an upgrade
fails with port-busy. To upgrade all the same: systemctl stop ModemManager"""), "port-busy"),
}

with open(os.path.join(source, "daemon/base/message-ids.h"), encoding="utf-8") as file:
    ids = dict(re.findall(r'^#define MESSAGE_ID_(\w+) +"([0-9a-f]{32})"$', file.read(), re.M))
with open(os.path.join(source, "doc/codes.md"), encoding="utf-8") as file:
    cells = [line.split(" | ") for line in file.read().partition("## `host`")[2].splitlines()]
remedies = {row[1].strip("`"): row[4] for row in cells if len(row) == 6}
with open(os.path.join(source, "po/LINGUAS"), encoding="utf-8") as file:
    languages = file.read().split()

for language in ["", *languages]:
    translate = N_
    if language:
        po = os.path.join(source, f"po/{language}.po")
        compiled = subprocess.run(["msgfmt", "--output-file=-", po], capture_output=True, check=True).stdout
        translate = gettext.GNUTranslations(io.BytesIO(compiled)).gettext
    name = f"fotad.{language}.catalog" if language else "fotad.catalog"
    with open(os.path.join(sys.argv[1], name), "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: LGPL-2.1-or-later\n"
                   "# Made by systemd/catalog.py; do not edit.\n")
        for entry, (subject, body, *codes) in ENTRIES.items():
            file.write(f"\n-- {ids[entry]}\nSubject: {translate(subject)}\nDefined-By: fotad\n\n{translate(body)}\n")
            for number, code in enumerate(codes):
                advice = textwrap.fill(f"{code}: {translate(remedies[code])}", 76, subsequent_indent="  ",
                                       break_long_words=False, break_on_hyphens=False)
                file.write(f"{'' if number else chr(10)}{advice}\n")
