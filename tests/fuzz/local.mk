# SPDX-License-Identifier: LGPL-2.1-or-later
# The fuzz targets. "make check" runs the corpora and some thousands of inputs made of them, in a few seconds. "make fuzz"
# builds the targets with clang, its sanitizers and libFuzzer in the directory fuzz, and runs each for SECONDS=60;
# TARGETS="url at" narrows that. Inputs that reach something new stay in fuzz/found, and crashes in fuzz.
FUZZ_TARGETS = \
	tests/fuzz/fuzz-url \
	tests/fuzz/fuzz-job \
	tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-schedule \
	tests/fuzz/fuzz-at \
	tests/fuzz/fuzz-answers \
	tests/fuzz/fuzz-life \
	tests/fuzz/fuzz-plan \
	tests/fuzz/fuzz-options \
	tests/fuzz/fuzz-modem \
	tests/fuzz/fuzz-server \
	tests/fuzz/fuzz-recording

FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fuzz -I$(top_srcdir)/tests/explore $(SYSTEMD_CFLAGS)
tests_fuzz_libfuzz_a_SOURCES = tests/fuzz/fuzz.c tests/fuzz/fuzz.h tests/fuzz/message.c tests/fuzz/message.h
tests_fuzz_libfuzz_a_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_libdriver_a_SOURCES = tests/fuzz/driver.c tests/list-files.h
tests_fuzz_libdriver_a_CPPFLAGS = $(FUZZ_CPPFLAGS)
check_LIBRARIES += tests/fuzz/libfuzz.a tests/fuzz/libdriver.a

EXTRA_PROGRAMS += $(FUZZ_TARGETS)
if FUZZING_ENGINE
FUZZ_ENGINE = $(LIB_FUZZING_ENGINE)
else
FUZZ_ENGINE = tests/fuzz/libdriver.a
if HAVE_TESTS
check_PROGRAMS += $(FUZZ_TARGETS)
TESTS += $(FUZZ_TARGETS)
endif
endif
FUZZ_LIBS = $(FUZZ_ENGINE) tests/fuzz/libfuzz.a tests/explore/libexplore.a
FUZZ_CORE_LIBS = $(FUZZ_LIBS) daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
FUZZ_SHELL_LIBS = $(FUZZ_LIBS) daemon/libfotashell.a daemon/libfotacore.a dbus/libfotashared.a $(SYSTEMD_LIBS) \
	$(UDEV_LIBS) $(GLIB_LIBS)
FUZZ_CLIENT_LIBS = client/fotactl-input.$(OBJEXT) client/fotactl-json.$(OBJEXT) client/fotactl-message.$(OBJEXT) \
	client/fotactl-options.$(OBJEXT) client/fotactl-placeholder.$(OBJEXT) client/fotactl-props.$(OBJEXT) \
	client/fotactl-report.$(OBJEXT) client/fotactl-schedule.$(OBJEXT) client/fotactl-text.$(OBJEXT) $(FUZZ_LIBS) \
	dbus/libfotashared.a $(SYSTEMD_LIBS) $(GLIB_LIBS) $(LIBINTL)
CLEANFILES += tests/fuzz/*.failed

tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz-url.c
tests_fuzz_fuzz_url_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_url_LDADD = $(FUZZ_CORE_LIBS)

tests_fuzz_fuzz_job_SOURCES = tests/fuzz/fuzz-job.c
tests_fuzz_fuzz_job_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_job_LDADD = $(FUZZ_CORE_LIBS)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c
tests_fuzz_fuzz_config_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_SHELL_LIBS)

tests_fuzz_fuzz_schedule_SOURCES = tests/fuzz/fuzz-schedule.c
tests_fuzz_fuzz_schedule_CPPFLAGS = $(client_fotactl_CPPFLAGS) -I$(top_srcdir)/tests/fuzz
tests_fuzz_fuzz_schedule_LDADD = $(FUZZ_CLIENT_LIBS)

tests_fuzz_fuzz_at_SOURCES = tests/fuzz/fuzz-at.c
tests_fuzz_fuzz_at_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_at_LDADD = $(FUZZ_CORE_LIBS)

tests_fuzz_fuzz_answers_SOURCES = tests/fuzz/fuzz-answers.c
tests_fuzz_fuzz_answers_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_answers_LDADD = $(FUZZ_CORE_LIBS)

tests_fuzz_fuzz_life_SOURCES = tests/fuzz/fuzz-life.c
tests_fuzz_fuzz_life_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_life_LDADD = $(FUZZ_CORE_LIBS)

tests_fuzz_fuzz_plan_SOURCES = tests/fuzz/fuzz-plan.c
tests_fuzz_fuzz_plan_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_plan_LDADD = $(FUZZ_CORE_LIBS)

tests_fuzz_fuzz_options_SOURCES = tests/fuzz/fuzz-options.c
tests_fuzz_fuzz_options_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_options_LDADD = $(FUZZ_SHELL_LIBS)

tests_fuzz_fuzz_modem_SOURCES = tests/fuzz/fuzz-modem.c
tests_fuzz_fuzz_modem_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_modem_LDADD = $(FUZZ_SHELL_LIBS)

tests_fuzz_fuzz_server_SOURCES = tests/fuzz/fuzz-server.c
tests_fuzz_fuzz_server_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_server_LDADD = $(FUZZ_SHELL_LIBS)

tests_fuzz_fuzz_recording_SOURCES = tests/fuzz/fuzz-recording.c
tests_fuzz_fuzz_recording_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_recording_LDADD = $(FUZZ_CORE_LIBS)

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/run tests/fuzz/oss-fuzz/Dockerfile tests/fuzz/oss-fuzz/build.sh \
	tests/fuzz/oss-fuzz/project.yaml

.PHONY: fuzzers fuzz
fuzzers: $(FUZZ_TARGETS)
SECONDS = 60
TARGETS = $(patsubst tests/fuzz/fuzz-%,%,$(FUZZ_TARGETS))
fuzz:
	CLANG='$(CLANG)' $(srcdir)/tests/fuzz/run fuzz '$(SECONDS)' $(TARGETS)
