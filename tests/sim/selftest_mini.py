# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of the simulator's test about MiniFOTA (guide 2.3.1.2 and 5)."""

import os, re, select, socket, subprocess, threading, time
import urllib.parse

from selftest_host import MODSIM, Reader, Tty, check, fota, start

M08, M08_NEW = "EC600MCNLER06A08M08", "EC600MCNLER06A09M08"
M04, M04_NEW = "EC800MCNGAR06A03M04", "EC800MCNGAR06A04M04"
K02, K02_NEW = "EG800KEUCCR07A07M02", "EG800KEUCCR07A08M02"
K04, K04_NEW = "EG800KEULCR07A07M04", "EG800KEULCR07A08M04"
FIRST = [f"UPDATING,{i}" for i in (2, 7, 13, 21, 30, 39, 49, 60)]
SECOND = [f"UPDATING,{i}" for i in (60, 64, 68, 76, 84, 92, 96)]
END = ["END,0"]


def package(base, name, *options, old=M08, new=M08_NEW):
    subprocess.run([MODSIM, "--from", old, "--to", new, "--make-package", f"{base}/www/{name}", *options], check=True)


def pair(base, stem, old=M08, new=M08_NEW):
    for n in (1, 2):
        package(base, f"{stem}.mini_{n}", old=old, new=new)


def make_packages(base):
    pair(base, "good")
    for stem, old, new in (("m04", M04, M04_NEW), ("k02", K02, K02_NEW), ("k04", K04, K04_NEW)):
        pair(base, stem, old, new)
    for name in ("magic", "truncated", "digest", "from", "project", "baseline", "flash"):
        package(base, f"{name}.mini_1", "--break", name)
        package(base, f"{name}.mini_2", "--break", name)
    package(base, "dfota.mini_1", "--mini", "0")
    package(base, "lonely.mini_1")


class Mini:
    """A MiniFOTA module and its packages; each test begins with the old revision in the normal system."""

    def __init__(self, sim, module, old, new, **settings):
        self.sim, self.module, self.old, self.new, self.settings, self.before = sim, module, old, new, settings, {}
        for key, value in settings.items():
            key = key.replace("_", "-")
            self.before[key] = self.get(key)
            self(f"set {{}} {key} {value}")
        self("set {} revision " + old)
        self.idle, self.restarts = self.count("idle"), int(self.get("restarts"))

    def __call__(self, line):
        return self.sim(line.format(self.module))

    def get(self, key):
        return self(f"get {{}} {key}")

    def count(self, event):
        return int(self(f"count {{}} {event}"))

    def start(self, url, rest=""):
        self.seen = {e: self.count(e) for e in ("retry", "gave-up", "bad-package", "header-mismatch", "header-matched", "mini", "mini-2", "never",
                                                "returned", "fetched", "stalled", "left", "end")}
        t = start(self.sim, url, rest, self.module)
        self.text = t.to_the_end()
        self.reader = Reader(self.sim, self.module)

    def read(self):
        """Goes on reading; the port is open on return."""
        opened = self.count("opened")
        self.reader = Reader(self.sim, self.module)
        self(f"wait {{}} opened {opened + 1}")

    def wait(self, event, more=1):
        """Waits until EVENT has happened so often since the upgrade began."""
        self(f"wait {{}} {event} {self.seen.get(event, 0) + more}")

    def happened(self, event):
        return self.count(event) - self.seen[event]

    def restarted(self):
        return int(self.get("restarts")) - self.restarts

    def restore(self):
        for key, value in self.before.items():
            self(f"set {{}} {key} {value}")

    def over(self):
        """The URCs, after the upgrade is idle again."""
        self(f"wait {{}} idle {self.idle + 1}")
        self.reader.stop()
        self.restore()
        self.text += self.reader.text
        return fota(self.text)


