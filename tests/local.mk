# SPDX-License-Identifier: LGPL-2.1-or-later
include tests/sim/local.mk
include tests/core/local.mk
include tests/explore/local.mk
include tests/fuzz/local.mk

# The outside view of the daemon and of fotactl: bus, tty, files, exit codes.
EXTRA_DIST += tests/test-loops tests/test-manuals tests/test-rehearsal tests/test-texts tests/test-translations tests/test-explained tests/test-security tests/test-catalog tests/test-install tests/data/installed tests/templates.h \
	tests/test-proofs.test tests/package/boot tests/package/build tests/package/guest.py tests/package/life \
	tests/system/README.md tests/system/agent tests/system/check tests/system/image tests/system/interruptions.py \
	tests/system/machine.py tests/system/neighbours.py tests/system/run tests/system/units/agent.service \
	tests/system/units/network-of-the-test.service tests/system/units/usb.service tests/system/upgrades.py \
	tests/system/usb tests/system/world.py
AM_TESTS_ENVIRONMENT = export abs_top_builddir='$(abs_top_builddir)' abs_top_srcdir='$(abs_top_srcdir)' CK_FORK=yes \
	CK_TAP_LOG_FILE_NAME=-;
# tests/core/test-phases runs those of the upgrade's tests that take seconds.
AM_TESTS_ENVIRONMENT += export FOTAD_PHASE_TESTS='$(filter-out tests/core/test-upgrade-resume,$(EVENT_LOG_TESTS))';
# tests/test-loops reads their symbols.
AM_TESTS_ENVIRONMENT += export FOTAD_OBJECTS='$(daemon_fotad_OBJECTS) $(daemon_libfotashell_a_OBJECTS) \
	$(daemon_libfotacore_a_OBJECTS) $(client_fotactl_OBJECTS) $(source_check_fotad_source_check_OBJECTS) \
	$(dbus_libfotashared_a_OBJECTS) $(HAWKBIT_OBJECTS)';
if HAWKBIT
HAWKBIT_OBJECTS = $(fleet_fotad_hawkbit_OBJECTS) $(filter fleet/%,$(fleet_libfotafleet_a_OBJECTS))
else
AM_TESTS_ENVIRONMENT += export FOTAD_WITHOUT=hawkbit;
endif
if ENABLE_ASAN
AM_TESTS_ENVIRONMENT += FOTAD_TEST_PRELOAD=`$(CC) -print-file-name=libasan.so`; export FOTAD_TEST_PRELOAD;
endif

WORLD_CFLAGS = $(AM_CFLAGS) -DLOCALEDIR=\"$(localedir)\" $(CHECK_CFLAGS) $(SYSTEMD_CFLAGS)
WORLD_LIBS = tests/daemon/libworld.a $(CHECK_LIBS) $(SYSTEMD_LIBS) $(GLIB_LIBS)

include tests/attack/local.mk
include tests/bench/local.mk

# The output of fotactl in each state: make captures SHOW="stalled de 40"
captures: client/fotactl
	@abs_top_builddir='$(abs_top_builddir)' abs_top_srcdir='$(abs_top_srcdir)' localedir='$(localedir)' \
		$(top_srcdir)/tests/test-captures --print $(SHOW)
.PHONY: captures recordings

