# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of the simulator's test about packages that the host sends (guide 3.3.1.3)."""

import fcntl, hashlib, os, re, select, struct, subprocess, termios, time

from selftest_host import MODSIM, Reader, Tty, check, fota

OLD, NEW = "EC200AEUHAR01A02M16", "EC200AEUHAR01A03M16"


class Module:
    """A module for one test: its settings are restored, its events are recorded."""

    def __init__(self, sim, module="1-1", revision=OLD, **settings):
        self.sim, self.module, self.before = sim, module, {}
        for key, value in settings.items():
            self.set(key.replace("_", "-"), value)
        self.set("revision", revision)
        self.marks = {e: self.count(e) for e in ("idle", "left", "returned", "filestart", "fileend", "stalled", "file:40")}

    def __call__(self, line):
        return self.sim(line.format(self.module))

    def get(self, key):
        return self(f"get {{}} {key}")

    def number(self, key):
        return int(self.get(key))

    def count(self, event):
        return int(self(f"count {{}} {event}"))

    def set(self, key, value):
        self.before.setdefault(key, self.get(key))
        self(f"set {{}} {key} {value}")

    def since(self, event):
        return self.count(event) - self.marks[event]

    def wait(self, event, n=1):
        self(f"wait {{}} {event} {self.marks[event] + n}")

    def end(self):
        for key, value in self.before.items():
            self(f"set {{}} {key} {value}")

    def open(self, crtscts=True):
        t = Tty(self.get("port-at"))
        modes = termios.tcgetattr(t.fd)
        modes[2] = modes[2] | termios.CRTSCTS if crtscts else modes[2] & ~termios.CRTSCTS
        termios.tcsetattr(t.fd, termios.TCSANOW, modes)
        return t

    def start(self, length, rest=",1,50", crtscts=True):
        """The tty after FILESTART."""
        t = self.open(crtscts)
        answer = t.at(f'AT+QFOTADL="FILE:{length}"{rest}')
        if "OK" not in answer:
            raise RuntimeError(answer)
        t.until(b'FILESTART"\r\n')
        return t


def outq(t):
    return struct.unpack("i", fcntl.ioctl(t.fd, termios.TIOCOUTQ, b"\0\0\0\0"))[0]


def send(t, data, chunk=1000):
    """Sends all bytes, as fast as the line takes them; the module's output meanwhile is in t.seen."""
    while data:
        readable, writable, _ = select.select([t.fd], [t.fd], [], 20)
        if readable:
            t.seen += t.read() or b""
        if writable:
            data = data[os.write(t.fd, data[:chunk]):]
        elif not readable:
            raise TimeoutError("the line is held up")


def send_until_full(t, data):
    """Sends as much as the line takes at once; returns the number of bytes."""
    done = 0
    try:
        while done < len(data):
            done += os.write(t.fd, data[done:done + 1000])
    except BlockingIOError:
        pass
    return done


def send_paced(t, data, rate, chunk=32):
    """Sends evenly; the next write is due by the clock, and never two at once."""
    due = time.monotonic()
    for i in range(0, len(data), chunk):
        while (now := time.monotonic()) < due:
            if select.select([t.fd], [], [], due - now)[0]:
                t.seen += t.read() or b""
        due = max(due, now - 0.01) + chunk / rate
        os.write(t.fd, data[i:i + chunk])


def package(base, name, size):
    subprocess.run([MODSIM, "--from", OLD, "--to", NEW, "--make-package", f"{base}/www/{name}", "--size", str(size)], check=True)
    with open(f"{base}/www/{name}", "rb") as f:
        return f.read()


def everything(sim, base):
    big, small = package(base, "big.bin", 300000), package(base, "small.bin", 6000)
    commands(sim)
    whole(sim, big)
    without_flow_control(sim, small)
    queue(sim)
    stalls(sim)
    holds(sim, small)
    cuts(sim)
    lengths(sim, small)


