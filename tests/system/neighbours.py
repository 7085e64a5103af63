# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other parts of a gateway: other devices, power management, ModemManager, polkit, logind."""
from interruptions import kill
from world import EC200A, NEW, OLD, until

OTHER_IMEI = "867710050000024"


def alike_and_decoys(w):
    """of two equal modules one is upgraded, then the other; a serial adapter and a boot loader are not touched"""
    w.plug(f"1-1={EC200A}", f"1-2={EC200A},imei={OTHER_IMEI}", decoys=("1-4=ftdi", "1-6=boot-rom"))
    until(lambda: "ttyUSB" in w.machine.shell("ls /sys/bus/usb-serial/drivers/ftdi_sio", status=None), 30)
    w.start("--module", "usb-1-2", f"{w.http}/up.bin")
    w.assert_success(place="1-2")
    assert (w.module("1-2", "Imei"), w.module("1-1", "Revision")) == (OTHER_IMEI, OLD)
    assert w.sim.ask("get 1-1 qfotadl-count") == "0"
    w.start("--module", "usb-1-1", f"{w.http}/up.bin")
    w.assert_success(number=2)
    assert [w.sim.ask(f"{what} 1-4 {name}") for what, name in (("get", "bytes"), ("count", "opened"))] == ["0", "0"]
    assert [w.sim.ask(f"count {place} opened-diag") for place in ("1-1", "1-2")] == ["0", "0"]


def autosuspend(w):
    """a suspended module is on while the job runs, over its restarts, and suspended again after it"""
    def power(name):
        return w.machine.shell(f"cat /sys/bus/usb/devices/1-1/power/{name}", status=None).strip()

    # Otherwise a device that the kernel makes anew is on by itself.
    w.machine.write("/etc/udev/rules.d/99-site.rules", 'ACTION=="add", SUBSYSTEM=="usb", ATTR{idVendor}=="2c7c", '
                                                       'ATTR{power/control}="auto"\n')
    w.machine.run("udevadm", "control", "--reload")
    w.plug(f"1-1={EC200A}")
    until(lambda: power("runtime_status") == "suspended", 30)
    for point in ("downloading:30", "updating:40"):
        w.sim.ask(f"hold 1-1 {point}")
    w.start(f"{w.http}/up.bin")
    for point in ("downloading:30", "updating:40"):
        w.sim.ask(f"held 1-1 {point}")
        until(lambda: power("control") == "on", 30)
        w.sim.ask(f"release 1-1 {point}")
    w.assert_success()
    until(lambda: power("control") == "auto" and power("runtime_status") == "suspended", 30)


def modem_manager(w):
    """ModemManager, restarted twice, does not touch the module from the start to the end of the job, nor when fotad dies"""
    m = w.machine

    def journal():
        return m.run("journalctl", "--no-pager", "--output=short-monotonic", "--unit=ModemManager")

    def touched():
        return [w.sim.ask(f"{what} 1-1 {name}")
                for what, name in (("count", "opened-modem"), ("count", "opened-diag"), ("get", "diag-bytes"))]

    def restart_beside(point):
        """ModemManager has probed all devices once it has given up the gateway's own network card."""
        given_up = journal().count("not supported by any plugin")
        m.run("systemctl", "restart", "ModemManager")
        until(lambda: journal().count("not supported by any plugin") > given_up, 60)
        known = m.run("mmcli", "--list-modems").strip()
        print(f"at {point}: {known}")
        assert known == "No modems were found"

    m.run("systemctl", "start", "ModemManager")
    w.plug(f"1-1={EC200A},updater-ports=at/modem")
    w.sim.ask("wait 1-1 opened-modem")
    points = ("accepted", "downloading:30", "updating:40", "off:2")
    for point in points:
        w.sim.ask(f"hold 1-1 {point}")
    until(lambda: not m.run("fotactl", "start", f"{w.http}/up.bin", status=None).startswith("fotactl: "))
    w.sim.ask("held 1-1 accepted")
    before = touched()
    for point in points:
        w.sim.ask(f"held 1-1 {point}")
        if point in ("downloading:30", "updating:40"):
            kill(w)(point)
            restart_beside(point)
        assert touched() == before, point
        w.sim.ask(f"release 1-1 {point}")
    w.await_state("finished")
    assert (w.job("Result"), w.job("ToRevision"), w.sim.ask("get 1-1 qfotadl-count")) == ("success", NEW, "1")
    w.sim.ask(f"wait 1-1 opened-modem {int(before[0]) + 1}")
    print(journal())


def rights(w):
    """polkit refuses an ordinary user, admits one whom a rule names; the group fotad needs no polkit; all may read"""
    m = w.machine

    def as_user(name, *argv, status=0):
        return m.run("setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", *argv, status=status)

    m.shell("useradd ann; useradd bert; useradd --groups=fotad carl")
    m.write("/etc/polkit-1/rules.d/10-bert.rules",
            'polkit.addRule(function(action, subject) {\n'
            '  if (action.id == "org.fotad1.start" && subject.user == "bert") return polkit.Result.YES;\n});\n')
    m.run("systemctl", "restart", "polkit")
    w.plug(f"1-1={EC200A}")
    assert OLD in as_user("ann", "fotactl", "list")
    said = as_user("ann", "fotactl", "start", f"{w.http}/up.bin", status=3)
    print(said)
    assert "org.fotad1.start" in said, said
    assert w.job("State") is None
    as_user("bert", "fotactl", "start", f"{w.http}/none.bin", "--wait", status=1)
    m.run("systemctl", "mask", "--runtime", "--now", "polkit")
    try:
        as_user("carl", "fotactl", "start", f"{w.http}/up.bin", "--wait")
    finally:
        m.run("systemctl", "unmask", "--runtime", "polkit")
    assert w.sim.ask("get 1-1 revision") == NEW


def reboot_held(w):
    """systemctl reboot is refused while flash is written, with the reason; a watchdog service can use the target"""
    m = w.machine

    def target():
        return m.run("systemctl", "is-active", "fotad-upgrading.target", status=None).strip()

    def do(_point):
        said = m.run("systemctl", "reboot", "--check-inhibitors=yes", status=1)
        print(said)
        assert "fotad" in said
        assert target() == "active"

    w.follow(EC200A, "up.bin", ["updating:40"], do)
    until(lambda: "fotad" not in m.run("systemd-inhibit", "--list", "--no-pager"), 30)
    until(lambda: target() == "inactive", 30)


ALL = [alike_and_decoys, autosuspend, modem_manager, rights, reboot_held]