def success(sim, http, base):
    print("--- MiniFOTA")
    m = Mini(sim, "1-2", M08, M08_NEW)
    points = ("off:1", "mini", "mini-1:2k", "mini-1:50", "mini-1-done", "off:2", "updater", "updating:30", "update-1-done", "off:3", "mini-2",
              "updating:76", "end", "ended", "off:4")
    for point in points:
        m(f"hold {{}} {point}")
    m.start(f"{http}/good.mini_1", ",0,50")
    seen = []
    for point in points:
        at = m("held {}")
        seen.append((at, m.get("system"), m.get("stage"), m.get("header-matched"), m.get("revision") == M08_NEW))
        m("release {}")
    lines = m.over()
    expect = [("off:1", "off", "mini-1", "0", False), ("mini", "mini", "mini-1", "0", False), ("mini-1:2k", "mini", "mini-1", "0", False),
              ("mini-1:50", "mini", "mini-1", "1", False), ("mini-1-done", "mini", "mini-1", "1", False), ("off:2", "off", "update-1", "1", False),
              ("updater", "updater", "update-1", "1", False), ("updating:30", "updater", "update-1", "1", False),
              ("update-1-done", "updater", "update-1", "1", False), ("off:3", "off", "mini-2", "1", False), ("mini-2", "mini", "mini-2", "1", False),
              ("updating:76", "mini", "mini-2", "1", False), ("end", "mini", "mini-2", "1", False), ("ended", "mini", "none", "1", True),
              ("off:4", "off", "none", "1", True)]
    check(seen == expect, f"holds, systems and stages in order: {[(a, b) for a, b in zip(seen, expect) if a != b]}")
    check(lines == FIRST + SECOND + ["END,0"], f"UPDATING and END alone: {lines}")
    check(m.restarted() == 4 and m.get("fetches") == "2" and m.get("qfotadl-parameters") == "3", "four restarts, two fetches, three parameters")
    check(m.text.count(b"\r\nRDY\r\n") == 3, "RDY in each Mini system and in the end")
    check(m.get("revision") == M08_NEW and m.get("upgrading") == "0" and m.get("system") == "normal", "new revision")
    sha = subprocess.run(["sha256sum", f"{base}/www/good.mini_2"], capture_output=True, text=True).stdout.split()[0]
    check(m.get("fetched-sha256") == sha, "the .mini_2 was fetched last")


def refusals(sim, http, https, ftp):
    print("--- MiniFOTA: what AT+QFOTADL takes")
    long = "http://127.0.0.1/" + "x" * (128 - len("http://127.0.0.1/.mini_1")) + ".mini_1"
    for module, url, takes in (("1-2", "http://x/y.bin", False), ("1-2", "http://x/y.mini_2", False), ("1-2", "http://x/y.mini_1.zip", False),
                               ("1-2", long, True), ("1-2", long.replace("xx", "xxx", 1), False), ("1-2", "FILE:1000", False),
                               ("1-2", "https://x/y.mini_1", False), ("1-2", "ftp://x/y.mini_1", True), ("1-5", "ftp://x/y.mini_1", False),
                               ("1-6", "ftp://x/y.mini_1", False), ("1-2", "http://x/y.mini_1", True)):
        t = Tty(sim(f"get {module} port-at"))
        sim(f"set {module} qfotadl silent")
        idle = int(sim(f"count {module} idle"))
        os.write(t.fd, f'AT+QFOTADL="{url}"\r'.encode())
        if takes:
            sim(f"wait {module} idle {idle + 1}")
            check("OK" in t.at("AT") and sim(f"get {module} upgrading") == "0", f"taken: {url[:30]}")
        else:
            check(b"ERROR" in t.until(rb"ERROR[^\r]*\r\n"), f"refused: {url[:30]}")
        sim(f"set {module} qfotadl ok")
        t.close()
    for module, takes in (("1-2", True), ("1-6", False)):
        sim(f"set {module} https 1")
        sim(f"set {module} qfotadl no-ok")
        sim(f"set {module} after-ok nothing")
        t = Tty(sim(f"get {module} port-at"))
        n = int(sim(f"count {module} qfotadl"))
        os.write(t.fd, b'AT+QFOTADL="https://x/y.mini_1",9,3,101,7\r')
        sim(f"wait {module} qfotadl {n + 1}")
        check(sim(f"get {module} upgrading") == str(int(takes)), f"https=1: {'taken' if takes else 'but not with 2 MB'}")
        check(sim(f"get {module} qfotadl-parameters") == "5", "parameters are counted and, if it is taken, ignored")
        for key in ("qfotadl ok", "after-ok go", "https 0"):
            sim(f"set {module} {key}")
        t.close()
        idle = int(sim(f"count {module} idle"))
        sim(f"power-cut {module}")
        sim(f"wait {module} idle {idle + 1}")
    t = Tty(sim("get 1-2 port-at"))
    check("+CMGF: 0" in t.at("AT+CMGF?") and "OK" in t.at("AT+CMGF=1") and "+CMGF: 1" in t.at("AT+CMGF?") and "+CPMS:" in t.at("AT+CPMS?"), "SMS commands")
    sim("set 1-2 sms 0")
    check("ERROR" in t.at("AT+CMGF?"), "sms=0: no SMS commands")
    sim("set 1-2 sms 1")
    check("+CGREG: 0,1" in t.at("AT+CGREG?") and "+COPS: 0,0" in t.at("AT+COPS?"), "AT+CGREG?, AT+COPS?")
    t.close()