if HAVE_TESTS
check_LIBRARIES += tests/daemon/libworld.a
tests_daemon_libworld_a_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_libworld_a_SOURCES = tests/daemon/world.c tests/daemon/world.h tests/daemon/world-private.h \
	tests/daemon/world-bus.c tests/daemon/world-launch.c tests/daemon/suite.c tests/daemon/suite.h \
	tests/daemon/mini.c tests/daemon/mini.h tests/daemon/presets.c tests/daemon/presets.h \
	tests/daemon/uart.c tests/daemon/uart.h \
	tests/daemon/points.c tests/daemon/points.h tests/daemon/disk-model.c tests/daemon/disk-model.h \
	tests/daemon/disk-upgrade.c tests/daemon/disk-upgrade.h tests/daemon/held.c tests/daemon/held.h \
	tests/daemon/workers.c tests/daemon/workers.h tests/daemon/files.c tests/daemon/files.h \
	tests/daemon/datagrams.c tests/daemon/datagrams.h tests/daemon/packages.c tests/daemon/packages.h \
	tests/daemon/checks.c tests/daemon/checks.h tests/daemon/polkit.c tests/daemon/polkit.h \
	tests/daemon/client-run.c tests/daemon/client-run.h tests/daemon/systemd.c tests/daemon/systemd.h \
	tests/daemon/schedules.c tests/daemon/schedules.h \
	tests/daemon/source-checks.c tests/daemon/source-checks.h \
	tests/daemon/modem-manager.c tests/daemon/modem-manager.h \
	tests/daemon/squatter.c tests/daemon/squatter.h tests/daemon/fuse-file.c tests/daemon/fuse-file.h \
	tests/sim/package.c tests/sim/package.h

# Libraries to preload, as tests/sim/bed-guard.so.
check_PROGRAMS += tests/daemon/kill-at.so
tests_daemon_kill_at_so_SOURCES = tests/daemon/kill-at.c
tests_daemon_kill_at_so_CFLAGS = -std=gnu11 $(WARNINGS) -fPIC
tests_daemon_kill_at_so_LDFLAGS = -shared

check_PROGRAMS += tests/daemon/standstill.so
tests_daemon_standstill_so_SOURCES = tests/daemon/standstill.c
tests_daemon_standstill_so_CFLAGS = -std=gnu11 $(WARNINGS) -fPIC
tests_daemon_standstill_so_LDFLAGS = -shared

check_PROGRAMS += tests/daemon/slow-files.so
tests_daemon_slow_files_so_SOURCES = tests/daemon/slow-files.c
tests_daemon_slow_files_so_CFLAGS = -std=gnu11 $(WARNINGS) -fPIC
tests_daemon_slow_files_so_LDFLAGS = -shared

# Runs the daemon under the unit's restrictions, which are set up before any code of fotad runs: without sanitizers,
# which would otherwise start twice.
check_PROGRAMS += tests/daemon/confine tests/daemon/confine-probe
CONFINE_CFLAGS = -std=gnu11 $(WARNINGS) $(GLIB_CFLAGS) $(SECCOMP_CFLAGS)
if ENABLE_ASAN
CONFINE_CFLAGS += -DSANITIZED
endif
tests_daemon_confine_SOURCES = tests/daemon/confine.c tests/daemon/confine.h tests/daemon/confine-files.c \
	tests/daemon/confine-rights.c tests/daemon/confine-calls.c
tests_daemon_confine_CFLAGS = $(CONFINE_CFLAGS)
tests_daemon_confine_LDFLAGS =
tests_daemon_confine_LDADD = $(SECCOMP_LIBS) $(GLIB_LIBS)
tests_daemon_confine_probe_CFLAGS = $(CONFINE_CFLAGS)
tests_daemon_confine_probe_LDFLAGS =
check_DATA = tests/daemon/syscall-sets
tests/daemon/syscall-sets:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && systemd-analyze syscall-filter --no-pager > $@.tmp && mv $@.tmp $@
CLEANFILES += tests/daemon/syscall-sets

# Hundreds of runs of fotactl, which take too long with sanitizers.
EXTRA_DIST += tests/test-captures
if !ENABLE_ASAN
TESTS += tests/test-captures
endif
AM_TESTS_ENVIRONMENT += export localedir='$(localedir)';
TESTS += tests/test-explained tests/test-loops tests/test-security tests/test-catalog tests/test-install tests/test-manuals tests/test-rehearsal tests/test-texts tests/test-translations

# Where configure takes every hardening.
EXTRA_DIST += tests/test-hardened
if HARDENED
TESTS += tests/test-hardened
endif

