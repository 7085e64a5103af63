# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bed for scripts that measure: simulated modules, a server with a package, a bus and a daemon, in a directory of
their own. Needs no root, and leaves the machine's own bus and devices alone."""
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

OLD, NEW = "EC200AEUHAR01A02M16", "EC200AEUHAR01A03M16"
BUS = """<busconfig><type>system</type><listen>unix:path={0}/bus</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy>
</busconfig>"""


def with_check_digit(number):
    """Returns the IMEI with those first 14 digits."""
    digits = [int(digit) for digit in str(number)]
    digits[1::2] = [2 * digit // 10 + 2 * digit % 10 for digit in digits[1::2]]
    return f"{number}{-sum(digits) % 10}"


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


class Bed:
    def __init__(self, build, daemon=None, settings="", user=None):
        """With a user, which root alone can give, the daemon has that user's rights, as it has when it is installed."""
        self.build, self.daemon_file = os.path.abspath(build), os.path.abspath(daemon or f"{build}/daemon/fotad")
        self.client = f"{self.build}/client/fotactl"
        self.processes, self.environment = [], {}
        self.user = user
        self.rights = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        self.work = tempfile.mkdtemp(prefix="fotad-attack-")
        os.chmod(self.work, 0o755)
        for name in ("state", "run", "lock", "www"):
            os.mkdir(f"{self.work}/{name}")
            if user:
                os.chown(f"{self.work}/{name}", user, user)
        self.write("bus.conf", BUS.format(self.work))
        self.write("fotad.conf", f"[serial]\nlock-directory={self.work}/lock\n{settings}")

    def write(self, name, text):
        with open(f"{self.work}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(f"{self.work}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, *argv, log=os.devnull, **environment):
        with open(log, "wb") as file:
            self.processes.append(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=file,
                                                   env={**os.environ, **environment}))
        return self.processes[-1]

    def make_package(self, revision=OLD, to=NEW, name=None):
        """Returns a package for modules with that revision."""
        file = f"{self.work}/www/{name or ('up.bin' if revision == OLD else f'{revision}.bin')}"
        subprocess.run([f"{self.build}/tests/sim/modsim", "--make-package", file, "--from", revision, "--to", to],
                       check=True)
        return file

    def serve(self):
        """Returns the address of the server, which has the package up.bin."""
        self.make_package()
        server = Server(("127.0.0.1", 0), lambda *a: Handler(*a, directory=f"{self.work}/www"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    def start_bus(self):
        self.run("dbus-daemon", "--nofork", "--config-file", f"{self.work}/bus.conf", "--print-address").stdout.readline()
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.work}/bus"

    def start(self, *modules):
        """Starts all of them. Returns the daemon, whose environment is then in self.environment."""
        self.start_bus()
        options = [word for module in modules for word in ("--module", module)]
        if self.user:
            options += ["--owners", f"{self.user}:{self.user}"]
        modsim = self.run(f"{self.build}/tests/sim/modsim", *options, "--control", f"{self.work}/sim",
                          "--die-with-parent", log=f"{self.work}/modsim.log")
        lines = list(iter(lambda: modsim.stdout.readline().decode().rstrip("\n") or "ready", "ready"))
        assert modsim.poll() is None and lines, f"modsim did not become ready: {self.read('modsim.log')}"
        self.environment = {"STATE_DIRECTORY": f"{self.work}/state", "RUNTIME_DIRECTORY": f"{self.work}/run",
                            **dict(line.split("=", 1) for line in lines if "=" in line)}
        return self.run(*self.rights, self.daemon_file, "--config", f"{self.work}/fotad.conf", log=f"{self.work}/fotad.log",
                        **self.environment)

    def command(self, *commands):
        """Has modsim carry the commands out. Returns the last answer."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(f"{self.work}/sim")
            answers = control.makefile()
            for line in commands:
                control.sendall(f"{line}\n".encode())
                answer = answers.readline()
                assert answer.startswith("ok"), f"{line}: {answer}"
        return answer[len("ok "):].strip()

    def ask(self, *words):
        """Returns the output of fotactl."""
        return subprocess.run([self.client, *words], capture_output=True, text=True, check=False).stdout

    def events(self):
        """Yields what fotactl monitor prints, from the call on: first the modules and jobs that are there."""
        monitor = self.run(self.client, "monitor", "--json")
        first = monitor.stdout.readline()

        def lines():
            yield json.loads(first)
            yield from map(json.loads, monitor.stdout)
        return lines()

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
        shutil.rmtree(self.work, ignore_errors=True)
