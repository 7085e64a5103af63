# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades by programs outside fotad, by people and by timers. The ids and numbers change at each restart."""
import base64
import hashlib

from world import EC200A, EC800M, EXAMPLES, NEW, NEW_MINI, OLD_MINI, PASSWORD, USER, until


def security(w):
    """systemd-analyze security of the unit that runs: 1.0 at most"""
    print(w.machine.run("systemd-analyze", "security", "--no-pager", "--threshold=10", "fotad.service"))


def http_by_python(w):
    """Python upgrades over HTTP; another program has the old node open, so that the AT port gets another number"""
    w.plug(f"1-1={EC200A}")
    before = w.module("1-1", "Port")
    w.machine.run("systemd-run", "--quiet", "--unit=holder", "sh", "-c", f"trap '' HUP; exec 3<>{before}; exec sleep infinity")
    until(lambda: before in w.machine.shell("readlink /proc/[0-9]*/fd/3 || true"))
    w.python(f"{w.http}/up.bin")
    w.assert_success()
    after = w.module("1-1", "Port")
    assert after != before, after
    print(f"{before} -> {after}")


def ftp_by_gdbus(w):
    """gdbus upgrades over FTP with a login, whose password no user can read"""
    w.plug(f"1-1={EC200A}")
    said = w.machine.run(f"{EXAMPLES}/upgrade-gdbus", f"ftp://{USER}:{PASSWORD}@{w.ftp}/up.bin", NEW, timeout=180)
    assert said.splitlines()[-1] == "success", said
    w.assert_success()
    assert w.job("Source") == f"ftp://{USER}:***@{w.ftp}/up.bin", w.job("Source")
    for place in ("/var/lib/fotad", "/run/fotad"):
        w.machine.run("grep", "-r", PASSWORD, place, status=1)
    journal = w.machine.run("journalctl", "--no-pager", "--output=export", "--unit=fotad")
    assert "job 1 on usb-1-1: success" in journal and PASSWORD not in journal


def file_over_usb(w):
    """Python passes a package of the gateway's, which is sent over the USB AT port"""
    w.plug(f"1-1={EC200A}")
    with open(f"{w.www}/up.bin", "rb") as file:
        package = file.read()
    w.machine.write("/root/up.64", base64.b64encode(package).decode())
    w.machine.shell("base64 -d /root/up.64 >/root/up.bin")
    w.python("/root/up.bin")
    w.assert_success(restarts=1)  # none between taking the package and writing it
    came = [w.sim.ask(f"get 1-1 {name}") for name in ("file-count", "file-lost", "file-extra", "fetched-sha256")]
    assert came == ["1", "0", "0", hashlib.sha256(package).hexdigest()], came


def mini_by_busctl(w):
    """busctl upgrades a MiniFOTA module, which restarts four times"""
    w.plug(f"1-1={EC800M}")
    said = w.machine.run(f"{EXAMPLES}/upgrade-busctl", f"{w.http}/up.mini_1", NEW_MINI, timeout=180)
    assert said.splitlines()[-1] == "success", said
    w.assert_success(OLD_MINI, NEW_MINI, restarts=4)


def timer(w):
    """a timer with a near time runs the upgrade, with its password by a credential, and does nothing the second time"""
    m = w.machine
    m.write("/etc/fotad/schedule/night.conf", f"[upgrade]\nsource=ftp://{USER}@{w.ftp}/up.bin\nexpected-revision={NEW}\n")
    m.write("/etc/fotad/schedule/night.source-password", PASSWORD)
    m.run("chmod", "600", "/etc/fotad/schedule/night.source-password")
    m.write("/etc/systemd/system/fotad-upgrade@night.timer.d/near.conf",
            "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/5\nRandomizedDelaySec=0\nAccuracySec=1s\n")
    m.run("systemctl", "daemon-reload")
    w.plug(f"1-1={EC200A}")
    m.run("systemctl", "start", "fotad-upgrade@night.timer")
    w.assert_success()

    until(lambda: "nothing to do" in m.run("journalctl", "--no-pager", "--unit=fotad-upgrade@night.service"))
    print(m.run("systemctl", "list-timers", "--no-pager", "fotad-upgrade@*"))
    w.assert_success()
    assert w.job("State", number=2) is None


ALL = [security, http_by_python, ftp_by_gdbus, file_over_usb, mini_by_busctl, timer]
