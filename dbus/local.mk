# SPDX-License-Identifier: LGPL-2.1-or-later
# Shared by the programs: names, the table of codes, the templates of sentences, the parts of a URL, what is hidden in texts, the XML of the interface, the questions to
# fotad-source-check.
noinst_LIBRARIES += dbus/libfotashared.a
dbus_libfotashared_a_SOURCES = dbus/names.h dbus/codes.h dbus/codes.c dbus/url.h dbus/url.c \
	dbus/mask.h dbus/mask.c dbus/source-question.h \
	dbus/texts.h dbus/texts.c dbus/texts-translate.c
# The templates of the daemon's sentences, collected from its sources.
update-texts:
	$(srcdir)/dbus/texts.py $(srcdir)/dbus/texts.c
.PHONY: update-texts
EXTRA_DIST += dbus/texts.py

dbusinterfaces_DATA = dbus/org.fotad1.Manager.xml dbus/org.fotad1.Module.xml dbus/org.fotad1.Job.xml
dbuspolicy_DATA = dbus/org.fotad1.conf
dbusservices_DATA = dbus/org.fotad1.service
dbus/org.fotad1.service: dbus/org.fotad1.service.in Makefile
	$(FILL)

# Its texts are translated in po/, as po/its tells.
translations = $(addprefix po/, $(addsuffix .po, $(shell cat $(srcdir)/po/LINGUAS)))
polkitrules_DATA = dbus/fotad.rules
EXTRA_DIST += dbus/fotad.rules
action_DATA = dbus/org.fotad1.policy
dbus/org.fotad1.policy: dbus/org.fotad1.policy.in $(translations) po/LINGUAS po/its/polkit.its po/its/polkit.loc
	$(AM_V_GEN)$(MKDIR_P) $(@D) && GETTEXTDATADIRS=$(srcdir)/po $(MSGFMT) --xml --template=$< -d $(srcdir)/po -o $@.tmp && \
		mv $@.tmp $@
EXTRA_DIST += dbus/org.fotad1.policy.in po/its/polkit.its po/its/polkit.loc
CLEANFILES += dbus/org.fotad1.policy

EXTRA_DIST += $(dbusinterfaces_DATA) $(dbuspolicy_DATA) dbus/org.fotad1.service.in
CLEANFILES += dbus/org.fotad1.service