def answers(t, *commands):
    return ["OK" if "OK" in (a := t.at(c)) else "ERROR" for c in commands]


def systems(sim, http):
    print("--- the Mini system as the host sees it")
    m = Mini(sim, "1-5", M04, M04_NEW)
    m("hold {} mini")
    m("hold {} updater")
    m.start(f"{http}/m04.mini_1")
    m("held {} mini")
    m.reader.stop()
    with open("/sys/bus/usb/devices/1-5/idProduct") as f:
        check(f.read().strip() == "6001" and m.get("port-at") and not m.get("port-modem") and not m.get("port-diag"), "mini-pid, mini-ports")
    t = Tty(m.get("port-at"))
    yes = ["AT", "ATE0", "ATV1", "ATQ0", "ATZ", "AT+CMEE=1", "AT+CREG?", "AT+CEREG?", "AT+CGREG?", "AT+CSQ", "AT+CPIN?", "AT+COPS?", "AT+QFOTADL=?"]
    no = ["ATI", "AT+GMR", "AT+CGMR", "AT+QGMR", "AT+CGSN", "AT+CGMM", "AT+CFUN?", "AT+CFUN=1,1", "AT+CMGF?", "AT+CPMS?", "AT+QIACT?", "ATH", "AT&F",
          'AT+QURCCFG="urcport"', 'AT+QFLDS="UFS"', "AT+CSUB=?"]
    check(answers(t, *yes) == ["OK"] * len(yes), "commands that it has")
    check(answers(t, *no) == ["ERROR"] * len(no), f"commands that it has not: {answers(t, *no)}")
    for setting, command, want in (("mini-revision same", "ATI", M04), ("mini-revision something", "AT+QGMR", "\r\nsomething\r\n"),
                                   ("mini-revision same", "AT+QGMR", M04 + "_01"), ("mini-revision new", "AT+GMR", M04), ("mini-imei 1", "AT+CGSN", "8677"),
                                   ("mini-at full", "AT+CFUN?", "+CFUN: 1"), ("mini-revision", "AT+CGMR", M04), ("mini-sms 1", "AT+CMGF?", "+CMGF: 0")):
        m("set {} " + setting)
        check(want in t.at(command), f"{setting}: {command}")
    m("set {} mini-revision new")
    t.close()
    m("hold {} mini-2")
    m("release {} mini")
    m("held {} updater")
    check(m.get("port-at") == "" and os.path.exists("/sys/bus/usb/devices/1-5"), "updater-ports none")
    m("release {} updater")
    m("held {} mini-2")
    t = Tty(m.get("port-at"))
    check(M04_NEW in t.at("AT+GMR") and M04_NEW + "_01.001" in t.at("AT+QGMR"), "mini-revision new: the package's, in the new Mini system")
    t.close()
    for setting in ("mini-at upgrade", "mini-revision", "mini-imei 0", "mini-sms 0"):
        m("set {} " + setting)
    m.read()
    m("release {} mini-2")
    check(m.over() == SECOND + END and m.get("revision") == M04_NEW, "and it went on")

    m = Mini(sim, "1-6", K02, K02_NEW)
    m("hold {} mini")
    m("hold {} updater")
    m.start(f"{http}/k02.mini_1")
    m("held {} mini")
    t = Tty(m.get("port-modem"))
    n = m.count("rx-modem")
    os.write(t.fd, b"AT\r")
    check(m.get("port-at") and not m.get("port-diag"), "ports of mini-ports")
    m("release {} mini")
    m("held {} updater")
    check(t.to_the_end() == b"" and m.count("rx-modem") == n, "mini-at none: silence")
    check(m.get("system") == "updater" and not os.path.exists("/sys/bus/usb/devices/1-6"), "updater-usb 0: not on the bus")
    m("release {} updater")
    check(m.over() == SECOND + END and m.get("revision") == K02_NEW and m.restarted() == 4, "and it went on")

    m = Mini(sim, "1-7", K04, K04_NEW)
    points = ("mini", "mini-1:50", "updater", "mini-2")
    for point in points:
        m(f"hold {{}} {point}")
    m.start(f"{http}/k04.mini_1")
    seen = []
    for point in points:
        m("held {} " + point)
        seen.append((m.get("system"), os.path.exists("/sys/bus/usb/devices/1-7")))
        m("release {}")
    check(seen == [("mini", False), ("mini", False), ("updater", True), ("mini", False)], f"mini-usb 0: seen in the updater alone {seen}")
    check(m.over() == FIRST + END[:0] and m.get("revision") == K04_NEW and m.restarted() == 4 and m.happened("left") == 2, "and it went on, END unheard")


