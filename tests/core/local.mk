# SPDX-License-Identifier: LGPL-2.1-or-later
# The core's tests link the core, the shared table, GLib and check, and nothing else. Those of a few parts of the shell,
# which need only files and a tty, also link these. "make check" sets srcdir, where the tests find their data.
CORE_TESTS = \
	tests/core/test-at-line \
	tests/core/test-at-engine \
	tests/core/test-conversations \
	tests/core/test-qfota \
	tests/core/test-fingerprint \
	tests/core/test-identity \
	tests/core/test-url \
	tests/core/test-source \
	tests/core/test-options \
	tests/core/test-inspect \
	tests/core/test-rules \
	tests/core/test-record-mask \
	tests/core/test-recording \
	tests/core/test-survey \
	tests/core/test-layout \
	tests/core/test-codes \
	tests/core/test-texts \
	tests/core/test-job \
	tests/core/test-job-log \
	tests/core/test-upgrade-run \
	tests/core/test-upgrade-check \
	tests/core/test-upgrade-file \
	tests/core/test-upgrade-flow \
	tests/core/test-upgrade-indications \
	tests/core/test-upgrade-ways-out \
	tests/core/test-pace \
	tests/core/test-upgrade-end \
	tests/core/test-upgrade-cancel \
	tests/core/test-upgrade-dismiss \
	tests/core/test-upgrade-giveup \
	tests/core/test-upgrade-port \
	tests/core/test-upgrade-context \
	tests/core/test-upgrade-command \
	tests/core/test-upgrade-mini \
	tests/core/test-upgrade-mini-stalled \
	tests/core/test-upgrade-who \
	tests/core/test-upgrade-uart \
	tests/core/test-uart-life \
	tests/core/test-upgrade-resume \
	tests/core/test-upgrade-phases \
	tests/core/test-upgrade-lost \
	tests/core/test-upgrade-readings \
	tests/core/test-settings \
	tests/core/test-job-store \
	tests/core/test-package-store \
	tests/core/test-usb-describe \
	tests/core/test-lock \
	tests/core/test-port-watch

# Those of them that become other users.
ROOT_TESTS = tests/core/test-lock

CORE_TEST_LIBS = daemon/libfotacore.a dbus/libfotashared.a $(CHECK_LIBS) $(GLIB_LIBS)
SHELL_TEST_LIBS = daemon/libfotashell.a $(CORE_TEST_LIBS) $(SYSTEMD_LIBS)
CORE_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/core $(CHECK_CFLAGS)

# The bench on which the upgrade is tested. event-log.c is linked in front of upgrade_handle(): see event-log.
tests_core_libbench_a_SOURCES = tests/core/upgrade-bench.c tests/core/upgrade-bench.h tests/core/bench-actions.c \
	tests/core/bench-module.c tests/core/bench-private.h tests/core/bench-runs.c tests/core/mini-bench.c \
	tests/core/mini-bench.h tests/core/event-log.c
tests_core_libbench_a_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
BENCH_TEST_LIBS = tests/core/libbench.a $(CORE_TEST_LIBS)
WRAP_UPGRADE_HANDLE = $(AM_LDFLAGS) -Wl,--wrap=upgrade_handle
EVENT_LOG_TESTS = $(filter tests/core/test-upgrade-%,$(CORE_TESTS))
EXTRA_DIST += tests/core/event-log tests/core/test-phases

if HAVE_TESTS
check_LIBRARIES += tests/core/libbench.a
check_PROGRAMS += $(CORE_TESTS)
TESTS += $(CORE_TESTS) tests/core/test-wall tests/core/test-phases

# For packagers: the tests of all decisions, which take seconds and no rights.
check-core: $(CORE_TESTS)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(filter-out $(ROOT_TESTS),$(CORE_TESTS))'
endif

tests_core_test_at_line_SOURCES = tests/core/test-at-line.c tests/core/testing.h
tests_core_test_at_line_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_at_line_LDADD = $(CORE_TEST_LIBS)

tests_core_test_at_engine_SOURCES = tests/core/test-at-engine.c tests/core/testing.h
tests_core_test_at_engine_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_at_engine_LDADD = $(CORE_TEST_LIBS)

tests_core_test_conversations_SOURCES = tests/core/test-conversations.c tests/core/testing.h \
	tests/core/conversation.c tests/core/conversation.h tests/list-files.h
tests_core_test_conversations_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_conversations_LDADD = $(CORE_TEST_LIBS)

tests_core_test_qfota_SOURCES = tests/core/test-qfota.c tests/core/testing.h
tests_core_test_qfota_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_qfota_LDADD = $(CORE_TEST_LIBS)

tests_core_test_fingerprint_SOURCES = tests/core/test-fingerprint.c tests/core/testing.h
tests_core_test_fingerprint_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_fingerprint_LDADD = $(CORE_TEST_LIBS)