# Instructions depend on the compiler and the libraries, so they are for maintainers; valgrind runs no sanitizers.
EXTRA_DIST += tests/test-instructions tests/data/instructions
if MAINTAINER_MODE
if !ENABLE_ASAN
TESTS += tests/test-instructions
endif
endif

# The tests that prove each sentence of the vendor's guide: test-proofs reads the logs of those that run with it, so it
# comes last. (Automake drops its own rule for a log that has one here, except for logs of *.test.)
TESTS += tests/test-proofs.test
tests/test-proofs.log: $(filter-out tests/test-proofs.log,$(TEST_LOGS))

# The longest first: make starts them in this order.
if HAWKBIT
HAWKBIT_TEST = tests/fleet/test-hawkbit tests/fleet/test-odd-server
endif
world_tests = $(HAWKBIT_TEST) \
	tests/daemon/test-file-paced \
	tests/daemon/test-crash-points \
	tests/daemon/test-disk-points \
	tests/daemon/test-power-cuts \
	tests/daemon/test-mini \
	tests/daemon/test-mini-stalled \
	tests/daemon/test-power \
	tests/daemon/test-uart \
	tests/daemon/test-modem-manager-real \
	tests/daemon/test-dfota \
	tests/daemon/test-mini-cancel \
	tests/daemon/test-mini-retry \
	tests/daemon/test-adoption \
	tests/daemon/test-moved \
	tests/daemon/test-crash \
	tests/daemon/test-breaker \
	tests/daemon/test-away \
	tests/daemon/test-sixteen \
	tests/daemon/test-cancel \
	tests/daemon/test-codes \
	tests/daemon/test-dismiss \
	tests/daemon/test-faults \
	tests/daemon/test-chatter \
	tests/daemon/test-timeouts \
	tests/daemon/test-watch \
	tests/daemon/test-standstill \
	tests/daemon/test-slow-disk \
	tests/daemon/test-slow-starts \
	tests/daemon/test-slow-records \
	tests/daemon/test-bus \
	tests/daemon/test-access \
	tests/daemon/test-flood \
	tests/daemon/test-random-calls \
	tests/daemon/test-polkit \
	tests/daemon/test-polkit-installed \
	tests/daemon/test-polkit-person \
	tests/daemon/test-polkit-waits \
	tests/daemon/test-confine \
	tests/daemon/test-refusals \
	tests/daemon/test-check \
	tests/daemon/test-check-source \
	tests/daemon/test-survey \
	tests/daemon/test-recorded \
	tests/daemon/test-replay \
	tests/daemon/test-source-helper \
	tests/daemon/test-file \
	tests/daemon/test-file-uart \
	tests/daemon/test-package \
	tests/daemon/test-package-refusals \
	tests/daemon/test-request-id \
	tests/fleet/test-fleet \
	tests/cockpit/test-cockpit \
	tests/daemon/test-package-spool \
	tests/daemon/test-descriptors \
	tests/daemon/test-disk \
	tests/daemon/test-wire \
	tests/daemon/test-settings-back \
	tests/daemon/test-servers \
	tests/daemon/test-claim \
	tests/daemon/test-port \
	tests/daemon/test-at-port \
	tests/daemon/test-uart-mini \
	tests/daemon/test-service \
	tests/daemon/test-reload \
	tests/daemon/test-inhibit \
	tests/daemon/test-modem-manager \
	tests/daemon/test-journal \
	tests/daemon/test-log \
	tests/daemon/test-log-control \
	tests/daemon/test-schedule \
	tests/daemon/test-schedule-files \
	tests/daemon/test-schedule-waits \
	tests/daemon/test-completion \
	tests/daemon/test-examples \
	tests/daemon/test-terminal \
	tests/daemon/test-fotactl
