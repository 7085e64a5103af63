# SPDX-License-Identifier: LGPL-2.1-or-later
# Attacks by callers without rights, with figures that depend on the machine: not a part of make check. As root:
# make attack; CK_RUN_CASE=denied narrows it to one.
if HAVE_TESTS
check_PROGRAMS += tests/attack/attack
tests_attack_attack_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/daemon
tests_attack_attack_CFLAGS = $(WORLD_CFLAGS)
tests_attack_attack_LDADD = $(WORLD_LIBS)
endif

.PHONY: attack
attack: tests/attack/attack daemon/fotad tests/daemon/confine tests/daemon/syscall-sets tests/sim/modsim
	$(AM_TESTS_ENVIRONMENT) tests/attack/attack
