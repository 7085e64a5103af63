# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon, the gateway or the module is interrupted in the middle of an upgrade."""
from world import EC200A, EC800M, NEW, NEW_MINI, OLD, OLD_MINI, until

DFOTA = ["accepted", "downloading:30", "downloaded", "off:1", "updater", "updating:40", "end", "ended", "off:2"]
MINI = ["accepted", "off:1", "mini", "mini-1:20", "mini-1-done", "off:2", "updater", "off:3", "mini-2", "updating:84", "end",
        "off:4"]


def show(w, name):
    return w.machine.run("systemctl", "show", "--value", f"--property={name}", "fotad").strip()


def pid(w):
    return show(w, "MainPID")


def ping(w):
    w.machine.run("busctl", "call", "org.fotad1", "/org/fotad1", "org.freedesktop.DBus.Peer", "Ping")


def kill(w):
    def do(_point):
        before = pid(w)
        w.machine.run("systemctl", "kill", "--signal=KILL", "fotad")
        until(lambda: pid(w) not in ("0", before))
        ping(w)

    return do


def killed(w):
    """SIGKILL at each stage: systemd starts it again, and it goes on"""
    w.follow(EC200A, "up.bin", DFOTA, kill(w))


def killed_mini(w):
    """the same with MiniFOTA"""
    w.follow(EC800M, "up.mini_1", MINI, kill(w), before=OLD_MINI, after=NEW_MINI, restarts=4)


def is_on_bus(w):
    """fotad has its name on the present bus; no call starts it"""
    return "org.fotad1" in w.machine.run("busctl", "--acquired", "--no-legend", "list").split()


def break_bus(w):
    """SIGKILL for the bus, and a restart of its service, by turns: the same fotad is there on the next bus"""
    signals = ["KILL", "TERM"] * 8

    def do(_point):
        before = pid(w)
        w.machine.run("systemctl", "kill", f"--signal={signals.pop(0)}", "dbus")
        until(lambda: is_on_bus(w))
        assert pid(w) == before and show(w, "ActiveState") == "active"

    return do


def bus_killed(w):
    """dbus-daemon is killed, or stopped, in the middle: fotad goes on and is on the next bus"""
    w.follow(EC200A, "up.bin", ["downloading:30", "off:1", "updating:40", "end"], break_bus(w))


def choose_bus(w, verb):
    """Enables or disables dbus-broker. PID 1 has a connection to the present bus, so the machine is started again."""
    w.machine.shell(f"systemctl stop fotad; systemctl {verb} dbus-broker.service; sync")
    w.machine.cut_power()


def broker_killed(w):
    """the same with dbus-broker"""
    choose_bus(w, "enable")
    try:
        assert w.machine.run("systemctl", "show", "--value", "--property=Id", "dbus").strip() == "dbus-broker.service"
        bus_killed(w)
    finally:
        w.clean()
        choose_bus(w, "disable")


def restarted_and_stopped(w):
    """systemctl restart in the download; systemctl stop in the update, and a client starts it again"""
    def do(point):
        before = pid(w)
        if point == "downloading:30":
            w.machine.run("systemctl", "restart", "fotad")
        else:
            w.machine.run("systemctl", "stop", "fotad")
            assert pid(w) == "0"
            ping(w)
        assert pid(w) not in ("0", before)

    w.follow(EC200A, "up.bin", ["downloading:30", "updating:40"], do)


def power_cut(w):
    """the gateway loses its power at each stage of an upgrade, and goes on at boot"""
    w.follow(EC200A, "up.bin", DFOTA, cut(w))


def power_cut_mini(w):
    """the same with MiniFOTA"""
    w.follow(EC800M, "up.mini_1", MINI, cut(w), before=OLD_MINI, after=NEW_MINI, restarts=4)