def commands(sim):
    print("--- FILE: commands")
    for command, key, read in (('AT+QCFG="usbifc",{}', "usbifc", ('AT+QCFG="usbifc"', '+QCFG: "usbifc",{}')), ("AT+IFC={}", "ifc", ("AT+IFC?", "+IFC: {}"))):
        m = Module(sim)
        m.before.update({key: "0,0", f"{key}-answer": "ok"})
        t = m.open()
        check(m.get(key) == "0,0" and read[1].format("0,0") + "\r\n" in t.at(read[0]), f"{key} is 0,0 at first")
        check("OK" in t.at(command.format("2,2")) and m.get(key) == "2,2" and read[1].format("2,2") + "\r\n" in t.at(read[0]), f"{key} is set")
        check(all("ERROR" in t.at(command.format(bad)) for bad in ("1,2", "2,3", "2", "2,2,2", "x,2")) and m.get(key) == "2,2", f"{key} refuses nonsense")
        m.set(f"{key}-answer", "error")
        check("ERROR" in t.at(command.format("0,0")) and m.get(key) == "2,2", f"{key}-answer error")
        m.set(f"{key}-answer", "ignored")
        check("OK" in t.at(command.format("0,0")) and m.get(key) == "2,2", f"{key}-answer ignored")
        t.close()
        sim("power-cut 1-1")
        m.wait("idle")
        check(m.get(key) == "2,2", f"{key} is kept over a power cut")
        m.end()
    m = Module(sim)
    t = m.open(False)
    check(m.get("crtscts") == "0", "the host's CRTSCTS is off")
    t.close()
    t = m.open(True)
    check(m.get("crtscts") == "1", "and on")
    check("+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)\r\n" in t.at("AT+QFOTADL=?"), "AT+QFOTADL=?")
    m.set("qfotadl-test", "+QFOTADL: <url>,(0),(0,5-50),(0,5-100)")
    check("\r\n+QFOTADL: <url>,(0),(0,5-50),(0,5-100)\r\n\r\nOK\r\n" in t.at("AT+QFOTADL=?"), "its line as set")
    m.set("qfotadl-test", "ok")
    check("QFOTADL: " not in t.at("AT+QFOTADL=?"), "a bare OK")
    m.set("qfotadl-test", "error")
    check("ERROR" in t.at("AT+QFOTADL=?"), "ERROR")
    check("ERROR" in t.at('AT+QFOTADL="FILE:1000",2'), "protocol mode is refused")
    t.close()
    m.end()
    t = Tty(sim("get 1-2 port-at"))
    check("ERROR" in t.at('AT+QFOTADL="FILE:1000"'), "MiniFOTA refuses a package of the host's")
    t.close()


def whole(sim, package):
    print("--- FILE: with flow control")
    for mode, drops in ((0, True), (1, False)):
        m = Module(sim, usbifc="2,2")
        tenths = [m.count(f"file:{i}") for i in range(10, 101, 10)]
        count = m.number("file-count")
        t = m.start(len(package), f",{mode},50")
        send(t, package)
        reader_from = t.to_the_end()
        reader = Reader(sim, "1-1")
        m.wait("idle")
        reader.stop()
        lines = fota(reader_from + reader.text)
        check(lines[:51] == [f"DOWNLOADING,{i}" for i in range(1, 51)] + ["FILEEND,0"], f"mode {mode}: every DOWNLOADING, FILEEND,0")
        check(lines[51:] == ["START"] + [f"UPDATING,{i}" for i in range(1, 101)] + ["END,0"] and m.get("revision") == NEW, f"mode {mode}: the upgrade")
        check(m.since("left") == (2 if drops else 1) and (b"START" in reader_from.split(b"FILEEND")[1]) != drops, f"mode {mode}: restart before START: {drops}")
        check(m.get("fetched-sha256") == hashlib.sha256(package).hexdigest() and m.number("fetched-bytes") == len(package), f"mode {mode}: every byte")
        check((m.number("file-bytes"), m.number("file-lost"), m.number("file-extra"), m.number("file-crtscts")) == (len(package), 0, 0, 1), f"mode {mode}: nothing lost, nothing too much")
        check(m.number("file-count") == count + 1 and [m.count(f"file:{i}") for i in range(10, 101, 10)] == [n + 1 for n in tenths], f"mode {mode}: events")
        check(m.number("file-write-max") == 1000 <= m.number("file-chunk-max") <= 4096, f"mode {mode}: writes of 1000")
        m.end()
    m = Module(sim, usbifc="2,2", file_rate=150000)
    t = m.start(len(package))
    send(t, package)
    t.until(rb'FILEEND",0\r\n')
    mean, most = m.number("file-rate-mean"), m.number("file-rate-max")
    check(m.number("file-behind-max") >= 1000, "one write behind another is seen")
    check(20000 < mean <= 153000 and most <= 156000 and m.get("file-lost") == "0", f"file-rate 150000: {mean} and {most} bytes/s")
    t.to_the_end()
    m.wait("idle")
    m.end()


