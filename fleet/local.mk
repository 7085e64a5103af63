# SPDX-License-Identifier: LGPL-2.1-or-later
# fotad-hawkbit: a D-Bus client, as fotactl; nothing of daemon/ may be included here. fleet/core/ is pure, as the daemon's
# core, and takes the placeholders from fotactl.
FLEET_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/fleet -I$(top_srcdir)/dbus -I$(top_srcdir)/client -I$(top_builddir) \
	$(SYSTEMD_CFLAGS) $(JSON_CFLAGS) $(LIBCURL_CFLAGS) -DCONFIG_FILE=\"$(sysconfdir)/fotad/hawkbit.conf\"
EXTRA_LIBRARIES += fleet/libfotafleet.a
fleet_libfotafleet_a_CPPFLAGS = $(FLEET_CPPFLAGS)
fleet_libfotafleet_a_SOURCES = fleet/core/clean.c fleet/core/clean.h \
	fleet/core/ddi.c fleet/core/ddi.h \
	fleet/core/facts.h \
	fleet/core/record.c fleet/core/record.h \
	fleet/core/target.c fleet/core/target.h fleet/core/target-deployment.c fleet/core/target-private.h \
	fleet/core/target-requests.c \
	client/placeholder.c client/placeholder.h
fleet_fotad_hawkbit_CPPFLAGS = $(FLEET_CPPFLAGS)
fleet_fotad_hawkbit_SOURCES = fleet/fotad-hawkbit.c fleet/log.c fleet/log.h \
	fleet/fotad.c fleet/fotad.h \
	fleet/http.c fleet/http.h \
	fleet/package.c fleet/package.h \
	fleet/settings.c fleet/settings.h \
	fleet/store.c fleet/store.h
fleet_fotad_hawkbit_LDADD = fleet/libfotafleet.a dbus/libfotashared.a $(SYSTEMD_LIBS) $(JSON_LIBS) $(LIBCURL_LIBS) \
	$(GLIB_LIBS) $(LIBINTL)
EXTRA_DIST += fleet/hawkbit.conf systemd/fotad-hawkbit.service.in systemd/sysusers.d/fotad-hawkbit.conf
CLEANFILES += fleet/libfotafleet.a systemd/fotad-hawkbit.service
if HAWKBIT
libexec_PROGRAMS += fleet/fotad-hawkbit
doc_DATA = fleet/hawkbit.conf
man_MANS = doc/man/fotad-hawkbit.8
systemdsystemunit_DATA += systemd/fotad-hawkbit.service
sysusers_DATA += systemd/sysusers.d/fotad-hawkbit.conf
endif
