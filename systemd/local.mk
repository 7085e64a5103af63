# SPDX-License-Identifier: LGPL-2.1-or-later
systemdsystemunit_DATA = systemd/fotad.service
systemd/fotad.service: systemd/fotad.service.in Makefile
	$(FILL)
EXTRA_DIST += systemd/fotad.service.in
CLEANFILES += systemd/fotad.service
