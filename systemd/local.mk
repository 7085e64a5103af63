# SPDX-License-Identifier: LGPL-2.1-or-later
# Where journalctl --update-catalog looks; systemd.pc has it as catalogdir.
catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = systemd/fotad.catalog systemd/fotad.zh_CN.catalog

systemdsystemunit_DATA = systemd/fotad.service
systemd/fotad.service: systemd/fotad.service.in Makefile
	$(FILL)
sysusers_DATA = systemd/sysusers.d/fotad.conf
udevrulesdir = $(udevdir)/rules.d
udevrules_DATA = systemd/70-fotad.rules
EXTRA_DIST += systemd/fotad.service.in $(sysusers_DATA) $(udevrules_DATA)
CLEANFILES += systemd/fotad.service
