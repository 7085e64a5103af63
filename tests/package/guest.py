# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Debian in a directory with its own systemd (boot), and commands for it."""
import hashlib
import os
import shutil
import socket
import subprocess

# Logs and histories of dpkg and the journal, and files that are generated anew.
NOT_OURS = ("var/log", "var/lib/dpkg", "var/cache", "var/backups", "var/lib/systemd/catalog/database",
            "var/lib/systemd/deb-systemd-helper-masked", "var/lib/private", "srv", "mnt", "proc", "sys", "dev", "run", "tmp")
# The previous passwd and group, which the tools that change them keep; and their lock.
CHANGED = {f"etc/{name}" for name in ("passwd-", "group-", "shadow-", "gshadow-", ".pwd.lock", "subuid-", "subgid-")}


class Tree(dict):
    """Path to kind, mode and contents."""

    def differences(self, other):
        names = sorted(set(self) | set(other))
        return "\n".join(f"{name}: {other.get(name)} -> {self.get(name)}" for name in names
                         if self.get(name) != other.get(name))


def describe(path):
    if os.path.islink(path):
        return os.readlink(path)
    if os.path.isdir(path):
        return "directory"
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def tree(root):
    found = Tree()
    for directory, directories, files in os.walk(root):
        inside = os.path.relpath(directory, root)
        directories[:] = [d for d in directories if os.path.normpath(f"{inside}/{d}") not in NOT_OURS]
        for name in directories + files:
            path = os.path.normpath(f"{inside}/{name}")
            if path not in NOT_OURS and path not in CHANGED:
                found[path] = describe(f"{directory}/{name}")
    return found


class Guest:
    def __init__(self, root):
        self.root, self.process, self.init, self.log = root, None, None, f"{os.path.dirname(root)}/boot.log"
        self.monitors = []

    def boot(self):
        """Returns when the system is up."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, open(self.log, "wb") as log:
            ready.bind(f"{self.root}/srv/notify")
            ready.settimeout(120)
            self.process = subprocess.Popen([f"{os.path.dirname(os.path.abspath(__file__))}/boot", self.root], stdout=log,
                                            stderr=log, env={**os.environ, "NOTIFY_SOCKET": "/srv/notify"})
            while b"READY=1" not in ready.recv(4096).split(b"\n"):
                pass
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            self.init = children.read().split()[0]

    def end(self):
        if not self.process:
            return
        for monitor in self.monitors:
            monitor.kill()
        groups = [line.split(":", 2)[2].strip() for line in open(f"/proc/{self.init}/cgroup", encoding="utf-8")
                  if line.startswith("0:")]
        self.process.kill()
        self.process.wait()
        # Process 1 is dead, and so are all others; their control groups still exist.
        place = f"{self.root}/mnt"
        top = "/" + groups[0].strip("/").split("/")[0]
        subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t cgroup2 cgroup2 "$0" && find "$0$1" -depth -type d '
                        '-exec rmdir {} \\;', place, top], check=False, stderr=subprocess.DEVNULL)

    def argv(self, *argv, options=()):
        return ["nsenter", "--target", self.init, "--all", *options, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive", *argv]

    def say(self, *argv):
        """The output; the command must not fail."""
        done = subprocess.run(self.argv(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def install(self, debs):
        for deb in debs:
            shutil.copy(deb, f"{self.root}/srv")
        self.say("dpkg", "--install", *(f"/srv/{os.path.basename(deb)}" for deb in debs))

    def control(self, path, command):
        """A command for the simulator; returns with its answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(120)
            s.connect(path)
            s.sendall(f"{command}\n".encode())
            answer = s.makefile(encoding="utf-8").readline().strip()
        assert answer == "ok" or answer.startswith("ok "), f"{command}: {answer}"
        return answer.removeprefix("ok").strip()

    def monitor(self, match):
        """Records signals from now on."""
        # The process itself, not a child, which would outlive it.
        argv = self.argv("busctl", "--json=short", f"--match={match}", "monitor", options=["--no-fork"])
        monitor = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = monitor.stderr.readline()
        assert said.startswith("Monitoring bus message stream"), said
        self.monitors.append(monitor)
        return monitor

    def monitored(self, monitor):
        """The number of signals."""
        monitor.terminate()
        return len(monitor.communicate()[0].splitlines())

    def last_words(self):
        if not self.init:
            return ""
        done = subprocess.run(self.argv("journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic"), text=True,
                              stdout=subprocess.PIPE, check=False)
        return done.stdout
