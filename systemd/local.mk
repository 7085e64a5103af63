# SPDX-License-Identifier: LGPL-2.1-or-later
# Where journalctl --update-catalog looks; systemd.pc has it as catalogdir.
catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = systemd/fotad.catalog systemd/fotad.zh_CN.catalog

systemdsystemunit_DATA = systemd/fotad.service
systemd/fotad.service: systemd/fotad.service.in Makefile
	$(FILL)
EXTRA_DIST += systemd/fotad.service.in
CLEANFILES += systemd/fotad.service
