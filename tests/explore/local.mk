# SPDX-License-Identifier: LGPL-2.1-or-later
# The explorer of upgrades: 20,000 of them as a test, in half a minute of one core, and fewer with sanitizers. make
# explore: ten million of them and their outcomes, which takes three hours; COUNT=100000 takes two minutes.
tests_explore_libexplore_a_SOURCES = tests/explore/faults.c tests/explore/faults.h \
	tests/explore/host.c tests/explore/host.h tests/explore/host-port.c tests/explore/host-private.h \
	tests/explore/model.c tests/explore/model.h tests/explore/model-commands.c tests/explore/model-private.h \
	tests/explore/model-work.c tests/explore/population.c tests/explore/population.h tests/explore/run.c \
	tests/explore/run.h
tests_explore_libexplore_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/explore
tests_explore_explore_SOURCES = tests/explore/explore.c tests/explore/shrink.c tests/explore/shrink.h
tests_explore_explore_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/explore
tests_explore_explore_LDADD = tests/explore/libexplore.a daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
# The recordings of tests/recordings, played to the host of the explorer.
tests_explore_test_recordings_SOURCES = tests/explore/test-recordings.c tests/list-files.h tests/sim/recorded.c \
	tests/sim/recorded.h
tests_explore_test_recordings_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/explore $(CHECK_CFLAGS)
tests_explore_test_recordings_LDADD = tests/explore/libexplore.a daemon/libfotacore.a dbus/libfotashared.a \
	$(CHECK_LIBS) $(GLIB_LIBS)
EXTRA_DIST += tests/recordings
check_LIBRARIES += tests/explore/libexplore.a
if HAVE_TESTS
check_PROGRAMS += tests/explore/explore tests/explore/test-recordings
TESTS += tests/explore/explore tests/explore/test-recordings
endif

.PHONY: explore
COUNT = 10000000
explore: tests/explore/explore
	tests/explore/explore --runs $$(($(COUNT) / 4))
