# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of the simulator's test about modules at a serial port of the host."""

import hashlib, os, subprocess, termios, time

from selftest_file import Module, outq, package, send, send_paced, send_until_full
from selftest_host import MODSIM, Tty, check, fota

OLD, NEW = "EC200AEUHAR01A02M16", "EC200AEUHAR01A03M16"
M08, M08_NEW = "EC600MCNLER06A08M08", "EC600MCNLER06A09M08"
UART, MINI = "tty:ttyS1", "tty:ttyS2"
MODULES = [f"{UART}=ec200a,off=20,boot=40,update-step=1", f"{MINI}=ec600m,off=20,boot=40"]


def everything(sim, http, base):
    looks(sim)
    life(sim)
    upgrade(sim, http)
    file(sim, base)
    mini(sim, http)
    speed(sim)


def taken(t, m):
    """Waits until the module has the written bytes, or until they are lost."""
    while outq(t):
        m.get("system")


def looks(sim):
    print("--- UART: how it looks")
    sim(f"wait {UART} idle")
    check(sim(f"get {UART} port-at") == "/dev/ttyS1" and sim(f"get {UART} port-modem") == "" and sim(f"get {UART} path") == UART, "one port")
    device = os.path.realpath("/sys/class/tty/ttyS1")
    check(device == "/sys/devices/platform/serial8250/tty/ttyS1" and not [d for d in os.listdir("/sys/bus/usb/devices") if "tty" in d or d == "usb0"], "a plain tty in sysfs, nothing on USB")
    properties = subprocess.run(["udevadm", "info", "-q", "property", "-n", "/dev/ttyS1"], capture_output=True, text=True).stdout if os.path.exists("/usr/bin/udevadm") else "SUBSYSTEM=tty\nDEVNAME=/dev/ttyS1\n"
    check("SUBSYSTEM=tty" in properties and "DEVNAME=/dev/ttyS1" in properties and "ID_BUS" not in properties, "and for udev")
    check(sim.ask(f"move {UART} 1-4").startswith("error"), "it cannot be moved")
    for bad in ("tty:S1=ec200a", "tty:ttyUSB1=ec200a", "tty:ttyS1=nobody"):
        check(subprocess.run([MODSIM, "--module", bad], stdin=subprocess.DEVNULL, capture_output=True).returncode == 2, f"refused: {bad}")
    m = Module(sim, UART)
    t = Tty(m.get("port-at"))
    modes = termios.tcgetattr(t.fd)
    modes[4] = modes[5] = termios.B9600
    termios.tcsetattr(t.fd, termios.TCSANOW, modes)
    check(m.get("host-baud") == "9600" and m.get("baud") == "115200" and m.get("connected") == "1", "the speed of the host's end")
    check(OLD in t.at("ATI") and '"urcport","uart1"' in t.at('AT+QURCCFG="urcport"'), "it answers AT; URCs go to uart1")
    for where, heard in (("usbat", False), ("all", True), ("uart1", True)):
        t.at(f'AT+QURCCFG="urcport","{where}"')
        sim(f"urc {UART} +QIND: TEST")
        check(("TEST" in t.at("AT")) == heard, f"urcport {where}: heard {heard}")
    t.close()


def life(sim):
    print("--- UART: silence")
    m = Module(sim, UART)
    restarts = m.number("restarts")
    t = Tty(m.get("port-at"))
    m("hold {} off")
    m("hold {} boot")
    for what in ("AT+CFUN=1,1", "power-cut"):
        if what == "power-cut":
            sim(f"power-cut {UART}")
        else:
            t.at(what)
        m("held {}")
        os.write(t.fd, b"AT+LOST\r")
        check(m.get("system") == "off" and m.get("connected") == "1", f"{what}: silence on an open port")
        taken(t, m)
        m("release {} off")
        m("held {} boot")
        m("release {} boot")
        text = t.until(rb"PB DONE\r\n")
        m.wait("idle", 1 + (what == "power-cut"))
        check(text.startswith(b"\r\nRDY\r\n") and b"LOST" not in text, f"{what}: boot URCs; what was said meanwhile is lost")
        m("hold {} off")
        m("hold {} boot")
    m("release {} off")
    m("release {} boot")
    check(m.count("rx:AT+LOST") == 0 and m.number("restarts") == restarts + 2, "two restarts")
    sim(f"detach {UART}")
    os.write(t.fd, b"AT+LOST\r")
    taken(t, m)
    check(m.get("system") == "off" and os.path.exists("/dev/ttyS1") and t.read() == b"", "no power: no hang-up, the node stays")
    sim(f"attach {UART}")
    t.until(rb"PB DONE\r\n")
    m.wait("idle", 3)
    check("OK" in t.at("AT") and m.count("rx:AT+LOST") == 0 and m.count("port-at") == 1, "power again")
    sim(f"pull {UART}")
    check(t.read() is None and not os.path.exists("/dev/ttyS1") and m.get("system") == "normal", "the adapter: hang-up, no node, the module goes on")
    t.close()
    sim(f"plug {UART}")
    t = Tty(m.get("port-at"))
    check("OK" in t.at("AT") and m.count("port-at") == 2 and m.number("restarts") == restarts + 3, "and again")
    check(sim.ask("pull 1-1").startswith("error"), "a module on USB has none")
    t.close()
    m.end()