def without_flow_control(sim, package):
    print("--- FILE: without flow control")
    m = Module(sim, file_idle=1000)
    for usbifc, crtscts in (("0,0", False), ("2,2", False), ("0,0", True)):
        m.set("usbifc", usbifc)
        t = m.start(len(package), ",1,50", crtscts)
        send(t, package)
        t.until(rb'FILEEND",500\r\n')
        check(m.number("file-lost") > 0 and m.number("file-bytes") == len(package) and m.number("file-crtscts") == crtscts,
              f"usbifc {usbifc}, CRTSCTS {crtscts}: {m.get('file-lost')} of {len(package)} bytes are lost at once")
        check("OK" in t.at("AT"), "and AT is answered")
        t.close()
    m.end()
    m = Module(sim, file_idle=2000)
    t = m.start(len(package), ",1,50", False)
    send_paced(t, package, 14500)
    t.until(rb'FILEEND",0\r\n')
    mean, most = m.number("file-rate-mean"), m.number("file-rate-max")
    check((m.get("file-lost"), m.get("file-write-max")) == ("0", "32") and 2000 < mean < 15000, f"32 bytes a write at 14500 bytes/s: nothing lost, {mean} and {most} bytes/s")
    t.to_the_end()
    m.wait("idle")
    m.end()
    m = Module(sim, file_idle=1000, file_buffer=100000)
    t = m.start(100, "", False)
    for n in (32, 33, 35):
        os.write(t.fd, b"x" * n)
    t.until(rb'FILEEND",500\r\n')
    check((m.get("file-lost"), m.get("file-write-max")) == ("4", "35"), "of one write no more than file-burst bytes are taken")
    t.close()
    m.set("file-burst", 0)
    m.set("file-rate-limit", 1)
    m.set("file-buffer", 60)
    t = m.start(1000, "", False)
    os.write(t.fd, b"x" * 100)
    t.until(rb'FILEEND",500\r\n')
    check(m.get("file-lost") == "40", "what finds the buffer full is lost")
    t.close()
    m.end()


def queue(sim):
    print("--- FILE: TIOCOUTQ")
    m = Module(sim, usbifc="2,2", file_idle=20000, stall="file:40")
    m("hold {} fileend")
    t = m.start(1000)
    check(outq(t) == 0, "nothing waits")
    os.write(t.fd, b"x" * 400)
    m.wait("stalled")
    check(outq(t) == 0 and m.get("file-bytes") == "400", "all that was written is taken")
    os.write(t.fd, b"x" * 300)
    os.write(t.fd, b"x" * 41)
    check(outq(t) == 341, "what is written to a module that has stalled waits")
    done = send_until_full(t, b"x" * 100000)
    check(4095 < done < 100000 and abs(outq(t) - 341 - done) <= 1000, f"and so does all that the line takes: {done} bytes more")
    m.set("file-stall-ends", 1)
    sim("power-cut 1-1")
    m.wait("idle")
    t.close()
    m("release {} fileend")
    m.end()


def stalls(sim):
    print("--- FILE: stalls")
    m = Module(sim, usbifc="2,2", file_idle=1000, stall="file:40")
    t = m.start(10000, ",1,50")
    os.write(t.fd, b"x" * 9000)
    m.wait("stalled")
    check(m.get("file-bytes") == "4000" and outq(t) == 5000, "a stall: 4000 bytes of 9000 are taken")
    text = t.until(rb'FILEEND",500\r\n')
    check(fota(text) == [f"DOWNLOADING,{i}" for i in range(1, 21)] + ["FILEEND,500"], "FILEEND,500 in the end")
    lines = m.number("at-lines")
    check("OK" in t.at("AT") and outq(t) == 0 and m.number("at-lines") == lines + 1 and m.get("file-bytes") == "4000", "what waited is thrown away, AT is answered")
    t.close()
    m.set("stall", "")
    t = m.start(1000, "")
    os.write(t.fd, b"x" * 10)
    t.until(rb'FILEEND",500\r\n')
    check("OK" in t.at("AT"), "a host that falls silent: 500")
    t.close()
    m.set("stall", "file:40")
    m.set("file-stall-ends", 0)
    m("hold {} file:30")
    t = m.start(1000, "")
    os.write(t.fd, b"x" * 1000)
    m("held {} file:30")
    m.set("file-idle", 5)
    m("release {}")
    m.wait("stalled", 2)
    # This transfer is slower than that, twice.
    m.set("delay", 10)
    modem = Tty(m.get("port-modem"))
    check("OK" in modem.at("AT") and outq(t) == 600 and m.get("downloading") == "1", "file-stall-ends 0: it holds the line")
    check("OK" in modem.at("AT+CFUN=1,1"), "a reset over the modem port")
    t.to_the_end()
    modem.to_the_end()
    m.wait("idle", 3)
    t = m.open()
    check("OK" in t.at("AT") and m.get("downloading") == "0" and m.get("revision") == OLD, "and all is well")
    t.close()
    m.end()