check_PROGRAMS += $(world_tests)
TESTS += $(world_tests)
EXTRA_DIST += tests/daemon/complete tests/daemon/complete-zsh
tests_daemon_test_completion_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_completion_LDADD = $(WORLD_LIBS)
tests_daemon_test_examples_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_examples_LDADD = $(WORLD_LIBS)
tests_daemon_test_terminal_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_terminal_LDADD = $(WORLD_LIBS)
tests_daemon_test_file_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_file_LDADD = $(WORLD_LIBS)
tests_daemon_test_file_uart_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_file_uart_LDADD = $(WORLD_LIBS)
tests_daemon_test_file_paced_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_file_paced_LDADD = $(WORLD_LIBS)
tests_daemon_test_dfota_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_dfota_LDADD = $(WORLD_LIBS)
tests_daemon_test_watch_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_watch_LDADD = $(WORLD_LIBS)
tests_daemon_test_mini_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_mini_LDADD = $(WORLD_LIBS)
tests_daemon_test_mini_cancel_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_mini_cancel_LDADD = $(WORLD_LIBS)
tests_daemon_test_mini_stalled_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_mini_stalled_LDADD = $(WORLD_LIBS)
tests_daemon_test_mini_retry_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_mini_retry_LDADD = $(WORLD_LIBS)
tests_daemon_test_adoption_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_adoption_LDADD = $(WORLD_LIBS)
tests_daemon_test_moved_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_moved_LDADD = $(WORLD_LIBS)
tests_daemon_test_crash_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_crash_LDADD = $(WORLD_LIBS)
tests_daemon_test_crash_points_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_crash_points_LDADD = $(WORLD_LIBS)
tests_daemon_test_disk_points_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_disk_points_LDADD = $(WORLD_LIBS)
tests_daemon_test_power_cuts_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_power_cuts_LDADD = $(SHELL_TEST_LIBS) $(WORLD_LIBS)
tests_daemon_test_power_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_power_LDADD = $(WORLD_LIBS)
tests_daemon_test_breaker_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_breaker_LDADD = $(WORLD_LIBS)
tests_daemon_test_away_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_away_LDADD = $(WORLD_LIBS)
tests_daemon_test_sixteen_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_sixteen_LDADD = $(WORLD_LIBS)
tests_daemon_test_cancel_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_cancel_LDADD = $(WORLD_LIBS)
tests_daemon_test_dismiss_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_dismiss_LDADD = $(WORLD_LIBS)
tests_daemon_test_codes_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_codes_LDADD = $(WORLD_LIBS)
tests_daemon_test_chatter_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_chatter_LDADD = $(WORLD_LIBS)
tests_daemon_test_faults_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_faults_LDADD = dbus/libfotashared.a $(WORLD_LIBS)
tests_daemon_test_standstill_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_standstill_LDADD = $(WORLD_LIBS)
tests_daemon_test_slow_disk_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_slow_disk_LDADD = $(WORLD_LIBS)
tests_daemon_test_slow_starts_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_slow_starts_LDADD = $(WORLD_LIBS)
tests_daemon_test_slow_records_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_slow_records_LDADD = $(WORLD_LIBS)
tests_daemon_test_timeouts_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_timeouts_LDADD = $(WORLD_LIBS)
tests_daemon_test_bus_CFLAGS = $(WORLD_CFLAGS) $(SIM_CFLAGS)
tests_daemon_test_bus_LDADD = $(WORLD_LIBS) $(SIM_LIBS)
tests_daemon_test_flood_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_flood_LDADD = $(WORLD_LIBS)
tests_daemon_test_random_calls_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/fuzz
tests_daemon_test_random_calls_CFLAGS = $(WORLD_CFLAGS) $(SIM_CFLAGS)
tests_daemon_test_random_calls_LDADD = tests/fuzz/libfuzz.a $(WORLD_LIBS) $(SIM_LIBS)
tests_daemon_test_access_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_access_LDADD = $(WORLD_LIBS)
tests_daemon_test_polkit_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_polkit_LDADD = $(WORLD_LIBS)
tests_daemon_test_polkit_installed_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_polkit_installed_LDADD = $(WORLD_LIBS)
tests_daemon_test_polkit_person_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_polkit_person_LDADD = $(WORLD_LIBS)
tests_daemon_test_polkit_waits_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_polkit_waits_LDADD = $(WORLD_LIBS)
tests_daemon_test_confine_CFLAGS = $(WORLD_CFLAGS) $(filter -DSANITIZED,$(CONFINE_CFLAGS))
tests_daemon_test_confine_LDADD = $(WORLD_LIBS)
tests_daemon_test_refusals_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_refusals_LDADD = dbus/libfotashared.a $(WORLD_LIBS)
tests_daemon_test_check_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_check_LDADD = $(WORLD_LIBS)
tests_daemon_test_recorded_SOURCES = tests/daemon/test-recorded.c tests/daemon/recordings.c tests/daemon/recordings.h
tests_daemon_test_recorded_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_recorded_LDADD = $(WORLD_LIBS) daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
# No test: it makes files for tests/recordings.
check_PROGRAMS += tests/daemon/make-recordings
tests_daemon_make_recordings_SOURCES = tests/daemon/make-recordings.c tests/daemon/recordings.c tests/daemon/recordings.h
tests_daemon_make_recordings_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_make_recordings_LDADD = $(WORLD_LIBS) daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
RECORDINGS = recordings
recordings: tests/daemon/make-recordings
	mkdir -p $(RECORDINGS)
	$(AM_TESTS_ENVIRONMENT) srcdir=$(srcdir) FOTAD_RECORDINGS=`cd $(RECORDINGS) && pwd` tests/daemon/make-recordings
