# SPDX-License-Identifier: LGPL-2.1-or-later
# Documents, and the programs that make some of them. What is made is committed: reading it needs no build.
noinst_PROGRAMS += doc/codes-doc
doc_codes_doc_SOURCES = doc/codes-doc.c
doc_codes_doc_LDADD = dbus/libfotashared.a

update-codes: doc/codes-doc$(EXEEXT)
	doc/codes-doc$(EXEEXT) > $(srcdir)/doc/codes.md
.PHONY: update-codes

EXTRA_DIST += doc/codes.md doc/guide-coverage.md
