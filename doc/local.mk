# SPDX-License-Identifier: LGPL-2.1-or-later
# Documents, and the programs that make some of them. What is made is committed: reading it needs no build.
noinst_PROGRAMS += doc/codes-doc
doc_codes_doc_SOURCES = doc/codes-doc.c
doc_codes_doc_LDADD = dbus/libfotashared.a

update-codes: doc/codes-doc$(EXEEXT)
	doc/codes-doc$(EXEEXT) > $(srcdir)/doc/codes.md
noinst_PROGRAMS += doc/phases-doc
doc_phases_doc_SOURCES = doc/phases-doc.c
doc_phases_doc_LDADD = daemon/libfotacore.a dbus/libfotashared.a $(GLIB_LIBS)
update-phases: doc/phases-doc$(EXEEXT)
	$(srcdir)/doc/phases.py doc/phases-doc$(EXEEXT) > $(srcdir)/doc/phases.svg
update-manuals: client/fotactl$(EXEEXT)
	$(srcdir)/doc/man/make.py client/fotactl$(EXEEXT) $(srcdir)/doc/man
update-pictures:
	BUILD='$(abs_top_builddir)' $(srcdir)/tests/demo --pictures $(srcdir)/doc
.PHONY: update-codes update-manuals update-phases update-pictures

dist_man_MANS = doc/man/fotactl.1 doc/man/fotad.8 doc/man/fotad.conf.5 doc/man/org.fotad1.5 doc/man/fotad-upgrade@.service.8
# The timer is told of on its service's page.
install-data-hook:
	cd "$(DESTDIR)$(man8dir)" && $(LN_S) -f fotad-upgrade@.service.8 fotad-upgrade@.timer.8
uninstall-hook:
	rm -f "$(DESTDIR)$(man8dir)/fotad-upgrade@.timer.8"

EXTRA_DIST += doc/behaviour.md doc/recordings.md doc/reliability.md doc/performance.md doc/performance.svg doc/codes.md doc/phases.py \
	doc/phases.svg doc/terminal.py doc/terminal.svg doc/timeline.svg doc/cockpit.png doc/guide-coverage.md \
	doc/man/make.py doc/man/fotactl.1.in doc/man/fotad.8.in \
	doc/man/fotad.conf.5.in doc/man/org.fotad1.5.in doc/man/fotad-upgrade@.service.8.in \
	doc/man/fotad-hawkbit.8.in doc/man/fotad-hawkbit.8
# To be copied; built by the tests.
examplesdir = $(docdir)/examples
dist_examples_DATA = doc/examples/README.md doc/examples/upgrade.c
dist_examples_SCRIPTS = doc/examples/upgrade-gdbus doc/examples/upgrade-busctl doc/examples/upgrade.py
# Hooks for updaters of gateways; a Debian package of their own.
fleetdir = $(examplesdir)/fleet
dist_fleet_DATA = doc/examples/fleet/README.md
fleetmenderdir = $(fleetdir)/mender
dist_fleetmender_SCRIPTS = doc/examples/fleet/mender/fotad-modem doc/examples/fleet/mender/fotad-modem-artifact-gen \
	doc/examples/fleet/mender/hold-while-upgrading doc/examples/fleet/mender/mender-inventory-fotad
fleetswupdatedir = $(fleetdir)/swupdate
dist_fleetswupdate_DATA = doc/examples/fleet/swupdate/sw-description
dist_fleetswupdate_SCRIPTS = doc/examples/fleet/swupdate/fotad-modem.sh doc/examples/fleet/swupdate/fotad-modem-swu-gen
fleetthinedgedir = $(fleetdir)/thin-edge
dist_fleetthinedge_DATA = doc/examples/fleet/thin-edge/firmware_update.toml
dist_fleetthinedge_SCRIPTS = doc/examples/fleet/thin-edge/fotad-modem-thin-edge
if HAVE_TESTS
check_PROGRAMS += doc/examples/upgrade
doc_examples_upgrade_SOURCES = doc/examples/upgrade.c
doc_examples_upgrade_CPPFLAGS = $(SYSTEMD_CFLAGS)
doc_examples_upgrade_LDADD = $(SYSTEMD_LIBS)
endif

dist_doc_DATA += README.md NEWS doc/integration.md