def back_again(sim, http, ftp):
    print("--- scenarios 1 and 2: back to the normal system")
    for url, tries in ((f"{http}/none.mini_1", 3), ("http://127.0.0.1:1/x.mini_1", 2), (f"{http}/a b.mini_1", 1), (f"{ftp}/none.mini_1", 3),
                       (f"{ftp}/a/good.mini_1", 1)):
        m = Mini(sim, "1-2", M08, M08_NEW, mini_tries=tries)
        m.start(url)
        lines = m.over()
        check(lines == [] and m.happened("gave-up") == 1 and m.get("fetches") == str(tries) and m.happened("retry") == tries - 1 and m.restarted() == 2
              and m.get("revision") == M08 and m.get("stage") == "none", f"nothing there, {tries} tries: {url[:40]}")
    m = Mini(sim, "1-2", M08, M08_NEW, mini_tells=1, mini_tries=2)
    m.start(f"{http}/none.mini_1")
    check(m.over() == ["HTTPEND,711"] * 2, "mini-tells: HTTPEND,711 for each try")
    m = Mini(sim, "1-2", M08, M08_NEW, registered=2)
    m.start(f"{http}/good.mini_1")
    check(m.over() == [] and m.happened("gave-up") == 1 and m.get("revision") == M08, "no network")
    for name, code in (("from", 507), ("project", 552), ("baseline", 553), ("magic", 505), ("dfota", 505)):
        m = Mini(sim, "1-2", M08, M08_NEW, mini_tells=int(name != "magic"))
        m.start(f"{http}/{name}.mini_1")
        lines = m.over()
        check(lines == [f"END,{code}"] * (name != "magic") and m.happened("header-mismatch") == m.happened("gave-up") == 1 and m.get("fetches") == "1"
              and m.restarted() == 2 and m.get("revision") == M08 and m.get("header-matched") == "0", f"wrong header: {name} {lines}")
    for url, end in ((f"{http}/none.mini_1", "HTTPEND,711"), (f"{ftp}/none.mini_1", "FTPEND,611")):
        m = Mini(sim, "1-2", M08, M08_NEW, mini_probes_url=1)
        t = start(sim, url, module="1-2")
        m(f"wait {{}} idle {m.idle + 1}")
        t.until(re.escape(end.replace(",", '",')).encode() + rb"\r\n")
        check(m.restarted() == 0 and m.get("upgrading") == "0", f"mini-probes-url: {end} in the normal system")
        t.close()
        m.restore()
    m = Mini(sim, "1-2", M08, M08_NEW, mini_probes_url=1)
    m.start(f"{http}/good.mini_1")
    check(m.over() == FIRST + SECOND + END and m.get("revision") == M08_NEW, "mini-probes-url: a URL that is good")