tests_daemon_test_replay_SOURCES = tests/daemon/test-replay.c tests/daemon/recordings.c tests/daemon/recordings.h \
	tests/list-files.h
tests_daemon_test_replay_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_replay_LDADD = $(WORLD_LIBS) daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
tests_daemon_test_survey_SOURCES = tests/daemon/test-survey.c tests/daemon/recordings.c tests/daemon/recordings.h
tests_daemon_test_survey_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_survey_LDADD = $(WORLD_LIBS) daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
tests_daemon_test_check_source_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_check_source_LDADD = $(WORLD_LIBS)
tests_daemon_test_source_helper_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_source_helper_LDADD = $(WORLD_LIBS)
tests_daemon_test_package_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_package_LDADD = $(WORLD_LIBS)
EXTRA_DIST += tests/cockpit/browser.py tests/cockpit/click
tests_cockpit_test_cockpit_CFLAGS = $(WORLD_CFLAGS) -I$(top_srcdir)/tests/daemon
tests_cockpit_test_cockpit_LDADD = dbus/libfotashared.a $(WORLD_LIBS) $(LIBINTL)
EXTRA_DIST += tests/fleet/run
tests_fleet_test_fleet_CFLAGS = $(WORLD_CFLAGS) -I$(top_srcdir)/tests/daemon
tests_fleet_test_fleet_LDADD = $(WORLD_LIBS)
EXTRA_DIST += tests/fleet/hawkbit/Server.java tests/fleet/hawkbit/pom.xml tests/fleet/hawkbit/serve
EXTRA_DIST += tests/fleet/odd-server
tests_fleet_test_odd_server_CFLAGS = $(WORLD_CFLAGS) -I$(top_srcdir)/tests/daemon
tests_fleet_test_odd_server_LDADD = $(WORLD_LIBS)
tests_fleet_test_hawkbit_SOURCES = tests/fleet/test-hawkbit.c tests/fleet/server.c tests/fleet/server.h
tests_fleet_test_hawkbit_CFLAGS = $(WORLD_CFLAGS) -I$(top_srcdir)/tests/daemon $(SIM_CFLAGS) $(JSON_CFLAGS)
tests_fleet_test_hawkbit_LDADD = $(WORLD_LIBS) $(SIM_LIBS) $(JSON_LIBS)
CLEANFILES += tests/fleet/classpath tests/fleet/server.log
# One target of fotad-hawkbit alone.
target_tests = tests/fleet/test-target tests/fleet/test-target-state tests/fleet/test-target-cancel \
	tests/fleet/test-target-requests