tests_core_test_identity_SOURCES = tests/core/test-identity.c tests/core/testing.h
tests_core_test_identity_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_identity_LDADD = $(CORE_TEST_LIBS)

tests_core_test_url_SOURCES = tests/core/test-url.c tests/core/testing.h
tests_core_test_url_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_url_LDADD = $(CORE_TEST_LIBS)

tests_core_test_source_SOURCES = tests/core/test-source.c tests/core/testing.h
tests_core_test_source_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_source_LDADD = $(CORE_TEST_LIBS)

tests_core_test_options_SOURCES = tests/core/test-options.c tests/core/testing.h
tests_core_test_options_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_options_LDADD = $(CORE_TEST_LIBS)

tests_core_test_inspect_SOURCES = tests/core/test-inspect.c tests/core/testing.h
tests_core_test_inspect_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_inspect_LDADD = $(CORE_TEST_LIBS)

tests_core_test_record_mask_SOURCES = tests/core/test-record-mask.c tests/core/testing.h
tests_core_test_record_mask_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_record_mask_LDADD = $(CORE_TEST_LIBS)

tests_core_test_recording_SOURCES = tests/core/test-recording.c tests/core/testing.h
tests_core_test_recording_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_recording_LDADD = $(CORE_TEST_LIBS)

tests_core_test_survey_SOURCES = tests/core/test-survey.c tests/core/testing.h
tests_core_test_survey_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_survey_LDADD = $(CORE_TEST_LIBS)

tests_core_test_rules_SOURCES = tests/core/test-rules.c tests/core/testing.h
tests_core_test_rules_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_rules_LDADD = $(CORE_TEST_LIBS)

tests_core_test_layout_SOURCES = tests/core/test-layout.c tests/core/testing.h
tests_core_test_layout_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_layout_LDADD = $(CORE_TEST_LIBS)

tests_core_test_texts_SOURCES = tests/core/test-texts.c tests/core/testing.h
tests_core_test_texts_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_texts_LDADD = $(CORE_TEST_LIBS)

tests_core_test_codes_SOURCES = tests/core/test-codes.c tests/core/testing.h
tests_core_test_codes_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_codes_LDADD = $(CORE_TEST_LIBS)

tests_core_test_job_SOURCES = tests/core/test-job.c tests/core/testing.h
tests_core_test_job_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_job_LDADD = $(CORE_TEST_LIBS)

tests_core_test_upgrade_run_SOURCES = tests/core/test-upgrade-run.c tests/core/testing.h
tests_core_test_upgrade_run_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_run_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_run_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_check_SOURCES = tests/core/test-upgrade-check.c tests/core/testing.h
tests_core_test_upgrade_check_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_check_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_check_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_pace_SOURCES = tests/core/test-pace.c tests/core/testing.h
tests_core_test_pace_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_pace_LDADD = $(CORE_TEST_LIBS)

tests_core_test_upgrade_flow_SOURCES = tests/core/test-upgrade-flow.c tests/core/testing.h
tests_core_test_upgrade_flow_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_flow_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_flow_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_indications_SOURCES = tests/core/test-upgrade-indications.c tests/core/testing.h
tests_core_test_upgrade_indications_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_indications_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_indications_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_ways_out_SOURCES = tests/core/test-upgrade-ways-out.c tests/core/testing.h
tests_core_test_upgrade_ways_out_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_ways_out_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_ways_out_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_file_SOURCES = tests/core/test-upgrade-file.c tests/core/testing.h
tests_core_test_upgrade_file_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_file_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_file_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_end_SOURCES = tests/core/test-upgrade-end.c tests/core/testing.h
tests_core_test_upgrade_end_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_end_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_end_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_dismiss_SOURCES = tests/core/test-upgrade-dismiss.c tests/core/testing.h
tests_core_test_upgrade_dismiss_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_dismiss_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_dismiss_LDFLAGS = $(WRAP_UPGRADE_HANDLE)
tests_core_test_upgrade_cancel_SOURCES = tests/core/test-upgrade-cancel.c tests/core/testing.h
tests_core_test_upgrade_cancel_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_cancel_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_cancel_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_giveup_SOURCES = tests/core/test-upgrade-giveup.c tests/core/testing.h
tests_core_test_upgrade_giveup_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_giveup_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_giveup_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_port_SOURCES = tests/core/test-upgrade-port.c tests/core/testing.h
tests_core_test_upgrade_port_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_port_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_port_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_context_SOURCES = tests/core/test-upgrade-context.c tests/core/testing.h
tests_core_test_upgrade_context_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_context_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_context_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_command_SOURCES = tests/core/test-upgrade-command.c tests/core/testing.h
tests_core_test_upgrade_command_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_command_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_command_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_mini_SOURCES = tests/core/test-upgrade-mini.c tests/core/testing.h
tests_core_test_upgrade_mini_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_mini_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_mini_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_mini_stalled_SOURCES = tests/core/test-upgrade-mini-stalled.c tests/core/testing.h
tests_core_test_upgrade_mini_stalled_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_mini_stalled_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_mini_stalled_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_uart_SOURCES = tests/core/test-upgrade-uart.c tests/core/testing.h
tests_core_test_upgrade_uart_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_uart_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_uart_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_uart_life_SOURCES = tests/core/test-uart-life.c tests/core/testing.h
tests_core_test_uart_life_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_uart_life_LDADD = $(CORE_TEST_LIBS)