def holds(sim, package):
    print("--- FILE: holds")
    m = Module(sim, usbifc="2,2")
    for point in ("filestart", "file:30", "fileend"):
        m(f"hold {{}} {point}")
    t = m.open()
    t.at(f'AT+QFOTADL="FILE:{len(package)}",0,50')
    check(m("held {}") == "filestart" and m.since("filestart") == 0, "held before FILESTART")
    m("release {}")
    t.until(b'FILESTART"\r\n')
    check(m.since("filestart") == 1, "event filestart")
    os.write(t.fd, package[:3000])
    check(m("held {}") == "file:30", "held at 30 %")
    taken = (len(package) * 30 + 99) // 100
    check(m.number("file-bytes") == taken and outq(t) == 3000 - taken, "not a byte more is taken")
    m("release {}")
    m(f"wait {{}} file:40 {m.marks['file:40'] + 1}")
    while outq(t):
        m.get("file-bytes")
    m("hold {} file:60")
    send(t, package[3000:4500])
    check(m("held {}") == "file:60" and m.number("file-bytes") == (len(package) * 60 + 99) // 100, "held at 60 %, by a hold that came later")
    m("release {}")
    send(t, package[4500:])
    check(m("held {}") == "fileend" and m.since("fileend") == 0, "held before FILEEND")
    m("release {}")
    t.until(rb'FILEEND",0\r\n')
    check(m.since("fileend") == 1, "event fileend")
    t.to_the_end()
    m.wait("idle")
    check(m.get("revision") == NEW, "and it went on")
    m.end()


def cuts(sim):
    print("--- FILE: power")
    m = Module(sim, usbifc="2,2", cut="file:40")
    t = m.start(1000)
    os.write(t.fd, b"x" * 700)
    t.to_the_end()
    m.wait("idle")
    check(m.get("file-bytes") == "400" and m.get("cut") == "" and m.get("revision") == OLD and m.get("file-extra") == "0", "power fails at 40 %")
    t = m.open()
    check("OK" in t.at("AT") and m.get("file-extra") == "0", "AT is answered")
    t.close()
    m.end()


def lengths(sim, package):
    print("--- FILE: too much, too little")
    m = Module(sim, usbifc="2,2", file_idle=2000)
    m("hold {} fileend")
    t = m.start(len(package))
    send(t, package + b"ATI\rxyz", 4000)
    m("held {}")
    rx = m.count("rx:ATI")
    check(m.get("file-bytes") == str(len(package)) and rx >= 1 and m.get("file-extra") == "7", "seven bytes too many are AT input")
    m("release {}")
    t.until(rb'FILEEND",0\r\n')
    t.to_the_end()
    m.wait("idle")
    check(m.get("revision") == NEW and m.get("file-extra") == "7", "and spoil nothing")
    m.set("file-short", 100)
    m.set("revision", OLD)
    t = m.start(len(package), ",1,50")
    send(t, package)
    t.until(rb'FILEEND",0\r\n.*"END",50[56]\r\n')
    check(m.number("file-bytes") == len(package) - 100 and m.get("file-extra") == "100", "file-short: FILEEND,0 too soon")
    check("ERROR" in t.at(""), "the end of the package was an AT command")
    t.close()
    m.set("file-short", 0)
    m.set("file-long", 100)
    m.wait("idle", 2)
    t = m.start(len(package), ",1,50")
    send(t, package)
    text = t.until(rb'FILEEND",500\r\n')
    check(fota(text)[-2:] == ["DOWNLOADING,50", "FILEEND,500"], "file-long: it waits for more, FILEEND,500")
    check("OK" in t.at("AT"), "AT is answered")
    t.close()
    m.end()