if HAWKBIT
check_LIBRARIES += tests/fleet/libtargetbench.a
check_PROGRAMS += $(target_tests)
TESTS += $(target_tests)
endif
TARGET_CPPFLAGS = $(FLEET_CPPFLAGS) $(CHECK_CFLAGS)
TARGET_LIBS = tests/fleet/libtargetbench.a fleet/libfotafleet.a dbus/libfotashared.a $(CHECK_LIBS) $(JSON_LIBS) $(GLIB_LIBS)
tests_fleet_libtargetbench_a_SOURCES = tests/fleet/target-bench.c tests/fleet/target-bench.h fleet/log.c fleet/store.c
tests_fleet_libtargetbench_a_CPPFLAGS = $(TARGET_CPPFLAGS)
tests_fleet_test_target_CPPFLAGS = $(TARGET_CPPFLAGS)
tests_fleet_test_target_LDADD = $(TARGET_LIBS)
tests_fleet_test_target_state_CPPFLAGS = $(TARGET_CPPFLAGS)
tests_fleet_test_target_state_LDADD = $(TARGET_LIBS)
tests_fleet_test_target_cancel_CPPFLAGS = $(TARGET_CPPFLAGS)
tests_fleet_test_target_cancel_LDADD = $(TARGET_LIBS)
tests_fleet_test_target_requests_CPPFLAGS = $(TARGET_CPPFLAGS)
tests_fleet_test_target_requests_LDADD = $(TARGET_LIBS)
tests_daemon_test_request_id_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_request_id_LDADD = dbus/libfotashared.a $(WORLD_LIBS)
tests_daemon_test_package_refusals_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_package_refusals_LDADD = $(WORLD_LIBS)
tests_daemon_test_descriptors_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_descriptors_LDADD = $(WORLD_LIBS)
tests_daemon_test_package_spool_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_package_spool_LDADD = $(WORLD_LIBS)
tests_daemon_test_disk_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_disk_LDADD = $(WORLD_LIBS)
tests_daemon_test_wire_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_wire_LDADD = $(WORLD_LIBS)
tests_daemon_test_settings_back_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_settings_back_LDADD = $(WORLD_LIBS)
tests_daemon_test_claim_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_claim_LDADD = $(WORLD_LIBS)
tests_daemon_test_servers_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_servers_LDADD = $(WORLD_LIBS)
tests_daemon_test_uart_mini_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_uart_mini_LDADD = $(WORLD_LIBS)
tests_daemon_test_uart_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_uart_LDADD = $(WORLD_LIBS)
tests_daemon_test_port_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_port_LDADD = $(WORLD_LIBS)
tests_daemon_test_at_port_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_at_port_LDADD = $(WORLD_LIBS)
tests_daemon_test_service_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_service_LDADD = $(WORLD_LIBS)
tests_daemon_test_reload_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_reload_LDADD = $(WORLD_LIBS)
tests_daemon_test_log_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_log_LDADD = $(WORLD_LIBS)
tests_daemon_test_journal_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_journal_LDADD = $(WORLD_LIBS)
tests_daemon_test_log_control_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_log_control_LDADD = $(WORLD_LIBS)
tests_daemon_test_modem_manager_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_modem_manager_LDADD = $(WORLD_LIBS)
tests_daemon_test_modem_manager_real_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_modem_manager_real_LDADD = $(WORLD_LIBS)
tests_daemon_test_inhibit_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_inhibit_LDADD = $(WORLD_LIBS)
tests_daemon_test_schedule_files_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_schedule_files_LDADD = $(WORLD_LIBS)
tests_daemon_test_schedule_waits_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_schedule_waits_LDADD = $(WORLD_LIBS)
tests_daemon_test_schedule_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_schedule_LDADD = $(WORLD_LIBS)
tests_daemon_test_fotactl_CFLAGS = $(WORLD_CFLAGS)
tests_daemon_test_fotactl_LDADD = $(WORLD_LIBS)
endif
