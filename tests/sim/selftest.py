#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The simulator's own test: a host that talks AT to it and follows upgrades.

    selftest.py [path of modsim]        "N passed, 0 failed", exit status 0

Needs lighttpd (with mod_openssl), openssl and python3-pyftpdlib. Nothing here sleeps: every wait is a wait on the
control socket or on bytes."""

import os, re, select, shutil, subprocess, sys, tempfile

sys.dont_write_bytecode = True
import selftest_file as file, selftest_host as host, selftest_mini as mini, selftest_uart as uart
from selftest_host import MODSIM, Reader, Sim, Tty, check, fota, servers, start

OLD, NEW = "EC200AEUHAR01A02M16", "EC200AEUHAR01A03M16"
def inside(base):
    sim = Sim(os.environ["MODSIM_CONTROL"])
    ports, processes = servers(base)
    http, https, ftp = f"http://127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}", f"ftp://test:secret@127.0.0.1:{ports[2]}"
    try:
        conversation(sim)
        whole_upgrade(sim, http, base)
        codes(sim, http, https, ftp)
        holds_and_cuts(sim, http)
        faults(sim, http)
        file.everything(sim, base)
        uart.everything(sim, http, base)
        mini.everything(sim, http, https, ftp, base)
        opened_and_closed(sim)
        many(sim)
    finally:
        for p in processes:
            p.terminate()
            p.wait()


def conversation(sim):
    print("--- AT")
    sim("wait 1-1 idle")
    t = Tty(sim("get 1-1 port-at"))
    check(t.at("AT") == "AT\r\r\nOK\r\n", "AT with echo")
    check("Revision: " + OLD in t.at("ATI"), "ATI")
    check(f"\r\n{OLD}_01.001.01.001\r\n" in t.at("AT+QGMR"), "AT+QGMR")
    check(t.at("ATQ0V1E0").endswith("OK\r\n") and t.at("AT+CGSN") == "\r\n867710050000013\r\n\r\nOK\r\n", "echo off")
    check("+CME ERROR: 4" in t.at("AT+NONSENSE"), "unknown command, CMEE 1")
    check(t.at("AT+CMEE=0;+NONSENSE") == "\r\nERROR\r\n", "unknown command, CMEE 0, two commands in a line")
    for bad in ("http://x/y", '"http://x/y",2', '"http://x/y",0,4', '"http://x/y",0,101', '"gopher://x"', '"http://' + "x" * 250 + '"', '"FILE:"'):
        check("ERROR" in t.at("AT+QFOTADL=" + bad), "refused: AT+QFOTADL=" + bad[:24])
    check(sim("get 1-1 downloading") == "0", "nothing was started")
    check("OK" in t.at('AT+QICSGP=2,1,"cmnet","u","p",1') and "OK" in t.at('AT+QCFG="fota/cid",2') and sim("get 1-1 apn") == "cmnet", "context")
    check('+QIACT: 2,1,1' in (t.at("AT+QIACT=2"), t.at("AT+QIACT?"))[1], "AT+QIACT")
    check('+QICSGP: 1,"cmnet","u","p",1\r\n' in t.at("AT+QICSGP=2") and '+QICSGP: 1,"","","",0\r\n' in t.at("AT+QICSGP=3"), "AT+QICSGP read")
    check("+CGACT: 1,1\r\n+CGACT: 2,1\r\n" in t.at("AT+CGACT?"), "AT+CGACT?")
    check("OK" in t.at("AT+QIDEACT=2") and "+QIACT:" not in t.at("AT+QIACT?") and "+CGACT: 2,0\r\n" in t.at("AT+CGACT?"), "AT+QIDEACT")
    for command, answer in (("AT+CPIN?", "+CPIN: READY"), ("AT+CSQ", "+CSQ: 24,99"), ("AT+CREG?", "+CREG: 0,1"), ("AT+CEREG?", "+CEREG: 0,1"),
                            ('AT+QFLDS="UFS"', "+QFLDS: 8388608,10485760"), ("AT+QNETDEVCTL?", "ERROR"), ('AT+QCFG="urc/cache"', '+QCFG: "urc/cache",0')):
        check(f"\r\n{answer}\r\n" in t.at(command), f"{command}: {answer}")
    for key, value, command, answer in (("sim", "SIM PIN", "AT+CPIN?", "+CPIN: SIM PIN"), ("csq", "5,99", "AT+CSQ", "+CSQ: 5,99"), ("eps-registered", "3", "AT+CEREG?", "+CEREG: 0,3"),
                                        ("netdev", "1,1,0,1", "AT+QNETDEVCTL?", "+QNETDEVCTL: 1,1,0,1"), ("ufs-free", "10", 'AT+QFLDS="UFS"', "+QFLDS: 10,10485760"),
                                        ("registered", "2", "AT+CREG?", "+CREG: 0,2"), ("registered", "2", "AT+CGACT?", "+CGACT: 1,0")):
        before = sim(f"get 1-1 {key}")
        sim(f"set 1-1 {key} {value}")
        check(f"\r\n{answer}\r\n" in t.at(command) and (key != "eps-registered" or "+CREG: 0,1" in t.at("AT+CREG?")), f"{key} {value}")
        sim(f"set 1-1 {key} {before}")
    check('+QURCCFG: "urcport","usbat"' in t.at('AT+QURCCFG="urcport"'), "AT+QURCCFG")
    t.at('AT+QURCCFG="urcport","uart1"')
    sim("urc 1-1 +QIND: TEST")
    check("TEST" not in t.at("AT"), "URCs go where AT+QURCCFG says")
    t.at('AT+QURCCFG="urcport","usbat"')
    sim(r"bytes 1-1 \xff\0!")
    check(t.until(b"!") == b"\xff\0!", "raw bytes")
    os.write(t.fd, b"AT+CSQ\nAT+CSQ\r")
    t.until(b"ERROR\r\n")
    check(sim("count 1-1 rx:AT+CSQAT+CSQ") == "1", "a line feed ends no command")
    with open("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/power/control", "w") as f:
        f.write("on\n")
    sim("wait 1-1 power-control")
    check(sim("get 1-1 power-control") == "on", "power/control")
    d = Tty(sim("get 1-1 port-diag"))
    os.write(d.fd, b"AT\r")
    sim("wait 1-1 rx-diag")
    check(sim("get 1-1 diag-bytes") == "3", "bytes to DIAG are counted")
    d.close()
    before = int(sim("count 1-1 idle"))
    t.at("AT+CFUN=1,1")
    t.to_the_end()
    sim(f"wait 1-1 idle {before + 1}")
    t = Tty(sim("get 1-1 port-at"))
    check(t.at("AT").startswith("AT\r"), "AT+CFUN=1,1: gone, back, echo on again")
    t.close()


def whole_upgrade(sim, http, base):
    print("--- a whole upgrade over HTTP")
    node, device = sim("get 1-1 port-at"), sim("get 1-1 devnum")
    sim("set 1-1 updater-pid 6002")
    idle = int(sim("count 1-1 idle"))
    restarts = int(sim("get 1-1 restarts"))
    t = start(sim, f"{http}/good.bin", ",0,100")
    first = fota(t.to_the_end())
    reader = Reader(sim, "1-1")
    sim(f"wait 1-1 idle {idle + 1}")
    reader.stop()
    check(first[0] == "HTTPSTART" and first[1:-1] == [f"DOWNLOADING,{i}" for i in range(1, 101)] and first[-1] == "HTTPEND,0", "download lines")
    rest = fota(reader.text)
    check(rest == ["START"] + [f"UPDATING,{i}" for i in range(1, 101)] + ["END,0"], "update lines, END read before the hang-up")
    check(sim("get 1-1 revision") == NEW, "new revision")
    check(int(sim("get 1-1 restarts")) == restarts + 2, "two restarts")
    check(len(set(reader.nodes + [node])) >= 2 and sim("get 1-1 devnum") != device, f"other numbers: {node} {reader.nodes} {sim('get 1-1 port-at')}")
    sha = subprocess.run(["sha256sum", f"{base}/www/good.bin"], capture_output=True, text=True).stdout.split()[0]
    check(sim("get 1-1 fetched-sha256") == sha, "the package that was fetched")
    t = Tty(sim("get 1-1 port-at"))
    check(NEW in t.at("AT+QGMR"), "AT+QGMR says so")
    t.close()
    sim("set 1-1 updater-pid")
    sim(f"set 1-1 revision {OLD}")


def ends(sim, url, rest="", expect=None):
    """The lines of an upgrade that fails while the module stays on the bus."""
    idle = int(sim("count 1-1 idle"))
    t = start(sim, url, rest)
    sim(f"wait 1-1 idle {idle + 1}")
    t.until(re.escape(expect).encode() + rb"\r\n")
    t.close()
    return True


def codes(sim, http, https, ftp):
    print("--- codes")
    for name, code in (("magic", 505), ("truncated", 505), ("digest", 506), ("from", 507), ("project", 552), ("baseline", 553)):
        check(ends(sim, f"{http}/{name}.bin", ",0,5", f'"HTTPEND",0\r\n\r\n+QIND: "FOTA","END",{code}'), f"package broken by {name}: END,{code}")
    for url, code in ((f"{http}/none.bin", 711), ("http://127.0.0.1:1/x", 716), ("http://no.such.host.invalid/x", 714)):
        check(ends(sim, url, ",0,5", f'"HTTPEND",{code}'), f"{url}: {code}")
    for url, code in ((f"{ftp}/none.bin", 611), (ftp.replace("secret", "wrong") + "/good.bin", 625), ("ftp://127.0.0.1:1/x", 605),
                      ("ftp://no.such.host.invalid/x", 604), (f"{ftp}/a/b.bin", 612)):
        check(ends(sim, url, ",0,5", f'"FTPEND",{code}'), f"{url}: {code}")
    for url, key in ((http, "http-code"), (ftp, "ftp-code")):
        for code in range(701, 731) if key == "http-code" else range(601, 630):
            sim(f"set 1-1 {key} {code}")
            ends(sim, f"{url}/good.bin", ",0,5", f'END",{code}')
        sim(f"set 1-1 {key} 0")
        check(True, f"every code by {key}")
    for url, name in ((https, "HTTPS"), (ftp, "FTP")):
        idle = int(sim("count 1-1 idle"))
        t = start(sim, f"{url}/good.bin", ",0,5")
        t.to_the_end()
        sim(f"wait 1-1 idle {idle + 1}")
        check(sim("get 1-1 revision") == NEW, f"an upgrade over {name}")
        sim(f"set 1-1 revision {OLD}")
    sim("set 1-1 tls-verify 1")
    check(ends(sim, f"{https}/good.bin", ",0,5", '"HTTPEND",716'), "certificate refused: 716")
    sim("set 1-1 tls-verify 0")
    idle = int(sim("count 1-1 idle"))
    start(sim, f"{http}/flash.bin", ",0,5").to_the_end()
    reader = Reader(sim, "1-1")
    sim(f"wait 1-1 idle {idle + 1}")
    reader.stop()
    check("END,504" in fota(reader.text) and sim("get 1-1 revision") == OLD, "flashing fails: END,504, old revision")


def answers_held(sim):
    sim("hold 1-1 answer:AT+CMEE=2")
    t = Tty(sim("get 1-1 port-at"))
    check("OK" in t.at("AT+CMEE?"), "another command is answered")
    os.write(t.fd, b"AT+CMEE=2\r")
    check(sim("held 1-1") == "answer:AT+CMEE=2", "an answer is held")
    sim("urc 1-1 LATER")
    sim("release 1-1")
    check(t.until(rb"LATER\r\n").replace(b"\r", b"").split() == [b"AT+CMEE=2", b"OK", b"LATER"], "released, with what was said meanwhile behind it")
    sim("hold 1-1 answer")
    os.write(t.fd, b"AT+CMEE=0\r")
    sim("held 1-1 answer")
    booted = int(sim("count 1-1 normal"))
    sim("power-cut 1-1")
    sim(f"wait 1-1 normal {booted + 1}")
    t.close()
    t, m = Tty(sim("get 1-1 port-at")), Tty(sim("get 1-1 port-modem"))
    sim("release 1-1 answer")
    check(t.at("AT") == "AT\r\r\nOK\r\n", "a power cut forgets what is held")
    sim("hold 1-1 answer:AT+CMEE?")
    sim("hold 1-1 answer:AT+CGMM")
    os.write(t.fd, b"AT+CMEE?\r")
    os.write(m.fd, b"AT+CGMM\r")
    check(sim("held 1-1 answer:AT+CMEE?") and sim("held 1-1 answer:AT+CGMM"), "both ports' answers are held")
    sim("release 1-1 answer:AT+CGMM")
    check(m.until(rb"EC200A\r\n\r\nOK\r\n") and sim("get 1-1 held") == "answer:AT+CMEE?", "one is released, the other one is not")
    sim("release 1-1")
    check(t.until(rb"CMEE: 1\r\n\r\nOK\r\n"), "now it is")
    t.close()
    m.close()


def holds_and_cuts(sim, http):
    print("--- holds, cancelling, power")
    answers_held(sim)
    sim("hold 1-1 downloading:40")
    t = start(sim, f"{http}/good.bin", ",0,100")
    check(sim("held 1-1") == "downloading:40" and t.until(b'DOWNLOADING",40\r\n') and sim("get 1-1 downloading") == "1", "held at 40 %")
    check("ERROR" in t.at('AT+QFOTADL="http://x/y"'), "a second AT+QFOTADL is refused")
    sim("wait 1-1 fetched")
    idle = int(sim("count 1-1 idle"))
    check("OK" in t.at("AT+CFUN=0"), "AT+CFUN=0")
    t.until(b'HTTPEND",701\r\n')
    sim(f"wait 1-1 idle {idle + 1}")
    check(sim("get 1-1 system") == "normal" and "OK" in t.at("AT+CFUN=1"), "download ends with 701")
    t.close()
    idle = int(sim("count 1-1 idle"))
    t = start(sim, f"{http}/good.bin", ",0,100")
    sim("held 1-1")
    sim("set 1-1 registered 0")
    t.until(b'HTTPEND",707\r\n')
    sim(f"wait 1-1 idle {idle + 1}")
    check(sim("get 1-1 revision") == OLD, "the network goes: download ends with 707")
    sim("set 1-1 registered 1")
    t.close()
    sim("release 1-1 downloading:40")

    idle = int(sim("count 1-1 idle"))
    for point in ("off:1", "updater", "updating:50", "end", "ended", "off:2"):
        sim(f"hold 1-1 {point}")
    start(sim, f"{http}/good.bin", ",1,100").to_the_end()
    order = []
    while len(order) < 6:
        order.append(sim("held 1-1"))
        if order[-1] == "off:1":
            check(sim("get 1-1 port-at") == "" and sim("get 1-1 system") == "off", "nothing on the bus at off:1")
        sim("release 1-1")
    check(order == ["off:1", "updater", "updating:50", "end", "ended", "off:2"], f"holds in order: {order}")
    sim(f"wait 1-1 idle {idle + 1}")
    check(sim("get 1-1 revision") == NEW, "and it went on")
    sim(f"set 1-1 revision {OLD}")

    for cut in ("updating:50", "ended"):
        idle, left = int(sim("count 1-1 idle")), int(sim("count 1-1 left"))
        sim(f"set 1-1 cut {cut}")
        start(sim, f"{http}/good.bin", ",0,100").to_the_end()
        reader = Reader(sim, "1-1")
        sim(f"wait 1-1 idle {idle + 1}")
        reader.stop()
        lines = fota(reader.text)
        check(sim("get 1-1 revision") == NEW and int(sim("count 1-1 left")) == left + 3 and lines.count("START") == 2, f"power fails at {cut}: {lines[-4:]}")
        sim(f"set 1-1 revision {OLD}")
    sim("set 1-1 cut downloading:30")
    idle = int(sim("count 1-1 idle"))
    start(sim, f"{http}/good.bin", ",0,100").to_the_end()
    sim(f"wait 1-1 idle {idle + 1}")
    check(sim("get 1-1 revision") == OLD, "power fails in the download: all forgotten")
    idle = int(sim("count 1-1 idle"))
    sim("move 1-1 1-4.1")
    sim(f"wait 1-1 idle {idle + 1}")
    check(os.path.exists("/sys/bus/usb/devices/1-4.1") and not os.path.exists("/sys/bus/usb/devices/1-1"), "moved to another port")
    sim("detach 1-1")
    check(sim("get 1-1 system") == "off" and not os.path.exists("/sys/bus/usb/devices/1-4.1"), "unplugged")
    idle = int(sim("count 1-1 idle"))
    sim("attach 1-1")
    sim(f"wait 1-1 idle {idle + 1}")
    check(sim.ask("move 1-1 1-3").startswith("error") and sim("get 1-1 system") == "normal", "a refused move touches nothing")
    sim("move 1-1 1-1")
    sim(f"wait 1-1 idle {idle + 2}")


def faults(sim, http):
    print("--- faults")
    for settings in ("urc-write split", "urc-write coalesced", "noise 1", "delay 5", "hangup after", "order reverse", "gap 20", "mute 30",
                     "inside +QIND: \"SMS\"", "mode1-drops 0", "qgmr-not-ready 1", "accept 30", "end-twice 1", "start-after-end 1",
                     "lost start/downloading/end", "download-style percent", "updating 8/16/91", "update-max obeyed", "blank 1", "unopened keep"):
        key, value = settings.split(" ", 1)
        old = sim(f"get 1-1 {key}")
        sim(f"set 1-1 {key} {value}")
        idle = int(sim("count 1-1 idle"))
        t = start(sim, f"{http}/good.bin", ",1,50")
        text = t.to_the_end()
        reader = Reader(sim, "1-1")
        sim(f"wait 1-1 idle {idle + 1}")
        reader.stop()
        lines = fota(text + reader.text)
        ok = sim("get 1-1 revision") == NEW and ("END,0" in lines) != settings.startswith("lost")
        check(ok, f"{settings}: {lines[0]} .. {lines[-1]}")
        sim(f"set 1-1 {key} {old}")
        sim(f"set 1-1 revision {OLD}")
    for way, system in (("never", "off"), ("diag", "crashed"), ("boot-rom", "boot-rom")):
        sim(f"set 1-1 return {way}")
        event = "never" if way == "never" else "returned"
        n = int(sim(f"count 1-1 {event}"))
        start(sim, f"{http}/good.bin").to_the_end()
        sim(f"wait 1-1 {event} {n + (1 if way == 'never' else 2)}")
        check(sim("get 1-1 system") == system, f"comes back: {way}")
        sim("set 1-1 return normal")
        idle = int(sim("count 1-1 idle"))
        sim("power-cut 1-1")
        sim(f"wait 1-1 idle {idle + 1}")
        sim(f"set 1-1 revision {OLD}")
    sim("set 1-1 qfotadl silent")
    t = Tty(sim("get 1-1 port-at"))
    idle = int(sim("count 1-1 idle"))
    os.write(t.fd, f'AT+QFOTADL="{http}/good.bin"\r'.encode())
    sim(f"wait 1-1 idle {idle + 1}")
    check("OK" in t.at("AT") and sim("get 1-1 downloading") == "0", "silent")
    t.close()
    sim("set 1-1 qfotadl ok")


def opened_and_closed(sim):
    print("--- ttys opened and closed")
    node, n = sim("get 1-1 port-at"), int(sim("count 1-1 closed"))
    for _ in range(3000):  # three of a thousand were still open right after inotify reported the close
        Tty(node).close()
        n += 1
        sim(f"wait 1-1 closed {n}", 10)
    check(sim("count 1-1 closed") == str(n), "every close is seen")
    for key, value in (("unopened", "keep"), ("drain", "60000")):
        sim(f"set 1-1 {key} {value}")
    idle = int(sim("count 1-1 idle"))
    sim("power-cut 1-1")
    sim(f"wait 1-1 idle {idle + 1}")
    sim("hold 1-1 answer:AT+CFUN=1,1")
    t = Tty(sim("get 1-1 port-at"))
    os.write(t.fd, b"AT+CFUN=1,1\r")
    sim("held 1-1")
    n = int(sim("count 1-1 closed"))
    t.close()
    sim(f"wait 1-1 closed {n + 1}")
    sim("release 1-1")
    booted = int(sim("count 1-2 idle"))
    sim("power-cut 1-2")
    sim(f"wait 1-2 idle {booted + 1}")  # the time of a whole boot, in which it could leave too early
    check(b"\r\nOK\r\n" in Tty(sim("get 1-1 port-at")).to_the_end(), "a module waits with its restart for who hears what it kept")
    for key, value in (("unopened", "lose"), ("drain", "1000")):
        sim(f"set 1-1 {key} {value}")
    sim(f"wait 1-1 idle {idle + 2}")


def many(sim):
    print("--- many restarts")
    for _ in range(60):
        idle = int(sim("count 1-2 returned"))
        sim("power-cut 1-2")
        sim(f"wait 1-2 returned {idle + 1}")
    check(sim("get 1-2 system") == "normal", "sixty power cuts")
    t = Tty(sim("get 1-3 port-other"))
    os.write(t.fd, b"hello")
    sim("wait 1-3 rx")
    check(sim("get 1-3 bytes") == "5", "a decoy counts its bytes")
    t.close()


def outside():
    base = tempfile.mkdtemp(prefix="modsim-")
    tables = subprocess.run([MODSIM, "--list-settings"], check=True, capture_output=True, text=True).stdout
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")) as f:
        check(tables in f.read(), "README.md has the tables of --list-settings")
    try:
        os.mkdir(f"{base}/www")
        make = [MODSIM, "--from", OLD, "--to", NEW, "--make-package"]
        subprocess.run(make + [f"{base}/www/good.bin"], check=True)
        for name in ("magic", "truncated", "digest", "from", "project", "baseline", "flash"):
            subprocess.run(make + [f"{base}/www/{name}.bin", "--break", name, "--size", "2000"], check=True)
        mini.make_packages(base)
        keep = os.environ.get("MODSIM_LOG", f"{base}/log")
        status = subprocess.run([MODSIM, "--die-with-parent", "--module", "1-1=ec200a,off=20,boot=150,update-step=1", "--module", "1-2=ec600m,off=5,boot=120,unopened=keep",
                                 "--module", "1-5=ec800m-4,off=5,boot=120,unopened=keep", "--module", "1-6=eg800k-2,off=5,boot=120,unopened=keep",
                                 "--module", "1-7=eg800k-4,off=5,boot=120,unopened=keep", *[w for module in uart.MODULES for w in ("--module", module)], "--decoy", "1-3=ftdi", "--control", f"{base}/control", "--log", keep, "--",
                                 sys.executable, os.path.abspath(__file__), MODSIM, base]).returncode
        check(not os.path.exists(f"{base}/control"), "the control socket is gone")
        return status or host.failed
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        try:
            inside(sys.argv[2])
        finally:
            print(f"{host.passed} passed, {host.failed} failed", flush=True)
        sys.exit(host.failed != 0)
    sys.exit(outside() != 0)
