# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual machine (image made its disk), and commands for it and for the simulator."""
import json
import os
import socket
import subprocess
import threading


class Lines:
    """A Unix socket's address."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(None)
        self.file = self.socket.makefile(encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, text):
        with self.lock:
            self.socket.sendall(f"{text}\n".encode())

    def close(self):
        self.socket.close()


def listen(path):
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen()
    door.settimeout(60)
    return door


class Machine:
    def __init__(self, image, directory):
        self.image, self.directory = image, directory
        self.answers, self.condition, self.asked, self.lives = {}, threading.Condition(), 0, 0
        self.process = self.agent = self.monitor = None

    # ---- its life

    def path(self, name):
        return f"{self.directory}/{name}"

    def boot(self):
        """Returns when the units of multi-user.target have started."""
        argv = ["setpriv", "--pdeathsig=KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
                "-M", "q35", "-m", "1024", "-accel", "tcg,thread=multi", "-smp", "2", "-kernel", f"{self.image}/kernel/vmlinux",
                "-initrd", f"{self.image}/start.cpio", "-device", "virtio-rng-pci", "-serial", f"file:{self.path('console')}",
                # Written for this run alone, and kept over its resets.
                "-drive", f"file={self.image}/disk,if=none,id=disk,format=raw,snapshot=on,cache=writeback",
                "-device", "virtio-blk-pci,drive=disk", "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net",
                "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={self.path('agent')}",
                "-device", "virtserialport,chardev=agent,name=agent",
                "-qmp", f"unix:{self.path('qmp')}",
                "-append", "console=ttyS0 panic=-1 mitigations=off net.ifnames=0 quiet systemd.show_status=0"]
        doors = [listen(self.path(name)) for name in ("agent", "qmp")]
        with open(self.path("qemu"), "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            env={**os.environ, "TMPDIR": self.directory})
        try:
            self.agent, self.monitor = (Lines(door.accept()[0]) for door in doors)
        except TimeoutError as error:
            with open(self.path("qemu"), encoding="utf-8") as log:
                raise AssertionError(log.read()) from error
        self.monitor.file.readline()
        self.qmp("qmp_capabilities")
        threading.Thread(target=self.read_answers, daemon=True).start()
        return self.await_boot(1)

    def await_boot(self, lives, timeout=180):
        """Returns the seconds of its own clock that it took."""
        with self.condition:
            assert self.condition.wait_for(lambda: self.lives >= lives, timeout), self.last_words()
        self.run("systemctl", "is-system-running", "--wait", timeout=180)
        return float(self.run("cat", "/proc/uptime").split()[0])

    def cut_power(self):
        """Data that was not written through to the disk is lost. Returns when the machine is up again."""
        lives = self.lives
        self.qmp("system_reset")
        return self.await_boot(lives + 1)

    def qmp(self, command):
        self.monitor.write(json.dumps({"execute": command}))
        while "return" not in json.loads(self.monitor.file.readline()):
            pass

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def last_words(self):
        with open(self.path("console"), encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    # ---- commands in it

    def read_answers(self):
        for line in self.agent.file:
            try:
                answer = json.loads(line[line.index("{"):])
            except ValueError:
                continue  # a reset in the middle of a command
            with self.condition:
                if answer["id"] == 0:
                    self.lives += 1
                self.answers[answer["id"]] = answer
                self.condition.notify_all()

    def begin(self, *argv, timeout=120):
        self.asked += 1
        self.agent.write(json.dumps({"id": self.asked, "argv": argv, "timeout": timeout}))
        return Command(self, self.asked, argv, timeout)

    def run(self, *argv, status=0, timeout=120):
        """The output; the command must end with that status, None for any."""
        return self.begin(*argv, timeout=timeout).finish(status)

    def shell(self, script, status=0, timeout=120):
        return self.run("bash", "-c", script, status=status, timeout=timeout)

    def write(self, path, text):
        self.run("bash", "-c", 'mkdir -p "${1%/*}" && printf %s "$2" >"$1" && sync "$1"', "sh", path, text)


class Command:
    def __init__(self, machine, number, argv, timeout):
        self.machine, self.number, self.argv, self.timeout = machine, number, argv, timeout

    def finish(self, status=0):
        m = self.machine
        with m.condition:
            done = m.condition.wait_for(lambda: self.number in m.answers, self.timeout + 30)
        assert done, f"{self.argv}: no answer\n{m.last_words()}"
        answer = m.answers.pop(self.number)
        assert status is None or answer["status"] == status, f"{self.argv}: {answer['status']}\n{answer['output'][-3000:]}"
        return answer["output"]


class Simulator:
    """On this side: a reset of the machine does not affect the modules."""

    def __init__(self, program, directory, machine, *modules, decoys=()):
        self.machine, self.control_path, self.log = machine, f"{directory}/modsim", f"{directory}/modsim.log"
        argv = [program, "--die-with-parent", "--control", self.control_path, "--log", self.log]
        for module in modules:
            argv += ["--module", module]
        for decoy in decoys:
            argv += ["--decoy", decoy]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            port = self.process.stdout.readline().strip().removeprefix("USB_PORT=")
            assert self.process.stdout.readline() == "ready\n"
            machine.write("/etc/usb.port", port)
            machine.run("systemctl", "restart", "usb")
        except AssertionError:
            self.process.kill()
            raise

    def ask(self, command, timeout=180):
        """A command for the control socket, which is answered when it has taken effect."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(self.control_path)
            s.sendall(f"{command}\n".encode())
            answer = s.makefile(encoding="utf-8").readline().strip()
        assert answer == "ok" or answer.startswith("ok "), f"{command}: {answer}"
        return answer.removeprefix("ok").strip()

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.machine.shell("rm /etc/usb.port; systemctl stop usb; udevadm settle")