tests_core_test_upgrade_who_SOURCES = tests/core/test-upgrade-who.c tests/core/testing.h
tests_core_test_upgrade_who_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_who_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_who_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_resume_SOURCES = tests/core/test-upgrade-resume.c tests/core/testing.h
tests_core_test_upgrade_resume_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_resume_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_resume_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_phases_SOURCES = tests/core/test-upgrade-phases.c tests/core/testing.h
tests_core_test_upgrade_phases_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_phases_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_phases_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_readings_SOURCES = tests/core/test-upgrade-readings.c tests/core/testing.h
tests_core_test_upgrade_readings_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_readings_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_readings_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_upgrade_lost_SOURCES = tests/core/test-upgrade-lost.c tests/core/testing.h
tests_core_test_upgrade_lost_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_upgrade_lost_LDADD = $(BENCH_TEST_LIBS)
tests_core_test_upgrade_lost_LDFLAGS = $(WRAP_UPGRADE_HANDLE)

tests_core_test_settings_SOURCES = tests/core/test-settings.c tests/core/testing.h
tests_core_test_settings_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_settings_LDADD = $(SHELL_TEST_LIBS)

tests_core_test_lock_SOURCES = tests/core/test-lock.c tests/core/testing.h
tests_core_test_lock_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_lock_LDADD = $(SHELL_TEST_LIBS)

tests_core_test_port_watch_SOURCES = tests/core/test-port-watch.c tests/core/testing.h
tests_core_test_port_watch_CPPFLAGS = $(CORE_TEST_CPPFLAGS) $(SYSTEMD_CFLAGS)
tests_core_test_port_watch_LDADD = $(SHELL_TEST_LIBS)

tests_core_test_job_log_SOURCES = tests/core/test-job-log.c tests/core/testing.h
tests_core_test_job_log_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_job_log_LDADD = $(CORE_TEST_LIBS)

tests_core_test_job_store_SOURCES = tests/core/test-job-store.c tests/core/testing.h
tests_core_test_job_store_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_job_store_LDADD = $(SHELL_TEST_LIBS)

tests_core_test_package_store_SOURCES = tests/core/test-package-store.c tests/core/testing.h
tests_core_test_package_store_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_package_store_LDADD = $(SHELL_TEST_LIBS)

tests_core_test_usb_describe_SOURCES = tests/core/test-usb-describe.c tests/core/testing.h
tests_core_test_usb_describe_CPPFLAGS = $(CORE_TEST_CPPFLAGS)
tests_core_test_usb_describe_LDADD = $(SHELL_TEST_LIBS)

CONVERSATIONS = \
	tests/data/conversations/echo-of-url-with-urc.txt \
	tests/data/conversations/field-2.1-boot-garbage.txt \
	tests/data/conversations/field-2.1-cme-error.txt \
	tests/data/conversations/field-2.1-echo-in-two-lines.txt \
	tests/data/conversations/field-2.1-echo.txt \
	tests/data/conversations/field-2.1-left-atq1.txt \
	tests/data/conversations/field-2.1-left-atv0.txt \
	tests/data/conversations/field-2.1-long-garbage.txt \
	tests/data/conversations/field-2.1-opening.txt \
	tests/data/conversations/field-2.2-ati.txt \
	tests/data/conversations/field-2.3-early-fallback.txt \
	tests/data/conversations/field-2.3-urcport.txt \
	tests/data/conversations/field-2.4-blank-in-quotes.txt \
	tests/data/conversations/field-2.4-https.txt \
	tests/data/conversations/field-2.4-mini.txt \
	tests/data/conversations/field-2.5-end-after-power-cut.txt \
	tests/data/conversations/field-2.6-boot.txt \
	tests/data/conversations/guide-2.3.1.1-end-without-start.txt \
	tests/data/conversations/guide-3.3.1-error.txt \
	tests/data/conversations/guide-3.3.1-test-command.txt \
	tests/data/conversations/guide-3.3.1.1-ftp.txt \
	tests/data/conversations/guide-3.3.1.2-http.txt \
	tests/data/conversations/guide-3.3.1.3-file.txt \
	tests/data/conversations/late-error.txt \
	tests/data/conversations/late-ok.txt \
	tests/data/conversations/urc-glued-to-garbage.txt \
	tests/data/conversations/urc-glued.txt \
	tests/data/conversations/urc-inside-answer.txt
EXTRA_DIST += tests/core/test-wall tests/data/conversations/README $(CONVERSATIONS)
