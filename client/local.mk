# SPDX-License-Identifier: LGPL-2.1-or-later
# fotactl: one file a verb. Speaks D-Bus only; nothing of daemon/ may be included here.
bin_PROGRAMS += client/fotactl
client_fotactl_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/dbus -I$(top_srcdir)/client -I$(top_builddir) $(SYSTEMD_CFLAGS) \
	-DLOCALEDIR=\"$(localedir)\" -DSCHEDULE_DIR=\"$(sysconfdir)/fotad/schedule\"
client_fotactl_SOURCES = client/fotactl.c client/ctl.h \
	client/agent.c client/agent.h \
	client/bus.c client/bus.h \
	client/credentials.c client/credentials.h \
	client/follow.c client/follow.h \
	client/input.c client/input.h \
	client/job-log.c client/job-log.h \
	client/job-picture.c client/job-picture.h \
	client/json.c client/json.h \
	client/message.c client/message.h \
	client/objects.c client/objects.h \
	client/options.c client/options.h \
	client/placeholder.c client/placeholder.h \
	client/progress.c client/progress.h \
	client/props.c client/props.h \
	client/recording-file.c client/recording-file.h \
	client/report.c client/report.h \
	client/schedule.c client/schedule.h \
	client/schedule-run.c client/schedule-run.h \
	client/schedule-wait.c client/schedule-wait.h \
	client/show.c client/show.h \
	client/source.c client/source.h \
	client/start.c client/start.h \
	client/table.c client/table.h \
	client/text.c client/text.h \
	client/units.c client/units.h \
	client/verb-cancel.c \
	client/verb-check.c \
	client/verb-dismiss.c \
	client/verb-explain.c \
	client/verb-history.c \
	client/verb-list.c \
	client/verb-log.c \
	client/verb-monitor.c \
	client/verb-probe.c \
	client/verb-recording.c \
	client/verb-report.c \
	client/verb-retry.c \
	client/verb-schedule.c \
	client/verb-start.c \
	client/verb-survey.c \
	client/verb-status.c \
	client/verb-watch.c
client_fotactl_LDADD = dbus/libfotashared.a $(SYSTEMD_LIBS) $(GLIB_LIBS) $(LIBINTL)

dist_completions_DATA = client/completion/fotactl
zshcompletions_DATA = client/completion/_fotactl
fishcompletions_DATA = client/completion/fotactl.fish
client/completion/%: client/completion/%.in Makefile
	$(FILL)
EXTRA_DIST += client/completion/_fotactl.in client/completion/fotactl.fish.in
CLEANFILES += client/completion/_fotactl client/completion/fotactl.fish
