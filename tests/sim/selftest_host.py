# SPDX-License-Identifier: LGPL-2.1-or-later
"""Parts of the simulator's test: a host that opens ttys, the control socket, servers."""

import os, re, select, socket, subprocess, sys, termios, threading, time, tty

MODSIM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "tests/sim/modsim")
passed = failed = 0


def check(ok, what):
    global passed, failed
    print("PASS" if ok else "FAIL", what, flush=True)
    passed, failed = passed + bool(ok), failed + (not ok)


class Sim:
    """The control socket; one connection for commands, one for each concurrent wait."""

    def __init__(self, path):
        self.path = path

    def ask(self, line, timeout=20):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(self.path)
            s.sendall(line.encode() + b"\n")
            with s.makefile() as f:
                return f.readline().rstrip("\n")

    def __call__(self, line, timeout=20):
        answer = self.ask(line, timeout)
        if not answer.startswith("ok"):
            raise RuntimeError(f"{line}: {answer or 'no answer'}")
        return answer[3:]


class Tty:
    def __init__(self, node):
        self.fd = os.open(node, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd, termios.TCSANOW)  # bytes that are there already must not be flushed
        self.seen = b""

    def read(self):
        """All bytes that are there; None after a hang-up."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        return data or None

    def until(self, pattern, timeout=10):
        """All bytes up to a match of `pattern` since the last one; raises at a hang-up."""
        end = time.monotonic() + timeout
        while not (m := re.search(pattern, self.seen, re.S)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"{pattern}: {self.seen[-200:]}")
            data = self.read()
            if data is None:
                raise EOFError(self.seen)
            self.seen += data
        text, self.seen = self.seen[: m.end()], self.seen[m.end():]
        return text

    def to_the_end(self):
        """All bytes until the tty hangs up."""
        while True:
            select.select([self.fd], [], [], 20)
            data = self.read()
            if data is None:
                os.close(self.fd)
                return self.seen
            self.seen += data

    def at(self, command, timeout=5):
        os.write(self.fd, command.encode() + b"\r")
        return self.until(rb"\r\n(OK|ERROR|\+CME ERROR: [^\r]*)\r\n", timeout).decode()

    def close(self):
        os.close(self.fd)


class Reader(threading.Thread):
    """Opens the AT port whenever it exists and collects every line, over all restarts."""

    def __init__(self, sim, module):
        super().__init__(daemon=True)
        self.sim, self.module, self.text, self.nodes = sim, module, b"", []
        self.stopped, self.stopper = os.pipe()
        self.start()

    def run(self):
        while not select.select([self.stopped], [], [], 0)[0]:
            count = int(self.sim(f"count {self.module} port-at"))
            node = self.sim(f"get {self.module} port-at")
            try:
                t = Tty(node)
            except OSError:
                self.sim(f"wait {self.module} port-at {count + 1}")
                continue
            self.nodes.append(node)
            while self.stopped not in select.select([t.fd, self.stopped], [], [])[0]:
                data = t.read()
                if data is None:
                    break
                self.text += data
            while data := t.read():  # the bytes that were there at the stop
                self.text += data
            t.close()

    def stop(self):
        os.write(self.stopper, b"x")
        self.join()


def fota(text):
    return [re.sub(r'"| ', "", l) for l in re.findall(rb'\+QIND: "FOTA",([^\r\n]*)\r\n', text) for l in [l.decode()]]


def servers(base):
    """lighttpd with and without TLS and an FTP server; returns ports and processes."""
    env = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "UMOCKDEV_DIR")}
    ports = []
    for _ in range(3):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            ports.append(s.getsockname()[1])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", f"{base}/key.pem",
                    "-out", f"{base}/crt.pem"], env=env, check=True, stderr=subprocess.DEVNULL)
    with open(f"{base}/pem", "w") as f:
        f.write(open(f"{base}/key.pem").read() + open(f"{base}/crt.pem").read())
    with open(f"{base}/conf", "w") as f:
        f.write(f'server.document-root = "{base}/www"\nserver.port = {ports[0]}\nserver.bind = "127.0.0.1"\nserver.stat-cache-engine = "disable"\n'
                f'server.modules = ("mod_openssl")\n$SERVER["socket"] == "127.0.0.1:{ports[1]}" {{ ssl.engine = "enable"\n'
                f'ssl.pemfile = "{base}/pem" }}\n')
    http = subprocess.Popen(["/usr/sbin/lighttpd", "-D", "-f", f"{base}/conf"], env=env)
    ftp = subprocess.Popen([sys.executable, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(ports[2]), "-d", f"{base}/www", "-u", "test",
                            "-P", "secret"], env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for port in ports:
        for _ in range(500):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            select.select([], [], [], 0.02)
    return ports, [http, ftp]


def start(sim, url, rest="", module="1-1"):
    """Sends AT+QFOTADL; returns the open tty."""
    t = Tty(sim(f"get {module} port-at"))
    answer = t.at(f'AT+QFOTADL="{url}"{rest}')
    if "OK" not in answer:
        raise RuntimeError(answer)
    return t
