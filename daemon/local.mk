# SPDX-License-Identifier: LGPL-2.1-or-later
# The core decides and touches nothing: tests/test-wall reads its symbols.
noinst_LIBRARIES += daemon/libfotacore.a
daemon_libfotacore_a_SOURCES = \
	daemon/core/at/at-engine.c daemon/core/at/at-engine.h daemon/core/at/at-line.c daemon/core/at/at-line.h \
	daemon/core/at/pace.c daemon/core/at/pace.h daemon/core/at/uart-life.c daemon/core/at/uart-life.h \
	daemon/core/quectel/identity.c daemon/core/quectel/identity.h daemon/core/quectel/layout.c \
	daemon/core/quectel/layout.h daemon/core/quectel/qfota.c daemon/core/quectel/qfota.h \
	daemon/core/job/context.c daemon/core/job/context.h daemon/core/job/job.c daemon/core/job/job.h \
	daemon/core/job/options.c daemon/core/job/options.h daemon/core/job/source.c daemon/core/job/source.h \
	daemon/core/rules/inspect.c daemon/core/rules/inspect.h daemon/core/rules/rule.c daemon/core/rules/rule.h \
	daemon/core/rules/rules.c daemon/core/rules/rules.h daemon/core/rules/rules-dialogue.c \
	daemon/core/rules/rules-dialogue.h \
	daemon/core/state/upgrade-actions.c daemon/core/state/upgrade-actions.h daemon/core/state/upgrade-decide.c \
	daemon/core/state/upgrade-decide.h daemon/core/state/upgrade-facts.c daemon/core/state/upgrade-facts.h \
	daemon/core/state/upgrade-phase.c daemon/core/state/upgrade-phase.h daemon/core/state/upgrade-state.h \
	daemon/core/state/upgrade-types.h daemon/core/state/upgrade-wait.c daemon/core/state/upgrade-wait.h \
	daemon/core/upgrade/upgrade.c daemon/core/upgrade/upgrade.h daemon/core/upgrade/upgrade-abandon.c \
	daemon/core/upgrade/upgrade-abandon.h daemon/core/upgrade/upgrade-check.c daemon/core/upgrade/upgrade-check.h \
	daemon/core/upgrade/upgrade-command.c daemon/core/upgrade/upgrade-command.h daemon/core/upgrade/upgrade-end.c \
	daemon/core/upgrade/upgrade-end.h daemon/core/upgrade/upgrade-flow.c daemon/core/upgrade/upgrade-flow.h \
	daemon/core/upgrade/upgrade-mini.c daemon/core/upgrade/upgrade-mini.h daemon/core/upgrade/upgrade-prepare.c \
	daemon/core/upgrade/upgrade-prepare.h daemon/core/upgrade/upgrade-restore.c \
	daemon/core/upgrade/upgrade-restore.h daemon/core/upgrade/upgrade-silence.c \
	daemon/core/upgrade/upgrade-silence.h daemon/core/upgrade/upgrade-stalled.c \
	daemon/core/upgrade/upgrade-stalled.h daemon/core/upgrade/upgrade-transfer.c \
	daemon/core/upgrade/upgrade-transfer.h daemon/core/upgrade/upgrade-uart.c daemon/core/upgrade/upgrade-uart.h \
	daemon/core/upgrade/upgrade-urc.c daemon/core/upgrade/upgrade-urc.h daemon/core/upgrade/upgrade-verdict.c \
	daemon/core/upgrade/upgrade-verdict.h

# The shell: everything of the daemon but main(), so that tests can link single rooms.
noinst_LIBRARIES += daemon/libfotashell.a
daemon_libfotashell_a_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(UDEV_CFLAGS) $(LIBCURL_CFLAGS)
daemon_libfotashell_a_SOURCES = \
	daemon/at-port.c daemon/at-port.h \
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
	daemon/bus-request.c daemon/bus-request.h \
	daemon/bus-snapshot.c daemon/bus-snapshot.h \
	daemon/settings.c daemon/settings.h \
	daemon/claim.c daemon/claim.h \
	daemon/clock.c daemon/clock.h \
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
	daemon/module-context.c daemon/module-context.h \
	daemon/module-gate.c daemon/module-gate.h \
	daemon/module-inspect.c daemon/module-inspect.h \
	daemon/module-job.c daemon/module-job.h \
	daemon/module-probe.c daemon/module-probe.h \
	daemon/module-uart.c daemon/module-uart.h \
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
