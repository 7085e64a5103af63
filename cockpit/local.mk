# SPDX-License-Identifier: LGPL-2.1-or-later
# The page in Cockpit: static files; its translations are made of po/.
cockpit_sources = cockpit/manifest.json cockpit/index.html cockpit/fotad.css cockpit/fotad.js cockpit/bus.js \
	cockpit/dialogs.js cockpit/nodes.js cockpit/sentences.js cockpit/words.js
cockpit_made = cockpit/templates.js $(addprefix cockpit/po., $(addsuffix .js, $(shell cat $(srcdir)/po/LINGUAS)))
cockpitpagedir = $(cockpitdir)/fotad
cockpitpage_DATA = $(cockpit_sources) $(cockpit_made)
cockpit/po.%.js: po/%.po cockpit/po.py
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PYTHON) $(srcdir)/cockpit/po.py $< > $@.tmp && mv $@.tmp $@
cockpit/templates.js: dbus/texts.c cockpit/po.py
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PYTHON) $(srcdir)/cockpit/po.py $< > $@.tmp && mv $@.tmp $@
EXTRA_DIST += $(cockpit_sources) cockpit/po.py
CLEANFILES += $(cockpit_made)
