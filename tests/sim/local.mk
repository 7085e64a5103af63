# SPDX-License-Identifier: LGPL-2.1-or-later
# The module simulator: for fotad's own tests, and for the rehearsal of an upgrade (README.md in this directory).
if HAVE_TESTS
noinst_PROGRAMS += tests/sim/modsim
tests_sim_modsim_CFLAGS = $(AM_CFLAGS) $(SIM_CFLAGS)
tests_sim_modsim_LDADD = daemon/libfotacore.a dbus/libfotashared.a $(SIM_LIBS) $(GLIB_LIBS)
tests_sim_modsim_SOURCES = $(modsim_sources) \
	tests/sim/attach-umockdev.c \
	tests/sim/bed-host.c tests/sim/bed-host.h tests/sim/bed-preload.c tests/sim/bed-private.h \
	tests/sim/bed-rules.c tests/sim/bed-sysfs.c tests/sim/bed-take.c tests/sim/bed-tty.c tests/sim/bed-udev.c

# Libraries to preload are programs for automake, so that they are built, cleaned and distributed as such. Without
# sanitizers, which inspect the program that preloads them.
noinst_PROGRAMS += tests/sim/bed-guard.so
tests_sim_bed_guard_so_SOURCES = tests/sim/bed-guard.c tests/sim/bed-host.h
tests_sim_bed_guard_so_CFLAGS = -std=gnu11 $(WARNINGS) -fPIC
tests_sim_bed_guard_so_LDFLAGS = -shared
check_PROGRAMS += tests/sim/guard-check
tests_sim_guard_check_CFLAGS = -std=gnu11 $(WARNINGS)
TESTS += tests/sim/test-guard
EXTRA_DIST += tests/sim/test-guard

# The same modules on the real USB of another machine (tests/system).
noinst_PROGRAMS += tests/sim/modsim-usb
tests_sim_modsim_usb_CFLAGS = $(AM_CFLAGS) $(SIM_USB_CFLAGS)
tests_sim_modsim_usb_LDADD = daemon/libfotacore.a dbus/libfotashared.a $(SIM_USB_LIBS) $(GLIB_LIBS)
tests_sim_modsim_usb_SOURCES = $(modsim_sources) \
	tests/sim/attach-usbip.c tests/sim/usbip.c tests/sim/usbip.h tests/sim/descriptors.c tests/sim/descriptors.h

modsim_sources = tests/sim/attach.h \
	tests/sim/bench.c tests/sim/bench.h tests/sim/bench-private.h tests/sim/bench-world.c \
	tests/sim/control.c tests/sim/control.h \
	tests/sim/fetch.c tests/sim/fetch.h \
	tests/sim/model.c tests/sim/model.h \
	tests/sim/model-at.c tests/sim/model-at.h \
	tests/sim/model-at-config.c tests/sim/model-at-info.c \
	tests/sim/model-file.c tests/sim/model-fota.c tests/sim/model-lane.c tests/sim/model-mini.c \
	tests/sim/model-port.c tests/sim/model-private.h tests/sim/model-recording.c tests/sim/model-source.c \
	tests/sim/model-truth.c \
	tests/sim/modsim.c \
	tests/sim/package.c tests/sim/package.h \
	tests/sim/persona.c tests/sim/persona.h tests/sim/persona-survey.c tests/sim/persona-survey.h \
	tests/sim/recorded.c tests/sim/recorded.h \
	tests/sim/text.c tests/sim/text.h \
	tests/sim/usb.c tests/sim/usb.h
endif
EXTRA_DIST += tests/sim/README.md \
	tests/sim/selftest.py tests/sim/selftest_file.py tests/sim/selftest_host.py \
	tests/sim/selftest_mini.py tests/sim/selftest_uart.py
