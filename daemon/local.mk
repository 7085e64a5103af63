# SPDX-License-Identifier: LGPL-2.1-or-later
# The core decides and touches nothing: tests/test-wall reads its symbols.
noinst_LIBRARIES += daemon/libfotacore.a
daemon_libfotacore_a_SOURCES = \
	daemon/core/at-line.c daemon/core/at-line.h \
	daemon/core/at-engine.c daemon/core/at-engine.h \
	daemon/core/context.c daemon/core/context.h \
	daemon/core/identity.c daemon/core/identity.h \
	daemon/core/inspect.c daemon/core/inspect.h \
	daemon/core/job.c daemon/core/job.h \
	daemon/core/layout.c daemon/core/layout.h \
	daemon/core/options.c daemon/core/options.h \
	daemon/core/pace.c daemon/core/pace.h \
	daemon/core/qfota.c daemon/core/qfota.h \
	daemon/core/rule.c daemon/core/rule.h daemon/core/rules.c daemon/core/rules.h \
	daemon/core/rules-dialogue.c daemon/core/rules-dialogue.h \
	daemon/core/source.c daemon/core/source.h \
	daemon/core/upgrade.c daemon/core/upgrade.h daemon/core/upgrade-phase.c daemon/core/upgrade-phase.h \
	daemon/core/upgrade-abandon.c daemon/core/upgrade-abandon.h \
	daemon/core/upgrade-actions.c daemon/core/upgrade-actions.h \
	daemon/core/upgrade-check.c daemon/core/upgrade-check.h \
	daemon/core/upgrade-command.c daemon/core/upgrade-command.h \
	daemon/core/upgrade-decide.c daemon/core/upgrade-decide.h \
	daemon/core/upgrade-end.c daemon/core/upgrade-end.h \
	daemon/core/upgrade-facts.c daemon/core/upgrade-facts.h \
	daemon/core/upgrade-flow.c daemon/core/upgrade-flow.h \
	daemon/core/upgrade-mini.c daemon/core/upgrade-mini.h \
	daemon/core/upgrade-prepare.c daemon/core/upgrade-prepare.h \
	daemon/core/upgrade-restore.c daemon/core/upgrade-restore.h \
	daemon/core/upgrade-silence.c daemon/core/upgrade-silence.h \
	daemon/core/upgrade-transfer.c daemon/core/upgrade-transfer.h \
	daemon/core/upgrade-uart.c daemon/core/upgrade-uart.h \
	daemon/core/upgrade-urc.c daemon/core/upgrade-urc.h \
	daemon/core/upgrade-verdict.c daemon/core/upgrade-verdict.h \
	daemon/core/upgrade-wait.c daemon/core/upgrade-wait.h \
	daemon/core/upgrade-state.h daemon/core/upgrade-types.h \
	daemon/core/uart-life.c daemon/core/uart-life.h

# The shell: everything of the daemon but main(), so that tests can link single rooms.
noinst_LIBRARIES += daemon/libfotashell.a
daemon_libfotashell_a_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(UDEV_CFLAGS) $(LIBCURL_CFLAGS)
daemon_libfotashell_a_SOURCES = \
	daemon/bus.c daemon/bus.h \
	daemon/bus-authorize.c daemon/bus-authorize.h daemon/bus-caller.c daemon/bus-caller.h \
	daemon/bus-call.c daemon/bus-call.h \
	daemon/bus-check.c daemon/bus-check.h \
	daemon/bus-file.c daemon/bus-file.h \
	daemon/bus-inhibit.c daemon/bus-inhibit.h \
	daemon/bus-job.c daemon/bus-job.h \
	daemon/bus-log-control.c daemon/bus-log-control.h \
	daemon/bus-manager.c daemon/bus-manager.h \
	daemon/bus-modem-identity.c daemon/bus-modem-identity.h \
	daemon/bus-modem-manager.c daemon/bus-modem-manager.h \
	daemon/bus-module.c daemon/bus-module.h \
	daemon/bus-snapshot.c daemon/bus-snapshot.h \
	daemon/settings.c daemon/settings.h \
	daemon/claim.c daemon/claim.h \
	daemon/job-store.c daemon/job-store.h \
	daemon/log.c daemon/log.h \
	daemon/log-job.c daemon/log-job.h daemon/message-ids.h \
	daemon/manager.c daemon/manager.h daemon/manager-observer.h daemon/manager-state.h \
	daemon/manager-check.c daemon/manager-check.h \
	daemon/manager-claim.c daemon/manager-claim.h \
	daemon/manager-facts.c daemon/manager-facts.h \
	daemon/manager-found.c daemon/manager-found.h daemon/manager-jobs.c daemon/manager-jobs.h \
	daemon/manager-modules.c daemon/manager-modules.h \
	daemon/manager-requests.c daemon/manager-requests.h daemon/manager-uart.c daemon/manager-uart.h \
	daemon/module.c daemon/module.h daemon/module-private.h \
	daemon/module-gate.c \
	daemon/module-identity.c daemon/module-inspect.c daemon/module-package.c daemon/module-port.c daemon/module-uart.c \
	daemon/module-view.c \
	daemon/package-copy.c daemon/package-copy.h \
	daemon/package-store.c daemon/package-store.h \
	daemon/port-watch.c daemon/port-watch.h \
	daemon/ports.c daemon/ports.h \
	daemon/power.c daemon/power.h \
	daemon/refusal.c daemon/refusal.h \
	daemon/serial.c daemon/serial.h \
	daemon/source-check.c daemon/source-check.h \
	daemon/spool.c daemon/spool.h \
	daemon/status.c daemon/status.h \
	daemon/transfer.c daemon/transfer.h \
	daemon/uevent.c daemon/uevent.h \
	daemon/usb-watch.c daemon/usb-watch.h

libexec_PROGRAMS += daemon/fotad
daemon_fotad_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(UDEV_CFLAGS)
daemon_fotad_SOURCES = daemon/main.c
daemon_fotad_LDADD = daemon/libfotashell.a daemon/libfotacore.a dbus/libfotashared.a \
	$(SYSTEMD_LIBS) $(UDEV_LIBS) $(LIBCURL_LIBS) $(GLIB_LIBS)

# The settings with their defaults, to copy: what is in /etc/fotad is the administrator's.
dist_doc_DATA = daemon/fotad.conf