class Half(threading.Thread):
    """A server that breaks off in the middle as often as requested, then works."""

    def __init__(self, base, times):
        super().__init__(daemon=True)
        self.base, self.times, self.served = base, times, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            path = s.recv(4096).split()[1].decode()
            with open(f"{self.base}/www{path}", "rb") as f:
                body = f.read()
            self.served.append(path)
            self.times -= 1
            s.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + (body[:len(body) // 2] if self.times >= 0 else body))
            s.close()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()


def for_ever(sim, http, base):
    print("--- scenarios 3 and 4: in the Mini system until all is right")
    for restarts in (0, 1):
        m = Mini(sim, "1-2", M08, M08_NEW, mini_retry_restarts=restarts, mini_retry=5)
        m("hold {} mini-1:50")
        m.start(f"{http}/good.mini_1")
        m("held {}")
        m("release {}") if restarts else None
        m("hold {} retry")
        m("set {} registered 2")
        m("held {} retry")
        m("release {} retry")
        m.wait("retry", 6)
        check(m.get("stage") == "mini-1" and m.get("system") in ("mini", "off") and m.get("header-matched") == "1" and int(m.get("fetches")) >= 5,
              "the network goes: it stays and tries again")
        check((m.restarted() > 4) == bool(restarts), f"mini-retry-restarts {restarts}")
        m("release {} mini-1:50") if not restarts else None
        m("set {} registered 1")
        lines = m.over()
        check(lines == FIRST + SECOND + END and m.get("revision") == M08_NEW and m.happened("gave-up") == 0, f"the network comes back: it is finished {lines}")

    half = Half(base, 3)
    m = Mini(sim, "1-2", M08, M08_NEW)
    m.start(f"{half.url}/good.mini_1")
    lines = m.over()
    half.stop()
    check(lines == FIRST + SECOND + END and half.served == ["/good.mini_1"] * 4 + ["/good.mini_2"], "the server breaks off three times")

    for name in ("digest", "truncated"):
        package(base, "later.mini_1", "--break", name)
        package(base, "later.mini_2")
        m = Mini(sim, "1-2", M08, M08_NEW)
        m.start(f"{http}/later.mini_1")
        m.wait("bad-package", 3)
        check(m.restarted() >= 3 and m.get("stage") == "mini-1", f"package broken by {name}: it restarts and fetches it again")
        package(base, "later.mini_1")
        check(m.over() == FIRST + SECOND + END and m.get("revision") == M08_NEW, "until a right one is there")
    package(base, "later.mini_1", "--break", "digest")
    m = Mini(sim, "1-2", M08, M08_NEW)
    m.start(f"{http}/later.mini_1")
    m.wait("bad-package")
    package(base, "later.mini_1", "--break", "from")
    m.wait("header-mismatch", 2)
    package(base, "later.mini_1")
    check(m.over() == FIRST + SECOND + END and m.happened("gave-up") == 0, "a wrong header after a right one: there is no way back")

    os.unlink(f"{base}/www/later.mini_2")
    m = Mini(sim, "1-2", M08, M08_NEW, mini_retry=5)
    m.start(f"{http}/later.mini_1")
    m.wait("retry", 8)
    check(m.get("stage") == "mini-2" and m.get("system") == "mini" and m.restarted() == 3, "no .mini_2: it stays in the new Mini system")
    package(base, "later.mini_2", new=M08)
    m.wait("bad-package", 2)
    package(base, "later.mini_2", "--break", "digest")
    m.wait("bad-package", 5)
    check(m.get("stage") == "mini-2" and m.restarted() == 3 and m.get("revision") == M08, "one to another target, a spoilt one: the same")
    package(base, "later.mini_2")
    lines = m.over()
    check(lines[:8] == FIRST and lines[-8:] == SECOND + END and lines[8:-8] and set(lines[8:-8]) <= set(SECOND) and m.get("revision") == M08_NEW,
          "until it is there; UPDATING began at 60 each time")
    m = Mini(sim, "1-2", M08, M08_NEW)
    m("hold {} updating:76")
    m.start(f"{http}/good.mini_1")
    m("held {}")
    m("set {} registered 0")
    m("release {} updating:76")
    m.wait("retry", 2)
    m("set {} registered 1")
    lines = m.over()
    check(lines == FIRST + SECOND[:4] + SECOND + END, f"the network goes and comes in the middle of .mini_2: {lines}")
    package(base, "flashes.mini_1", "--break", "flash")
    package(base, "flashes.mini_2")
    m = Mini(sim, "1-2", M08, M08_NEW)
    m("hold {} ended")
    m.start(f"{http}/flashes.mini_1")
    m("held {}")
    package(base, "flashes.mini_1")
    m("release {}")
    lines = m.over()
    check(lines == FIRST[:5] + ["END,504"] + FIRST + SECOND + END, f"the updater fails: back to the old Mini system, and again: {lines}")


def again(sim, http):
    print("--- AT+QFOTADL in the Mini system")
    m = Mini(sim, "1-2", M08, M08_NEW, mini_retry=20)
    m("hold {} mini-1:50")
    m.start(f"{http}/good.mini_1")
    m("held {}")
    m("set {} registered 0")
    m.wait("retry", 2)
    m("release {} mini-1:50")
    m.reader.stop()
    t = Tty(m.get("port-at"))
    check("ERROR" in t.at(f'AT+QFOTADL="{http}/good.bin"'), "its rules are the same")
    m("set {} registered 1")
    m("hold {} retry")
    check("OK" in t.at(f'AT+QFOTADL="{http}/lonely.mini_1",0,50'), "taken in the old Mini system")
    t.close()
    m.read()
    m("release {} retry")
    m.wait("retry", 5)
    check(m.get("stage") == "mini-2" and m.get("last-qfotadl").endswith("lonely.mini_1"), "it went on with that .mini_1, and wants its .mini_2")
    m.reader.stop()
    t = Tty(m.get("port-at"))
    m("hold {} accepted")
    check("OK" in t.at(f'AT+QFOTADL="{http}/good.mini_1"'), "taken in the new Mini system")
    t.close()
    m("held {} accepted")
    m.read()
    m("release {} accepted")
    lines = m.over()
    check(lines[-1:] == END and m.get("revision") == M08_NEW and m.restarted() == 4, "it took the .mini_2 of that name")
    check(m.get("qfotadl-count") != "0" and m.get("fetched-bytes") != "0", "counted")


def carriers(sim, https, ftp):
    print("--- MiniFOTA over FTP and HTTPS")
    for name, url in (("FTP", ftp), ("HTTPS", https)):
        m = Mini(sim, "1-2", M08, M08_NEW, https=1)
        m.start(f"{url}/good.mini_1")
        check(m.over() == FIRST + SECOND + END and m.get("revision") == M08_NEW, f"an upgrade over {name}")


def is_part(some, whole):
    """True if `some` are `whole` with a few missing."""
    whole = iter(whole)
    return all(x in whole for x in some)


def faults(sim, http):
    print("--- MiniFOTA: faults that it shares with DFOTA")
    whole = FIRST + SECOND + END
    for key, value, expect in (("lost", "updating", END), ("lost", "end", FIRST + SECOND), ("end_twice", "1", whole + END), ("mute", "30", whole),
                               ("urc_write", "split", whole), ("urc_write", "coalesced", whole), ("noise", "1", whole), ("hangup", "after", whole),
                               ("mini_updating", "5-8", [f"UPDATING,{i}" for i in range(5, 9)] + SECOND + END), ("new_imei", "867713050000099", whole),
                               ("revision_after", "unchanged", whole)):
        m = Mini(sim, "1-2", M08, M08_NEW, **{key: value})
        imei = m.get("imei")
        m.start(f"{http}/good.mini_1")
        lines = m.over()
        check(lines == expect and (m.get("revision") == M08_NEW) == (key != "revision_after") and (m.get("imei") != imei) == (key == "new_imei"),
              f"{key} {value}: {lines[:1]} .. {lines[-2:]}")
        m(f"set {{}} imei {imei}")


def power(sim, http, base):
    print("--- power")
    for cut, before in (("mini-1:50", []), ("updating:30", FIRST[:5]), ("updating:76", FIRST + SECOND[:4]), ("ended", FIRST + SECOND + END)):
        m = Mini(sim, "1-2", M08, M08_NEW, cut=cut)
        m.start(f"{http}/good.mini_1")
        got = m.over()
        after = FIRST + SECOND + END if not before else FIRST[4:] + SECOND + END if cut == "updating:30" else SECOND + END if before[-1:] != END else []
        # Output that was printed and not read before the power failed is lost.
        rest = got[:len(got) - len(after)]
        check(got[len(rest):] == after and is_part(rest, before) and m.get("revision") == M08_NEW and m.restarted() == (4 if cut == "ended" else 5),
              f"power fails at {cut}: {got}")
    for stall in ("mini-1:30", "updating:39", "updating:84"):
        m = Mini(sim, "1-2", M08, M08_NEW, stall=stall)
        m.start(f"{http}/good.mini_1")
        m.wait("stalled")
        m("set {} stall")
        m("power-cut {}")
        check(m.over()[-1:] == END and m.get("revision") == M08_NEW, f"it stalls at {stall}, power is switched off and on")
    for way, system in (("never", "off"), ("diag", "crashed"), ("boot-rom", "boot-rom")):
        m = Mini(sim, "1-2", M08, M08_NEW, **{"return": way, "return-at": 3})
        m.start(f"{http}/good.mini_1")
        m.wait(*(("never", 1) if way == "never" else ("returned", 3)))
        check(m.get("system") == system and m.get("stage") == "mini-2", f"comes back: {way}")
        m("set {} return normal")
        m("power-cut {}")
        check(m.over()[-8:] == SECOND + END and m.get("revision") == M08_NEW, "and in the end as it should")

    quick = dict(mini_updating="30/60", mini_updating_2="60/96", mini_boot_urcs="", boot_urcs="RDY", off=1, boot=1, step=1, start_delay=1, check=1,
                 linger=1, update_step=1, updating="50/91", mini_retry=1)
    for name, module, url, old, new in (("MiniFOTA", "1-2", f"{http}/good.mini_1", M08, M08_NEW),
                                        ("DFOTA", "1-1", f"{http}/good.bin", "EC200AEUHAR01A02M16", "EC200AEUHAR01A03M16")):
        m = Mini(sim, module, old, new, **quick)

        def run(cut):
            m(f"set {{}} revision {old}")
            m(f"set {{}} cut-step {cut}")
            idle = m.count("idle")
            t = Tty(m.get("port-at"))
            os.write(t.fd, f'AT+QFOTADL="{url}",0,5\r'.encode())
            t.to_the_end()
            m(f"wait {{}} idle {idle + 1}")
            return m.get("revision") == new, int(m.get("steps")), m.get("cut-step")

        done, steps, _ = run(0)
        check(done and 10 < steps < 60 and run(0)[1] == steps, f"{name} takes {steps} steps, each time")
        done = [run(cut) for cut in range(1, steps + 1)]
        first = [d for d, _, _ in done].index(True)
        check(all(left == "0" for _, _, left in done), "power failed at each of them")
        check(all(d for d, _, _ in done[first:]) and first < (3 if module == "1-2" else 16), f"{name}: nothing happened up to step {first}, all went well after: {[d for d, _, _ in done]}")
        m.restore()


def everything(sim, http, https, ftp, base):
    success(sim, http, base)
    refusals(sim, http, https, ftp)
    systems(sim, http)
    back_again(sim, http, ftp)
    for_ever(sim, http, base)
    again(sim, http)
    carriers(sim, https, ftp)
    faults(sim, http)
    power(sim, http, base)
