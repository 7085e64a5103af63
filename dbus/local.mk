# SPDX-License-Identifier: LGPL-2.1-or-later
# What the daemon and its clients share: names, the table of codes, the machine form of the contract.
noinst_LIBRARIES += dbus/libfotashared.a
dbus_libfotashared_a_SOURCES = dbus/names.h dbus/codes.h dbus/codes.c

dbusinterfaces_DATA = dbus/org.fotad1.Manager.xml dbus/org.fotad1.Module.xml dbus/org.fotad1.Job.xml
dbuspolicy_DATA = dbus/org.fotad1.conf
dbusservices_DATA = dbus/org.fotad1.service
dbus/org.fotad1.service: dbus/org.fotad1.service.in Makefile
	$(FILL)
EXTRA_DIST += $(dbusinterfaces_DATA) $(dbuspolicy_DATA) dbus/org.fotad1.service.in
CLEANFILES += dbus/org.fotad1.service