def upgrade(sim, http):
    print("--- UART: an upgrade by URL")
    m = Module(sim, UART)
    restarts = m.number("restarts")
    t = Tty(m.get("port-at"))
    check("OK" in t.at(f'AT+QFOTADL="{http}/good.bin",0,50'), "AT+QFOTADL")
    text = t.until(rb'END",0\r\n.*"END",0\r\n.*PB DONE\r\n', 20)
    m.wait("idle")
    lines = fota(text)
    check(lines == ["HTTPSTART"] + [f"DOWNLOADING,{i}" for i in range(1, 51)] + ["HTTPEND,0", "START"] + [f"UPDATING,{i}" for i in range(1, 101)] + ["END,0"],
          "all lines, over one open port")
    check(m.get("revision") == NEW and m.number("restarts") == restarts + 2 and NEW in t.at("AT+QGMR"), "two restarts, new revision")
    t.close()
    m.end()


def file(sim, base):
    print("--- UART: FILE")
    big, small = package(base, "big.bin", 300000), package(base, "small.bin", 6000)
    m = Module(sim, UART, ifc="2,2", usbifc="0,0")
    t = m.start(len(big), ",1,50")
    send(t, big)
    text = t.until(rb'FILEEND",0\r\n.*"END",0\r\n.*PB DONE\r\n', 20)
    m.wait("idle")
    check(m.get("fetched-sha256") == hashlib.sha256(big).hexdigest() and m.get("file-crtscts") == "1" and m.get("revision") == NEW, "flow control is AT+IFC")
    t.close()
    m.end()
    m = Module(sim, UART, ifc="0,0", usbifc="2,2", file_idle=1000)
    t = m.start(len(small), ",1,50")
    send(t, small)
    t.until(rb'FILEEND",500\r\n')
    check(m.number("file-lost") > 0, "and not usbifc")
    m.set("file-idle", 2000)
    t.at('AT+QFOTADL="FILE:%d",1,50' % len(small))
    t.until(b'FILESTART"\r\n')
    send_paced(t, small, 14000)
    t.until(rb'FILEEND",0\r\n.*PB DONE\r\n', 20)
    m.wait("idle", 2)
    check(m.get("file-lost") == "0" and m.get("revision") == NEW, "paced, without flow control")
    t.close()
    m.end()
    m = Module(sim, UART, ifc="2,2", stall="file:50", file_idle=20000)
    t = m.start(1000)
    send_until_full(t, b"x" * 100000)
    m.wait("stalled")
    sim(f"power-cut {UART}")
    t.until(rb"PB DONE\r\n")
    m.wait("idle")
    check("OK" in t.at("AT") and m.get("file-bytes") == "500", "stalled, without power, and answering AT again")
    m.set("stall", "")
    m.set("ifc", "0,0")
    t.at('AT+QFOTADL="FILE:1600",1,50')
    t.until(b'FILESTART"\r\n')
    send_paced(t, b"x" * 1600, 14000)
    t.until(rb'FILEEND",0\r\n')
    check(m.get("file-lost") == "0" and m.get("file-write-max") == "32", "a write that found no room then does no harm now")
    m.wait("idle", 2)
    t.close()
    m.end()


def mini(sim, http):
    print("--- UART: MiniFOTA")
    sim(f"wait {MINI} idle")
    m = Module(sim, MINI, M08)
    restarts = m.number("restarts")
    for usb in ("1", "0"):
        m.marks["returned"] = m.count("returned")
        m.set("mini-usb", usb)
        m.set("updater-usb", usb)
        m.set("revision", M08)
        m.marks["idle"] = m.count("idle")
        t = Tty(m.get("port-at"))
        m("hold {} mini")
        check("OK" in t.at(f'AT+QFOTADL="{http}/good.mini_1"'), "AT+QFOTADL")
        m("held {} mini")
        check(m.get("system") == "mini" and "OK" in t.at("AT"), "the old Mini system answers AT on that port")
        m("release {} mini")
        text = t.until(rb'"END",0\r\n.*PB DONE\r\n', 20)
        m.wait("idle")
        lines = fota(text)
        check(lines[0] == "UPDATING,2" and lines[-2:] == ["UPDATING,96", "END,0"] and m.get("revision") == M08_NEW, f"UPDATING and END, mini-usb {usb}")
        check(m.since("returned") == 4, "it ran again four times")
        t.close()
    check(m.number("restarts") == restarts + 8, "four restarts each")
    m.end()


def speed(sim):
    print("--- UART: speed")
    m = Module(sim, UART, ifc="2,2", line_speed=1, baud=460800, file_idle=20000)
    t = m.start(60000)
    begin = time.monotonic()
    send(t, b"x" * 60000)
    t.until(rb'FILEEND",0\r\n')
    m.wait("idle")
    rate = m.number("file-rate-mean")
    check(5000 < rate <= 47000 and m.get("file-lost") == "0" and time.monotonic() - begin > 1, f"line-speed at 460800 baud: {rate} bytes/s")
    m.set("baud", 12000)
    begin = time.monotonic()
    t.at("AT" + "Q0" * 100)
    check(time.monotonic() - begin > 0.1, "and so are commands")
    t.close()
    m.end()
