#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""upgrade.py URL|FILE REVISION"""
import os
import sys

from gi.repository import Gio, GLib

NAME, MANAGER, JOB = "org.fotad1", "org.fotad1.Manager", "org.fotad1.Job"
if len(sys.argv) != 3:
    print(f"usage: {__doc__}", file=sys.stderr)
    sys.exit(2)
source, revision = sys.argv[1:]
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
loop = GLib.MainLoop()
job = None


def read_job(*_):
    """Takes the end from the properties, which stay. Called at each Result, and whenever the daemon is back."""
    if not job:
        return
    try:
        answer = bus.call_sync(NAME, job, "org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (JOB,)), None,
                               Gio.DBusCallFlags.NONE, -1, None)
    except GLib.Error as error:
        print("not reachable now:", error.message)  # it will be back, and the upgrade goes on
        return
    properties = answer.unpack()[0]
    if properties["State"] == "finished":
        print(properties["Result"], properties["ErrorName"], properties["Message"])
        end({"success": 0, "cancelled": 5}.get(properties["Result"], 1))


def end(status):
    end.status = status
    loop.quit()


def start():
    options = {"expected-revision": GLib.Variant("s", revision)}
    timeout = 600_000  # ms: the copy of a large package, or a person who types a password
    if not os.path.exists(source):
        return bus.call_sync(NAME, "/org/fotad1", MANAGER, "StartUpgrade", GLib.Variant("(ssa{sv})", ("", source, options)),
                             GLib.VariantType("(o)"), Gio.DBusCallFlags.NONE, timeout, None)
    files = Gio.UnixFDList()
    with open(source, "rb") as package:
        handle = files.append(package.fileno())
    arguments = GLib.Variant("(shsa{sv})", ("", handle, os.path.basename(source), options))
    return bus.call_with_unix_fd_list_sync(NAME, "/org/fotad1", MANAGER, "StartUpgradeFile", arguments,
                                           GLib.VariantType("(o)"), Gio.DBusCallFlags.NONE, timeout, files, None)[0]


def on_progress(_bus, _sender, path, _interface, _signal, arguments):
    if path == job:
        print("%s, %d %%" % arguments.unpack())


# Listen first, then start, then read the state.
bus.signal_subscribe(NAME, JOB, "Progress", None, None, Gio.DBusSignalFlags.NONE, on_progress)
bus.signal_subscribe(NAME, JOB, "Result", None, None, Gio.DBusSignalFlags.NONE, read_job)
Gio.bus_watch_name_on_connection(bus, NAME, Gio.BusNameWatcherFlags.AUTO_START, read_job, None)
try:
    job = start().unpack()[0]
except GLib.Error as error:
    name = Gio.DBusError.get_remote_error(error) or ""
    print(name, error.message, file=sys.stderr)
    sys.exit(4 if name.endswith((".ServiceUnknown", ".NoReply")) else 3)
GLib.idle_add(read_job)
loop.run()
sys.exit(end.status)
