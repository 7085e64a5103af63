# SPDX-License-Identifier: LGPL-2.1-or-later
dist_catalog_DATA = systemd/fotad.catalog systemd/fotad.de.catalog systemd/fotad.zh_CN.catalog
EXTRA_DIST += systemd/catalog.py
update-catalogs: update-codes
	$(srcdir)/systemd/catalog.py $(srcdir)/systemd
.PHONY: update-catalogs

systemdsystemunit_DATA = systemd/fotad.service systemd/fotad-upgrade@.service systemd/fotad-upgrade@.timer $(targets) \
	systemd/fotad-source-check.socket systemd/fotad-source-check@.service
# Active while a module is upgraded, for others; and what makes it so.
targets = systemd/fotad-upgrading.target systemd/fotad-upgrading.path systemd/fotad-idle.target systemd/fotad-idle.path
systemd/%.service: systemd/%.service.in Makefile
	$(FILL)
dist_doc_DATA += systemd/schedule-example.conf
# For schedules; everybody may read them, so passwords have files of their own.
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(sysconfdir)/fotad/schedule"
uninstall-local:
	-rmdir "$(DESTDIR)$(sysconfdir)/fotad/schedule" "$(DESTDIR)$(sysconfdir)/fotad"
sysusers_DATA = systemd/sysusers.d/fotad.conf
udevrulesdir = $(udevdir)/rules.d
udevrules_DATA = systemd/70-fotad.rules systemd/90-fotad-claims.rules
EXTRA_DIST += systemd/fotad.service.in systemd/fotad-upgrade@.service.in systemd/fotad-upgrade@.timer $(targets) \
	systemd/fotad-source-check.socket systemd/fotad-source-check@.service.in $(sysusers_DATA) $(udevrules_DATA)
CLEANFILES += systemd/fotad.service systemd/fotad-upgrade@.service systemd/fotad-source-check@.service