def cut(w):
    """fotad runs again before any client calls it. None of the module's restarts goes unseen: fotad has recorded before
    the cut that the module is off the bus, or sees it again before it goes on."""
    def do(point):
        off = point.startswith("off:")
        if off:
            w.await_state("restarting")
        print(f"power cut at {point}, up again after {w.machine.cut_power():.0f} s", flush=True)
        assert w.machine.run("systemctl", "is-active", "fotad").strip() == "active"
        assert "is taken up again" in w.machine.run("journalctl", "--no-pager", "--boot", "--unit=fotad")
        if not off:
            until(lambda: w.module("1-1", "Present"))

    return do


def stop(w):
    """Returns a function that lets it go on."""
    w.machine.run("systemctl", "kill", "--signal=STOP", "fotad")
    return lambda: w.machine.run("systemctl", "kill", "--signal=CONT", "fotad")


def held_up(w):
    """the daemon stands still while the module updates and disconnects again: its queue has the events"""
    w.plug(f"1-1={EC200A}")
    w.sim.ask("hold 1-1 off:1")
    w.sim.ask("hold 1-1 off:2")
    w.start(f"{w.http}/up.bin")
    w.sim.ask("held 1-1 off:1")
    w.await_state("restarting")
    go_on = stop(w)
    w.sim.ask("release 1-1 off:1")
    w.sim.ask("held 1-1 off:2")
    w.machine.run("udevadm", "settle")
    go_on()
    until(lambda: w.job("Restarts") == 1)
    w.sim.ask("release 1-1 off:2")
    w.assert_success()


def events_lost(w):
    """more events than the queue of a stopped daemon holds, among them a module that was plugged in elsewhere"""
    w.plug(f"1-1={EC200A}")
    go_on = stop(w)
    w.machine.shell("for n in $(seq 10); do udevadm trigger --subsystem-match=tty; done; udevadm settle")
    w.sim.ask("move 1-1 1-5")
    w.sim.ask("wait 1-1 idle +1")
    w.machine.run("udevadm", "settle")
    go_on()
    until(lambda: w.module("1-5", "Revision") == OLD)
    assert w.module("1-1", "Present") is False
    assert "udev events were lost" in w.machine.run("journalctl", "--no-pager", "--boot", "--unit=fotad")
    w.start(f"{w.http}/up.bin")
    w.assert_success(place="1-1")


def unplugged_for_ever(w):
    """a module that is unplugged in the download and never comes back is lost"""
    w.machine.write("/etc/fotad/fotad.conf", "[timeouts]\nrestart=10\n")
    w.machine.run("systemctl", "restart", "fotad")
    w.plug(f"1-1={EC200A}")
    w.sim.ask("hold 1-1 downloading:30")
    w.start(f"{w.http}/up.bin")
    w.sim.ask("held 1-1 downloading:30")
    w.sim.ask("detach 1-1")
    w.await_state("finished")
    told = [w.job(name) for name in ("Result", "ErrorDomain", "ErrorName", "Percent")]
    assert told[:3] == ["failed", "host", "module-lost"] and told[3] < 100, told
    assert w.module("1-1", "Present") is False


def plugged_in_elsewhere(w):
    """a module that is moved to another port in the update is followed, once its old place has been empty for so long"""
    w.machine.write("/etc/fotad/fotad.conf", "[timeouts]\nrestart=30\n")
    w.machine.run("systemctl", "restart", "fotad")
    w.plug(f"1-1={EC200A}")
    w.sim.ask("hold 1-1 updating:50")
    w.start(f"{w.http}/up.bin")
    w.sim.ask("held 1-1 updating:50")
    w.sim.ask("move 1-1 1-5")
    w.sim.ask("release 1-1 updating:50")
    w.assert_success()
    assert (w.module("1-5", "Revision"), w.module("1-1", "Present")) == (NEW, False)


ALL = [killed, killed_mini, bus_killed, broker_killed, restarted_and_stopped, power_cut, power_cut_mini, held_up, events_lost,
       unplugged_for_ever, plugged_in_elsewhere]
