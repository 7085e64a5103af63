# SPDX-License-Identifier: LGPL-2.1-or-later
# The core decides and touches nothing: tests/test-wall reads its symbols.
noinst_LIBRARIES += daemon/libfotacore.a
daemon_libfotacore_a_SOURCES = \
	daemon/core/at/at-engine.c daemon/core/at/at-engine.h daemon/core/at/at-line.c daemon/core/at/at-line.h \
	daemon/core/at/pace.c daemon/core/at/pace.h daemon/core/at/uart-life.c daemon/core/at/uart-life.h \
	daemon/core/quectel/fingerprint.c daemon/core/quectel/fingerprint.h \
	daemon/core/quectel/identity.c daemon/core/quectel/identity.h daemon/core/quectel/layout.c \
	daemon/core/quectel/layout.h daemon/core/quectel/qfota.c daemon/core/quectel/qfota.h \
	daemon/core/job/context.c daemon/core/job/context.h daemon/core/job/job.c daemon/core/job/job.h \
	daemon/core/job/job-log.c daemon/core/job/job-log.h daemon/core/job/job-mask.c \
	daemon/core/job/job-private.h daemon/core/job/job-text.c daemon/core/job/key-file.c daemon/core/job/key-file.h \
	daemon/core/job/options.c daemon/core/job/options.h daemon/core/job/source.c daemon/core/job/source.h \
	daemon/core/record/mask-commands.c daemon/core/record/mask-commands.h daemon/core/record/mask-identifiers.c \
	daemon/core/record/mask-identifiers.h daemon/core/record/mask-line.c daemon/core/record/mask-line.h \
	daemon/core/record/mask-secrets.c daemon/core/record/mask-secrets.h daemon/core/record/mask-stand-ins.c \
	daemon/core/record/mask-stand-ins.h daemon/core/record/record-mask.c daemon/core/record/record-mask.h \
	daemon/core/record/recording.c daemon/core/record/recording.h daemon/core/record/survey.c \
	daemon/core/record/survey.h \
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
	daemon/core/upgrade/upgrade-history.c daemon/core/upgrade/upgrade-history.h \
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
daemon_libfotashell_a_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(UDEV_CFLAGS)
daemon_libfotashell_a_SOURCES = \
	daemon/base/carrier.c daemon/base/carrier.h daemon/base/clock.c daemon/base/clock.h daemon/base/log.c \
	daemon/base/log.h daemon/base/log-job.c daemon/base/log-job.h daemon/base/message-ids.h \
	daemon/base/read-file.c daemon/base/read-file.h daemon/base/refusal.c daemon/base/refusal.h \
	daemon/base/settings.c daemon/base/settings.h daemon/base/write-all.c daemon/base/write-all.h \
	daemon/store/job-store.c daemon/store/job-store.h daemon/store/package-copy.c daemon/store/package-copy.h \
	daemon/store/recording-store.c daemon/store/recording-store.h \
	daemon/store/package-store.c daemon/store/package-store.h daemon/store/source-check.c \
	daemon/store/source-check.h daemon/store/spool.c daemon/store/spool.h \
	daemon/store/writer.c daemon/store/writer.h \
	daemon/device/claim.c daemon/device/claim.h daemon/device/port-watch.c daemon/device/port-watch.h \
	daemon/device/ports.c daemon/device/ports.h daemon/device/power.c daemon/device/power.h daemon/device/serial.c \
	daemon/device/serial.h daemon/device/transfer.c daemon/device/transfer.h daemon/device/uevent.c \
	daemon/device/uevent.h daemon/device/usb-describe.c \
	daemon/device/usb-describe.h daemon/device/usb-watch.c daemon/device/usb-watch.h \
	daemon/module/at-port.c daemon/module/at-port.h daemon/module/module.c daemon/module/module.h \
	daemon/module/module-access.c daemon/module/module-context.c daemon/module/module-context.h \
	daemon/module/module-gate.c daemon/module/module-gate.h daemon/module/module-identity.c \
	daemon/module/module-input.c daemon/module/module-input.h \
	daemon/module/module-inspect.c daemon/module/module-inspect.h daemon/module/module-job.c \
	daemon/module/module-job.h daemon/module/module-place.c daemon/module/module-place.h \
	daemon/module/module-private.h daemon/module/module-probe.c daemon/module/module-probe.h \
	daemon/module/module-uart.c daemon/module/module-uart.h daemon/module/module-upgrade.c \
	daemon/module/module-view.c \
	daemon/manager/manager.c daemon/manager/manager.h daemon/manager/manager-check.c daemon/manager/manager-check.h \
	daemon/manager/manager-claim.c daemon/manager/manager-claim.h daemon/manager/manager-facts.c \
	daemon/manager/manager-facts.h daemon/manager/manager-found.c daemon/manager/manager-found.h \
	daemon/manager/manager-jobs.c daemon/manager/manager-jobs.h daemon/manager/manager-modules.c \
	daemon/manager/manager-modules.h daemon/manager/manager-observer.h daemon/manager/manager-recording.c daemon/manager/manager-recording.h \
	daemon/manager/manager-records.c \
	daemon/manager/manager-records.h daemon/manager/manager-request-id.c \
	daemon/manager/manager-request-id.h daemon/manager/manager-requests.c daemon/manager/manager-requests.h \
	daemon/manager/manager-state.h daemon/manager/manager-survey.c daemon/manager/manager-survey.h \
	daemon/manager/manager-uart.c \
	daemon/manager/manager-uart.h daemon/manager/manager-watch.c daemon/manager/manager-watch.h \
	daemon/bus/bus.c daemon/bus/bus.h daemon/bus/bus-authorize.c daemon/bus/bus-authorize.h daemon/bus/bus-call.c \
	daemon/bus/bus-call.h daemon/bus/bus-caller.c daemon/bus/bus-caller.h daemon/bus/bus-check.c \
	daemon/bus/bus-costly.c daemon/bus/bus-costly.h daemon/bus/bus-refusals.c daemon/bus/bus-refusals.h \
	daemon/bus/bus-check.h daemon/bus/bus-inhibit.c \
	daemon/bus/bus-inhibit.h daemon/bus/bus-job.c daemon/bus/bus-job.h daemon/bus/bus-log-control.c \
	daemon/bus/bus-log-control.h daemon/bus/bus-manager.c daemon/bus/bus-manager.h daemon/bus/bus-modem-identity.c \
	daemon/bus/bus-modem-identity.h daemon/bus/bus-modem-manager.c daemon/bus/bus-modem-manager.h \
	daemon/bus/bus-module.c daemon/bus/bus-module.h daemon/bus/bus-name.c daemon/bus/bus-name.h \
	daemon/bus/bus-object.c daemon/bus/bus-object.h \
	daemon/bus/bus-request.c daemon/bus/bus-request.h daemon/bus/bus-start.c daemon/bus/bus-start.h \
	daemon/bus/bus-survey.c daemon/bus/bus-survey.h daemon/bus/bus-memfd.c daemon/bus/bus-memfd.h \
	daemon/bus/bus-snapshot.c daemon/bus/bus-snapshot.h daemon/bus/bus-socket.c daemon/bus/bus-socket.h \
	daemon/bus/status.c daemon/bus/status.h

libexec_PROGRAMS += daemon/fotad
daemon_fotad_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) $(UDEV_CFLAGS)
daemon_fotad_SOURCES = daemon/main.c
daemon_fotad_LDADD = daemon/libfotashell.a daemon/libfotacore.a dbus/libfotashared.a \
	$(SYSTEMD_LIBS) $(UDEV_LIBS) $(GLIB_LIBS)

# The settings with their defaults, to copy: what is in /etc/fotad is the administrator's.
dist_doc_DATA = daemon/fotad.conf
