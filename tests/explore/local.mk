# SPDX-License-Identifier: LGPL-2.1-or-later
# The explorer of upgrades: 6,000 of them as a test. make explore: 100,000 upgrades and their outcomes, about three
# minutes of one core.
tests_explore_explore_SOURCES = tests/explore/explore.c tests/explore/host.c tests/explore/host.h \
	tests/explore/model.c tests/explore/model.h
tests_explore_explore_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/explore
tests_explore_explore_LDADD = daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
if HAVE_TESTS
check_PROGRAMS += tests/explore/explore
TESTS += tests/explore/explore
endif

.PHONY: explore
explore: tests/explore/explore
	tests/explore/explore --runs 34000
