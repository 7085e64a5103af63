# SPDX-License-Identifier: LGPL-2.1-or-later
"""The surroundings of the cases: the machine, which all share, modules and servers, and functions that use them."""
import functools
import http.server
import json
import logging
import os
import subprocess
import threading
import time

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

from machine import Simulator

OLD, NEW = "EC200AEUHAR01A02M16", "EC200AEUHAR01A03M16"
OLD_MINI, NEW_MINI = "EC800MCNGAR06A03M04", "EC800MCNGAR06A04M04"
# Slow enough for an emulated gateway's USB: each restart shows other ids and numbers.
PACE = "pace=real,boot=3000,update-step=300"
EC200A = f"ec200a,{PACE},updating=10/20/30/40/50/60/70/80/90/100,updater-pid=6002,updater-ports=at"
EC800M = f"ec800m-4,{PACE},updater-pid=6005,updater-ports=diag/at,mini-pid=6001,mini-ports=at"
USER, PASSWORD = "gateway", "s3cret-Pa55"
EXAMPLES = "/usr/share/doc/fotad/examples"


class World:
    def __init__(self, machine, modsim, scratch):
        self.machine, self.modsim, self.scratch, self.sim = machine, modsim, scratch, None
        self.www = f"{scratch}/www"
        os.mkdir(self.www)
        self.serve()
        self.package("up.bin", OLD, NEW)
        self.package("up.mini_1", OLD_MINI, NEW_MINI)
        self.package("up.mini_2", OLD_MINI, NEW_MINI)

    def package(self, name, before, after):
        subprocess.run([self.modsim, "--make-package", f"{self.www}/{name}", "--from", before, "--to", after], check=True)

    def serve(self):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=self.www)
        handler.func.log_message = lambda *_: None
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

        logging.disable(logging.WARNING)
        login = type("Login", (FTPHandler,), {"authorizer": DummyAuthorizer()})
        login.authorizer.add_user(USER, PASSWORD, self.www)
        server = FTPServer(("127.0.0.1", 0), login)
        self.ftp = f"127.0.0.1:{server.address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def plug(self, *modules, decoys=()):
        """Returns when fotad, which the call starts, has all their identities."""
        self.sim = Simulator(self.modsim, self.scratch, self.machine, *modules, decoys=decoys)
        for module in modules:
            self.await_module(module.split("=")[0])

    def clean(self):
        """For the next case: no module, no job, no daemon."""
        if self.sim:
            self.sim.end()
            self.sim = None
        self.machine.shell("systemctl stop fotad ModemManager holder 'fotad-upgrade@*'; rm -rf /var/lib/fotad/* /etc/fotad/*.conf "
                           "/etc/fotad/schedule/* /etc/systemd/system/fotad-upgrade@* /etc/udev/rules.d/99-site.rules; "
                           "systemctl daemon-reload; udevadm control --reload; systemctl reset-failed")

    # ---- the bus

    def get(self, path, interface, name):
        """A property; None if there is no such object now."""
        text = self.machine.run("busctl", "--json=short", "get-property", "org.fotad1", path, interface, name, status=None)
        assert text.startswith("{") or "Unknown object" in text, text
        return json.loads(text)["data"] if text.startswith("{") else None

    def module(self, place, name):
        return self.get(f"/org/fotad1/module/usb_2d{place.replace('-', '_2d')}", "org.fotad1.Module", name)

    def job(self, name, number=1):
        return self.get(f"/org/fotad1/job/_3{number}", "org.fotad1.Job", name)

    def await_module(self, place):
        until(lambda: self.module(place, "Revision"))

    def await_state(self, *states, number=1):
        until(lambda: self.job("State", number) in states)

    # ---- upgrades

    def start(self, *arguments):
        """Starts with fotactl; returns when the job is on disk."""
        return json.loads(self.machine.run("fotactl", "start", "--json", *arguments))["job"]

    def python(self, source):
        """Runs the example to the end."""
        said = self.machine.run("python3", f"{EXAMPLES}/upgrade.py", source, NEW, timeout=180)
        assert said.splitlines()[-1].startswith("success "), said

    def assert_success(self, before=OLD, after=NEW, place="1-1", restarts=2, number=1, diag="0"):
        """At this pace every restart is seen; those of the gateway are not counted as the module's."""
        self.await_state("finished", number=number)
        told = [self.job(name, number) for name in ("Result", "FromRevision", "ToRevision", "Restarts", "Message")]
        assert told[:4] == ["success", before, after, restarts], told
        truth = [self.sim.ask(f"get {place} {name}") for name in ("revision", "qfotadl-count", "diag-bytes")]
        assert truth == [after, "1", diag], truth

    def follow(self, persona, package, points, do, **expected):
        """An upgrade that is held at each of the points, at which an action is carried out."""
        self.plug(f"1-1={persona}")
        for point in points:
            self.sim.ask(f"hold 1-1 {point}")
        self.start(f"{self.http}/{package}")
        for point in points:
            self.sim.ask(f"held 1-1 {point}")
            do(point)
            self.sim.ask(f"release 1-1 {point}")
        self.assert_success(**expected)


def until(condition, timeout=180):
    """No pause is needed between queries: each takes the machine a while."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it does not come about"
