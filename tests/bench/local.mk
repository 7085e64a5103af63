# SPDX-License-Identifier: LGPL-2.1-or-later
# Figures of fotad beside other programs, which depend on the machine: not a part of make check. make bench writes
# bench.json and bench.svg, too.
EXTRA_DIST += tests/bench/bench
if HAVE_TESTS
check_PROGRAMS += tests/bench/ask tests/bench/bare tests/bench/send
tests_bench_ask_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tests_bench_ask_LDADD = $(SYSTEMD_LIBS) $(GLIB_LIBS)
tests_bench_bare_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(UDEV_CFLAGS)
tests_bench_bare_LDADD = $(SYSTEMD_LIBS) $(UDEV_LIBS) $(GLIB_LIBS)
tests_bench_send_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/daemon
tests_bench_send_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tests_bench_send_LDADD = daemon/libfotashell.a daemon/libfotacore.a dbus/libfotashared.a $(SYSTEMD_LIBS) $(UDEV_LIBS) \
	$(GLIB_LIBS)
endif

.PHONY: bench
bench: tests/bench/ask tests/bench/bare tests/bench/send daemon/fotad client/fotactl tests/sim/modsim
	$(srcdir)/tests/bench/bench . --json bench.json --svg bench.svg
CLEANFILES += bench.json bench.svg
